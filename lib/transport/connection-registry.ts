/**
 * The connections of one transport: limits, counters, log, timeouts, and how they end on shutdown. It knows no
 * socket.
 */

import type { Clock } from '../engine/clock.js';
import type { ItemStore } from '../memcached/item-store.js';
import { CONNECTION_EVENTS, connectionClosed, connectionOpened } from '../memcached/watch/lines.js';
import { ServerLog } from '../server-log.js';
import { forceAfter } from '../shutdown.js';
import type {
  CloseReason,
  ConnectionInfo,
  ConnectionState,
  Peer,
  Transport,
  TransportSettings,
} from '../transport.js';
import type { ConnectionOptions, ResolvedConnectionOptions } from './connection-options.js';
import type { Overdue } from './liveness.js';

/** How often idle connections are closed and expired items reclaimed. */
const UPKEEP_INTERVAL_MS = 1000;

/** One of a registry's connections. */
export interface Connection {
  readonly id: number;
  readonly peer: Peer;
  /** Both ends, as `stats conns` shows them. */
  readonly address: string;
  readonly listenAddress: string;
  readonly state: ConnectionState;
  readonly lastCommandMs: number;
  /** Why it closes, as the log shows it. */
  closeReason: CloseReason;
  /** The timeout that it has passed, or null. */
  overdue(nowMs: number): Overdue | null;
  /** Sends a ping, where the protocol has one. */
  beat?(nowMs: number): void;
  /** Ends once all requests have been answered. */
  drain(): void;
  /** Ends at once. */
  cut(): void;
}

export class ConnectionRegistry implements Transport {
  readonly items: ItemStore;
  readonly settings: TransportSettings;
  readonly limits: ResolvedConnectionOptions;
  /** Monotonic: for idle time, ages, deadlines. */
  readonly clock: Clock;
  readonly log: ServerLog;
  bytesRead = 0;
  bytesWritten = 0;
  totalConnections = 0;
  rejectedConnections = 0;
  idleKicks = 0;
  yields = 0;
  handshakeErrors = 0;
  /** No more connections are accepted. */
  isClosing = false;

  readonly #connections = new Set<Connection>();
  readonly #listeners = new Map<number, { readonly address: string; readonly sinceMs: number }>();
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Called when the last connection has gone. */
  #onEmpty: (() => void)[] = [];

  constructor(
    items: ItemStore,
    settings: TransportSettings,
    limits: ResolvedConnectionOptions,
    { log, onError }: ConnectionOptions,
  ) {
    this.items = items;
    this.settings = settings;
    this.limits = limits;
    this.clock = items.clock;
    this.log = new ServerLog(log, () => items.verbosity);
    this.#onError = onError;
  }

  get maxConnections(): number {
    return this.limits.maxConnections;
  }

  get currentConnections(): number {
    return this.#connections.size;
  }

  get idleTimeoutSeconds(): number {
    const { idleTimeoutMs } = this.limits;
    return Number.isFinite(idleTimeoutMs) ? idleTimeoutMs / 1000 : 0;
  }

  /** Registers with `stats` and starts the timers. May be called again. */
  begin(): void {
    this.items.transports.add(this);
    if (this.#timers.length > 0) return;
    this.#timers.push(setInterval(() => this.upkeep(), UPKEEP_INTERVAL_MS).unref());
    const { heartbeatMs } = this.limits;
    if (heartbeatMs !== Number.POSITIVE_INFINITY)
      this.#timers.push(setInterval(() => this.beat(), heartbeatMs).unref());
  }

  /** Shows a listener in `stats conns`; returns a function that removes it. */
  listen(address: string): () => void {
    const id = this.items.connectionNumbers.take();
    this.#listeners.set(id, { address, sinceMs: this.clock.now() });
    return () => {
      if (this.#listeners.delete(id)) this.items.connectionNumbers.giveBack(id);
    };
  }

  /** Whether there is room for one more connection, beside `pending` that are not open yet. */
  hasRoom(pending = 0): boolean {
    const elsewhere = this.items.siblings?.currentConnections ?? 0;
    return this.#connections.size + elsewhere + pending < this.maxConnections;
  }

  /** The number that the next connection gets, which is then to be opened. */
  nextId(): number {
    // The connection counts as active from now, not from the last reading of the clock.
    this.items.beginTurn();
    return this.items.connectionNumbers.take();
  }

  open(connection: Connection): void {
    this.totalConnections++;
    this.#connections.add(connection);
    this.items.siblings?.publish();
    this.log.write('connection-opened', `connection ${connection.id} opened`, connection.peer);
    const { log } = this.items;
    if ((log.watched & CONNECTION_EVENTS) !== 0) connectionOpened(log, connection.id, connection.peer);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.items.siblings?.publish();
    this.items.connectionNumbers.giveBack(connection.id);
    this.log.write('connection-closed', `connection ${connection.id} closed`, connection.peer);
    const { log } = this.items;
    if ((log.watched & CONNECTION_EVENTS) !== 0)
      connectionClosed(log, connection.id, connection.peer, connection.closeReason);
    if (this.#connections.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** Closes connections past their timeout, and reclaims a bounded number of expired items. */
  upkeep(): void {
    this.items.beginTurn();
    const now = this.clock.now();
    for (const connection of this.#connections) {
      const overdue = connection.overdue(now);
      if (overdue !== null) this.#kick(connection, overdue);
    }
    try {
      this.items.reclaim();
    } catch (error) {
      this.onError(error);
    }
  }

  #kick(connection: Connection, overdue: Overdue): void {
    this.idleKicks++;
    const { id, peer } = connection;
    if (overdue === 'idle') this.log.write('connection-idle', `connection ${id} was idle for too long`, peer);
    else this.log.write('request-timeout', `connection ${id} took too long over a request`, peer);
    connection.closeReason = 'idle_timeout';
    connection.cut();
  }

  /** Pings every client, where the protocol has pings. */
  beat(): void {
    const now = this.clock.now();
    for (const connection of this.#connections) connection.beat?.(now);
  }

  /** Accepts no more connections, ends the open ones, and cuts the remaining ones after `forceAfterMs`. */
  async drain(forceAfterMs: number): Promise<void> {
    this.isClosing = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const connection of this.#connections) connection.drain();
    const cancel = forceAfter(forceAfterMs, () => {
      for (const connection of this.#connections) connection.cut();
    });
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
    cancel();
  }

  /** Unregisters from `stats`. `begin` may be called again. */
  leave(): void {
    this.items.transports.delete(this);
    this.isClosing = false;
  }

  /** Deferred: the code at work finishes before the error may end the process. */
  onError(error: unknown): void {
    setImmediate(() => {
      if (this.#onError === undefined) throw error;
      this.#onError(error);
    });
  }

  *connections(): Generator<ConnectionInfo> {
    const now = this.clock.now();
    const secondsSince = (ms: number): number => Math.max(0, Math.floor((now - ms) / 1000));
    for (const [id, { address, sinceMs }] of this.#listeners)
      yield { id, address, state: 'conn_listening', secondsSinceLastCommand: secondsSince(sinceMs) };
    for (const { id, address, listenAddress, state, lastCommandMs } of this.#connections)
      yield {
        id,
        address,
        listenAddress,
        state,
        secondsSinceLastCommand: secondsSince(lastCommandMs),
      };
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
