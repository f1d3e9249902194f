/**
 * A store as memcached's protocols see it: exptimes in seconds, cas ids, flushes, and the state that all connections
 * share. Every adapter over one store uses the same ItemStore.
 */

import { randomInt } from 'node:crypto';
import { CacheEngine, storeOf } from '../engine/cache-engine.js';
import { type Clock, CoarseClock, monotonicClock, systemClock } from '../engine/clock.js';
import type { StoreResult } from '../engine/types.js';
import { invalidArgument, invalidOption, shown } from '../errors.js';
import { EngineItems } from '../items/engine-items.js';
import { Key } from '../items/key.js';
import { LentBudget } from '../items/lent-budget.js';
import type { KindFlags } from '../items/value-codec.js';
import type { ItemData, Items, KeyBytes } from '../items.js';
import type { Transport } from '../transport.js';
import { AdminState, type MemcachedSettings } from './admin/admin-state.js';
import { ConnectionNumbers } from './connection-numbers.js';
import { COUNTERS } from './counters.js';
import { HotKeyCounter } from './hot-keys.js';
import type { IncrementalTask } from './incremental-task.js';
import {
  DEFAULT_ITEM_MAX_BYTES,
  DEFAULT_REQUESTS_PER_TURN,
  ITEM_CAS_BYTES,
  ITEM_FLAGS_BYTES,
  ITEM_HEADER_BYTES,
  KEYS_MAX_PER_PASS,
  RELATIVE_EXPTIME_MAX_SECONDS,
} from './limits.js';
import { PrefixStats } from './prefix-stats.js';
import type { CasId } from './request.js';
import {
  CURSOR_EPOCH,
  FIGURES,
  type FigureName,
  FLUSH_AT_MS,
  FLUSHES_AT_UNIX_TIME,
  HAS_FLUSHED,
  type Siblings,
  STARTED_AT_MS,
  STATE,
  UNIX_TIME_BIT,
  WALL_OFFSET_MS,
} from './siblings.js';
import { UnfinishedRequests } from './unfinished-requests.js';
import { UnreadReplies } from './unread-replies.js';
import { WatchLog } from './watch/watch-log.js';

/** Expired items that are reclaimed at once: about a millisecond. */
const RECLAIMED_AT_ONCE = 10_000;
/** Steps of the wall clock that exptimes follow. */
const WALL_STEP_MS = 1000;
/** Items visited in one turn after a step. */
const RETIMED_AT_ONCE = 10_000;
/** Items that a flush of old items removes before it yields: a millisecond or two. */
const FLUSHED_AT_ONCE = 1000;
/** Default bound of half-received requests: the larger of these bytes and so many times the largest item. */
/** What a connection holds without its requests and replies, measured. */
const CONNECTION_BYTES = 10 * 1024;
const UNFINISHED_MIN_BYTES: number = 64 * 1024 * 1024;
const UNFINISHED_ITEMS = 4;
const UNREAD_DEFAULT_BYTES: number = 128 * 1024 * 1024;
const UNREAD_ITEMS = 4;
/** What a turn adds before it looks, and what may have waited before. */
const UNREAD_BESIDE_ITEM_BYTES: number = 1024 * 1024;

// What the protocol keeps in an entry's adapter bits. A write clears all of it.

/** Invalidated, and still served: the next client to read it wins the right to refill it. */
export const STALE = 1;
/** A client has won that right. */
export const TOKEN_SENT = 2;
/** Stored under a key that came as base64, and goes out so. */
export const KEY_BINARY = 4;
/**
 * Its exptime is a Unix time: one of two bits, which change places when the wall clock is set, so that it is known
 * which items have followed.
 */
const UNIX_TIME_EVEN = 8;
const UNIX_TIME_ODD = 16;
export const UNIX_TIME: number = UNIX_TIME_EVEN | UNIX_TIME_ODD;

/** Options that all servers of one engine share. The first server decides. */
export interface ItemStoreOptions {
  /** The most that an item may take, in bytes: memcached's `-I`. Default: 1 MiB. */
  maxItemBytes?: number | undefined;
  /**
   * What half-received requests of all clients may take together, in bytes; beyond it the request whose client has
   * been silent longest is refused. Default: 64 MiB, or four times `maxItemBytes` if that is more.
   */
  maxUnfinishedBytes?: number | undefined;
  /**
   * What replies that wait to be read may keep alive, over all clients, in bytes, each value counted once; beyond it the
   * client that has read nothing for longest is cut. Default: 128 MiB, or four times `maxItemBytes` if that is more.
   */
  maxUnreadBytes?: number | undefined;
  /**
   * Whether connections, half-received requests and unread replies count against the store's `maxBytes`, half of it at most:
   * the store evicts for them. One that does not evict lends nothing. Default: false.
   */
  lendsBudget?: boolean | undefined;
  /**
   * Wall-clock time: Unix milliseconds, for exptimes that are Unix times. Durations are measured on the engine's clock.
   * Default: the engine's `clock` option if there is one, else the system's.
   */
  clock?: Clock | undefined;
  /** The most bytes that `cache_memlimit` may set: what the process can hold. Default: no ceiling. */
  memoryCeilingBytes?: number | undefined;
  /** How much is logged, 0 to 3; clients change it with `verbosity`. Default: 0. */
  verbosity?: number | undefined;
  /** Whether items have cas ids (memcached's `-C` turns them off): without, all ids read 0 and none ever matches. Default: true. */
  casIds?: boolean | undefined;
  /** Whether clients may empty the cache with `flush_all` (`-F` forbids it). Default: true. */
  allowFlush?: boolean | undefined;
  /** Whether clients may list keys: `lru_crawler metadump`, `stats cachedump`, `stats detail` (`-X` forbids it). Default: true. */
  allowDump?: boolean | undefined;
  /** Whether clients may `watch` (`-W` forbids it). Default: true. */
  allowWatch?: boolean | undefined;
  /** Requests of one connection after which it yields to others (`-R`). Default: 512. */
  requestsPerTurn?: number | undefined;
  /** What ends a key's prefix in `stats detail` (`-D`). With it, the statistics are collected from the start. */
  prefixDelimiter?: string | undefined;
  /** Whether `stats sizes` keeps a histogram (`-o track_sizes`). Default: false. */
  trackSizes?: boolean | undefined;
  /**
   * Values of memcached's options that have no effect here, by the names of `stats settings`, which shows them.
   * Default: memcached's defaults.
   */
  settings?: Partial<MemcachedSettings> | undefined;
  /**
   * The flags that clients know texts, JSON and bytes of this process by; a service's values are written with them and
   * clients' values read. Default: npm memcached's, `{ text: 0, json: 2, bytes: 4 }`.
   */
  valueFlags?: KindFlags | undefined;
  /** Called when a client sends `shutdown`; without it the command is refused. */
  onShutdown?: ((graceful: boolean) => void) | undefined;
  /**
   * Moves the clock by seconds when a client sends `debugtime`; without it there is no such command. For tests of the command.
   *
   * @internal
   */
  onDebugTime?: ((seconds: number) => void) | undefined;
}

/** Their names, for adapters that take them among their own. */
export const ITEM_STORE_OPTIONS: readonly (keyof ItemStoreOptions)[] = [
  'maxItemBytes',
  'maxUnfinishedBytes',
  'maxUnreadBytes',
  'lendsBudget',
  'clock',
  'memoryCeilingBytes',
  'verbosity',
  'casIds',
  'allowFlush',
  'allowDump',
  'allowWatch',
  'requestsPerTurn',
  'prefixDelimiter',
  'trackSizes',
  'settings',
  'valueFlags',
  'onShutdown',
  'onDebugTime',
];

/** How far a store has been filled from another server, for `stats`. */
export interface WarmingFigures {
  readonly state: 'warming' | 'done' | 'failed';
  /** Items that came, and the bytes of their keys and values. */
  readonly items: number;
  readonly bytes: number;
  /** Items of the other server that did not. */
  readonly left: number;
}

/** What a command works with: the shared items, and the connection that sent it. */
export interface CommandContext {
  readonly items: ItemStore;
  /** The connection's number, as `stats conns` and the log show it. */
  readonly id: number;
  /** Bytes of old values copied in this turn: see limits.ts. */
  bytesCopied: number;
}

export class ItemStore {
  readonly entries: Items;
  /** Measures durations: the store's clock, which is to be monotonic. */
  readonly clock: Clock;
  /** Unix time in milliseconds: it may jump. */
  readonly wallClock: Clock;
  readonly maxItemBytes: number;
  /** Half-received requests of all clients. */
  readonly unfinished: UnfinishedRequests;
  /** Replies that wait to be read, of all clients. */
  readonly unread: UnreadReplies;
  /** The store's budget, of which those two may take a part. */
  readonly budget: LentBudget;
  readonly lendsBudget: boolean;
  /** Several threads keep them where all can see them. */
  counters: Float64Array = new Float64Array(COUNTERS.length);
  /** The servers of this store, for `stats`. */
  readonly transports: Set<Transport> = new Set();
  readonly connectionNumbers: ConnectionNumbers = new ConnectionNumbers();
  /** Null for a store that is not filled from elsewhere. */
  warming: WarmingFigures | null = null;
  readonly onShutdown: ((graceful: boolean) => void) | undefined;
  readonly onDebugTime: ((seconds: number) => void) | undefined;
  readonly memoryCeilingBytes: number;
  readonly casIds: boolean;
  readonly allowFlush: boolean;
  readonly allowDump: boolean;
  readonly allowWatch: boolean;
  readonly requestsPerTurn: number;
  verbosity: number;
  readonly trackSizes: boolean;
  /** The state of administrative commands. */
  readonly admin: AdminState;
  /** What `watch` shows. */
  readonly log: WatchLog;
  /** What is read most. */
  readonly hotKeys: HotKeyCounter = new HotKeyCounter(this);
  /** What `stats detail` shows. */
  readonly prefixes: PrefixStats;
  /** The other threads of the server; null when it has one. */
  siblings: Siblings | null = null;
  /** Writes that memcached makes in place and does not count as new items. */
  storesInPlace = 0;
  /** Appends and prepends refused as too large, which memcached does not count. */
  oversizedAppends = 0;
  /** Keys that a session is answering: three words each. */
  readonly keyRun: Int32Array = new Int32Array(KEYS_MAX_PER_PASS * 3);
  /** What the threads of a server share: see siblings.ts. */
  state: Float64Array = new Float64Array(STATE);
  readonly #key: Key;
  readonly #readListeners = new Set<(key: string) => void>();
  /** The two clocks where they are read once for each turn. */
  readonly #coarseClock: CoarseClock | null;
  readonly #coarseWallClock: CoarseClock | null;
  /** Items that have yet to follow a step of the wall clock. */
  #retiming: Iterator<void, void, undefined> | null = null;

  constructor(entries: Items, options: ItemStoreOptions = {}) {
    this.entries = entries;
    this.#key = new Key(entries.hashSeed);
    this.clock = entries.clock;
    // A store on a clock of its own has one that shows Unix times.
    this.wallClock = options.clock ?? (this.clock === monotonicClock ? systemClock : this.clock);
    this.#coarseClock = coarse(this.clock);
    this.#coarseWallClock = this.wallClock === this.clock ? null : coarse(this.wallClock);
    this.maxItemBytes = options.maxItemBytes ?? DEFAULT_ITEM_MAX_BYTES;
    if (!Number.isSafeInteger(this.maxItemBytes) || this.maxItemBytes < 1024 || this.maxItemBytes > 2 ** 30)
      throw invalidOption('maxItemBytes', 'a whole number of bytes from 1024 to 1 GiB', this.maxItemBytes);
    const maxUnfinishedBytes =
      options.maxUnfinishedBytes ?? Math.max(UNFINISHED_MIN_BYTES, UNFINISHED_ITEMS * this.maxItemBytes);
    if (!Number.isSafeInteger(maxUnfinishedBytes) || maxUnfinishedBytes < this.maxItemBytes)
      throw invalidOption(
        'maxUnfinishedBytes',
        'a whole number of bytes from maxItemBytes',
        maxUnfinishedBytes,
      );
    const held = (): void => this.budget.lend(this.#heldBytes);
    this.unfinished = new UnfinishedRequests(maxUnfinishedBytes, held);
    const maxUnreadBytes =
      options.maxUnreadBytes ?? Math.max(UNREAD_DEFAULT_BYTES, UNREAD_ITEMS * this.maxItemBytes);
    // One client alone must be able to read whatever is stored.
    const minUnread = this.maxItemBytes + UNREAD_BESIDE_ITEM_BYTES;
    if (!Number.isSafeInteger(maxUnreadBytes) || maxUnreadBytes < minUnread)
      throw invalidOption('maxUnreadBytes', `a whole number of bytes from ${minUnread}`, maxUnreadBytes);
    this.unread = new UnreadReplies(maxUnreadBytes, held);
    this.lendsBudget = options.lendsBudget ?? false;
    this.budget = new LentBudget(entries, this.lendsBudget);
    this.memoryCeilingBytes = options.memoryCeilingBytes ?? Number.POSITIVE_INFINITY;
    this.verbosity = options.verbosity ?? 0;
    this.casIds = options.casIds ?? true;
    this.allowFlush = options.allowFlush ?? true;
    this.allowDump = options.allowDump ?? true;
    this.allowWatch = options.allowWatch ?? true;
    this.requestsPerTurn = options.requestsPerTurn ?? DEFAULT_REQUESTS_PER_TURN;
    if (!Number.isSafeInteger(this.requestsPerTurn) || this.requestsPerTurn < 1)
      throw invalidOption('requestsPerTurn', 'a whole number from 1', this.requestsPerTurn);
    this.state[STARTED_AT_MS] = this.clock.now();
    this.state[CURSOR_EPOCH] = randomInt(2 ** 32);
    this.state[FLUSH_AT_MS] = Number.POSITIVE_INFINITY;
    this.admin = new AdminState(options.settings);
    this.onShutdown = options.onShutdown;
    this.onDebugTime = options.onDebugTime;
    this.log = new WatchLog(entries, this.wallClock);
    this.prefixes = new PrefixStats(options.prefixDelimiter);
    this.trackSizes = options.trackSizes ?? false;
    if (this.casIds) entries.beginVersions(0);
  }

  /** Called before each batch of requests: time moves on between batches, not within one. */
  beginTurn(): void {
    if (this.#coarseClock !== null) this.#coarseClock.refresh();
    if (this.#coarseWallClock !== null) this.#coarseWallClock.refresh();
    if (this.state[UNIX_TIME_BIT] !== 0 && (this.siblings?.isFirst ?? true)) this.#followWallClock();
  }

  /** Called where such a batch ends. */
  endTurn(): void {
    this.entries.endTurn();
    this.siblings?.publish();
  }

  /** The slot of a live item, or 0, by its key as a text with a latin1 character for each byte. */
  peekText(key: string): number {
    this.#key.setText(key);
    return this.entries.peek(this.#key);
  }

  /** Calls `listener` with the key of every read, until what it returns is called. */
  onRead(listener: (key: string) => void): () => void {
    const listeners = this.#readListeners;
    listeners.add(listener);
    this.entries.onRead = (key) => this.tellOfRead(key);
    this.siblings?.wantReads(true);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      this.entries.onRead = null;
      this.siblings?.wantReads(false);
    };
  }

  /** Reports a read, wherever it was. */
  tellOfRead(key: string): void {
    for (const each of this.#readListeners) each(key);
  }

  get #heldBytes(): number {
    const connections = this.overTransports((transport) => transport.currentConnections);
    return this.unfinished.ownBytes + this.unread.bytes + connections * CONNECTION_BYTES;
  }

  get uptimeMs(): number {
    return Math.max(0, this.clock.now() - this.state[STARTED_AT_MS]!);
  }

  get maxUnfinishedBytes(): number {
    return this.unfinished.maxBytes;
  }

  get maxUnreadBytes(): number {
    return this.unread.maxBytes;
  }

  /** Whether commands are observed one by one: see observation.ts. */
  get hasObservers(): boolean {
    return this.log.watched !== 0 || this.prefixes.enabled;
  }

  count(counter: number): void {
    this.counters[counter]!++;
  }

  /**
   * protocol.txt, "Expiration times". `Infinity` for never, 0 or less for expired at once. `waitedMs` have passed
   * since the command came.
   */
  ttlMs(exptime: number, waitedMs = 0): number {
    if (exptime === 0) return Number.POSITIVE_INFINITY;
    if (exptime < 0) return 0;
    if (!isUnixTime(exptime)) return exptime * 1000 - waitedMs;
    if (this.state[UNIX_TIME_BIT]! === 0) {
      this.state[UNIX_TIME_BIT] = UNIX_TIME_EVEN;
      this.state[WALL_OFFSET_MS] = this.wallClock.now() - this.clock.now();
    }
    return exptime * 1000 - (this.clock.now() + this.state[WALL_OFFSET_MS]!);
  }

  /** Stores an item with an exptime. `waitedMs`: see `ttlMs`. */
  put(
    key: KeyBytes,
    data: ItemData,
    exptime: number,
    flags: number,
    keepRefused: boolean,
    waitedMs = 0,
  ): StoreResult {
    const ttlMs = this.ttlMs(exptime, waitedMs);
    const result = this.entries.set(key, data, ttlMs, flags, keepRefused);
    if (isUnixTime(exptime) && result === 'stored') this.addAdapterBits(key, this.state[UNIX_TIME_BIT]!);
    return result;
  }

  /** A new value for an item, which keeps its flags and its time; where it is written `inPlace` its adapter bits as well. */
  update(key: KeyBytes, entry: number, data: ItemData, keepRefused: boolean, inPlace: boolean): StoreResult {
    const kept = inPlace ? 0 : this.entries.adapterBitsAt(entry) & UNIX_TIME;
    return this.#keeping(kept, key, this.entries.update(entry, data, keepRefused, inPlace));
  }

  /** `data` behind its value, or with `before` in front of it; the rest as in `update`. */
  extend(key: KeyBytes, entry: number, data: ItemData, before: boolean, keepRefused: boolean): StoreResult {
    const kept = this.entries.adapterBitsAt(entry) & UNIX_TIME;
    return this.#keeping(kept, key, this.entries.extend(entry, data, before, keepRefused));
  }

  #keeping(bits: number, key: KeyBytes, result: StoreResult): StoreResult {
    if (bits !== 0 && result === 'stored') this.addAdapterBits(key, bits);
    return result;
  }

  /** Sets an item's exptime, which may expire it at once. */
  touch(entry: number, exptime: number): void {
    const ttlMs = this.ttlMs(exptime);
    this.touchMs(entry, ttlMs, isUnixTime(exptime) ? this.state[UNIX_TIME_BIT]! : 0);
  }

  /** The same with a time to live in milliseconds. */
  touchMs(entry: number, ttlMs: number, unixTimeBit = 0): void {
    const { entries } = this;
    const bits = entries.adapterBitsAt(entry);
    if ((bits & UNIX_TIME) !== unixTimeBit)
      entries.setAdapterBitsAt(entry, (bits & ~UNIX_TIME) | unixTimeBit);
    entries.touchAt(entry, ttlMs);
  }

  /**
   * Items whose exptime is a Unix time expire by the wall clock: when that has been set, they get the time to live that
   * is left by it now. Steps below a second are none. O(1), and once it was set O(items) in slices, one for each turn.
   */
  #followWallClock(): void {
    this.#retime();
    const offsetMs = this.wallClock.now() - this.clock.now();
    const stepMs = offsetMs - this.state[WALL_OFFSET_MS]!;
    if (Math.abs(stepMs) < WALL_STEP_MS) return;
    // The clock was set again before all had followed the last step.
    while (this.#retiming !== null) this.#retime();
    this.state[WALL_OFFSET_MS] = offsetMs;
    if (this.state[FLUSHES_AT_UNIX_TIME] !== 0) this.state[FLUSH_AT_MS]! -= stepMs;
    const before = this.state[UNIX_TIME_BIT]!;
    this.state[UNIX_TIME_BIT] = UNIX_TIME - before;
    this.#retiming = this.#retimed(before, stepMs);
    this.#retime();
  }

  #retime(): void {
    if (this.#retiming?.next().done === true) this.#retiming = null;
  }

  /** What is stored meanwhile has the other bit. */
  *#retimed(unixTimeBit: number, stepMs: number): Generator<void, void, undefined> {
    const { entries } = this;
    let looks = 0;
    for (const entry of entries.walk('oldest-first')) {
      const bits = entries.adapterBitsAt(entry);
      if ((bits & unixTimeBit) !== 0) {
        entries.setAdapterBitsAt(entry, bits ^ UNIX_TIME);
        entries.touchAt(entry, entries.remainingTtlMsAt(entry) - stepMs);
      }
      if (++looks % RETIMED_AT_ONCE === 0) yield;
    }
  }

  /** Whether an item of this shape is over the item limit, as memcached reckons it. */
  isTooLarge({ start, end }: KeyBytes, flags: number, valueBytes: number): boolean {
    return this.itemBytes(end - start, flags, valueBytes) > this.maxItemBytes;
  }

  /** The cas id of an entry: 0 where there are none. */
  casIdAt(entry: number): CasId {
    return this.casIds ? this.entries.versionAt(entry) : 0;
  }

  /** The cas id of what has just been stored under `key`, which may have expired at once. */
  storedCasId(key: KeyBytes): CasId {
    if (!this.casIds) return 0;
    const entry = this.entries.peek(key);
    return entry === 0 ? this.entries.lastVersion : this.entries.versionAt(entry);
  }

  /** Gives the item under `key`, which has just been written, a cas id that a client has chosen. */
  giveCasId(key: KeyBytes, cas: CasId): void {
    const entry = this.entries.peek(key);
    if (this.casIds && entry !== 0) this.entries.setVersionAt(entry, cas, true);
  }

  /** Gives the item under `key` adapter bits, beside those that it has. */
  addAdapterBits(key: KeyBytes, bits: number): void {
    const entry = this.entries.peek(key);
    if (entry !== 0) this.entries.setAdapterBitsAt(entry, this.entries.adapterBitsAt(entry) | bits);
  }

  /** Whether an item's key goes out as base64: it was stored so, or a line of text cannot hold it. */
  hasBinaryKey(entry: number): boolean {
    if ((this.entries.adapterBitsAt(entry) & KEY_BINARY) !== 0) return true;
    const key = this.entries.keyAt(entry);
    return key.includes(' ') || key.includes('\n');
  }

  /** What memcached would need for an item of this shape: what dumps and logs show as its size. */
  itemBytes(keyBytes: number, flags: number, valueBytes: number): number {
    const header = this.casIds ? ITEM_HEADER_BYTES : ITEM_HEADER_BYTES - ITEM_CAS_BYTES;
    return header + keyBytes + (flags === 0 ? 0 : ITEM_FLAGS_BYTES) + valueBytes;
  }

  /**
   * flush_all: everything that is stored now is gone. A positive exptime puts that off until one second
   * before it, when whatever is stored then goes; the last flush_all counts. For a time that has passed, what has
   * not been used since goes: that is work to do in steps, which is returned.
   */
  flush(exptime: number): IncrementalTask | null {
    this.state[FLUSH_AT_MS] = Number.POSITIVE_INFINITY;
    if (exptime <= 0) {
      this.entries.clear();
      return null;
    }
    const now = this.clock.now();
    const flushAtMs = now + this.ttlMs(exptime) - 1000;
    // memcached compares whole seconds.
    if (flushAtMs + 1000 <= now) return this.#removeUnusedSince(flushAtMs + 1000);
    // What says when comes last: another thread may look meanwhile.
    this.state[HAS_FLUSHED] = 0;
    this.state[FLUSHES_AT_UNIX_TIME] = Number(isUnixTime(exptime));
    this.state[FLUSH_AT_MS] = flushAtMs;
    return null;
  }

  /** The order of use is the order of these times. */
  *#removeUnusedSince(timeMs: number): Generator<void, void, undefined> {
    const { entries } = this;
    let removed = 0;
    for (
      let entry = entries.oldestUnusedSince(timeMs);
      entry !== 0;
      entry = entries.oldestUnusedSince(timeMs)
    ) {
      entries.deleteAt(entry);
      if (++removed % FLUSHED_AT_ONCE === 0) yield;
    }
  }

  /** Milliseconds until a delayed flush_all is due; `Infinity` for none. */
  get flushInMs(): number {
    return Math.max(0, this.state[FLUSH_AT_MS]! - this.clock.now());
  }

  /** Applies a flush_all that is due. Called before each command, and wherever else items are read. */
  applyDueFlush(): void {
    if (this.state[FLUSH_AT_MS]! === Number.POSITIVE_INFINITY) return;
    const now = this.clock.now();
    if (now < this.state[FLUSH_AT_MS]!) return;
    if (this.state[HAS_FLUSHED] === 0) this.entries.clear();
    // memcached compares whole seconds: what is stored in the second of the flush is removed as well, item by item,
    // since subscribers have already been notified of the flush.
    else for (const _ of this.#removeUnusedSince(Number.POSITIVE_INFINITY));
    this.state[HAS_FLUSHED] = 1;
    if (now >= this.state[FLUSH_AT_MS]! + 1000) this.state[FLUSH_AT_MS] = Number.POSITIVE_INFINITY;
  }

  /**
   * Applies a flush_all that is due, and reclaims a bounded number of expired items. Servers call it periodically.
   * Throws what a removal listener throws.
   */
  reclaim(): void {
    this.applyDueFlush();
    this.entries.sweepExpired(RECLAIMED_AT_ONCE);
    this.budget.lend(this.#heldBytes);
    this.budget.takeBack(this.#heldBytes);
    this.endTurn();
  }

  /** A figure over all threads. */
  figure(name: FigureName): number {
    const row = new Float64Array(FIGURES.length);
    this.writeFigures(row);
    return row[FIGURES.indexOf(name)]! + (this.siblings?.figure(name) ?? 0);
  }

  /** Writes what this thread has counted to `row`, in the order of FIGURES. */
  writeFigures(row: Float64Array): void {
    const { counters, log, admin } = this;
    if (row.buffer !== counters.buffer) row.set(counters);
    let at = counters.length;
    row[at++] = this.storesInPlace;
    row[at++] = this.oversizedAppends;
    row[at++] = log.written;
    row[at++] = log.sent;
    row[at++] = log.skipped;
    row[at++] = log.watchers;
    row[at++] = admin.crawlerStarts;
    row[at++] = admin.crawlerReclaimed;
    row[at++] = admin.crawlerChecked;
  }

  /** The sum of a figure over all servers of this store. */
  overTransports(read: (transport: Transport) => number): number {
    let total = 0;
    for (const transport of this.transports) total += read(transport);
    return total;
  }

  /** Empties the counters that `stats reset` empties, the store's too. */
  resetStats(): void {
    this.counters.fill(0);
    this.storesInPlace = 0;
    this.oversizedAppends = 0;
    this.entries.resetStats();
    this.log.resetStats();
    this.prefixes.clear();
    for (const transport of this.transports) transport.resetStats();
  }
}

/** A time to live in whole seconds, rounded up as a clock that steps would have it; never below 0. */
export function secondsLeft(ttlMs: number): number {
  return Math.max(0, Math.ceil(ttlMs / 1000));
}

function coarse(clock: Clock): CoarseClock | null {
  return clock instanceof CoarseClock ? clock : null;
}

function isUnixTime(exptime: number): boolean {
  return exptime > RELATIVE_EXPTIME_MAX_SECONDS;
}

/**
 * What servers serve: any engine, of which clients see entries with texts as keys, a store of another kind, or what has
 * one (`SharedStore`).
 */
// biome-ignore lint/suspicious/noExplicitAny: an engine of any keys and values is accepted
export type ServedStore = CacheEngine<any, any> | Items | { readonly items: Items };

/** The items of what is served; null for anything else, also for an engine that nobody serves yet. */
export function itemsOf(source: unknown): Items | null {
  const items = source instanceof CacheEngine ? storeOf(source).adapter : source;
  if (isItems(items)) return items;
  const held = typeof items === 'object' && items !== null && 'items' in items ? items.items : null;
  return isItems(held) ? held : null;
}

function isItems(value: unknown): value is Items {
  return typeof value === 'object' && value !== null && 'hashSeed' in value && 'endTurn' in value;
}

/** Throws `HOTSET_INVALID_ARGUMENT` for what cannot be served. */
export function checkServedStore(source: unknown): void {
  if (!(source instanceof CacheEngine) && itemsOf(source) === null)
    throw invalidArgument('engine', 'a CacheEngine or a SharedStore', source);
}

/** The ItemStore of what an adapter serves; undefined while none does. */
export function knownItemStoreOf(source: unknown): ItemStore | undefined {
  const adapter = itemsOf(source)?.adapter;
  return adapter instanceof ItemStore ? adapter : undefined;
}

/**
 * The one ItemStore of a store. The first call creates it with `options`; an engine begins to keep access times and
 * versions, for which entries may have to go. Throws `HOTSET_INVALID_OPTION` where a later call's options differ, which
 * would otherwise be ignored.
 */
export function itemStoreOf(source: ServedStore, options?: ItemStoreOptions): ItemStore {
  const known = knownItemStoreOf(source);
  if (known === undefined) {
    const items = openItems(source, options?.valueFlags);
    const store = new ItemStore(items, options);
    items.adapter = store;
    return store;
  }
  if (options !== undefined) checkAgrees(known, options);
  return known;
}

/** The items of a store; an engine begins to be served. */
export function openItems(source: ServedStore, valueFlags?: KindFlags): Items {
  const known = itemsOf(source);
  if (known !== null) return known;
  const engine = source as CacheEngine<string, unknown>;
  const items = new EngineItems(engine, valueFlags);
  storeOf(engine).adapter = items;
  return items;
}

/** Options in which later servers may differ without error: they grant clients nothing. */
const MAY_DIFFER: ReadonlySet<keyof ItemStoreOptions> = new Set(['clock', 'verbosity']);

function checkAgrees(store: ItemStore, options: ItemStoreOptions): void {
  for (const name of ITEM_STORE_OPTIONS) {
    const value = options[name];
    if (value === undefined || name === 'settings' || name === 'valueFlags' || MAY_DIFFER.has(name)) continue;
    const held = name === 'prefixDelimiter' ? store.prefixes.delimiter : store[name];
    if (value !== held)
      throw invalidOption(name, `what the engine is served with already, ${shown(held)}`, value);
  }
}
