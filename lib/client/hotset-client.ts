/**
 * HotsetClient: a cache on a server, over WebSocket, in browsers and in Node. This file coordinates the parts: ConnectionManager
 * keeps one connection, RequestQueue sends requests over it, and what the server sends goes to the near cache first, and then to
 * subscribers, in the order in which it came.
 */

import { HotsetError, invalidArgument } from '../errors.js';
import type { HotKeys } from '../rpc-protocol.js';
import {
  foundOf,
  type Inspection,
  inspectionOf,
  numberOf,
  objectOf,
  type RemoteEntry,
  type ServerStats,
  statsOf,
  type WriteOutcome,
} from './answers.js';
import { ConnectionManager } from './connection-manager.js';
import { EntryRequests, type ReadOptions, type WriteOptions, wireTtl } from './entry-requests.js';
import { Heartbeat, Repeater } from './heartbeat.js';
import { broken, messagesOf, type Notification, paramsJson, type SentParams } from './messages.js';
import { NearCache, type NearCacheStats } from './near-cache.js';
import { type ClientOptions, type ClientState, type ResolvedClient, resolveClient } from './options.js';
import { type CallOptions, RequestQueue, type RequestSpec } from './request-queue.js';
import {
  type InvalidationCause,
  type InvalidationListener,
  Subscriptions,
  type Topics,
  topicsJson,
} from './subscriptions.js';
import type { CacheValue } from './values.js';

/** A cache on a server, over WebSocket, that reconnects by itself. */
export class HotsetClient {
  readonly #options: ResolvedClient;
  readonly #requests: RequestQueue;
  readonly #connection: ConnectionManager;
  readonly #heartbeat: Heartbeat;
  readonly #subscriptions: Subscriptions;
  readonly #near: NearCache | null;
  readonly #entries: EntryRequests;
  readonly #nearTopics: string | null;
  /** Keeps the near cache in use while nothing else is sent; null without one. */
  readonly #nearPings: Repeater | null;

  /**
   * Connects to `url`, such as `wss://cache.example/ws`, and keeps trying until `close`. Throws
   * `HOTSET_INVALID_ARGUMENT` for another kind of address, and `HOTSET_INVALID_OPTION`.
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    const address = String(url);
    if (!/^wss?:\/\/[^#]+$/i.test(address))
      throw invalidArgument('url', 'an address with ws: or wss:', address);
    this.#options = resolveClient(options);
    const { nearCache, clock, scheduler, heartbeatMs } = this.#options;
    this.#near = nearCache === null ? null : new NearCache(nearCache, clock);
    this.#nearTopics = nearCache === null ? null : topicsJson({ prefixes: nearCache.prefixes, noEcho: true });
    this.#requests = new RequestQueue(this.#options);
    this.#entries = new EntryRequests(this.#requests, this.#near, this.#options.maxBatch);
    const report = (error: unknown): void => this.#report(error);
    this.#subscriptions = new Subscriptions(report, (subscription) =>
      this.#inBackground({
        method: 'unsubscribe',
        params: paramsJson('unsubscribe', { subscription }),
        isRead: false,
        answer: () => undefined,
      }),
    );
    this.#nearPings =
      nearCache === null ? null : this.#createNearPings(nearCache.maxStaleMs / PINGS_PER_STALE_MS);
    this.#heartbeat = new Heartbeat(scheduler, heartbeatMs, {
      awaitsReplies: () => this.#requests.inFlight > 0,
      bytesRead: () => this.#connection.bytesRead,
      unsentBytes: () => this.#connection.unsentBytes,
      resetUnsent: () => this.#connection.resetUnsent(),
      ping: () => this.#inBackground(PING),
      giveUp: () =>
        this.#connection.cut(
          new HotsetError(
            'HOTSET_TIMEOUT',
            `nothing moved over the connection for heartbeatMs: ${heartbeatMs}`,
          ),
        ),
    });
    this.#connection = new ConnectionManager(address, this.#options, {
      onUp: () => this.#onUp(),
      onFrame: (data) => this.#onFrame(data),
      onDown: (error) => this.#onDown(error),
      onState: (state, error) => this.#onState(state, error),
    });
    // Callbacks for states and sockets may refer to the client.
    queueMicrotask(() => this.#connection.connect());
  }

  /** The state of the connection now. */
  get state(): ClientState {
    return this.#connection.state;
  }

  // Reading. Every method rejects with HOTSET_DISCONNECTED, HOTSET_TIMEOUT, HOTSET_TOO_MANY (maxQueued), HOTSET_CLOSED,
  // the reason of `signal`, or the server's error: docs/client.md has them all.

  /** The value under `key`, from the near cache where it is held; `undefined` when there is none. */
  get(key: string, options: ReadOptions & { as: 'bytes' }): Promise<Uint8Array | undefined>;
  get(key: string, options?: ReadOptions): Promise<unknown>;
  get(key: string, options?: ReadOptions): Promise<unknown> {
    return this.#entries.get(key, options);
  }

  /** The value under `key` with its flags, version and time to live, from the server; `undefined` when there is none. */
  getEntry(key: string, options?: ReadOptions): Promise<RemoteEntry | undefined> {
    return this.#entries.getEntry(key, options);
  }

  /**
   * The values under `keys`, in their order, those from the near cache that it holds; keys without a value are not in the
   * Map. More keys than `maxBatch` are several requests: they are not read at one moment.
   */
  getMany(keys: Iterable<string>, options?: ReadOptions): Promise<Map<string, unknown>> {
    return this.#entries.getMany(keys, options);
  }

  /** What is known of the entry under `key`, without its value and without counting as a read. */
  async inspect(key: string, options?: CallOptions): Promise<Inspection | undefined> {
    return this.#read('inspect', { key }, inspectionOf, options);
  }

  // Writing. A write that was in flight when the connection broke rejects with HOTSET_DISCONNECTED: it may have been
  // carried out. What was never sent says so.

  /** Stores `value` under `key`, whatever was there. */
  set(key: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#entries.write('set', key, value, options);
  }

  /** Stores only where there is nothing: `stored` or `exists`. */
  add(key: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#entries.write('add', key, value, options);
  }

  /** Stores only where there is something: `stored` or `not-found`. */
  replace(key: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#entries.write('replace', key, value, options);
  }

  /** Stores only where the entry has the version that `getEntry` or a write returned: `stored`, `exists` (another version) or `not-found`. */
  compareAndSet(
    key: string,
    version: string,
    value: CacheValue,
    options?: WriteOptions,
  ): Promise<WriteOutcome> {
    return this.#entries.write('compareAndSet', key, value, options, version);
  }

  /** Removes what is under `key`; false when there was nothing. */
  delete(key: string, options?: CallOptions): Promise<boolean> {
    return this.#entries.change('delete', { key }, (result) => foundOf(result, 'deleted'), options);
  }

  /** Gives the entry under `key` a new time to live, counted from now; false when there is none. */
  async touch(key: string, ttlMs: number, options?: CallOptions): Promise<boolean> {
    return this.#entries.change(
      'touch',
      { key, ttlMs: wireTtl(ttlMs) },
      (result) => foundOf(result, 'touched'),
      options,
    );
  }

  /**
   * Adds `by`, a whole number, to the decimal number under `key`, and gives the new one; `undefined` when there is none.
   * Stops at 0 and wraps at 2^64.
   */
  increment(key: string, by = 1, options?: CallOptions): Promise<bigint | undefined> {
    return this.#entries.change('increment', { key, by }, numberOf, options);
  }

  /** Removes everything. */
  flush(options?: CallOptions): Promise<void> {
    return this.#entries.flush(options);
  }

  // The server

  /** The server's figures. */
  stats(options?: CallOptions): Promise<ServerStats> {
    return this.#read('stats', {}, statsOf, options);
  }

  /** The keys and prefixes that are read most, at most `limit` of each; the server counts only while clients call this. */
  hot(limit = 20, options?: CallOptions): Promise<HotKeys> {
    return this.#read('hot', { limit }, (result) => objectOf<HotKeys>(result), options);
  }

  /** Pings the server. */
  async ping(options?: CallOptions): Promise<void> {
    await this.#requests.make(PING, options);
  }

  // Changes

  /**
   * Calls `listener` for changes on the server, from when the promise resolves, with the function that ends it. Resumed after a
   * reconnect, of which the listener is notified: see `Invalidation`. What it throws goes to `onError`.
   */
  async subscribe(
    topics: Topics,
    listener: InvalidationListener,
    options?: CallOptions,
  ): Promise<() => void> {
    return this.#requests.make(this.#subscriptions.begin(topics, listener), options);
  }

  /** Figures of the near cache; null without one. */
  nearStats(): NearCacheStats | null {
    return this.#near?.stats() ?? null;
  }

  /** Ends the connection for good. What waits for an answer is rejected with `HOTSET_CLOSED`. */
  close(): void {
    const error = new HotsetError('HOTSET_CLOSED', 'the client has been closed');
    this.#requests.close(error);
    this.#connection.close(error);
  }

  async #read<T, Name extends 'inspect' | 'hot' | 'stats'>(
    method: Name,
    params: SentParams<Name>,
    answer: (result: unknown) => T,
    options?: CallOptions,
  ): Promise<T> {
    const text = paramsJson(method, params);
    return this.#requests.make({ method, params: text, isRead: true, answer }, options);
  }

  /** Pings when no request was sent for `intervalMs`; at most a few at once, however slow the link is. */
  #createNearPings(intervalMs: number): Repeater {
    let inFlight = 0;
    const { clock, scheduler } = this.#options;
    return new Repeater(scheduler, intervalMs, () => {
      if (inFlight === PINGS_PER_STALE_MS || clock.now() - this.#requests.lastSentAtMs < intervalMs) return;
      inFlight++;
      this.#inBackground({ ...PING, onEnd: () => inFlight-- });
    });
  }

  /** For requests without a caller: when one fails, the connection does, or it does not matter. */
  #inBackground(spec: RequestSpec<unknown>): void {
    this.#requests.make(spec).catch(() => {});
  }

  #onUp(): void {
    const first = this.#subscriptions.resume();
    if (this.#nearTopics !== null)
      first.unshift({
        method: 'subscribe',
        params: this.#nearTopics,
        isRead: false,
        answer: () => this.#near?.turnOn(),
      });
    this.#heartbeat.start();
    this.#nearPings?.start();
    for (const answer of this.#requests.connected((text) => this.#connection.send(text), first))
      answer.catch((error: HotsetError) => {
        if (this.#connection.state === 'connected') this.#report(error);
      });
  }

  #onDown(error: HotsetError): void {
    this.#heartbeat.stop();
    this.#nearPings?.stop();
    this.#near?.turnOff();
    this.#subscriptions.interrupt();
    this.#requests.disconnected(error);
  }

  #onFrame(frame: unknown): void {
    this.#heartbeat.onFrame();
    try {
      for (const message of messagesOf(frame)) {
        if ('method' in message) this.#onNotification(message);
        else {
          const sentAtMs = this.#requests.receive(message);
          if (sentAtMs === undefined) throw broken('a reply without a request');
          this.#near?.synced(sentAtMs);
          this.#connection.markUseful();
        }
      }
    } catch (error) {
      this.#connection.cut(error as HotsetError);
    }
  }

  #onNotification({ method, params: { key, cause, version } }: Notification): void {
    if (method === 'invalidated' && typeof key === 'string') {
      const newVersion = typeof version === 'string' ? version : null;
      // One that was touched has its old version, and less time than is known here.
      this.#near?.invalidated(key, cause === 'stored' ? newVersion : null);
      this.#subscriptions.notify({ key, cause: cause as InvalidationCause, version: newVersion });
    } else if (method === 'invalidatedAll') {
      this.#near?.invalidatedAll();
      this.#subscriptions.notify({ key: undefined, cause: cause as InvalidationCause, version: null });
    }
  }

  #onState(state: ClientState, error?: HotsetError): void {
    try {
      this.#options.onStateChange(state, error);
    } catch (failure) {
      this.#report(failure);
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.onError(error);
    } catch {
      // No listener is left to report it to.
    }
  }
}

const PING: RequestSpec<void> = { method: 'ping', isRead: true, answer: () => {} };
/** Pings for each `maxStaleMs`: one may be late without the near cache going out of use. */
const PINGS_PER_STALE_MS = 3;
