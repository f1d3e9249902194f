/**
 * The WebSocket that the client works with: that of the package `ws` in Node, where it is installed, and otherwise the
 * platform's own, which browsers, Deno, Bun and Node from 22 have.
 */

import { missingPackage } from '../missing-package.js';
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL } from '../rpc-protocol.js';

/** As much of the standard's WebSocket as the client uses; `ws` has it too. */
export interface ClientSocket {
  /** The subprotocol that the server chose, once the socket is open. */
  readonly protocol: string;
  /** Bytes handed to `send` that wait for the network. */
  readonly bufferedAmount?: number;
  /** Bytes that have come, also of a frame that is not whole yet. Browsers do not say. */
  readonly bytesRead?: number;
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
  process?: { readonly versions?: { readonly node?: string; readonly bun?: string; readonly deno?: string } };
}

/** What is needed of Node's socket. */
interface NodeStream {
  readonly bytesRead: number;
  /** Counts a long write until all of it has gone. */
  readonly writableLength: number;
  /** Not public, and counts what has not gone. */
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** Throws `HOTSET_MISSING_PACKAGE` where there is neither `ws` nor a WebSocket of the platform: in Node 20. */
export const systemSocket: SocketFactory = async (url, subprotocols) => {
  const { WebSocket: PlatformSocket, process } = globalThis as Platform;
  const { node, bun, deno } = process?.versions ?? {};
  const isNode = node !== undefined && bun === undefined && deno === undefined;
  // Node's own has neither `terminate` nor a way to see that a long frame is on its way.
  if (isNode || PlatformSocket === undefined)
    try {
      return await nodeSocket(url, subprotocols);
    } catch (error) {
      const reason = missingPackage('ws', error);
      if (reason === error || PlatformSocket === undefined) throw reason;
    }
  return new PlatformSocket(url, [...subprotocols]);
};

async function nodeSocket(url: string, subprotocols: readonly string[]): Promise<ClientSocket> {
  const { default: NodeSocket } = await import('ws');
  const socket = new NodeSocket(url, [...subprotocols], { perMessageDeflate: false });
  socket.once('upgrade', (response) => {
    const stream = response.socket as NodeStream;
    Object.defineProperties(socket, {
      bytesRead: { get: () => stream.bytesRead },
      bufferedAmount: { get: () => stream._handle?.writeQueueSize ?? stream.writableLength },
    });
  });
  return socket;
}

/** What to offer at the handshake. `token` is made of visible ASCII characters. */
export function subprotocolsFor(token: string | undefined): readonly string[] {
  if (token === undefined) return [SUBPROTOCOL];
  const encoded = btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return [SUBPROTOCOL, TOKEN_SUBPROTOCOL + encoded];
}
