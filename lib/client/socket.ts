/** The WebSocket that the client works with: the platform's own where there is one, and the package `ws` else. */

/** The subprotocol that the client speaks. */
export const SUBPROTOCOL = 'hotset.v1';

/** What is offered beside it to show a token: this and the token in base64url, as a browser cannot set headers. */
const TOKEN_SUBPROTOCOL = 'hotset.token.';

/** As much of the standard's WebSocket as the client uses; `ws` has it too. */
export interface ClientSocket {
  /** The subprotocol that the server chose, once the socket is open. */
  readonly protocol: string;
  /** Sends a text frame. */
  send(text: string): void;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Ends the connection without waiting for the other side. Browsers have none. */
  terminate?: (() => void) | undefined;
  // Of the standard's events: `message` has `data`, `close` has `code` and `reason`, and `error` a `message` in Node.
  /** The socket is open. */
  onopen: ((event: never) => void) | null;
  /** A frame came; the event has `data`. */
  onmessage: ((event: never) => void) | null;
  /** The socket is closed; the event has `code` and `reason`. */
  onclose: ((event: never) => void) | null;
  /** The socket failed; `onclose` follows. */
  onerror: ((event: never) => void) | null;
}

/** Begins to connect. The socket must not be open yet when it is returned. May throw or reject. */
export type SocketFactory = (
  url: string,
  subprotocols: readonly string[],
) => ClientSocket | Promise<ClientSocket>;

interface Platform {
  WebSocket?: new (url: string, subprotocols: string[]) => ClientSocket;
}

export const systemSocket: SocketFactory = async (url, subprotocols) => {
  const PlatformSocket = (globalThis as Platform).WebSocket;
  if (PlatformSocket !== undefined) return new PlatformSocket(url, [...subprotocols]);
  const { default: NodeSocket } = await import('ws');
  return new NodeSocket(url, [...subprotocols], { perMessageDeflate: false });
};

/** What to offer at the handshake. `token` is made of visible ASCII characters. */
export function subprotocolsFor(token: string | undefined): readonly string[] {
  if (token === undefined) return [SUBPROTOCOL];
  const encoded = btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return [SUBPROTOCOL, TOKEN_SUBPROTOCOL + encoded];
}
