/** The options of a LoadingCache: the types, the defaults, and the functions that validate. */

import type { Clock } from '../engine/clock.js';
import { checkTags } from '../engine/tags.js';
import { HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, limitOption, methodOption } from '../options.js';
import { type Scheduler, systemScheduler } from '../scheduler.js';
import type { Windows } from './freshness.js';
import type { Loader, StoreAs } from './loader.js';

/** TTL in milliseconds, more than 0 (`Infinity` for never); or a function that returns it for each loaded value. */
export type Ttl<K, V> = number | ((value: V, key: K) => number);

/**
 * The tags of an entry, as `engine.set` takes them; or a function that returns them for each loaded value. It is also called
 * for a miss and for a failure, without a value, so that these can be invalidated too.
 */
export type LoadTags<K, V> = readonly string[] | ((value: V | undefined, key: K) => readonly string[]);

/** For the cache, or for one call. All but `timeoutMs` and `softTimeoutMs` are of the flight that a call starts. */
interface CommonOptions<K, V> {
  /**
   * How long a loaded value is fresh, in milliseconds. A function gets the value and key; when it returns 0 or
   * less, the value is not stored. Default: the engine's own `ttlMs`.
   */
  ttlMs?: Ttl<K, V> | undefined;
  /** What `invalidateTags` removes the value by, or the remembered miss or failure. Default: none. */
  tags?: LoadTags<K, V> | undefined;
  /** How long a miss is remembered (the loader returned `undefined`). Default: 0, not at all. */
  missTtlMs?: number | undefined;
  /**
   * How long a failure is remembered. Meanwhile its error is the answer, and no refresh starts. Default: 0, not at
   * all.
   */
  errorTtlMs?: number | undefined;
  /** How long a loader may take. Then its signal aborts and its callers are rejected. Default: `Infinity`. */
  flightTimeoutMs?: number | undefined;
  /** How long a caller waits, also for room. The flight continues. Default: `Infinity`. */
  timeoutMs?: number | undefined;
  /**
   * How long a caller waits who can have an old value within `staleOnErrorMs`. The flight continues. Default: `Infinity`.
   */
  softTimeoutMs?: number | undefined;
}

/** What one call of `getOrLoad` or `getOrLoadMany` takes, over the options of the cache. */
export interface LoadOptions<K, V> extends CommonOptions<K, V> {
  /** Aborting it rejects this call. When the last caller of a flight has aborted, the flight aborts too. */
  signal?: AbortSignal | undefined;
  /** Load even if the value is there, or join the flight in progress. Default: false. */
  forceRefresh?: boolean | undefined;
}

/** Made by `loadLeases` of `hotset/tiered`, for the option `leases`. One serves one cache. */
export interface LoadLeases<K, V> {
  /**
   * Called once, by the cache that it is an option of. Returns `AttachedLeases`, which the options need not know.
   *
   * @internal
   */
  attach(options: ResolvedLoading<K, V>): object;
}

/** What a `LoadingCache` takes. */
export interface LoadingOptions<K, V> extends CommonOptions<K, V> {
  /** What `get` loads with. */
  load?: Loader<K, V> | undefined;
  /**
   * Loads a key in one process of all, by leases in a store that they share: `loadLeases(tier)` of `hotset/tiered`. Keys are texts.
   * Default: each process loads for itself.
   */
  leases?: LoadLeases<K, V> | undefined;
  /** How long after its ttl a value is still the answer, while a refresh runs; `Infinity` for ever. Default: 0. */
  staleMs?: number | undefined;
  /** How long after its ttl a value may be the answer when its load fails; `Infinity` for ever. Default: 0. */
  staleOnErrorMs?: number | undefined;
  /** How long before the end of its ttl a read starts a refresh. Default: 0. */
  refreshAheadMs?: number | undefined;
  /**
   * Shortens each ttl by a random part of itself, up to this fraction (0 to 1), so that values loaded together do
   * not expire together. Default: 0.
   */
  ttlJitter?: number | undefined;
  /**
   * The most keys being loaded at once, from 1, or `Infinity`. Beyond it `getOrLoad` rejects with
   * `HOTSET_TOO_MANY_FLIGHTS`, `getOrLoadMany` waits for room and loads in parts, and refreshes do not start.
   * Default: 10,000.
   */
  maxFlights?: number | undefined;
  /** The most misses and failures remembered; the least recently used goes first. Default: 10,000. */
  maxNegatives?: number | undefined;
  /** Called for each failure that reaches no caller, such as a refresh's. What it throws is ignored. */
  onError?: ((error: unknown, key: K) => void) | undefined;
  /** A number from 0 up to but not including 1, for `ttlJitter`. Default: `Math.random`. */
  random?: (() => number) | undefined;
  /** Where timeouts come from. Default: `setTimeout`, which keeps the process open only while a caller waits. */
  scheduler?: Scheduler | undefined;
  /** Measures how long loads take. Default: `performance.now()`, which never jumps. */
  loadClock?: Clock | undefined;
}

/** What `set` takes. */
export type SetOptions<K, V> = Pick<LoadOptions<K, V>, 'ttlMs' | 'tags'>;

/** The options of one call, complete. */
export interface ResolvedLoad<K, V> {
  readonly ttlMs: Ttl<K, V> | undefined;
  readonly tags: LoadTags<K, V>;
  readonly missTtlMs: number;
  readonly errorTtlMs: number;
  readonly flightTimeoutMs: number;
  readonly timeoutMs: number;
  readonly softTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly forceRefresh: boolean;
  /** Whether an old value is the answer when the load fails. */
  readonly fallsBack: boolean;
}

export interface ResolvedLoading<K, V> extends Windows {
  readonly load: ResolvedLoad<K, V>;
  readonly loader: Loader<K, V> | null;
  readonly leases: LoadLeases<K, V> | null;
  readonly ttlJitter: number;
  readonly maxFlights: number;
  readonly maxNegatives: number;
  readonly onError: ((error: unknown, key: K) => void) | null;
  readonly random: () => number;
  readonly scheduler: Scheduler;
  readonly loadClock: Clock;
}

/** The default of `maxFlights`. */
export const DEFAULT_MAX_FLIGHTS = 10_000;
/** The default of `maxNegatives`. */
export const DEFAULT_MAX_NEGATIVES = 10_000;

const COMMON_OPTIONS = [
  'ttlMs',
  'tags',
  'missTtlMs',
  'errorTtlMs',
  'flightTimeoutMs',
  'timeoutMs',
  'softTimeoutMs',
] as const;

export const LOADING_OPTIONS: ReadonlySet<string> = new Set<keyof LoadingOptions<unknown, unknown>>([
  ...COMMON_OPTIONS,
  'load',
  'leases',
  'staleMs',
  'staleOnErrorMs',
  'refreshAheadMs',
  'ttlJitter',
  'maxFlights',
  'maxNegatives',
  'onError',
  'random',
  'scheduler',
  'loadClock',
]);

const LOAD_OPTIONS: ReadonlySet<string> = new Set<keyof LoadOptions<unknown, unknown>>([
  ...COMMON_OPTIONS,
  'signal',
  'forceRefresh',
]);

const SET_OPTIONS: ReadonlySet<string> = new Set<keyof SetOptions<unknown, unknown>>(['ttlMs', 'tags']);

const NO_LOAD_OPTIONS: ResolvedLoad<never, never> = {
  ttlMs: undefined,
  tags: [],
  missTtlMs: 0,
  errorTtlMs: 0,
  flightTimeoutMs: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  softTimeoutMs: Number.POSITIVE_INFINITY,
  signal: undefined,
  forceRefresh: false,
  fallsBack: true,
};

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveLoading<K, V>(options: LoadingOptions<K, V>): ResolvedLoading<K, V> {
  rejectUnknownOptions(options, LOADING_OPTIONS);
  const { maxNegatives, ttlJitter = 0 } = options;
  if (typeof ttlJitter !== 'number' || !(ttlJitter >= 0 && ttlJitter <= 1))
    throw invalidOption('ttlJitter', 'a fraction from 0 to 1', ttlJitter);
  if (maxNegatives === Number.POSITIVE_INFINITY)
    throw invalidOption('maxNegatives', 'a whole number from 1', maxNegatives);
  const resolved = {
    load: mergedLoad(options, NO_LOAD_OPTIONS as ResolvedLoad<K, V>),
    loader: functionOption('load', options.load, null),
    leases:
      options.leases === undefined ? null : methodOption('leases', 'attach', options.leases, options.leases),
    staleMs: windowOption('staleMs', options.staleMs),
    staleOnErrorMs: windowOption('staleOnErrorMs', options.staleOnErrorMs),
    refreshAheadMs: durationMs('refreshAheadMs', options.refreshAheadMs, 0),
    ttlJitter,
    maxFlights: limitOption('maxFlights', options.maxFlights, DEFAULT_MAX_FLIGHTS),
    maxNegatives: limitOption('maxNegatives', maxNegatives, DEFAULT_MAX_NEGATIVES),
    onError: functionOption('onError', options.onError, null),
    random: functionOption('random', options.random, Math.random),
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    loadClock: methodOption('loadClock', 'now', options.loadClock, performance),
  };
  checkTtl(resolved.load.ttlMs, resolved);
  return resolved;
}

/**
 * The options of one call over the cache's own. Throws `HOTSET_INVALID_OPTION`, and the reason of a signal that is
 * aborted already.
 */
export function resolveLoad<K, V>(
  options: LoadOptions<K, V> | undefined,
  cache: ResolvedLoading<K, V>,
): ResolvedLoad<K, V> {
  if (options === undefined) return cache.load;
  rejectUnknownOptions(options, LOAD_OPTIONS);
  const { signal, forceRefresh } = options;
  if (
    signal !== undefined &&
    (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
  )
    throw invalidOption('signal', 'an AbortSignal', signal);
  if (forceRefresh !== undefined && typeof forceRefresh !== 'boolean')
    throw invalidOption('forceRefresh', 'true or false', forceRefresh);
  const load = {
    ...mergedLoad(options, cache.load),
    signal,
    forceRefresh: forceRefresh === true,
    fallsBack: forceRefresh !== true,
  };
  if (options.ttlMs !== undefined) checkTtl(load.ttlMs, cache);
  if (signal?.aborted === true) throw signal.reason;
  return load;
}

/** The same for `set`. Throws `HOTSET_INVALID_OPTION`. */
export function resolveSet<K, V>(
  options: SetOptions<K, V> | undefined,
  cache: ResolvedLoading<K, V>,
): ResolvedLoad<K, V> {
  if (options !== undefined) rejectUnknownOptions(options, SET_OPTIONS);
  return resolveLoad(options, cache);
}

function mergedLoad<K, V>(options: CommonOptions<K, V>, defaults: ResolvedLoad<K, V>): ResolvedLoad<K, V> {
  const { ttlMs, tags } = options;
  if (ttlMs !== undefined && typeof ttlMs !== 'function') positiveMs('ttlMs', ttlMs, 0);
  if (tags !== undefined && typeof tags !== 'function') checkTags(tags);
  return {
    ...defaults,
    ttlMs: ttlMs ?? defaults.ttlMs,
    tags: tags === undefined ? defaults.tags : typeof tags === 'function' ? tags : [...tags],
    missTtlMs: durationMs('missTtlMs', options.missTtlMs, defaults.missTtlMs),
    errorTtlMs: durationMs('errorTtlMs', options.errorTtlMs, defaults.errorTtlMs),
    flightTimeoutMs: positiveMs('flightTimeoutMs', options.flightTimeoutMs, defaults.flightTimeoutMs),
    timeoutMs: positiveMs('timeoutMs', options.timeoutMs, defaults.timeoutMs),
    softTimeoutMs: positiveMs('softTimeoutMs', options.softTimeoutMs, defaults.softTimeoutMs),
  };
}

const STORE_AS: ReadonlySet<string> = new Set<keyof StoreAs>(['ttlMs', 'ageMs', 'tags']);

/** A copy. Throws `HOTSET_INVALID_OPTION` and `HOTSET_INVALID_ARGUMENT`. */
export function checkStoreAs(options: StoreAs): StoreAs {
  rejectUnknownOptions(options, STORE_AS);
  const { ttlMs, ageMs, tags } = options;
  if (ttlMs !== undefined && (typeof ttlMs !== 'number' || Number.isNaN(ttlMs)))
    throw invalidOption('ttlMs', 'milliseconds (Infinity for ever)', ttlMs);
  if (ageMs !== undefined && !(Number.isFinite(ageMs) && ageMs >= 0))
    throw invalidOption('ageMs', 'milliseconds, 0 or more', ageMs);
  if (tags !== undefined) checkTags(tags);
  return { ttlMs, ageMs, tags: tags === undefined ? undefined : [...tags] };
}

/** The windows hang on a ttl that this cache knows, and a refresh ahead must not be due from the start. */
function checkTtl(
  ttlMs: number | ((...args: never[]) => number) | undefined,
  { staleMs, staleOnErrorMs, refreshAheadMs, ttlJitter }: Windows & { readonly ttlJitter: number },
): void {
  if (ttlMs === undefined && (staleMs > 0 || staleOnErrorMs > 0 || refreshAheadMs > 0 || ttlJitter > 0))
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      'staleMs, staleOnErrorMs, refreshAheadMs and ttlJitter need a ttlMs beside them',
    );
  if (refreshAheadMs === Number.POSITIVE_INFINITY)
    throw invalidOption('refreshAheadMs', 'milliseconds, 0 or more, not Infinity', refreshAheadMs);
  if (typeof ttlMs === 'number' && refreshAheadMs > 0 && !(refreshAheadMs < ttlMs * (1 - ttlJitter)))
    throw invalidOption(
      'refreshAheadMs',
      'less than ttlMs, even when ttlJitter has shortened it',
      refreshAheadMs,
    );
}

/** Milliseconds of 0 or more; `Infinity` too. */
function durationMs(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value >= 0))
    throw invalidOption(name, 'milliseconds, 0 or more (Infinity for ever)', value);
  return value;
}

function positiveMs(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value > 0))
    throw invalidOption(name, 'milliseconds, more than 0 (Infinity for never)', value);
  return value;
}

/** A thousand years: a window is taken off what is left of a TTL, which must be finite, and exact to a fraction of a millisecond. */
const FOR_EVER_MS = 2 ** 45;

function windowOption(name: string, value: number | undefined): number {
  return Math.min(durationMs(name, value, 0), FOR_EVER_MS);
}
