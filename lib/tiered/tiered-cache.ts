/**
 * TieredCache: a first tier in this process, a second one that all processes share, and a loader behind both. This file
 * coordinates the parts: two LoadingCaches over one engine have the first tier and the flights, tier-loader.ts asks the second
 * tier, and the link says what others have changed. docs/tiered.md has the promises. These rules keep them:
 *
 * - The first tier is read only while the link is trusted.
 * - A change goes to the second tier first. What the first tier has goes before that and after it, so that a flight which
 *   began in between leaves nothing behind; then the others are told.
 * - A write stays in the first tier only if nothing else has changed its key or tags meanwhile (pending-writes.ts).
 * - A change that the second tier has not acknowledged is made again, as a deletion (repairs.ts).
 *
 * A hit of the first tier is O(1). Reads of the second tier are one round trip, changes one or two.
 */

import { type CacheEngine, refuseKeyv, storeOf } from '../engine/cache-engine.js';
import type { EntryStore } from '../engine/entry-store.js';
import type { Invalidations } from '../engine/invalidations.js';
import { checkTags } from '../engine/tags.js';
import { HotsetError, invalidArgument } from '../errors.js';
import { keptMs } from '../loading/freshness.js';
import type { BatchLoader, Loader } from '../loading/loader.js';
import { batch, type LoaderAdapter, type SourceAdapter, single } from '../loading/loader-adapter.js';
import { type AdapterDoor, adapterDoorOf, LoadingCache } from '../loading/loading-cache.js';
import { type LoadOptions, type ResolvedLoad, resolveLoad, resolveLoading } from '../loading/options.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { type Content, Envelopes } from './envelope.js';
import { FAILED, GuardedTier } from './guarded-tier.js';
import { InvalidationLink } from './invalidation-link.js';
import {
  type ResolvedTiered,
  resolveTiered,
  resolveTieredSet,
  type TieredOptions,
  type TieredSetOptions,
} from './options.js';
import { PendingWrites } from './pending-writes.js';
import { Repairs } from './repairs.js';
import type { InvalidationMessage } from './second-tier.js';
import { newTierCounters, sumOf, type TierCounters, type TieredStats } from './stats.js';
import { TagVersions } from './tag-versions.js';
import { TierKeys } from './tier-keys.js';
import { TierLoader } from './tier-loader.js';

/** What stands before the loaders of a cache: for the rest of this room. */
export let tierLoaderOf: <V>(cache: TieredCache<V>) => TierLoader<V>;

/** A store may have to walk over all its keys. */
const CLEAR_TIMEOUT_MS = 60_000;

/** A cache of two tiers, filled by a loader. Keys are texts. */
export class TieredCache<V> {
  /** The first tier. Reading it directly asks no other. */
  readonly engine: CacheEngine<string, V>;
  readonly #options: ResolvedTiered<V>;
  readonly #entries: EntryStore<string, V>;
  readonly #loads: LoadingCache<string, V>;
  /** Reads of the tiers without a loader: their flights are not those of loads. */
  readonly #reads: LoadingCache<string, V>;
  readonly #loadsDoor: AdapterDoor<string, V>;
  readonly #readsDoor: AdapterDoor<string, V>;
  readonly #tierOnly: LoaderAdapter<string, V>;
  readonly #counters: TierCounters = newTierCounters();
  readonly #keys: TierKeys;
  readonly #tier: GuardedTier;
  readonly #envelopes: Envelopes<V>;
  readonly #versions: TagVersions;
  readonly #repairs: Repairs;
  readonly #loader: TierLoader<V>;
  readonly #link: InvalidationLink;
  readonly #writes: PendingWrites = new PendingWrites();
  /** What has no more than this left is due for a refresh. */
  readonly #notLocalMs: number;
  /** Whether engine and link read one clock. */
  readonly #sharesClock: boolean;
  #localHits = 0;
  #localMisses = 0;
  #closing: Promise<void> | undefined;

  static {
    tierLoaderOf = (cache) => cache.#loader;
  }

  /** Throws `HOTSET_INVALID_OPTION`, and what the source's `start` throws. */
  constructor(options: TieredOptions<V>) {
    const resolved = resolveTiered(options);
    this.#options = resolved;
    this.engine = resolved.engine;
    this.#entries = storeOf(resolved.engine);
    this.#sharesClock = this.#entries.clock === resolved.clock;
    // The loader behind the tiers applies the jitter, so that both tiers have the same ttl.
    const { ttlJitter, ...loading } = resolved.loading;
    const checked = resolveLoading(resolved.loading);
    this.#notLocalMs = keptMs(checked) + checked.refreshAheadMs;
    this.#loads = new LoadingCache(resolved.engine, loading);
    this.#reads = new LoadingCache(resolved.engine, {
      ...loading,
      load: undefined,
      missTtlMs: 0,
      errorTtlMs: 0,
    });
    this.#loadsDoor = adapterDoorOf(this.#loads);
    this.#readsDoor = adapterDoorOf(this.#reads);
    const { invalidation, clock } = resolved;
    this.#keys = new TierKeys(resolved.prefix);
    this.#envelopes = new Envelopes(resolved.codec, resolved.compression, resolved.maxValueBytes);
    this.#tier = new GuardedTier(
      resolved.tier,
      new CircuitBreaker(resolved.breaker, clock),
      resolved.tierTimeoutMs,
      invalidation.scheduler,
      clock,
      this.#counters,
      (error) => quietly(() => resolved.onTierError?.(error)),
    );
    this.#versions = new TagVersions(
      this.#tier,
      this.#keys,
      () => resolved.source !== null && this.#link.isTrusted,
    );
    this.#repairs = new Repairs(
      {
        maxQueued: invalidation.maxQueued,
        baseMs: 1000,
        maxMs: 30_000,
        scheduler: invalidation.scheduler,
      },
      {
        deleteKeys: (keys) => this.#repair(() => this.#tier.delete(keys), { keys }),
        renewTags: (tags) =>
          this.#repair(
            () => this.#versions.renew(tags),
            { tags },
            () => this.#forgetTags(tags),
          ),
        clear: () =>
          this.#repair(
            () => this.#clearInTier(),
            { all: true },
            () => this.#forgetAll(),
          ),
      },
    );
    const { onError, random, scheduler, staleMs, staleOnErrorMs, refreshAheadMs } = checked;
    this.#loader = new TierLoader<V>(
      {
        staleMs,
        staleOnErrorMs,
        refreshAheadMs,
        ttlJitter: checked.ttlJitter,
        random,
        scheduler,
        clock,
        leaseMs: resolved.leaseMs,
        leaseWaitMs: resolved.leaseWaitMs,
        tierOneTtlMs: resolved.tierOneTtlMs,
        onError: (error, key) => quietly(() => onError?.(error, key)),
      },
      {
        tier: this.#tier,
        keys: this.#keys,
        versions: this.#versions,
        envelopes: this.#envelopes,
        repairs: this.#repairs,
        counters: this.#counters,
      },
    );
    this.#tierOnly = this.#loader.over(undefined);
    this.#link = new InvalidationLink(resolved.source, resolved.prefix, invalidation, {
      keysChanged: (keys) => quietly(() => this.#keysChanged(keys)),
      tagsInvalidated: (tags) => quietly(() => this.#forgetTags(tags)),
      allChanged: () => quietly(() => this.#forgetAll()),
    });
    this.#link.start();
  }

  // Reading

  /**
   * A fresh value of the first tier; `undefined` when there is none, or when it is not in use. Asks nobody, and starts no
   * refresh: for a value that is about to end it returns `undefined`, so that `getLocal(key) ?? await get(key)` refreshes it.
   * O(1), about the time of `engine.get`.
   */
  getLocal(key: string): V | undefined {
    const entries = this.#entries;
    const slot = entries.readSlot(key);
    if (slot > 0 && this.#isLocalAt(slot)) {
      this.#localHits++;
      return entries.readValueAt(slot);
    }
    this.#localMisses++;
    return undefined;
  }

  /** Whether the slot that has just been read is an answer. Reads no clock that has been read already. */
  #isLocalAt(slot: number): boolean {
    const nowMs = this.#entries.timeOfRead(slot);
    if (this.#entries.dueMsAt(slot) - nowMs <= this.#notLocalMs) return false;
    return this.#sharesClock ? this.#link.isTrustedAt(nowMs) : this.#link.isTrusted;
  }

  /**
   * The value under `key`, from either tier; then, if the cache has the option `load`, from that. `undefined` is a miss.
   * Without `load` a tier that fails is as good as one that has nothing.
   *
   * Rejects as `getOrLoad` does.
   */
  get(key: string, options?: LoadOptions<string, V>): Promise<V | undefined> {
    const { loader } = this.#loadsDoor.options;
    return loader === null
      ? this.#one(this.#readsDoor, key, () => this.#tierOnly, options)
      : this.#one(this.#loadsDoor, key, () => this.#loader.over(single(loader)), options);
  }

  /** `get` for many keys, with one round trip. Misses are not in the Map. With `load`, each missing key is loaded by itself. */
  async getMany(keys: Iterable<string>, options?: LoadOptions<string, V>): Promise<Map<string, V>> {
    const { loader } = this.#loadsDoor.options;
    if (loader === null) return this.#many(this.#readsDoor, keys, this.#tierOnly, options);
    return this.#many(this.#loadsDoor, keys, this.#loader.over(eachBy(loader)), options);
  }

  /**
   * The value under `key`: from the first tier, from a flight in progress, from the second tier, or from `loader`, which one
   * process at a time calls for all. `undefined` is a miss. No failure of the second tier reaches the caller.
   *
   * Rejects with what the loader throws; with the reason of `signal`; with `HOTSET_LOAD_TIMEOUT`, `HOTSET_TOO_MANY_FLIGHTS`,
   * `HOTSET_CLOSED`, `HOTSET_INVALID_OPTION` or `HOTSET_INVALID_ARGUMENT`.
   */
  getOrLoad(key: string, loader: Loader<string, V, V>, options?: LoadOptions<string, V>): Promise<V>;
  getOrLoad(key: string, loader: Loader<string, V>, options?: LoadOptions<string, V>): Promise<V | undefined>;
  getOrLoad(
    key: string,
    loader: Loader<string, V>,
    options?: LoadOptions<string, V>,
  ): Promise<V | undefined> {
    if (typeof loader !== 'function') return Promise.reject(invalidArgument('loader', 'a function', loader));
    return this.#one(this.#loadsDoor, key, () => this.#loader.over(single(loader)), options);
  }

  /**
   * The values under `keys`; misses are not in the Map. The second tier is asked for all keys that the first does not have, and
   * `loader` is called with those that neither has. A key that another process is loading is waited for, and loaded by a
   * second call if need be. Rejects as `getOrLoad` does, and with `HOTSET_INVALID_BATCH`.
   */
  async getOrLoadMany(
    keys: Iterable<string>,
    loader: BatchLoader<string, V>,
    options?: LoadOptions<string, V>,
  ): Promise<Map<string, V>> {
    if (typeof loader !== 'function') throw invalidArgument('loader', 'a function', loader);
    return this.#many(this.#loadsDoor, keys, this.#loader.over(batch(loader)), options);
  }

  #one(
    door: AdapterDoor<string, V>,
    key: string,
    adapter: () => LoaderAdapter<string, V>,
    options: LoadOptions<string, V> | undefined,
  ): Promise<V | undefined> {
    try {
      checkKey(key);
      return Promise.resolve(door.one(key, adapter, this.#loadOf(door, options)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #many(
    door: AdapterDoor<string, V>,
    keys: Iterable<string>,
    adapter: LoaderAdapter<string, V>,
    options: LoadOptions<string, V> | undefined,
  ): Promise<Map<string, V>> {
    if (typeof keys?.[Symbol.iterator] !== 'function' || typeof keys === 'string')
      throw invalidArgument('keys', 'an iterable of texts', keys);
    const requested = [...keys];
    for (const key of requested) checkKey(key);
    return door.many(requested, adapter, this.#loadOf(door, options));
  }

  /** While the link is lost, the first tier is no answer, but when everything else fails. */
  #loadOf(
    door: AdapterDoor<string, V>,
    options: LoadOptions<string, V> | undefined,
  ): ResolvedLoad<string, V> {
    this.#refuseClosed();
    const load = resolveLoad(options, door.options);
    if (this.#link.isTrusted) return load;
    return { ...load, forceRefresh: true, softTimeoutMs: Number.POSITIVE_INFINITY };
  }

  // Writing

  /**
   * Stores a value as if it had been loaded now, or removes the key (`writes: 'around'`). Resolves to true when the second tier
   * has acknowledged it and the others know; to false when that is still to be repaired: until then others may read the old
   * value. Either way no later read of this process returns what was there before.
   *
   * Rejects with `HOTSET_UNSERIALIZABLE_VALUE`, `HOTSET_TOO_LARGE`, `HOTSET_CLOSED`, `HOTSET_INVALID_OPTION` or
   * `HOTSET_INVALID_ARGUMENT`, and with what a ttl or tags function throws; nothing is changed then.
   */
  async set(key: string, value: V, options?: TieredSetOptions<V>): Promise<boolean> {
    this.#refuseClosed();
    checkKey(key);
    if (value === undefined) throw invalidArgument('value', 'anything but undefined, which is a miss', value);
    const { writes, load: given } = resolveTieredSet(options, this.#options.writes);
    const load = resolveLoad(given, this.#loadsDoor.options);
    if (writes === 'around') return this.delete(key);
    const tags = typeof load.tags === 'function' ? load.tags(value, key) : load.tags;
    checkTags(tags);
    const chosenMs = typeof load.ttlMs === 'function' ? load.ttlMs(value, key) : load.ttlMs;
    const freshMs = this.#loader.freshMsOf(chosenMs);
    if (!(freshMs > 0)) return this.delete(key);
    // Before anything changes: it may be refused.
    const content = await this.#envelopes.contentOf(value);
    const write = this.#writes.begin(key);
    const { failures } = this.#repairs;
    const invalidations = this.#entries.invalidations as Invalidations;
    const since = invalidations.count;
    try {
      const tierKey = this.#keys.ofValue(key);
      const isStored = await this.#storeInTier(tierKey, content, tags, freshMs);
      if (isStored) this.#repairs.settleKey(tierKey, failures);
      else this.#repairs.addKey(tierKey);
      const isTold = await this.#link.publish({ keys: [tierKey] });
      this.#reads.invalidate(key);
      if (write.isDisturbed || invalidations.concern(tags, since)) this.#loads.invalidate(key);
      else this.#loads.set(key, value, { ttlMs: this.#tierOneTtl(chosenMs, freshMs), tags });
      return isTold && isStored;
    } finally {
      this.#writes.end(write);
    }
  }

  /** A function: one that returns little is no bad option. Undefined: the engine's own. */
  #tierOneTtl(chosenMs: number | undefined, freshMs: number): (() => number) | undefined {
    const { tierOneTtlMs } = this.#options;
    return chosenMs === undefined && freshMs <= tierOneTtlMs
      ? undefined
      : () => Math.min(freshMs, tierOneTtlMs);
  }

  async #storeInTier(
    tierKey: string,
    content: Content,
    tags: readonly string[],
    freshMs: number,
  ): Promise<boolean> {
    const versions = await this.#versions.readOrMake(this.#loader.versionedTags(tags));
    if (versions === FAILED) return false;
    const keptAfterMs = keptMs(this.#loadsDoor.options);
    const bytes = this.#envelopes.seal(content, { freshMs, keptMs: keptAfterMs, versions });
    const outcome = await this.#tier.set(new Map([[tierKey, { bytes, ttlMs: freshMs + keptAfterMs }]]));
    if (outcome === undefined) {
      this.#counters.writes++;
      this.#counters.bytesWritten += bytes.length;
    }
    return outcome !== FAILED;
  }

  /**
   * Removes the key from both tiers, and its remembered miss. Resolves as `set` does. Rejects with `HOTSET_CLOSED` or
   * `HOTSET_INVALID_ARGUMENT`.
   */
  async delete(key: string): Promise<boolean> {
    this.#refuseClosed();
    checkKey(key);
    const write = this.#writes.begin(key);
    const { failures } = this.#repairs;
    try {
      const tierKey = this.#keys.ofValue(key);
      this.#forgetKey(key);
      const isDone = await this.#tier.delete([tierKey]);
      if (isDone) this.#repairs.settleKey(tierKey, failures);
      else this.#repairs.addKey(tierKey);
      const isTold = await this.#link.publish({ keys: [tierKey] });
      this.#forgetKey(key);
      return isTold && isDone;
    } finally {
      this.#writes.end(write);
    }
  }

  /**
   * Removes every value, and every remembered miss, that has one of these tags, from both tiers of all processes. Resolves as
   * `set` does. Two round trips, however many values there are. Rejects with `HOTSET_CLOSED` or `HOTSET_INVALID_ARGUMENT`.
   */
  async invalidateTags(tags: readonly string[]): Promise<boolean> {
    this.#refuseClosed();
    checkTags(tags, Number.POSITIVE_INFINITY);
    if (tags.length === 0) return true;
    const named = [...new Set(tags)];
    this.#forgetTags(named);
    const isDone = await this.#versions.renew(named);
    if (!isDone) this.#repairs.addTags(named);
    const isTold = await this.#link.publish({ tags: named });
    this.#forgetTags(named);
    return isTold && isDone;
  }

  /**
   * Removes every key that begins so, from both tiers. Where the second tier cannot delete by prefix, it removes all keys.
   * Resolves as `set` does. O(n). Rejects with `HOTSET_CLOSED` or `HOTSET_INVALID_ARGUMENT`.
   */
  async deletePrefix(prefix: string): Promise<boolean> {
    this.#refuseClosed();
    if (typeof prefix !== 'string') throw invalidArgument('prefix', 'a text', prefix);
    return this.#clear(prefix);
  }

  /** Removes all keys from both tiers. Resolves as `set` does. Rejects with `HOTSET_CLOSED`. */
  async clear(): Promise<boolean> {
    this.#refuseClosed();
    return this.#clear('');
  }

  async #clear(prefix: string): Promise<boolean> {
    this.#forgetAll();
    const isDone = await this.#clearInTier(prefix);
    if (!isDone) this.#repairs.addAll();
    const isTold = await this.#link.publish({ all: true });
    this.#forgetAll();
    return isTold && isDone;
  }

  /** The generation changes in any case: its change reports also those keys that only first tiers have. */
  async #clearInTier(prefix = ''): Promise<boolean> {
    const isDeleted =
      this.#options.tier.deletePrefix === undefined ||
      (await this.#tier.run(
        (tier, signal) => tier.deletePrefix!(this.#keys.ofValue(prefix), signal),
        undefined,
        Math.max(CLEAR_TIMEOUT_MS, this.#options.tierTimeoutMs),
      )) !== FAILED;
    return (await this.#versions.renew([''])) && isDeleted;
  }

  /** Makes a change again that the tier had not acknowledged. */
  async #repair(
    change: () => Promise<boolean>,
    message: InvalidationMessage,
    forget?: () => void,
  ): Promise<boolean> {
    if (!(await change())) return false;
    // A bus does not report a process' own changes: versions that were read since the change had failed are old.
    if (forget !== undefined) quietly(forget);
    await this.#link.publish(message);
    return true;
  }

  // What has changed

  #keysChanged(tierKeys: readonly string[]): void {
    for (const tierKey of tierKeys) {
      const meaning = this.#keys.meaningOf(tierKey);
      if (meaning === undefined) continue;
      if ('key' in meaning) this.#forgetKey(meaning.key);
      else if (meaning.tag === '') this.#forgetAll();
      else this.#forgetTags([meaning.tag]);
    }
  }

  #forgetKey(key: string): void {
    this.#writes.disturb(key);
    this.#loads.invalidate(key);
    this.#reads.invalidate(key);
  }

  #forgetTags(tags: readonly string[]): void {
    this.#versions.forget(tags);
    this.#loads.invalidateTags(tags);
    this.#reads.invalidateTags(tags);
  }

  #forgetAll(): void {
    this.#writes.disturbAll();
    this.#versions.forgetAll();
    this.#loads.clear();
    this.#reads.clear();
  }

  // Looking from outside

  /** A frozen snapshot: counters since the start or the last `resetStats()`, and what is held now. */
  stats(): TieredStats {
    const loading = sumOf(this.#loads.stats(), this.#reads.stats());
    const { hits, staleHits, negativeHits, joins, loads, refusals } = loading;
    const { size, bytes, maxBytes } = this.engine;
    const { breaker, tier } = this.#tier;
    return Object.freeze({
      tierOne: Object.freeze({
        hits: this.#localHits + hits + staleHits + negativeHits,
        misses: this.#localMisses + joins + loads + refusals,
        size,
        bytes,
        maxBytes,
        inUse: this.#link.isTrusted,
      }),
      tierTwo: Object.freeze({
        ...this.#counters,
        name: tier.name,
        state: breaker.state,
        opens: breaker.opens,
        repairs: this.#repairs.size,
      }),
      loading,
      link: this.#link.stats(),
    });
  }

  /** Sets counters to 0, but for those of the link. */
  resetStats(): void {
    this.#loads.resetStats();
    this.#reads.resetStats();
    Object.assign(this.#counters, newTierCounters());
    this.#localHits = 0;
    this.#localMisses = 0;
  }

  /** What `JSON.stringify` shows: limits and counts, without keys and values. */
  toJSON(): { size: number; bytes: number; maxBytes: number; maxEntries: number; tier: string } {
    return { ...this.engine.toJSON(), tier: this.#tier.tier.name };
  }

  /**
   * Tries a last time to tell the others and the second tier what they do not know, and stops the source. Later calls reject
   * with `HOTSET_CLOSED`, and `getLocal` returns `undefined`. The clients of the tier and of the source stay open. Rejects with what the source's
   * `stop` rejects with.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#repairs.stop();
      await this.#link.stop();
    } finally {
      this.#forgetAll();
    }
  }

  /** `close()`: `await using cache = new TieredCache(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined)
      throw new HotsetError('HOTSET_CLOSED', 'the tiered cache has been closed');
  }
}

/** A loader of one key for the keys of a batch. */
function eachBy<V>(loader: Loader<string, V>): SourceAdapter<string, V> {
  const load = single(loader);
  return (targets, abort) =>
    Promise.all(
      targets.map(async (target) => {
        try {
          return (await load([target], abort))[0]!;
        } catch (error) {
          return { error };
        }
      }),
    );
}

function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw invalidArgument('key', 'a text', key);
}

/** Others' code, such as removal listeners, where nobody could catch what it throws. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {}
}

refuseKeyv(TieredCache.prototype);
