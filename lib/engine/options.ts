/** The engine's options: one type, one place for defaults, one function that validates. */

import { HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, limitOption, methodOption } from '../options.js';
import type { SizeOf } from '../weigh/index.js';
import { bytesOption } from './byte-size.js';
import { type Clock, monotonicClock } from './clock.js';
import type { RemovalListener } from './types.js';

/** What a `CacheEngine` takes. Every option has a default, and an unknown name is an error. */
export interface CacheEngineOptions<K, V> {
  /**
   * Memory budget: keys, values and the engine's own structure. A number of bytes, a size such as `'64MiB'`,
   * or a share such as `'25%'` of the memory that the process may use. Default: 64 MiB.
   * `Infinity` switches weighing off (`bytes` is then 0) and needs a `maxEntries`.
   */
  maxBytes?: number | string | undefined;
  /** The most entries to hold. Default: `Infinity`. */
  maxEntries?: number | undefined;
  /** The most bytes that one entry may count. Default: `Infinity`. */
  maxEntryBytes?: number | string | undefined;
  /** TTL in milliseconds of entries that are stored without one of their own. Default: `Infinity`. */
  ttlMs?: number | undefined;
  /** The source of time, in milliseconds. Default: `monotonicClock`. */
  clock?: Clock | undefined;
  /** Weighs a value in bytes; key and overhead are added. Default: an estimate for any value. */
  sizeOf?: SizeOf<K, V> | undefined;
  /** Called with every removal and its cause. */
  onRemoval?: RemovalListener<K, V> | undefined;
  /** Keep for each entry when it was stored and last read (20 bytes more for each entry). Default: false. */
  trackAccess?: boolean | undefined;
  /** Make room by evicting the least recently used entry; `false` refuses what does not fit. Default: true. */
  evict?: boolean | undefined;
}

export interface ResolvedOptions<K, V> {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly sizeOf: SizeOf<K, V> | null;
  readonly onRemoval: RemovalListener<K, V> | null;
  readonly trackAccess: boolean;
  readonly evict: boolean;
}

/** The default budget: 64 MiB. */
export const DEFAULT_MAX_BYTES: number = 64 * 1024 * 1024;

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveOptions<K, V>(options: CacheEngineOptions<K, V>): ResolvedOptions<K, V> {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const maxBytes = bytesOption('maxBytes', options.maxBytes, DEFAULT_MAX_BYTES);
  const maxEntries = limitOption('maxEntries', options.maxEntries, Number.POSITIVE_INFINITY);
  if (maxBytes === Number.POSITIVE_INFINITY && maxEntries === Number.POSITIVE_INFINITY)
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      'maxBytes: Infinity needs a finite maxEntries: a cache without any bound is a memory leak',
    );
  const ttlMs = options.ttlMs === undefined ? Number.POSITIVE_INFINITY : options.ttlMs;
  if (typeof ttlMs !== 'number' || !(ttlMs > 0))
    throw invalidOption('ttlMs', 'milliseconds, more than 0 (Infinity for never)', ttlMs);
  return {
    maxBytes,
    maxEntries,
    maxEntryBytes: bytesOption('maxEntryBytes', options.maxEntryBytes, Number.POSITIVE_INFINITY),
    ttlMs,
    clock: methodOption('clock', 'now', options.clock, monotonicClock),
    sizeOf: functionOption('sizeOf', options.sizeOf, null),
    onRemoval: functionOption('onRemoval', options.onRemoval, null),
    trackAccess: booleanOption('trackAccess', options.trackAccess, false),
    evict: booleanOption('evict', options.evict, true),
  };
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof CacheEngineOptions<unknown, unknown>>([
  'maxBytes',
  'maxEntries',
  'maxEntryBytes',
  'ttlMs',
  'clock',
  'sizeOf',
  'onRemoval',
  'trackAccess',
  'evict',
]);

function booleanOption(name: string, value: boolean | undefined, defaultValue: boolean): boolean {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'boolean') throw invalidOption(name, 'true or false', value);
  return value;
}
