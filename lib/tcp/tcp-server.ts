/**
 * The TCP adapter: listeners, connections and their limits, and nothing of the protocol.
 * Several servers may serve one engine; the code that owns the engine may go on using it.
 */

import type { AddressInfo, Server, Socket } from 'node:net';
import { HotsetError } from '../errors.js';
import { shownEnd } from '../memcached/admin/shown-end.js';
import type { ConnectionInfo, ProtocolChoice, TlsSettings, Transport } from '../memcached/admin/transport.js';
import { type ConnectionNumbers, connectionNumbersOf } from '../memcached/connection-numbers.js';
import { type ItemStore, itemStoreOf, type MemcachedEngine } from '../memcached/item-store.js';
import { ReplyBuffer } from '../memcached/reply-buffer.js';
import { CONNECTION_EVENTS, connectionClosed, connectionOpened } from '../memcached/watch/lines.js';
import { checkForceAfter, forceAfter } from '../shutdown.js';
import { AuthFile } from './auth-file.js';
import { Connection, type ConnectionObserver } from './connection.js';
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
import { shownListener } from './shown-address.js';
import { TlsEndpoint } from './tls-endpoint.js';
import type { ResolvedTlsOptions } from './tls-options.js';

/** How often idle connections are looked for and expired items reclaimed. */
const UPKEEP_INTERVAL_MS = 1000;
const TOO_MANY_CONNECTIONS = 'ERROR Too many open connections\r\n';
/** Refused connections that may take their time to read why. */
const REFUSED_MAX = 8;

interface Listener {
  readonly id: number;
  readonly server: Server;
  readonly address: ListenAddress;
}

export class TcpServer implements Transport, ConnectionObserver {
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  bytesRead = 0;
  bytesWritten = 0;
  totalConnections = 0;
  rejectedConnections = 0;
  idleKicks = 0;
  yields = 0;
  /** Clients that did not get through their TLS handshake. */
  handshakeErrors = 0;
  certificatesReadAtMs: number;

  readonly #items: ItemStore;
  readonly #options: ResolvedTcpOptions;
  readonly #write: ((message: string) => void) | undefined;
  readonly #onError: ((error: unknown) => void) | undefined;
  /** The server's own first; one more for each address that asks something else of its clients. */
  readonly #tls = new Map<string, TlsEndpoint>();
  readonly #authFile: AuthFile | null;
  /** One for all: each connection drains it before another one writes. */
  readonly #out = new ReplyBuffer();
  readonly #listeners: Listener[] = [];
  readonly #connections = new Set<Connection>();
  readonly #numbers: ConnectionNumbers;
  #upkeep: NodeJS.Timeout | undefined;
  #closing = false;
  /** Refused connections that are still open. */
  #refused = 0;

  constructor(engine: MemcachedEngine, options: TcpServerOptions) {
    this.#options = resolveTcpOptions(options);
    const { tls, authFile } = this.#options;
    if (tls !== null) this.#endpointOf(tls, this.protocol);
    this.#authFile = authFile === null ? null : new AuthFile(authFile);
    this.#items = itemStoreOf(engine, options);
    this.#numbers = connectionNumbersOf(this.#items);
    this.certificatesReadAtMs = this.#items.clock.now();
    this.#write = options.log;
    this.#onError = options.onError;
    this.maxConnections = this.#options.maxConnections;
    this.idleTimeoutMs = this.#options.idleTimeoutMs;
  }

  /**
   * Listens, on the address of the options or another one; may be called for several addresses.
   * Returns the address with the port that was taken. Throws `HOTSET_LISTEN_FAILED`.
   */
  async listen(address: ListenAddress = this.#options.address): Promise<ListenAddress> {
    checkAddress(address, this.#options.tls);
    const server = await openListener(address, this.#acceptorOf(address), this.#options.backlog);
    if (this.#closing) {
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
    this.#listeners.push({ id: this.#numbers.take(), server, address: actual });
    this.#items.transports.add(this);
    this.#upkeep ??= setInterval(() => this.upkeep(), UPKEEP_INTERVAL_MS).unref();
    return actual;
  }

  /** The addresses listened on. */
  get addresses(): ListenAddress[] {
    return this.#listeners.map((listener) => listener.address);
  }

  /**
   * Stops listening, lets each connection finish the request that it is in the middle of, and resolves when
   * all are closed. What is still open after `forceAfterMs` is cut; `Infinity` waits for ever. The server may listen
   * again afterwards. Throws `HOTSET_INVALID_ARGUMENT`.
   */
  async close({ forceAfterMs = 0 }: { forceAfterMs?: number } = {}): Promise<void> {
    checkForceAfter(forceAfterMs);
    this.#closing = true;
    clearInterval(this.#upkeep);
    this.#upkeep = undefined;
    const closed = this.#listeners.map(
      ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const connection of this.#connections) connection.drain();
    for (const endpoint of this.#tls.values()) endpoint.cut();
    const cancel = forceAfter(forceAfterMs, () => {
      for (const connection of this.#connections) connection.socket.destroy();
    });
    // A server's close callback waits for its connections too.
    await Promise.all(closed);
    cancel();
    this.#items.transports.delete(this);
    for (const { id } of this.#listeners.splice(0)) this.#numbers.giveBack(id);
    this.#closing = false;
  }

  /** Closes connections that have been idle for too long, and reclaims a bounded number of expired items. */
  upkeep(): void {
    this.#items.beginTurn();
    const idleSince = this.#items.clock.now() - this.idleTimeoutMs;
    for (const connection of this.#connections) {
      // Who watches has nothing to say.
      if (connection.lastActiveMs >= idleSince || connection.watching) continue;
      this.idleKicks++;
      this.#log(1, `connection ${connection.id} was idle for too long`);
      connection.closeReason = 'idle_timeout';
      connection.socket.destroy();
    }
    try {
      this.#items.reclaim();
    } catch (error) {
      this.onError(error);
    }
  }

  /** What becomes of a connection to this address. */
  #acceptorOf(address: ListenAddress): (socket: Socket) => void {
    const { tls } = this.#options;
    if ('path' in address) return (socket) => this.#accept(socket, null, this.protocol);
    const { protocol = this.protocol, verifyMode } = address;
    if (tls === null || address.tls === false) return (socket) => this.#accept(socket, null, protocol);
    const endpoint = this.#endpointOf({ ...tls, verifyMode: verifyMode ?? tls.verifyMode }, protocol);
    return (socket) => this.#accept(socket, endpoint, protocol);
  }

  #endpointOf(tls: ResolvedTlsOptions, protocol: ProtocolChoice): TlsEndpoint {
    const key = `${tls.verifyMode} ${protocol}`;
    let endpoint = this.#tls.get(key);
    if (endpoint === undefined) {
      endpoint = new TlsEndpoint(tls, {
        onSecure: (socket) => (this.#closing ? socket.destroy() : this.#serve(socket, protocol)),
        onHandshakeFailed: (reason) => this.#onHandshakeFailed(reason),
      });
      this.#tls.set(key, endpoint);
    }
    return endpoint;
  }

  get #handshakes(): number {
    let pending = 0;
    for (const endpoint of this.#tls.values()) pending += endpoint.pending;
    return pending;
  }

  #accept(socket: Socket, tls: TlsEndpoint | null, protocol: ProtocolChoice): void {
    if (this.#closing) socket.destroy();
    // Refused before its handshake, as memcached does: a full server has no time for it.
    else if (this.#connections.size + this.#handshakes >= this.maxConnections) this.#refuse(socket);
    else if (tls !== null) tls.begin(socket);
    else this.#serve(socket, protocol);
  }

  #onHandshakeFailed(reason: string): void {
    this.handshakeErrors++;
    this.#log(1, `a TLS handshake failed: ${reason}`);
  }

  #serve(socket: Socket, protocol: ProtocolChoice): void {
    // So that the connection counts as active from now, and not from when the clock was last read.
    this.#items.beginTurn();
    this.totalConnections++;
    const connection = new Connection(socket, this.#numbers.take(), this.#items, this.#out, this, {
      protocol,
      credentials: this.#authFile?.credentials ?? null,
    });
    this.#connections.add(connection);
    this.#log(2, `connection ${connection.id} opened`);
    const { log } = this.#items;
    if ((log.watched & CONNECTION_EVENTS) !== 0) connectionOpened(log, connection.id, connection.peer);
  }

  #refuse(socket: Socket): void {
    this.rejectedConnections++;
    const shaking = this.#handshakes;
    const handshakes = shaking === 0 ? '' : `, and ${shaking} in their handshake`;
    this.#log(1, `a connection was refused: ${this.#connections.size} are open${handshakes}`);
    socket.on('error', () => socket.destroy());
    if (this.#refused >= REFUSED_MAX) {
      // Each is an open file until it is closed, and a flood must not take those that the process needs.
      socket.write(TOO_MANY_CONNECTIONS);
      socket.destroy();
      return;
    }
    this.#refused++;
    socket.on('close', () => this.#refused--);
    socket.resume();
    socket.end(TOO_MANY_CONNECTIONS, () => socket.destroy());
  }

  onError(error: unknown): void {
    if (this.#onError === undefined) throw error;
    this.#onError(error);
  }

  onClose(connection: Connection): void {
    this.#connections.delete(connection);
    this.#numbers.giveBack(connection.id);
    this.#log(2, `connection ${connection.id} closed`);
    const { log } = this.#items;
    if ((log.watched & CONNECTION_EVENTS) !== 0)
      connectionClosed(log, connection.id, connection.peer, connection.closeReason);
  }

  onCommand({ id }: Connection, command: string): void {
    this.#log(2, `<${id} ${command}`);
  }

  onAuthFailure({ id, peer }: Connection): void {
    this.#log(1, `connection ${id} from ${peer.address} failed to authenticate`);
  }

  #log(level: number, message: string): void {
    if (this.#write !== undefined && this.#items.verbosity >= level) this.#write(message);
  }

  // What `stats` asks

  get currentConnections(): number {
    return this.#connections.size;
  }

  get idleTimeoutSeconds(): number {
    return Number.isFinite(this.idleTimeoutMs) ? this.idleTimeoutMs / 1000 : 0;
  }

  get tcpPort(): number {
    return this.#tcpAddress?.port ?? -1;
  }

  get host(): string | null {
    return this.#tcpAddress?.host ?? null;
  }

  get path(): string | null {
    return this.#unixAddress?.path ?? null;
  }

  get mode(): number {
    return this.#unixAddress?.mode ?? DEFAULT_SOCKET_MODE;
  }

  get #tcpAddress(): TcpAddress | undefined {
    return this.addresses.find((address): address is TcpAddress => !('path' in address));
  }

  get #unixAddress(): UnixAddress | undefined {
    return this.addresses.find((address): address is UnixAddress => 'path' in address);
  }

  *connections(): Generator<ConnectionInfo> {
    const now = this.#items.clock.now();
    for (const { id, address } of this.#listeners)
      yield { id, address: shownListener(address), state: 'conn_listening', secondsSinceLastCommand: 0 };
    for (const { id, socket, state, lastActiveMs } of this.#connections) {
      yield {
        id,
        address: shownEnd(socket.remoteAddress, socket.remotePort, this.path),
        listenAddress: shownEnd(socket.localAddress, socket.localPort, this.path),
        state,
        secondsSinceLastCommand: Math.max(0, Math.floor((now - lastActiveMs) / 1000)),
      };
    }
  }

  get protocol(): ProtocolChoice {
    return this.#options.protocol;
  }

  get backlog(): number {
    return this.#options.backlog;
  }

  get authenticates(): boolean {
    return this.#authFile !== null;
  }

  get tls(): TlsSettings | null {
    const [own] = this.#tls.values();
    return own?.settings ?? null;
  }

  /**
   * Reads users and certificates again, for clients from now on; connections stay as they are. Throws
   * `HOTSET_INVALID_AUTH_FILE` or `HOTSET_INVALID_TLS` for what makes no sense, of which the old stays in force.
   */
  reload(): void {
    let failure: unknown;
    for (const part of [this.#authFile, ...this.#tls.values()]) {
      try {
        part?.reload();
      } catch (error) {
        this.#log(0, `${(error as Error).message}; what was read before stays in force`);
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    this.certificatesReadAtMs = this.#items.clock.now();
    if (this.#authFile === null && this.#tls.size === 0) return;
    this.#log(1, 'users and certificates were read again');
  }

  resetStats(): void {
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.totalConnections = 0;
    this.rejectedConnections = 0;
    this.idleKicks = 0;
    this.yields = 0;
    this.handshakeErrors = 0;
  }
}
