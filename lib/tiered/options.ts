/** The options of a TieredCache: the types, the defaults, and the function that validates. */

import { bytesOption } from '../engine/byte-size.js';
import { CacheEngine, storeOf } from '../engine/cache-engine.js';
import type { Clock } from '../engine/clock.js';
import { HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { LOADING_OPTIONS, type LoadingOptions, type SetOptions } from '../loading/options.js';
import { functionOption } from '../options.js';
import type { BreakerOptions, ResolvedBreaker } from './circuit-breaker.js';
import type { CompressionFormat, CompressionOptions } from './envelope.js';
import {
  INVALIDATION_OPTIONS,
  type InvalidationOptions,
  type ResolvedInvalidation,
  resolveInvalidation,
} from './invalidation-link.js';
import type { InvalidationSource, SecondTier } from './second-tier.js';
import { type Codec, codecOf, type SerializerChoice } from './serializers.js';

/**
 * What `set` does beside the first tier.
 *
 * - `through`: it stores the value in both tiers.
 * - `around`: it removes the key from both; the next reader loads it.
 */
export type WriteMode = 'through' | 'around';

/** What a `TieredCache` takes. Times are in milliseconds. */
export interface TieredOptions<V>
  extends Omit<LoadingOptions<string, V>, 'staleOnErrorMs' | 'leases'>,
    Omit<InvalidationOptions, 'scheduler' | 'random'> {
  /** The first tier. Default: a `CacheEngine` of `maxBytes`. */
  engine?: CacheEngine<string, V> | undefined;
  /** The budget of the engine that is made without `engine`: bytes, or a size such as `'64MiB'`. Default: 64 MiB. */
  maxBytes?: number | string | undefined;
  /** The second tier. */
  tier: SecondTier;
  /**
   * Reports what others change in the second tier. Without one a value of the first tier is as old as `ttlMs` and
   * `tierOneTtlMs` allow.
   */
  source?: InvalidationSource | undefined;
  /** Before every key of the second tier; caches with one prefix share their values. Default: `'hotset:'`. */
  prefix?: string | undefined;
  /** How long after its ttl a value may be the answer when loader and second tier fail. Default: 0. */
  graceMs?: number | undefined;
  /** How long a value is fresh in the first tier at most; then the second tier is asked. Default: `Infinity`. */
  tierOneTtlMs?: number | undefined;
  /** How long a request to the second tier may take; then the loader is asked. Default: 1,000. */
  tierTimeoutMs?: number | undefined;
  /** When the second tier is left alone for a while. */
  breaker?: BreakerOptions | undefined;
  /** How long one process has the right to load a key for all; longer than a load takes. Default: 5,000. */
  leaseMs?: number | undefined;
  /** How long others wait for it before they load themselves. Default: twice `leaseMs`. */
  leaseWaitMs?: number | undefined;
  /** What `set` does. Default: `'through'`. */
  writes?: WriteMode | undefined;
  /** How values become bytes. Default: `'json'`. */
  serializer?: SerializerChoice<V> | undefined;
  /** Compresses large values. Default: none is compressed. */
  compression?: CompressionOptions | undefined;
  /** The most bytes of a serialized value, written or read: bytes, or a size such as `'1MiB'`. Default: 16 MiB. */
  maxValueBytes?: number | string | undefined;
  /** Called for each failure of the second tier. What it throws is ignored. */
  onTierError?: ((error: unknown) => void) | undefined;
}

/** What `set` takes. */
export interface TieredSetOptions<V> extends SetOptions<string, V> {
  /** Default: the option of the cache. */
  writes?: WriteMode | undefined;
}

export interface ResolvedTiered<V> {
  readonly engine: CacheEngine<string, V>;
  readonly tier: SecondTier;
  readonly source: InvalidationSource | null;
  readonly prefix: string;
  readonly loading: LoadingOptions<string, V>;
  readonly invalidation: ResolvedInvalidation;
  readonly clock: Clock;
  readonly tierOneTtlMs: number;
  readonly tierTimeoutMs: number;
  readonly breaker: ResolvedBreaker;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  readonly writes: WriteMode;
  readonly codec: Codec<V>;
  readonly compression: { readonly format: CompressionFormat; readonly minBytes: number } | null;
  readonly maxValueBytes: number;
  readonly onTierError: ((error: unknown) => void) | null;
}

const OWN_OPTIONS = [
  'engine',
  'maxBytes',
  'tier',
  'source',
  'prefix',
  'graceMs',
  'tierOneTtlMs',
  'tierTimeoutMs',
  'breaker',
  'leaseMs',
  'leaseWaitMs',
  'writes',
  'serializer',
  'compression',
  'maxValueBytes',
  'onTierError',
] as const;

/** It has leases of its own, and another word for the window. */
const PASSED_ON = [...LOADING_OPTIONS].filter((name) => name !== 'staleOnErrorMs' && name !== 'leases');

const TIERED_OPTIONS: ReadonlySet<string> = new Set([...OWN_OPTIONS, ...PASSED_ON, ...INVALIDATION_OPTIONS]);
const BREAKER_OPTIONS: ReadonlySet<string> = new Set<keyof BreakerOptions>([
  'failures',
  'fraction',
  'openMs',
]);
const COMPRESSION_OPTIONS: ReadonlySet<string> = new Set<keyof CompressionOptions>(['format', 'minBytes']);
const SET_OPTIONS: ReadonlySet<string> = new Set<keyof TieredSetOptions<unknown>>([
  'ttlMs',
  'tags',
  'writes',
]);

const MAX_VALUE_BYTES = 16 * 1024 * 1024;
/** The envelope has four bytes for it. */
const LARGEST_VALUE_BYTES = 2 ** 31 - 1;

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveTiered<V>(options: TieredOptions<V>): ResolvedTiered<V> {
  rejectUnknownOptions(options, TIERED_OPTIONS);
  const { tier, source, prefix = 'hotset:', graceMs, leaseMs = 5000 } = options;
  for (const method of ['get', 'set', 'delete'] as const)
    if (typeof tier?.[method] !== 'function')
      throw invalidOption('tier', 'a second tier, such as redisTier(client)', tier);
  if (source !== undefined && (typeof source?.start !== 'function' || typeof source.stop !== 'function'))
    throw invalidOption('source', 'an invalidation source', source);
  if (typeof prefix !== 'string' || prefix === '') throw invalidOption('prefix', 'a text, not empty', prefix);
  const picked = (names: Iterable<string>): Record<string, unknown> =>
    Object.fromEntries(
      Array.from(names, (name) => [name, options[name as keyof TieredOptions<V>]]).filter(
        ([, value]) => value !== undefined,
      ),
    );
  const invalidation = resolveInvalidation(picked(INVALIDATION_OPTIONS));
  if (!(Number.isFinite(leaseMs) && leaseMs > 0))
    throw invalidOption('leaseMs', 'milliseconds, more than 0, not Infinity', leaseMs);
  const tierOneTtlMs = durationMs('tierOneTtlMs', options.tierOneTtlMs, Number.POSITIVE_INFINITY);
  if (!(tierOneTtlMs > (options.refreshAheadMs ?? 0)))
    throw invalidOption('tierOneTtlMs', 'more than refreshAheadMs', tierOneTtlMs);
  return {
    engine: engineOf(options),
    tier,
    source: source ?? null,
    prefix,
    loading: { ...picked(PASSED_ON), staleOnErrorMs: graceMs },
    invalidation,
    clock: invalidation.clock,
    tierOneTtlMs,
    tierTimeoutMs: durationMs('tierTimeoutMs', options.tierTimeoutMs, 1000),
    breaker: resolveBreaker(options.breaker),
    leaseMs,
    leaseWaitMs: durationMs('leaseWaitMs', options.leaseWaitMs, 2 * leaseMs),
    writes: writeMode(options.writes, 'through'),
    codec: codecOf(options.serializer),
    compression: resolveCompression(options.compression),
    maxValueBytes: valueBytes(options.maxValueBytes),
    onTierError: functionOption('onTierError', options.onTierError, null),
  };
}

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveTieredSet<V>(
  options: TieredSetOptions<V> | undefined,
  writes: WriteMode,
): { readonly writes: WriteMode; readonly load: SetOptions<string, V> | undefined } {
  if (options === undefined) return { writes, load: undefined };
  rejectUnknownOptions(options, SET_OPTIONS);
  const { ttlMs, tags } = options;
  return { writes: writeMode(options.writes, writes), load: { ttlMs, tags } };
}

function engineOf<V>({ engine, maxBytes, clock }: TieredOptions<V>): CacheEngine<string, V> {
  if (engine === undefined) return new CacheEngine({ maxBytes, clock });
  if (!(engine instanceof CacheEngine)) throw invalidOption('engine', 'a CacheEngine', engine);
  if (maxBytes !== undefined)
    throw new HotsetError('HOTSET_INVALID_OPTION', 'maxBytes is for the engine that is made without engine');
  if (storeOf(engine).slides)
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      "engine takes one whose ttlFrom is 'write': its entries end with the second tier's",
    );
  return engine;
}

function resolveBreaker(options: BreakerOptions = {}): ResolvedBreaker {
  if (typeof options !== 'object' || options === null)
    throw invalidOption('breaker', '{ failures, fraction, openMs }', options);
  rejectUnknownOptions(options, BREAKER_OPTIONS);
  const { failures = 5, fraction = 0.5, openMs = 5000 } = options;
  if (failures !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(failures) && failures >= 1))
    throw invalidOption('breaker.failures', 'a whole number from 1, or Infinity', failures);
  if (typeof fraction !== 'number' || !(fraction > 0 && fraction <= 1))
    throw invalidOption('breaker.fraction', 'a fraction, more than 0 and up to 1', fraction);
  return { failures, fraction, openMs: durationMs('breaker.openMs', openMs, 5000) };
}

function resolveCompression(
  options: CompressionOptions | undefined,
): { readonly format: CompressionFormat; readonly minBytes: number } | null {
  if (options === undefined) return null;
  if (typeof options !== 'object' || options === null)
    throw invalidOption('compression', '{ format, minBytes }', options);
  rejectUnknownOptions(options, COMPRESSION_OPTIONS);
  const { format = 'deflate', minBytes = 4096 } = options;
  if (format !== 'deflate' && format !== 'brotli')
    throw invalidOption('compression.format', "'deflate' or 'brotli'", format);
  if (!(Number.isSafeInteger(minBytes) && minBytes >= 0))
    throw invalidOption('compression.minBytes', 'a whole number of bytes', minBytes);
  return { format, minBytes };
}

function writeMode(mode: WriteMode | undefined, defaultValue: WriteMode): WriteMode {
  if (mode === undefined) return defaultValue;
  if (mode !== 'through' && mode !== 'around') throw invalidOption('writes', "'through' or 'around'", mode);
  return mode;
}

function valueBytes(given: number | string | undefined): number {
  const bytes = bytesOption('maxValueBytes', given, MAX_VALUE_BYTES);
  if (bytes > LARGEST_VALUE_BYTES) throw invalidOption('maxValueBytes', 'less than 2 GiB', given);
  return bytes;
}

function durationMs(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value > 0))
    throw invalidOption(name, 'milliseconds, more than 0', value);
  return value;
}
