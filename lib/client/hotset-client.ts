/**
 * HotsetClient: a cache on a server, over WebSocket, in browsers and in Node. This file coordinates the parts: ConnectionManager
 * keeps one connection, RequestQueue sends requests over it, and what the server sends goes to the near cache first, and then to
 * subscribers, in the order in which it came.
 */

import type { MissRatioCurve } from '../engine/miss-ratio/curve.js';
import { HotsetError, invalidArgument, rejectUnknownOptions } from '../errors.js';
import type { HistoryResult, HotKeys } from '../rpc-protocol.js';
import {
  curveOf,
  foundOf,
  historyOf,
  type Inspection,
  inspectionOf,
  type KeysPage,
  keysOf,
  type LeasedEntry,
  objectOf,
  type RemoteEntry,
  type ServerStats,
  statsOf,
  type WriteOutcome,
} from './answers.js';
import { ConnectionManager } from './connection-manager.js';
import {
  EntryRequests,
  type IncrementOptions,
  type KeysOptions,
  type LeaseOptions,
  type ReadOptions,
  type WriteOptions,
  wireTtl,
} from './entry-requests.js';
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
  readonly #stateWatchers: Set<(state: ClientState, error?: HotsetError) => void> = new Set();

  /**
   * Connects to `url`, such as `wss://cache.example/ws`, and keeps trying until `close`. `ws+unix:/run/cache.sock:/ws` is
   * the path `/ws` at a Unix socket, which takes the package `ws`. Throws
   * `HOTSET_INVALID_ARGUMENT` for another kind of address, and `HOTSET_INVALID_OPTION`.
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    const address = String(url);
    if (!/^(?:wss?:\/\/|ws\+unix:\/)[^#]+$/i.test(address))
      throw invalidArgument('url', 'an address with ws:, wss: or ws+unix:', address);
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

  /** As `getEntry`, for many keys: those without a value are not in the Map. Requests as for `getMany`. */
  getEntries(keys: readonly string[], options?: ReadOptions): Promise<ReadonlyMap<string, RemoteEntry>> {
    return this.#entries.getEntries(keys, options);
  }

  /** What is known of the entry under `key`, without its value and without counting as a read. */
  async inspect(key: string, options?: CallOptions): Promise<Inspection | undefined> {
    return this.#read('inspect', { key }, inspectionOf, options);
  }

  /**
   * Keys that begin with `prefix`, at most `limit`, in no order. Call again with the `cursor` of the page before until there is none: a key that
   * stays all the while comes once or more often, whatever else changes. A call looks at 100,000 entries at most, so that
   * a page may be empty. Rejects with `HOTSET_INVALID_CURSOR` when the server was restarted in between.
   */
  async keys(options: KeysOptions = {}): Promise<KeysPage> {
    rejectUnknownOptions(options, KEYS_OPTIONS);
    const { prefix, cursor, limit } = options;
    return this.#read('keys', { prefix, cursor, limit }, keysOf, options);
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
    return this.#entries.write('compareAndSet', key, value, options, { version });
  }

  /** Adds a text or bytes behind the value under `key`, whose time to live stays: `stored` or `not-found`. */
  async append(key: string, value: string | Uint8Array, options?: CallOptions): Promise<WriteOutcome> {
    return this.#entries.extend('append', key, value, options);
  }

  /** Adds a text or bytes in front of the value under `key`, whose time to live stays: `stored` or `not-found`. */
  async prepend(key: string, value: string | Uint8Array, options?: CallOptions): Promise<WriteOutcome> {
    return this.#entries.extend('prepend', key, value, options);
  }

  /** Removes what is under `key`; false when there was nothing. */
  delete(key: string, options?: CallOptions): Promise<boolean> {
    return this.#entries.change('delete', { key }, (result) => foundOf(result, 'deleted'), options);
  }

  /** Removes what is under `key`, and gives the value; `undefined` when there was nothing. */
  getAndDelete(key: string, options: ReadOptions & { as: 'bytes' }): Promise<Uint8Array | undefined>;
  getAndDelete(key: string, options?: ReadOptions): Promise<unknown>;
  getAndDelete(key: string, options?: ReadOptions): Promise<unknown> {
    return this.#entries.getAndDelete(key, options);
  }

  /**
   * Removes every entry whose key begins with `prefix`, a text that is not empty, and gives how many those were. What is stored
   * meanwhile may be removed too. Several requests, one after the other, of up to 100,000 entries of the server each: `timeoutMs` is
   * for each. When it rejects, some may have been removed.
   */
  deletePrefix(prefix: string, options?: CallOptions): Promise<number> {
    return this.#entries.deletePrefix(prefix, options);
  }

  /**
   * Removes every entry that was stored with one of these tags, and gives how many those were. Empties the near cache. Several
   * requests where there are more than 100,000: `timeoutMs` is for each. Rejects with `HOTSET_NO_TAGS` where the server's store has no tags.
   */
  invalidateTags(tags: readonly string[], options?: CallOptions): Promise<number> {
    return this.#entries.invalidateTags(tags, options);
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

  /** Gives the entry under `key` a new time to live, counted from now, and gives its value; `undefined` when there is none. */
  getAndTouch(
    key: string,
    ttlMs: number,
    options: ReadOptions & { as: 'bytes' },
  ): Promise<Uint8Array | undefined>;
  getAndTouch(key: string, ttlMs: number, options?: ReadOptions): Promise<unknown>;
  getAndTouch(key: string, ttlMs: number, options?: ReadOptions): Promise<unknown> {
    return this.#entries.getAndTouch(key, ttlMs, options);
  }

  /**
   * Adds `by`, a whole number, to the decimal number under `key`, and gives the new one. Stops at 0 and wraps at 2^64. Where
   * there is nothing: `undefined`, or with `initial`, that number is stored as it is, to live for `ttlMs`, and given.
   */
  increment(
    key: string,
    by: number | bigint | undefined,
    options: IncrementOptions & { initial: number | bigint },
  ): Promise<bigint>;
  increment(key: string, by?: number | bigint, options?: IncrementOptions): Promise<bigint | undefined>;
  increment(
    key: string,
    by: number | bigint = 1,
    options: IncrementOptions = {},
  ): Promise<bigint | undefined> {
    return this.#entries.increment(key, by, options);
  }

  // Leases: one client of all loads a value

  /**
   * The entry under `key` from the server, and the lease with it where there is none, or a stale one, and no other client has it: who
   * gets it loads the value, and calls `fill`, or `release`. It is over when the key is written or deleted, and where there was no entry
   * after `leaseMs`. Rejects with `HOTSET_NO_VERSIONS` where the server has no cas ids.
   */
  getOrLease(key: string, options: LeaseOptions): Promise<LeasedEntry> {
    return this.#entries.getOrLease(key, options);
  }

  /** Stores what was loaded, and ends the lease: `stored`; or `exists` or `not-found` where the lease was over, and nothing is stored. */
  fill(key: string, lease: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#entries.write('fill', key, value, options, { lease });
  }

  /** Ends the lease without a value: the next client gets it. False when it was over. */
  release(key: string, lease: string, options?: CallOptions): Promise<boolean> {
    return this.#entries.release(key, lease, options);
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

  /** What hit ratio another size or policy would have, estimated; `undefined` from a server that keeps no curve. */
  missRatioCurve(options?: CallOptions): Promise<MissRatioCurve | undefined> {
    return this.#read('missRatioCurve', {}, curveOf, options);
  }

  /** The last hour of the server's figures; `undefined` from a server that keeps none. */
  history(options?: CallOptions): Promise<HistoryResult | undefined> {
    return this.#read('history', {}, historyOf, options);
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

  /**
   * Calls `listener` with each new state, after `onStateChange`, until the function that it returns is called. What it throws goes to
   * `onError`.
   */
  watchState(listener: (state: ClientState, error?: HotsetError) => void): () => void {
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    const watcher = (state: ClientState, error?: HotsetError): void => listener(state, error);
    this.#stateWatchers.add(watcher);
    return () => {
      this.#stateWatchers.delete(watcher);
    };
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

  async #read<T, Name extends 'inspect' | 'keys' | 'hot' | 'missRatioCurve' | 'history' | 'stats'>(
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
    // It could never connect.
    if (state === 'closed' && error !== undefined) this.#requests.close(error);
    for (const watcher of [this.#options.onStateChange, ...this.#stateWatchers])
      try {
        watcher(state, error);
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

const KEYS_OPTIONS: ReadonlySet<string> = new Set<keyof KeysOptions>([
  'prefix',
  'cursor',
  'limit',
  'timeoutMs',
  'signal',
]);

const PING: RequestSpec<void> = { method: 'ping', isRead: true, answer: () => {} };
/** Pings for each `maxStaleMs`: one may be late without the near cache going out of use. */
const PINGS_PER_STALE_MS = 3;
