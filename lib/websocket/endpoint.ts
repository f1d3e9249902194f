/**
 * The WebSocket adapter: handshakes, connections and their limits, and nothing of what is said over them.
 * Several endpoints and TCP servers may serve one engine. An endpoint that has been closed stays closed.
 */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { HotsetError } from '../errors.js';
import { shownEnd } from '../memcached/admin/shown-end.js';
import type { ConnectionInfo, ProtocolChoice, Transport } from '../memcached/admin/transport.js';
import { type ConnectionNumbers, connectionNumbersOf } from '../memcached/connection-numbers.js';
import { type ItemStore, itemStoreOf, type MemcachedEngine } from '../memcached/item-store.js';
import { ReplyBuffer } from '../memcached/reply-buffer.js';
import { CONNECTION_EVENTS, connectionClosed, connectionOpened } from '../memcached/watch/lines.js';
import { ServerLog } from '../server-log.js';
import { checkForceAfter, forceAfter } from '../shutdown.js';
import { AccessPolicy } from '../web/access-policy.js';
import { listenAt, type WebAddress } from '../web/listening.js';
import { afterEarlierAnswers, type Refusal, refuse } from '../web/refusal.js';
import { Connection, type ConnectionObserver } from './connection.js';
import { chooseSubprotocol, type Subprotocol, validateHandshake } from './handshake.js';
import { MemcachedHandler } from './memcached-handler.js';
import {
  payloadLimitBytes,
  type ResolvedWebSocketOptions,
  resolveWebSocketOptions,
  type WebSocketOptions,
} from './options.js';
import { createOwnServer } from './own-server.js';
import { createRpcHandler, RpcContext } from './rpc/index.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';
import { takeUpgrades } from './upgrades.js';

/** How often expired items are reclaimed: the endpoint may be all that serves the engine. */
const UPKEEP_INTERVAL_MS = 1000;
/** Connections that the operating system keeps while they wait to be accepted, unless told. */
const NODE_BACKLOG = 511;

/** A message may come in so many pieces, and one more for each KiB: a piece costs some 200 bytes, however small. */
const PIECES_LEAST = 1024;
const PIECE_BYTES = 1024;

export class WebSocketEndpoint implements Transport {
  readonly kind = 'websocket';
  readonly maxConnections: number;
  /** Bytes of messages, without what frames them. */
  bytesRead = 0;
  bytesWritten = 0;
  totalConnections = 0;
  /** Handshakes refused because the endpoint was full. */
  rejectedConnections = 0;
  yields = 0;
  /** Where it listens with a server of its own; null while it does not. */
  address: WebAddress | null = null;

  readonly #items: ItemStore;
  readonly #options: ResolvedWebSocketOptions;
  readonly #log: ServerLog;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #policy: AccessPolicy;
  readonly #handshakes: WebSocketServer;
  readonly #numbers: ConnectionNumbers;
  readonly #rpc: RpcContext;
  readonly #converse: Readonly<Record<Subprotocol, (outlet: FrameSink) => SubprotocolHandler>>;
  readonly #observer: ConnectionObserver;
  readonly #connections = new Set<Connection>();
  readonly #timers: NodeJS.Timeout[] = [];
  #leaveServer = (): void => {};
  #ownServer: Server | null = null;
  /** The number of the server of its own, as `stats conns` shows it. */
  #listenerId = 0;
  #closing = false;
  /** Called when the last connection has gone. */
  #onEmpty: (() => void)[] = [];

  constructor(engine: MemcachedEngine, options: WebSocketOptions) {
    this.#options = resolveWebSocketOptions(options);
    this.#policy = new AccessPolicy(options);
    this.#items = itemStoreOf(engine, options);
    this.#numbers = connectionNumbersOf(this.#items);
    this.#log = new ServerLog(options.log, () => this.#items.verbosity);
    this.#onError = options.onError;
    const { access, address, maxConnections, maxPayloadBytes, path, server, maxUnsentBytes } = this.#options;
    this.maxConnections = maxConnections;
    const payload = maxPayloadBytes ?? payloadLimitBytes(this.#items.maxItemBytes);
    const pieces = PIECES_LEAST + Math.ceil(payload / PIECE_BYTES);
    this.#handshakes = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: payload,
      maxFragments: pieces,
      maxBufferedChunks: pieces,
      handleProtocols: (offered) => chooseSubprotocol(offered, access) ?? false,
    });
    const onError = (error: unknown): void => this.onError(error);
    const rpc = new RpcContext(this.#items, { ...this.#options, onError });
    const memcached = {
      items: this.#items,
      out: new ReplyBuffer(),
      maxUnsentBytes,
      onYield: () => this.yields++,
      onCommand: (id: number, command: string) => this.#log.write('command', `<${id} ${command}`),
      onError,
    };
    this.#rpc = rpc;
    this.#converse = {
      memcached: (outlet) => new MemcachedHandler(outlet, memcached),
      'hotset.v1': (outlet) => createRpcHandler(outlet, rpc),
    };
    this.#observer = {
      onRead: (bytes) => {
        this.bytesRead += bytes;
      },
      onWritten: (bytes) => {
        this.bytesWritten += bytes;
      },
      onClose: (connection) => this.#onClose(connection),
      onError,
    };
    if (server !== null) this.#leaveServer = takeUpgrades(server, path, this.handleUpgrade);
    if (address === null) this.#begin();
  }

  /**
   * Starts the server of its own, and resolves to the address with the port that was taken. Throws
   * `HOTSET_LISTEN_FAILED`, and `HOTSET_INVALID_ARGUMENT` for an endpoint that was given no port, or listens already.
   */
  async listen(): Promise<WebAddress> {
    const { address, path } = this.#options;
    if (address === null || this.#ownServer !== null)
      throw new HotsetError(
        'HOTSET_INVALID_ARGUMENT',
        'listen is for an endpoint that was given a port, and does not listen',
      );
    const server = createOwnServer(this.maxConnections);
    this.#ownServer = server;
    try {
      const taken = await listenAt(server, address);
      if (this.#closing) {
        server.close();
        throw new HotsetError('HOTSET_LISTEN_FAILED', 'the endpoint was closed meanwhile');
      }
      takeUpgrades(server, path, this.handleUpgrade);
      this.address = taken;
    } catch (error) {
      this.#ownServer = null;
      throw error;
    }
    this.#listenerId = this.#numbers.take();
    this.#begin();
    return this.address;
  }

  /**
   * Takes one upgrade, of whatever server, and on whatever path: `server.on('upgrade', endpoint.handleUpgrade)`.
   * What is refused is answered. Never throws.
   */
  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    afterEarlierAnswers(request.socket, () => this.#handshake(request, socket, head));

  #handshake(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = validateHandshake(request, this.#policy, this.#options.access) ?? this.#lackOfRoom();
    if (refusal !== null) {
      const { remoteAddress: address, remotePort: port } = request.socket;
      const message = `a WebSocket handshake was refused with ${refusal.status}: ${refusal.reason}`;
      this.#log.write('upgrade-refused', message, { address, port });
      refuse(socket, refusal);
    } else this.#handshakes.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, socket));
  }

  /**
   * Takes no more clients, lets each connection finish what it is in the middle of, ends it with 1001, and resolves
   * when all are closed. What is still open after `forceAfterMs` is cut; `Infinity` waits for ever, or until
   * a client that has been told does not answer for 30 s. A server that was given is left as it is. May be called
   * again. Throws `HOTSET_INVALID_ARGUMENT`.
   */
  async close({ forceAfterMs = 0 }: { forceAfterMs?: number } = {}): Promise<void> {
    checkForceAfter(forceAfterMs);
    this.#closing = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    const stopped = this.#stopListening();
    for (const connection of this.#connections) connection.drain();
    const cancel = forceAfter(forceAfterMs, () => {
      for (const connection of this.#connections) connection.cut();
    });
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
    cancel();
    await stopped;
    this.#leaveServer();
    this.#rpc.close();
    this.#items.transports.delete(this);
  }

  /** Asks every client for a sign of life, and cuts those that gave none since the last time. */
  beat(): void {
    for (const connection of this.#connections) connection.beat();
  }

  /** Reclaims a bounded number of expired items. */
  upkeep(): void {
    this.#items.beginTurn();
    try {
      this.#items.reclaim();
    } catch (error) {
      this.onError(error);
    }
  }

  #begin(): void {
    this.#items.transports.add(this);
    this.#timers.push(setInterval(() => this.upkeep(), UPKEEP_INTERVAL_MS).unref());
    const { heartbeatMs } = this.#options;
    if (heartbeatMs !== Number.POSITIVE_INFINITY)
      this.#timers.push(setInterval(() => this.beat(), heartbeatMs).unref());
  }

  async #stopListening(): Promise<void> {
    const server = this.#ownServer;
    if (server === null || this.address === null) return;
    this.address = null;
    this.#numbers.giveBack(this.#listenerId);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Requests that are no WebSockets; those are on no list of the server's any more.
    server.closeAllConnections();
    await closed;
  }

  #lackOfRoom(): Refusal | null {
    if (this.#closing) return { status: 503, reason: 'the server stops' };
    if (this.#connections.size < this.maxConnections) return null;
    this.rejectedConnections++;
    return { status: 503, reason: `${this.#connections.size} connections are open, and no more are served` };
  }

  #serve(ws: WebSocket, socket: Duplex): void {
    // So that the connection counts as active from now, and not from when the clock was last read.
    this.#items.beginTurn();
    this.totalConnections++;
    const converse = this.#converse[ws.protocol as Subprotocol];
    const connection = new Connection(this.#numbers.take(), ws, socket, this.#observer, converse);
    this.#connections.add(connection);
    this.#log.write('connection-opened', `connection ${connection.id} opened`, connection.peer);
    const { log } = this.#items;
    if ((log.watched & CONNECTION_EVENTS) !== 0) connectionOpened(log, connection.id, connection.peer);
  }

  #onClose(connection: Connection): void {
    this.#connections.delete(connection);
    this.#numbers.giveBack(connection.id);
    this.#log.write('connection-closed', `connection ${connection.id} closed`, connection.peer);
    const { log } = this.#items;
    if ((log.watched & CONNECTION_EVENTS) !== 0)
      connectionClosed(log, connection.id, connection.peer, connection.closeReason);
    if (this.#connections.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** Not at once: whoever is at work, ws above all, must come to an end before the error may end the process. */
  onError(error: unknown): void {
    setImmediate(() => {
      if (this.#onError === undefined) throw error;
      this.#onError(error);
    });
  }

  // What `stats` asks. Its settings are the memcached port's: an endpoint has none of them.

  get currentConnections(): number {
    return this.#connections.size;
  }

  *connections(): Generator<ConnectionInfo> {
    const now = this.#items.clock.now();
    if (this.address !== null)
      yield {
        id: this.#listenerId,
        address: shownEnd(this.address.host, this.address.port, null),
        state: 'conn_listening',
        secondsSinceLastCommand: 0,
      };
    for (const { id, remote, local, conversation } of this.#connections) {
      yield {
        id,
        // Where a server that is shared has a Unix socket, it is not said.
        address: shownEnd(remote.host, remote.port, ''),
        listenAddress: shownEnd(local.host, local.port, ''),
        state: conversation.state,
        secondsSinceLastCommand: Math.max(0, Math.floor((now - conversation.lastActiveMs) / 1000)),
      };
    }
  }

  resetStats(): void {
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.totalConnections = 0;
    this.rejectedConnections = 0;
    this.yields = 0;
  }

  readonly idleKicks = 0;
  readonly idleTimeoutSeconds = 0;
  readonly tcpPort = -1;
  readonly host = null;
  readonly path = null;
  readonly mode = 0;
  readonly protocol: ProtocolChoice = 'auto';
  readonly authenticates = false;
  readonly backlog: number = NODE_BACKLOG;
  readonly tls = null;
  readonly handshakeErrors = 0;
  readonly certificatesReadAtMs = 0;
  reload(): void {}
}
