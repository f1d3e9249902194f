/**
 * An engine as memcached's protocols see it: items with keys and values of bytes, exptimes in seconds, and
 * the state that all connections share. Every adapter over one engine uses the same ItemStore.
 */

import { type CacheEngine, storeOf } from '../engine/cache-engine.js';
import { type Clock, CoarseClock, monotonicClock, systemClock } from '../engine/clock.js';
import type { EntryStore } from '../engine/entry-store.js';
import { invalidOption, shown } from '../errors.js';
import type { Transport } from './admin/transport.js';
import { COUNTERS } from './counters.js';
import type { IncrementalTask } from './incremental-task.js';
import { KeyMemo } from './key-memo.js';
import {
  DEFAULT_ITEM_MAX_BYTES,
  DEFAULT_REQUESTS_PER_TURN,
  ITEM_CAS_BYTES,
  ITEM_FLAGS_BYTES,
  ITEM_HEADER_BYTES,
  RELATIVE_EXPTIME_MAX_SECONDS,
} from './limits.js';
import { PrefixStats } from './prefix-stats.js';
import type { CasId } from './request.js';
import { WatchLog } from './watch/watch-log.js';
import type { WireValue } from './wire-value.js';

/** Expired items that are reclaimed at once: about a millisecond. */
const RECLAIMED_AT_ONCE = 10_000;
/** Items that a flush of old items removes before others have their turn: a millisecond or two. */
const FLUSHED_AT_ONCE = 1000;

export type MemcachedEngine = CacheEngine<string, WireValue>;

export interface ItemStoreOptions {
  /** The most that an item may take, in bytes: memcached's `-I`. Default: 1 MiB. */
  maxItemBytes?: number;
  /** Unix time in milliseconds, for exptimes. Default: the engine's clock if it was given one, else the system's. */
  clock?: Clock;
  /** The most that `cache_memlimit` may ask for, in bytes: what the process can hold. Default: no ceiling. */
  memoryCeilingBytes?: number;
  /** How much is logged, 0 to 3; clients change it with `verbosity`. Default: 0. */
  verbosity?: number;
  /** Whether items have cas ids (memcached's `-C` turns them off): without, all ids read 0 and none ever matches. Default: true. */
  casIds?: boolean;
  /** Whether clients may empty the cache with `flush_all` (`-F` forbids it). Default: true. */
  allowFlush?: boolean;
  /** Whether clients may list keys: `lru_crawler metadump`, `stats cachedump`, `stats detail` (`-X` forbids it). Default: true. */
  allowDump?: boolean;
  /** Whether clients may `watch` (`-W` forbids it). Default: true. */
  allowWatch?: boolean;
  /** Requests of one connection after which others have their turn (`-R`). Default: 512. */
  requestsPerTurn?: number;
  /** What ends a key's prefix in `stats detail` (`-D`): given, the statistics are collected from the start. */
  prefixDelimiter?: string;
  /** Whether `stats sizes` keeps a histogram (`-o track_sizes`). Default: false. */
  trackSizes?: boolean;
  /** Called when a client sends `shutdown`; without it the command is refused. */
  onShutdown?: (graceful: boolean) => void;
  /** Moves the clock by seconds when a client sends `debugtime`; without it there is no such command. */
  onDebugTime?: (seconds: number) => void;
}

/** Their names, for adapters that take them among their own. */
export const ITEM_STORE_OPTIONS: readonly (keyof ItemStoreOptions)[] = [
  'maxItemBytes',
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
  'onShutdown',
  'onDebugTime',
];

export class ItemStore {
  readonly engine: MemcachedEngine;
  /** The engine's entries, by slot. */
  readonly entries: EntryStore<string, WireValue>;
  /** The entries of keys asked for lately. */
  readonly memo: KeyMemo;
  readonly clock: Clock;
  readonly maxItemBytes: number;
  readonly startedAtMs: number;
  readonly counters: Float64Array = new Float64Array(COUNTERS.length);
  /** What serves this store: for `stats`. */
  readonly transports: Set<Transport> = new Set();
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
  /** What `watch` shows. */
  readonly log: WatchLog;
  /** What `stats detail` shows. */
  readonly prefixes: PrefixStats;
  /** The connection whose requests are being served, as the log shows it. */
  connectionId = 0;
  /** Bytes of old values copied in this turn: see limits.ts. */
  bytesCopied = 0;
  /** Writes that memcached makes in place and does not count as new items. */
  storesInPlace = 0;
  /** Appends and prepends refused as too large, which memcached does not count. */
  oversizedAppends = 0;
  /** When a delayed flush_all strikes; `Infinity` for none. */
  #flushAtMs = Number.POSITIVE_INFINITY;

  constructor(engine: MemcachedEngine, options: ItemStoreOptions = {}) {
    this.engine = engine;
    this.entries = storeOf(engine);
    this.memo = new KeyMemo(this.entries);
    // Exptimes are Unix times: an engine on a clock of its own has one that shows them.
    this.clock = options.clock ?? (this.entries.clock === monotonicClock ? systemClock : this.entries.clock);
    this.maxItemBytes = options.maxItemBytes ?? DEFAULT_ITEM_MAX_BYTES;
    if (!Number.isSafeInteger(this.maxItemBytes) || this.maxItemBytes < 1024 || this.maxItemBytes > 2 ** 30)
      throw invalidOption('maxItemBytes', 'a whole number of bytes from 1024 to 1 GiB', this.maxItemBytes);
    this.memoryCeilingBytes = options.memoryCeilingBytes ?? Number.POSITIVE_INFINITY;
    this.verbosity = options.verbosity ?? 0;
    this.casIds = options.casIds ?? true;
    this.allowFlush = options.allowFlush ?? true;
    this.allowDump = options.allowDump ?? true;
    this.allowWatch = options.allowWatch ?? true;
    this.requestsPerTurn = options.requestsPerTurn ?? DEFAULT_REQUESTS_PER_TURN;
    if (!Number.isSafeInteger(this.requestsPerTurn) || this.requestsPerTurn < 1)
      throw invalidOption('requestsPerTurn', 'a whole number from 1', this.requestsPerTurn);
    this.startedAtMs = this.clock.now();
    this.onShutdown = options.onShutdown;
    this.onDebugTime = options.onDebugTime;
    this.log = new WatchLog(engine, this.entries, this.clock);
    this.prefixes = new PrefixStats(options.prefixDelimiter);
    this.trackSizes = options.trackSizes ?? false;
    if (this.casIds) this.entries.beginVersions();
  }

  /** Called before each batch of requests, of the connection `id`: time moves on between batches, not within one. */
  beginTurn(id = 0): void {
    this.connectionId = id;
    if (this.clock instanceof CoarseClock) this.clock.refresh();
    this.bytesCopied = 0;
  }

  /** Whether anybody wants to know of single commands: see observation.ts. */
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
    if (exptime <= RELATIVE_EXPTIME_MAX_SECONDS) return exptime * 1000 - waitedMs;
    return exptime * 1000 - this.clock.now();
  }

  /** Whether an item of this shape is over the item limit, as memcached reckons it. */
  isTooLarge(key: string, flags: number, valueBytes: number): boolean {
    return this.itemBytes(key.length, flags, valueBytes) > this.maxItemBytes;
  }

  /** The cas id of an entry: 0 where there are none. */
  casIdAt(entry: number): CasId {
    return this.casIds ? this.entries.versionAt(entry) : 0;
  }

  /** The cas id of what has just been stored under `key`, which may have expired at once. */
  storedCasId(key: string): CasId {
    if (!this.casIds) return 0;
    const entry = this.entries.peekSlot(key);
    return entry === 0 ? this.entries.lastVersion : this.entries.versionAt(entry);
  }

  /** Gives the item under `key`, which has just been written, a cas id that a client has chosen. */
  giveCasId(key: string, cas: CasId): void {
    const entry = this.entries.peekSlot(key);
    if (this.casIds && entry !== 0) this.entries.setVersionAt(entry, cas, true);
  }

  /** Puts marks on the item under `key`, beside those that it has. */
  mark(key: string, marks: number): void {
    const entry = this.entries.peekSlot(key);
    if (entry !== 0) this.entries.setAdapterBitsAt(entry, this.entries.adapterBitsAt(entry) | marks);
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
    this.#flushAtMs = Number.POSITIVE_INFINITY;
    if (exptime <= 0) {
      this.engine.clear();
      return null;
    }
    const now = this.clock.now();
    const flushAtMs = now + this.ttlMs(exptime) - 1000;
    // memcached compares whole seconds.
    if (flushAtMs + 1000 <= now) return this.#removeUnusedSince(flushAtMs + 1000);
    this.#flushAtMs = flushAtMs;
    return null;
  }

  /** The order of use is the order of these times. */
  *#removeUnusedSince(timeMs: number): Generator<void, void, undefined> {
    const { engine, entries } = this;
    let removed = 0;
    for (
      let key = entries.oldestUnusedSince(timeMs);
      key !== undefined;
      key = entries.oldestUnusedSince(timeMs)
    ) {
      engine.delete(key);
      if (++removed % FLUSHED_AT_ONCE === 0) yield;
    }
  }

  /** Milliseconds until a flush_all that has been put off strikes; `Infinity` for none. */
  get flushInMs(): number {
    return Math.max(0, this.#flushAtMs - this.clock.now());
  }

  /** Lets a flush_all that is due strike. Called before each command, and wherever else items are looked at. */
  applyDueFlush(): void {
    if (this.#flushAtMs === Number.POSITIVE_INFINITY) return;
    const now = this.clock.now();
    if (now < this.#flushAtMs) return;
    this.engine.clear();
    // memcached compares whole seconds: what is stored in the second of the flush goes as well.
    if (now >= this.#flushAtMs + 1000) this.#flushAtMs = Number.POSITIVE_INFINITY;
  }

  /**
   * Makes a flush_all that is due strike, and gives back the memory of a bounded number of expired items. Whatever
   * serves the store calls it now and then. Throws what a removal listener throws.
   */
  reclaim(): void {
    this.applyDueFlush();
    this.engine.sweepExpired(RECLAIMED_AT_ONCE);
  }

  /** A figure of all that serves this store, added up. */
  overTransports(read: (transport: Transport) => number): number {
    let total = 0;
    for (const transport of this.transports) total += read(transport);
    return total;
  }

  /** Empties the counters that `stats reset` empties, the engine's too. */
  resetStats(): void {
    this.counters.fill(0);
    this.storesInPlace = 0;
    this.oversizedAppends = 0;
    this.engine.resetStats();
    this.log.resetStats();
    this.prefixes.clear();
    for (const transport of this.transports) transport.resetStats();
  }
}

const STORES = new WeakMap<MemcachedEngine, ItemStore>();

/** The ItemStore of an engine that an adapter serves; undefined while none does. */
export function knownItemStoreOf(engine: MemcachedEngine): ItemStore | undefined {
  return STORES.get(engine);
}

/**
 * The one ItemStore of an engine: made with `options` by the first that asks. Throws `HOTSET_INVALID_OPTION` where one
 * who asks later wants another: it would be served as it is, `flush_all` and all.
 */
export function itemStoreOf(engine: MemcachedEngine, options?: ItemStoreOptions): ItemStore {
  let store = STORES.get(engine);
  if (store === undefined) {
    store = new ItemStore(engine, options);
    STORES.set(engine, store);
  } else if (options !== undefined) checkAgrees(store, options);
  return store;
}

/** What one may wish and not get: it lets nobody do more than was meant. */
const WISHES: ReadonlySet<keyof ItemStoreOptions> = new Set(['clock', 'verbosity']);

function checkAgrees(store: ItemStore, options: ItemStoreOptions): void {
  for (const name of ITEM_STORE_OPTIONS) {
    const given = options[name];
    const held = name === 'prefixDelimiter' ? store.prefixes.delimiter : store[name];
    if (given !== undefined && given !== held && !WISHES.has(name))
      throw invalidOption(name, `what the engine is served with already, ${shown(held)}`, given);
  }
}
