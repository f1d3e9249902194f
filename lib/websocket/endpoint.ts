/**
 * The WebSocket adapter: handshakes and access; it knows nothing of the subprotocols' content.
 * Several endpoints and TCP servers may serve one engine. An endpoint that has been closed stays closed.
 */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { HotsetError } from '../errors.js';
import { type ItemStore, itemStoreOf, type ServedStore } from '../memcached/item-store.js';
import { ReplyBuffer } from '../memcached/reply-buffer.js';
import { checkForceAfter } from '../shutdown.js';
import { endText } from '../transport/connection-ends.js';
import { ConnectionRegistry } from '../transport/connection-registry.js';
import type { TransportSettings } from '../transport.js';
import { AccessPolicy } from '../web/access-policy.js';
import { listenAt, type WebAddress } from '../web/listening.js';
import { afterEarlierAnswers, type Refusal, refuse } from '../web/refusal.js';
import { WebSocketConnection } from './connection.js';
import { chooseSubprotocol, type Subprotocol, validateHandshake } from './handshake.js';
import { MemcachedHandler } from './memcached-handler.js';
import {
  payloadLimitBytes,
  type ResolvedWebSocketOptions,
  resolveWebSocketOptions,
  type WebSocketOptions,
} from './options.js';
import { createOwnServer } from './own-server.js';
import { RpcContext } from './rpc/rpc-context.js';
import { RpcHandler } from './rpc/rpc-handler.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';
import { takeUpgrades } from './upgrades.js';

/** A message may come in so many fragments, and one more for each KiB: a fragment costs some 200 bytes, however small. */
const FRAGMENTS_MIN = 1024;
const FRAGMENT_BYTES = 1024;

/** An endpoint has none of the memcached port's settings; its backlog is Node's default. */
const SETTINGS: TransportSettings = {
  kind: 'websocket',
  tcpPort: -1,
  host: null,
  path: null,
  mode: 0,
  protocol: 'auto',
  authenticates: false,
  backlog: 511,
  tls: null,
  certificatesReadAtMs: 0,
  reload: () => {},
};

/** Serves WebSocket clients. `attachWebSocket` makes it. */
export class WebSocketEndpoint {
  readonly #items: ItemStore;
  readonly #options: ResolvedWebSocketOptions;
  readonly #policy: AccessPolicy;
  readonly #handshakes: WebSocketServer;
  readonly #registry: ConnectionRegistry;
  readonly #rpc: RpcContext;
  readonly #createHandler: Readonly<Record<Subprotocol, (sink: FrameSink) => SubprotocolHandler>>;
  #address: WebAddress | null = null;
  #leaveServer = (): void => {};
  #ownServer: Server | null = null;
  /** Takes the server of its own off the list of `stats conns`. */
  #leaveList = (): void => {};

  constructor(engine: ServedStore, options: WebSocketOptions) {
    this.#options = resolveWebSocketOptions(options);
    this.#policy = new AccessPolicy(options);
    this.#items = itemStoreOf(engine, options);
    const { access, address, connections, maxPayloadBytes, path, server, maxUnsentBytes } = this.#options;
    const registry = new ConnectionRegistry(this.#items, SETTINGS, connections, options);
    this.#registry = registry;
    const payload = maxPayloadBytes ?? payloadLimitBytes(this.#items.maxItemBytes, access);
    const fragments = FRAGMENTS_MIN + Math.ceil(payload / FRAGMENT_BYTES);
    this.#handshakes = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: payload,
      maxFragments: fragments,
      maxBufferedChunks: fragments,
      handleProtocols: (offered) => chooseSubprotocol(offered, access) ?? false,
    });
    const rpc = new RpcContext(this.#items, {
      ...this.#options,
      onError: (error) => registry.onError(error),
    });
    const memcached = { registry, out: new ReplyBuffer(), maxUnsentBytes };
    this.#rpc = rpc;
    this.#createHandler = {
      memcached: (sink) => new MemcachedHandler(sink, memcached),
      'hotset.v1': (sink) => new RpcHandler(sink, rpc),
    };
    if (server !== null) this.#leaveServer = takeUpgrades(server, path, this.handleUpgrade);
    if (address === null) registry.begin();
    rpc.history?.begin();
  }

  /** Where it listens with a server of its own; null while it does not. */
  get address(): WebAddress | null {
    return this.#address;
  }

  /**
   * Starts the server of its own, and resolves to the address with the port that was taken. Throws
   * `HOTSET_LISTEN_FAILED`, and `HOTSET_INVALID_ARGUMENT` for an endpoint without a `port`, or one that listens already.
   */
  async listen(): Promise<WebAddress> {
    const { address, path } = this.#options;
    if (address === null || this.#ownServer !== null)
      throw new HotsetError(
        'HOTSET_INVALID_ARGUMENT',
        'listen takes an endpoint with the option port, which does not listen yet',
      );
    const server = createOwnServer(this.#registry.maxConnections);
    this.#ownServer = server;
    try {
      const taken = await listenAt(server, address);
      if (this.#registry.isClosing) {
        server.close();
        throw new HotsetError('HOTSET_LISTEN_FAILED', 'the endpoint was closed meanwhile');
      }
      takeUpgrades(server, path, this.handleUpgrade);
      this.#address = taken;
      this.#leaveList = this.#registry.listen(endText(taken.host, taken.port, null));
      this.#registry.begin();
      return taken;
    } catch (error) {
      this.#ownServer = null;
      throw error;
    }
  }

  /**
   * Takes one upgrade, of any server and on any path: `server.on('upgrade', endpoint.handleUpgrade)`.
   * A refused one is answered. Never throws.
   */
  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    afterEarlierAnswers(request.socket, () => this.#handshake(request, socket, head));

  #handshake(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = validateHandshake(request, this.#policy, this.#options.access) ?? this.#lackOfRoom();
    if (refusal !== null) {
      const { remoteAddress: address, remotePort: port } = request.socket;
      const message = `a WebSocket handshake was refused with ${refusal.status}: ${refusal.reason}`;
      this.#registry.log.write('upgrade-refused', message, { address, port });
      refuse(socket, refusal);
    } else this.#handshakes.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, socket));
  }

  /**
   * Accepts no more clients, lets each connection finish its current request, ends it with 1001, and resolves when all
   * are closed. Connections still open after `forceAfterMs` are cut; `Infinity` waits for each client's close frame, for
   * up to 30 s. A server from the option `server` keeps running. May be called again.
   * Throws `HOTSET_INVALID_ARGUMENT`.
   */
  async close({ forceAfterMs = 0 }: { forceAfterMs?: number | undefined } = {}): Promise<void> {
    checkForceAfter(forceAfterMs);
    const stopped = this.#stopListening();
    await this.#registry.drain(forceAfterMs);
    await stopped;
    this.#leaveServer();
    this.#rpc.close();
    this.#items.transports.delete(this.#registry);
  }

  async #stopListening(): Promise<void> {
    const server = this.#ownServer;
    if (server === null || this.#address === null) return;
    this.#address = null;
    this.#leaveList();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Requests that are no WebSockets; those are on no list of the server's any more.
    server.closeAllConnections();
    await closed;
  }

  #lackOfRoom(): Refusal | null {
    const registry = this.#registry;
    if (registry.isClosing) return { status: 503, reason: 'the server stops' };
    if (registry.hasRoom()) return null;
    registry.rejectedConnections++;
    const { currentConnections } = registry;
    return { status: 503, reason: `${currentConnections} connections are open, and no more are served` };
  }

  #serve(ws: WebSocket, socket: Duplex): void {
    const createHandler = this.#createHandler[ws.protocol as Subprotocol];
    this.#registry.open(new WebSocketConnection(ws, socket, this.#registry, createHandler));
  }
}
