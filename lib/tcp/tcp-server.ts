/**
 * The TCP adapter: listeners, TLS handshakes and limits; it knows nothing of the protocol.
 * Several servers may serve one engine, and the code that owns the engine may keep using it.
 */

import type { AddressInfo, Server, Socket } from 'node:net';
import { HotsetError, invalidArgument } from '../errors.js';
import { type ItemStore, itemStoreOf, type ServedStore } from '../memcached/item-store.js';
import { ReplyBuffer } from '../memcached/reply-buffer.js';
import type { PeerAddress } from '../server-log.js';
import { checkForceAfter } from '../shutdown.js';
import { endText } from '../transport/connection-ends.js';
import { ConnectionRegistry } from '../transport/connection-registry.js';
import type { PumpContext } from '../transport/session-pump.js';
import type { ProtocolChoice, TransportSettings } from '../transport.js';
import { AuthFile } from './auth-file.js';
import { TcpConnection } from './connection.js';
import { type Input, SharedReads, StreamInput } from './input.js';
import { addressText, openListener } from './listener.js';
import {
  checkAddress,
  DEFAULT_SOCKET_MODE,
  type ListenAddress,
  type ResolvedTcpOptions,
  resolveTcpOptions,
  type TcpAddress,
  type TcpServerOptions,
  type UnixAddress,
} from './options.js';
import { TlsEndpoint } from './tls-endpoint.js';
import type { ResolvedTlsOptions } from './tls-options.js';

/** Reading from a client pauses while more bytes of replies than this are unsent. */
export const UNSENT_MAX_BYTES: number = 512 * 1024;
/** How long before a certificate expires the log warns of it. */
const CERTIFICATE_WARNING_MS = 14 * 86_400_000;
const REFUSAL = 'ERROR Too many open connections\r\n';
/** Refused clients that may finish sending, at one time; each is an open file. */
const REFUSALS_MAX = 8;

interface Listener {
  readonly server: Server;
  readonly address: ListenAddress;
  /** Takes it off the list of `stats conns`. */
  readonly leave: () => void;
}

/** Serves memcached clients over TCP and Unix sockets. `createTcpServer` makes it. */
export class TcpServer {
  readonly #items: ItemStore;
  readonly #options: ResolvedTcpOptions;
  /** The server's own first; one more for each address with a `verifyMode` of its own. */
  readonly #tls = new Map<string, TlsEndpoint>();
  readonly #authFile: AuthFile | null;
  readonly #registry: ConnectionRegistry;
  readonly #context: PumpContext;
  readonly #reads = new SharedReads();
  readonly #listeners: Listener[] = [];
  #certificatesReadAtMs: number;
  #refusals = 0;

  constructor(engine: ServedStore, options: TcpServerOptions) {
    this.#options = resolveTcpOptions(options);
    const { tls, authFile, connections, protocol } = this.#options;
    this.#authFile = authFile === null ? null : new AuthFile(authFile);
    this.#items = itemStoreOf(engine, options);
    this.#certificatesReadAtMs = this.#items.clock.now();
    this.#registry = new ConnectionRegistry(this.#items, this.#settings(), connections, options);
    this.#context = {
      registry: this.#registry,
      out: new ReplyBuffer(),
      maxUnsentBytes: UNSENT_MAX_BYTES,
      protocol,
      credentials: this.#authFile?.credentials ?? null,
    };
    if (tls !== null) this.#endpointOf(tls, protocol);
    this.#warnOfExpiry();
  }

  /**
   * Listens, on the address of the options or another one; may be called for several addresses.
   * Returns the address with the port that was taken. Throws `HOTSET_LISTEN_FAILED`.
   */
  async listen(address: ListenAddress = this.#options.address): Promise<ListenAddress> {
    if (typeof address !== 'object' || address === null)
      throw invalidArgument('address', 'an object with a port or a path', address);
    checkAddress(address, this.#options.tls);
    const tls = this.#tlsOf(address);
    const { protocol = this.#options.protocol } = 'path' in address ? {} : address;
    const accept = (input: Input): void => this.#accept(input, tls, protocol);
    const server = await openListener(
      address,
      (socket) => accept(new StreamInput(socket)),
      this.#options.backlog,
      this.#options.reusePort,
    );
    // In the same turn: no connection has arrived yet.
    if (tls === null) this.#reads.accept(server, accept);
    server.on('error', (error) => this.#onAcceptError(error));
    if (this.#registry.isClosing) {
      server.close();
      throw new HotsetError(
        'HOTSET_LISTEN_FAILED',
        `${addressText(address)}: the server was closed meanwhile`,
      );
    }
    const bound = server.address() as AddressInfo | string | null;
    const actual: ListenAddress =
      bound !== null && typeof bound === 'object'
        ? { ...address, host: bound.address, port: bound.port }
        : address;
    const leave = this.#registry.listen(
      'path' in actual ? `unix:${actual.path}` : endText(actual.host, actual.port, null),
    );
    this.#listeners.push({ server, address: actual, leave });
    this.#registry.begin();
    return actual;
  }

  /** The addresses listened on. */
  get addresses(): ListenAddress[] {
    return this.#listeners.map((listener) => listener.address);
  }

  /**
   * Stops listening, lets each connection finish its current request, and resolves when all are closed. Connections
   * still open after `forceAfterMs` are cut; `Infinity` waits for ever. The server may listen again afterwards.
   * Throws `HOTSET_INVALID_ARGUMENT`.
   */
  async close({ forceAfterMs = 0 }: { forceAfterMs?: number | undefined } = {}): Promise<void> {
    checkForceAfter(forceAfterMs);
    const closed = this.#listeners.map(
      ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const endpoint of this.#tls.values()) endpoint.cut();
    await this.#registry.drain(forceAfterMs);
    // A server's close callback waits for its sockets too.
    await Promise.all(closed);
    for (const { leave } of this.#listeners.splice(0)) leave();
    this.#registry.leave();
  }

  /**
   * Reads users and certificates again, for clients from now on; connections stay as they are. Throws
   * `HOTSET_INVALID_AUTH_FILE` or `HOTSET_INVALID_TLS` for a file that cannot be used; its previous content stays in use.
   */
  reload(): void {
    let failure: unknown;
    for (const part of [this.#authFile, ...this.#tls.values()]) {
      try {
        part?.reload();
      } catch (error) {
        const message = `${(error as Error).message}; what was read before stays in force`;
        this.#registry.log.write('reload-failed', message);
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    this.#certificatesReadAtMs = this.#items.clock.now();
    if (this.#authFile === null && this.#tls.size === 0) return;
    this.#registry.log.write('reloaded', 'users and certificates were read again');
    this.#warnOfExpiry();
  }

  /** Null for an address without TLS. */
  #tlsOf(address: ListenAddress): TlsEndpoint | null {
    const { tls, protocol: ownProtocol } = this.#options;
    if (tls === null || 'path' in address || address.tls === false) return null;
    const { protocol = ownProtocol, verifyMode } = address;
    return this.#endpointOf({ ...tls, verifyMode: verifyMode ?? tls.verifyMode }, protocol);
  }

  #endpointOf(tls: ResolvedTlsOptions, protocol: ProtocolChoice): TlsEndpoint {
    const key = `${tls.verifyMode} ${protocol}`;
    let endpoint = this.#tls.get(key);
    if (endpoint === undefined) {
      endpoint = new TlsEndpoint(tls, {
        onSecure: (socket) =>
          this.#registry.isClosing ? socket.destroy() : this.#serve(new StreamInput(socket), protocol),
        onHandshakeFailed: (reason, peer) => this.#onHandshakeFailed(reason, peer),
      });
      this.#tls.set(key, endpoint);
    }
    return endpoint;
  }

  /** Clients in the middle of their TLS handshake. */
  get #handshakes(): number {
    let pending = 0;
    for (const endpoint of this.#tls.values()) pending += endpoint.pending;
    return pending;
  }

  #accept(input: Input, tls: TlsEndpoint | null, protocol: ProtocolChoice): void {
    const { socket } = input;
    if (this.#registry.isClosing) socket.destroy();
    // Refused before its TLS handshake, as in memcached: a full server has no time for it.
    else if (!this.#registry.hasRoom(this.#handshakes)) this.#refuse(socket);
    else if (tls !== null) tls.begin(socket);
    else this.#serve(input, protocol);
  }

  /** The operating system has no file or no memory for one more: the open connections are served on. */
  #onAcceptError({ message }: Error): void {
    this.#registry.rejectedConnections++;
    this.#registry.log.write('accept-failed', `a connection could not be accepted: ${message}`);
  }

  #onHandshakeFailed(reason: string, peer: SocketPeer): void {
    this.#registry.handshakeErrors++;
    this.#registry.log.write('handshake-failed', `a TLS handshake failed: ${reason}`, peerOf(peer));
  }

  #serve(input: Input, protocol: ProtocolChoice): void {
    this.#registry.open(new TcpConnection(input, { ...this.#context, protocol }, this.#path));
  }

  #refuse(socket: Socket): void {
    const registry = this.#registry;
    registry.rejectedConnections++;
    const pending = this.#handshakes;
    const handshakes = pending === 0 ? '' : `, and ${pending} in their handshake`;
    const message = `a connection was refused: ${registry.currentConnections} are open${handshakes}`;
    registry.log.write('connection-refused', message, peerOf(socket));
    socket.on('error', () => socket.destroy());
    // In a flood, each is closed before the next is accepted.
    if (this.#refusals >= REFUSALS_MAX) {
      socket.write(REFUSAL, () => socket.destroy());
      return;
    }
    this.#refusals++;
    socket.on('close', () => {
      this.#refusals--;
    });
    socket.resume();
    socket.end(REFUSAL, () => socket.destroy());
  }

  #warnOfExpiry(): void {
    const { tls } = this.#registry.settings;
    if (tls === null) return;
    // The wall clock, whatever clock serves the items: clients check certificates by it.
    const leftMs = tls.expiresAtMs - Date.now();
    if (leftMs > CERTIFICATE_WARNING_MS) return;
    const verb = leftMs > 0 ? 'expires' : 'expired';
    const message = `a certificate in ${tls.chainCert} ${verb} on ${new Date(tls.expiresAtMs).toISOString()}`;
    this.#registry.log.write('certificate-expires', message);
  }

  get #path(): string | null {
    const unix = this.addresses.find((address): address is UnixAddress => 'path' in address);
    return unix?.path ?? null;
  }

  /** What `stats settings` shows, read at each request. */
  #settings(): TransportSettings {
    const server = this;
    const { protocol, backlog } = this.#options;
    const tcp = (): TcpAddress | undefined =>
      server.addresses.find((address): address is TcpAddress => !('path' in address));
    return {
      kind: 'tcp',
      get tcpPort() {
        return tcp()?.port ?? -1;
      },
      get host() {
        return tcp()?.host ?? null;
      },
      get path() {
        return server.#path;
      },
      get mode() {
        const unix = server.addresses.find((address): address is UnixAddress => 'path' in address);
        return unix?.mode ?? DEFAULT_SOCKET_MODE;
      },
      protocol,
      backlog,
      authenticates: this.#authFile !== null,
      get tls() {
        const [own] = server.#tls.values();
        return own?.settings ?? null;
      },
      get certificatesReadAtMs() {
        return server.#certificatesReadAtMs;
      },
      reload: () => server.reload(),
    };
  }
}

type SocketPeer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

function peerOf({ remoteAddress, remotePort }: SocketPeer): PeerAddress {
  return { address: remoteAddress, port: remotePort };
}
