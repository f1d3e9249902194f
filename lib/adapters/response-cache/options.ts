/** The options of a response cache: the types, the defaults, and the function that validates. */

import type { OutgoingHttpHeaders } from 'node:http';
import { invalidOption, rejectUnknownOptions } from '../../errors.js';
import { functionOption } from '../../options.js';

/** A response as functions of the user see it. */
export interface ResponseHead {
  /** Its status. */
  readonly status: number;
  /** Its headers, names in lower case. */
  readonly headers: OutgoingHttpHeaders;
}

/** What a response cache takes. `R` is the framework's request. */
export interface ResponseCacheOptions<R> {
  /**
   * How long a response is fresh, in milliseconds, where its own `Cache-Control` and `Expires` do not say. A number is for 200, 203,
   * 301 and 308; `{ 200: 60_000, 404: 5_000 }` says it for each status. Default: 0, only responses that say so are stored.
   */
  ttlMs?: number | Readonly<Record<number, number>> | undefined;
  /** How long after that a response may be the answer when the handler fails or answers with 5xx. `stale-if-error` overrides it. Default: 0. */
  staleOnErrorMs?: number | undefined;
  /** The key of a request; `null` for one that is not cached. Default: host and URL. */
  key?: ((request: R) => string | null) | undefined;
  /** Whether a request passes by the cache. Default: none does. */
  bypass?: ((request: R) => boolean) | undefined;
  /** Tags of a response, for `invalidateTags`. Default: none. */
  tags?: ((request: R, response: ResponseHead) => readonly string[]) | undefined;
  /** Larger bodies are sent and not stored. Default: 1 MiB. */
  maxBodyBytes?: number | undefined;
  /** The most that bodies of all responses under way hold; above it one is sent and not stored. Default: 64 MiB. */
  maxUnfinishedBytes?: number | undefined;
  /** How long a request waits for another one of its key; then it is served by itself. Default: 10,000. */
  maxWaitMs?: number | undefined;
  /** Before each key, in an engine that others use as well. Default: `'http:'`. */
  keyPrefix?: string | undefined;
  /** Whether responses say in `Cache-Status` (RFC 9211) what the cache did. Default: true. */
  cacheStatus?: boolean | undefined;
}

/** The same, with its defaults. */
export interface ResolvedOptions<R> {
  readonly ttlMsOf: (status: number) => number;
  readonly staleOnErrorMs: number;
  readonly key: ((request: R) => string | null) | null;
  readonly bypass: (request: R) => boolean;
  readonly tags: ((request: R, response: ResponseHead) => readonly string[]) | null;
  readonly maxBodyBytes: number;
  readonly maxUnfinishedBytes: number;
  readonly maxWaitMs: number;
  readonly keyPrefix: string;
  readonly cacheStatus: boolean;
}

const NAMES = [
  'ttlMs',
  'staleOnErrorMs',
  'key',
  'bypass',
  'tags',
  'maxBodyBytes',
  'maxUnfinishedBytes',
  'maxWaitMs',
  'keyPrefix',
  'cacheStatus',
] as const satisfies readonly (keyof ResponseCacheOptions<unknown>)[];
const KNOWN: ReadonlySet<string> = new Set(NAMES);

const BYTES = 'a number of bytes, 0 or more';
/** Those that one TTL is for: they say the same to everybody and stay true for a while. */
const USUAL_STATUSES: ReadonlySet<number> = new Set([200, 203, 301, 308]);

/** Throws `HOTSET_INVALID_OPTION` for what is no object of options; their values are checked by `resolveResponseCache`. */
export function checkNames<R>(options: ResponseCacheOptions<R>): void {
  rejectUnknownOptions(options, KNOWN);
}

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveResponseCache<R>(options: ResponseCacheOptions<R>): ResolvedOptions<R> {
  checkNames(options);
  const { keyPrefix = 'http:', cacheStatus = true } = options;
  if (typeof keyPrefix !== 'string') throw invalidOption('keyPrefix', 'a text', keyPrefix);
  if (typeof cacheStatus !== 'boolean') throw invalidOption('cacheStatus', 'true or false', cacheStatus);
  return {
    ttlMsOf: ttlOption(options.ttlMs),
    staleOnErrorMs: durationOption('staleOnErrorMs', options.staleOnErrorMs, 0),
    key: functionOption('key', options.key, null),
    bypass: functionOption('bypass', options.bypass, () => false),
    tags: functionOption('tags', options.tags, null),
    maxBodyBytes: durationOption('maxBodyBytes', options.maxBodyBytes, 2 ** 20, BYTES),
    maxUnfinishedBytes: durationOption('maxUnfinishedBytes', options.maxUnfinishedBytes, 64 * 2 ** 20, BYTES),
    maxWaitMs: durationOption('maxWaitMs', options.maxWaitMs, 10_000),
    keyPrefix,
    cacheStatus,
  };
}

function ttlOption(ttlMs: number | Readonly<Record<number, number>> = 0): (status: number) => number {
  if (typeof ttlMs === 'number') {
    const all = durationOption('ttlMs', ttlMs, 0);
    return (status) => (USUAL_STATUSES.has(status) ? all : 0);
  }
  if (!isPlain(ttlMs))
    throw invalidOption('ttlMs', 'milliseconds, or an object of milliseconds by status', ttlMs);
  const byStatus = new Map(
    Object.entries(ttlMs).map(([status, ms]) => {
      if (!/^[2-5]\d\d$/.test(status))
        throw invalidOption('ttlMs', 'an object by status, 200 to 599', status);
      return [Number(status), durationOption(`ttlMs[${status}]`, ms, 0)];
    }),
  );
  return (status) => byStatus.get(status) ?? 0;
}

/** No Map, no array: they would be taken for an object without statuses. Plain objects may be of another realm. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function durationOption(
  name: string,
  value: number | undefined,
  defaultValue: number,
  takes = 'milliseconds, 0 or more',
): number {
  if (value === undefined) return defaultValue;
  if (!Number.isFinite(value) || value < 0) throw invalidOption(name, takes, value);
  return value;
}
