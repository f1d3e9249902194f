/** The engine's options: one type, one place for defaults, one function that validates. */

import { HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, limitOption, methodOption } from '../options.js';
import type { SizeOf } from '../weigh/index.js';
import { bytesOption } from './byte-size.js';
import { type Clock, monotonicClock } from './clock.js';
import { POLICY_NAMES, type Policy } from './policy/names.js';
import type { RemovalListener } from './types.js';

/** What a `CacheEngine` takes. Every option has a default, and an unknown name is an error. */
export interface CacheEngineOptions<K, V> {
  /**
   * Memory budget: keys, values and the engine's own structure. A number of bytes, a size such as `'64MiB'`,
   * or a share such as `'25%'` of the memory that the process may use. Default: 64 MiB.
   * `Infinity` switches weighing off (`bytes` is then 0) and needs a `maxEntries`. It is the default beside a
   * `maxEntries` where neither `maxEntryBytes` nor `sizeOf` is given.
   *
   * Not seen, and so not counted: `#private` fields, variables of closures, properties under symbols. A promise is
   * refused, since what it brings cannot be weighed.
   */
  maxBytes?: number | string | undefined;
  /** The most entries to hold. Default: `Infinity`. */
  maxEntries?: number | undefined;
  /** The most bytes that one entry may count. Default: `Infinity`. */
  maxEntryBytes?: number | string | undefined;
  /** TTL in milliseconds of entries that are stored without one of their own. Default: `Infinity`. */
  ttlMs?: number | undefined;
  /**
   * From when a TTL counts. `'write'`: from the write. `'read'`: from the last write, or read by `get`, so that an
   * entry expires once it has not been used for so long (9 bytes more for each entry). Default: `'write'`.
   */
  ttlFrom?: 'write' | 'read' | undefined;
  /** The source of time, in milliseconds. Default: `monotonicClock`. */
  clock?: Clock | undefined;
  /** Weighs a value in bytes; key and overhead are added. Default: an estimate for any value. */
  sizeOf?: SizeOf<K, V> | undefined;
  /** Called with every removal and its cause. */
  onRemoval?: RemovalListener<K, V> | undefined;
  /** Keep for each entry when it was stored and last read (20 bytes more for each entry). Default: false. */
  trackAccess?: boolean | undefined;
  /** Make room by evicting the entry that `policy` chooses; `false` refuses what does not fit. Default: true. */
  evict?: boolean | undefined;
  /**
   * Keep what `missRatioCurve()` answers from: a sample of the reads. `true`, or what to change of it. It takes at most
   * about 3 MB that the budget does not count, and 2 % of the time of reads once it has looked at a million; see
   * docs/policies.md. Default: false.
   */
  missRatioCurve?: boolean | MissRatioCurveOptions | undefined;
  /** Who leaves when the cache is full: `'lru'`, `'sieve'`, `'s3-fifo'` or `'w-tinylfu'`. Default: `'lru'`. */
  policy?: Policy | undefined;
}

/** What the option `missRatioCurve` takes. */
export interface MissRatioCurveOptions {
  /** The most keys to sample, 64 to 65,536: fewer take less memory and are less exact. Default: 8,192. */
  maxSampledKeys?: number | undefined;
  /**
   * The share of all reads to look at, once a million have been: more than 0, and at most 1, which is for replaying traces.
   * Default: 1/1024.
   */
  maxReadShare?: number | undefined;
}

export type ResolvedCurveOptions = Required<{ [Name in keyof MissRatioCurveOptions]: number }>;

export interface ResolvedOptions<K, V> {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly ttlMs: number;
  readonly ttlFrom: 'write' | 'read';
  readonly clock: Clock;
  readonly sizeOf: SizeOf<K, V> | null;
  readonly onRemoval: RemovalListener<K, V> | null;
  readonly trackAccess: boolean;
  readonly evict: boolean;
  readonly missRatioCurve: ResolvedCurveOptions | null;
  readonly policy: Policy;
}

/** The default budget, unless entries are all that is limited: 64 MiB. */
export const DEFAULT_MAX_BYTES: number = 64 * 1024 * 1024;

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveOptions<K, V>(options: CacheEngineOptions<K, V>): ResolvedOptions<K, V> {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const maxEntries = limitOption('maxEntries', options.maxEntries, Number.POSITIVE_INFINITY);
  const maxEntryBytes = bytesOption('maxEntryBytes', options.maxEntryBytes, Number.POSITIVE_INFINITY);
  const sizeOf = functionOption('sizeOf', options.sizeOf, null);
  const isCounted = maxEntries !== Number.POSITIVE_INFINITY;
  const isWeighed = !isCounted || maxEntryBytes !== Number.POSITIVE_INFINITY || sizeOf !== null;
  const maxBytes = bytesOption(
    'maxBytes',
    options.maxBytes,
    isWeighed ? DEFAULT_MAX_BYTES : Number.POSITIVE_INFINITY,
  );
  if (maxBytes === Number.POSITIVE_INFINITY && !isCounted)
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      'maxBytes: Infinity needs a finite maxEntries: a cache without any bound is a memory leak',
    );
  const ttlMs = options.ttlMs === undefined ? Number.POSITIVE_INFINITY : options.ttlMs;
  if (typeof ttlMs !== 'number' || !(ttlMs > 0))
    throw invalidOption('ttlMs', 'milliseconds, more than 0 (Infinity for never)', ttlMs);
  const { ttlFrom = 'write' } = options;
  if (ttlFrom !== 'write' && ttlFrom !== 'read') throw invalidOption('ttlFrom', "'write' or 'read'", ttlFrom);
  const { policy = 'lru' } = options;
  if (!POLICY_NAMES.includes(policy))
    throw invalidOption('policy', POLICY_NAMES.map((name) => `'${name}'`).join(', '), policy);
  return {
    maxBytes,
    maxEntries,
    maxEntryBytes,
    ttlMs,
    ttlFrom,
    clock: methodOption('clock', 'now', options.clock, monotonicClock),
    sizeOf,
    onRemoval: functionOption('onRemoval', options.onRemoval, null),
    trackAccess: booleanOption('trackAccess', options.trackAccess, false),
    evict: booleanOption('evict', options.evict, true),
    missRatioCurve: curveOption(options.missRatioCurve),
    policy,
  };
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof CacheEngineOptions<unknown, unknown>>([
  'maxBytes',
  'maxEntries',
  'maxEntryBytes',
  'ttlMs',
  'ttlFrom',
  'clock',
  'sizeOf',
  'onRemoval',
  'trackAccess',
  'evict',
  'missRatioCurve',
  'policy',
]);

const CURVE_OPTIONS: ReadonlySet<string> = new Set<keyof MissRatioCurveOptions>([
  'maxSampledKeys',
  'maxReadShare',
]);

/** As an option of every cache that has a curve. Throws `HOTSET_INVALID_OPTION`. */
export function curveOption(value: boolean | MissRatioCurveOptions | undefined): ResolvedCurveOptions | null {
  if (value === undefined || value === false) return null;
  const options = value === true ? {} : value;
  if (typeof options !== 'object' || options === null)
    throw invalidOption('missRatioCurve', 'true, false or an object', value);
  rejectUnknownOptions(options, CURVE_OPTIONS);
  const { maxSampledKeys = 8192, maxReadShare = 1 / 1024 } = options;
  if (!Number.isSafeInteger(maxSampledKeys) || maxSampledKeys < 64 || maxSampledKeys > 65_536)
    throw invalidOption('missRatioCurve.maxSampledKeys', 'a whole number from 64 to 65536', maxSampledKeys);
  if (typeof maxReadShare !== 'number' || !(maxReadShare > 0 && maxReadShare <= 1))
    throw invalidOption('missRatioCurve.maxReadShare', 'a number above 0, at most 1', maxReadShare);
  return { maxSampledKeys, maxReadShare };
}

function booleanOption(name: string, value: boolean | undefined, defaultValue: boolean): boolean {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'boolean') throw invalidOption(name, 'true or false', value);
  return value;
}
