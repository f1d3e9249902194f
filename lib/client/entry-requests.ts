/**
 * Requests for entries, and their effect on the near cache: it is read first, it drops a key when a write is called, and
 * it sees each reply before anything that the server sent after it.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import {
  deletedOf,
  entriesOf,
  entryOf,
  foundOf,
  invalidatedOf,
  type LeasedEntry,
  leasedEntryOf,
  numberOf,
  type RemoteEntry,
  type WriteOutcome,
  writeOutcomeOf,
} from './answers.js';
import { paramsJson, type SentParams } from './messages.js';
import type { NearCache, PendingRead } from './near-cache.js';
import type { CallOptions, RequestQueue } from './request-queue.js';
import { type CacheValue, formOf, formOfRead, memberOf, releasedValue } from './values.js';

/** What the methods that read take. */
export interface ReadOptions extends CallOptions {
  /** `'bytes'` returns every value as a Uint8Array, whatever its flags, and always from the server. */
  as?: 'bytes' | undefined;
}

/** What `keys` takes. */
export interface KeysOptions extends CallOptions {
  /** What the keys begin with. Default: `''`, every key. */
  prefix?: string | undefined;
  /** That of the page before. Default: the first page. */
  cursor?: string | undefined;
  /** The most keys of a page, 1 to 1,000. Default: 100. */
  limit?: number | undefined;
}

/** What `getOrLease` takes. */
export interface LeaseOptions extends ReadOptions {
  /** How long the lease of a missing entry lasts, in milliseconds, more than 0. */
  leaseMs: number;
  /**
   * An entry with less than this left to live is stale, and its lease is given with it; `Infinity`: whatever is there. Default: 0,
   * none is.
   */
  staleBelowMs?: number | undefined;
  /**
   * Takes over the lease of a stale entry that still has this version: its holder has had it for long enough. Default: nobody's is
   * taken.
   */
  takeFrom?: string | undefined;
}

/** What `increment` takes. */
export interface IncrementOptions extends CallOptions {
  /** The number to store where there is none: whole, from 0, below 2^64. Default: nothing is stored. */
  initial?: number | bigint | undefined;
  /** Time to live of what is stored so, in milliseconds. Default: `Infinity`, never. Needs `initial`. */
  ttlMs?: number | undefined;
}

/** What the methods that store take. */
export interface WriteOptions extends CallOptions {
  /** Time to live in milliseconds, 0 or more. Default: `Infinity`, never. */
  ttlMs?: number | undefined;
  /** Overrides the flags that say what the value is: an unsigned 32-bit integer. */
  flags?: number | undefined;
  /** What `invalidateTags` removes the entry by: at most 128 texts of 1 to 256 characters. Default: none. */
  tags?: readonly string[] | undefined;
}

const WRITE_OPTIONS: ReadonlySet<string> = new Set<keyof WriteOptions>([
  'ttlMs',
  'flags',
  'tags',
  'timeoutMs',
  'signal',
]);

const INCREMENT_OPTIONS: ReadonlySet<string> = new Set<keyof IncrementOptions>([
  'initial',
  'ttlMs',
  'timeoutMs',
  'signal',
]);

const LEASE_OPTIONS: ReadonlySet<string> = new Set<keyof LeaseOptions>([
  'leaseMs',
  'staleBelowMs',
  'takeFrom',
  'as',
  'timeoutMs',
  'signal',
]);

export class EntryRequests {
  readonly #requests: RequestQueue;
  readonly #near: NearCache | null;
  readonly #maxBatch: number;

  constructor(requests: RequestQueue, near: NearCache | null, maxBatch: number) {
    this.#requests = requests;
    this.#near = near;
    this.#maxBatch = maxBatch;
  }

  async get(key: string, options: ReadOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    const form = options.as === undefined ? this.#near?.get(key) : undefined;
    return form === undefined ? (await this.getEntry(key, options))?.value : releasedValue(form);
  }

  async getEntry(key: string, options: ReadOptions = {}): Promise<RemoteEntry | undefined> {
    const [entry] = await this.#read([key], 'get', paramsJson('get', { key, ...asOf(options) }), options);
    return entry;
  }

  async getMany(keys: Iterable<string>, options: ReadOptions = {}): Promise<Map<string, unknown>> {
    options.signal?.throwIfAborted();
    if (typeof keys === 'string' || typeof keys?.[Symbol.iterator] !== 'function')
      throw invalidArgument('keys', 'an iterable of keys', keys);
    const wanted = [...new Set(keys)];
    const values = new Map<string, unknown>();
    const missing: string[] = [];
    for (const key of wanted) {
      const form = options.as === undefined ? this.#near?.get(checkedKey(key)) : undefined;
      if (form === undefined) missing.push(key);
      else values.set(key, releasedValue(form));
    }
    const batches: Promise<void>[] = [];
    for (let at = 0; at < missing.length; at += this.#maxBatch)
      batches.push(
        this.#readMany(missing.slice(at, at + this.#maxBatch), options, (key, { value }) =>
          values.set(key, value),
        ),
      );
    await Promise.all(batches);
    return new Map(wanted.filter((key) => values.has(key)).map((key) => [key, values.get(key)]));
  }

  async getEntries(
    keys: readonly string[],
    options: ReadOptions = {},
  ): Promise<ReadonlyMap<string, RemoteEntry>> {
    const found = new Map<string, RemoteEntry>();
    const batches: Promise<void>[] = [];
    for (let at = 0; at < keys.length; at += this.#maxBatch)
      batches.push(
        this.#readMany(keys.slice(at, at + this.#maxBatch), options, (key, entry) => found.set(key, entry)),
      );
    await Promise.all(batches);
    return found;
  }

  async #readMany(
    keys: readonly string[],
    options: ReadOptions,
    found: (key: string, entry: RemoteEntry) => void,
  ): Promise<void> {
    const params = paramsJson('getMany', { keys, ...asOf(options) });
    const entries = await this.#read(keys, 'getMany', params, options);
    for (const [i, entry] of entries.entries()) if (entry !== undefined) found(keys[i]!, entry);
  }

  /** Reads the entries under `keys`; the near cache sees them before anything that the server sends later. */
  #read(
    keys: readonly string[],
    method: 'get' | 'getMany' | 'getAndTouch',
    params: string,
    options: ReadOptions,
  ): Promise<(RemoteEntry | undefined)[]> {
    for (const key of keys) checkedKey(key);
    const near = this.#near;
    const pendingReads = near === null ? [] : keys.map((key) => near.beginRead(key));
    return this.#requests.make(
      {
        method,
        params,
        isRead: method !== 'getAndTouch',
        answer: (result, sentAtMs) => {
          const entries = method === 'getMany' ? entriesOf(result, keys.length) : [entryOf(result)];
          for (const [i, pending] of pendingReads.entries())
            if (pending !== null) this.#hold(pending, entries[i], options.as === undefined, sentAtMs);
          return entries;
        },
        onEnd: () => {
          for (const pending of pendingReads) if (pending !== null) near?.endRead(pending);
        },
      },
      options,
    );
  }

  #hold(pending: PendingRead, entry: RemoteEntry | undefined, isAsItIs: boolean, sentAtMs: number): void {
    const form = entry !== undefined && isAsItIs ? formOfRead(entry.value) : null;
    if (entry === undefined || form === null) this.#near?.drop(pending.key, entry?.version ?? null);
    else this.#near?.keep(pending, form, entry.version, entry.ttlMs, sentAtMs);
  }

  async write(
    method: 'set' | 'add' | 'replace' | 'compareAndSet' | 'fill',
    key: string,
    value: CacheValue,
    options: WriteOptions = {},
    condition: { readonly version?: string; readonly lease?: string } = {},
  ): Promise<WriteOutcome> {
    // A misspelt ttlMs would mean no expiry.
    rejectUnknownOptions(options, WRITE_OPTIONS);
    const { ttlMs = Number.POSITIVE_INFINITY, flags, tags } = options;
    const form = formOf(value);
    const params = { key, ttlMs: wireTtl(ttlMs), flags, tags, ...condition };
    const members = paramsJson<'compareAndSet' | 'fill'>(
      method === 'fill' ? 'fill' : 'compareAndSet',
      params,
    );
    const near = this.#near;
    near?.forget(key);
    // Flags of the caller's own may make another value of it.
    const pending = near !== null && flags === undefined ? near.beginRead(key) : null;
    return this.#requests.make(
      {
        method,
        params: `${members.slice(0, -1)},${memberOf(form)}}`,
        isRead: false,
        answer: (result, sentAtMs) => {
          const outcome = writeOutcomeOf(result);
          if (pending !== null && outcome.result === 'stored')
            near?.keep(pending, form, outcome.version, ttlMs, sentAtMs);
          return outcome;
        },
        onEnd: () => {
          if (pending !== null) near?.endRead(pending);
        },
      },
      options,
    );
  }

  async extend(
    method: 'append' | 'prepend',
    key: string,
    value: string | Uint8Array,
    options?: CallOptions,
  ): Promise<WriteOutcome> {
    const form = formOf(value);
    if (form.kind === 'json') throw invalidArgument('value', 'a text or a Uint8Array', value);
    return this.change(method, { key }, writeOutcomeOf, options, memberOf(form));
  }

  async getAndDelete(key: string, options: ReadOptions = {}): Promise<unknown> {
    const params = { key, ...asOf(options) };
    return this.change('getAndDelete', params, (result) => entryOf(result)?.value, options);
  }

  /** A read whose value the near cache may hold, and a write, after which an older one may not be held. */
  async getAndTouch(key: string, ttlMs: number, options: ReadOptions = {}): Promise<unknown> {
    const params = paramsJson('getAndTouch', { key, ttlMs: wireTtl(ttlMs), ...asOf(options) });
    this.#near?.forget(key);
    const [entry] = await this.#read([key], 'getAndTouch', params, options);
    return entry?.value;
  }

  /** A lease that comes when nobody waits for it any more goes back. */
  async getOrLease(key: string, options: LeaseOptions): Promise<LeasedEntry> {
    rejectUnknownOptions(options, LEASE_OPTIONS);
    const { leaseMs, staleBelowMs, takeFrom } = options;
    const params = paramsJson('getOrLease', {
      key,
      leaseMs,
      staleBelowMs: staleBelowMs === undefined ? undefined : wireTtl(staleBelowMs),
      takeFrom,
      ...asOf(options),
    });
    this.#near?.forget(key);
    return this.#requests.make(
      {
        method: 'getOrLease',
        params,
        isRead: false,
        answer: leasedEntryOf,
        onLate: (result) => {
          const { lease } = leasedEntryOf(result);
          if (lease !== undefined) this.release(key, lease).catch(() => {});
        },
      },
      options,
    );
  }

  release(key: string, lease: string, options?: CallOptions): Promise<boolean> {
    return this.change('release', { key, lease }, (result) => foundOf(result, 'released'), options);
  }

  async increment(key: string, by: number | bigint, options: IncrementOptions): Promise<bigint | undefined> {
    rejectUnknownOptions(options, INCREMENT_OPTIONS);
    const { initial, ttlMs } = options;
    const params = {
      key,
      by: wireWhole(by),
      initial: wireWhole(initial),
      ttlMs: ttlMs === undefined ? undefined : wireTtl(ttlMs),
    };
    return this.change('increment', params, numberOf, options);
  }

  /** One request after the other, each a write to all keys with the prefix. */
  async deletePrefix(prefix: string, options?: CallOptions): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const params = paramsJson('deletePrefix', { prefix, cursor });
      this.#near?.forgetPrefix(prefix);
      const answer = await this.#requests.make(
        { method: 'deletePrefix', params, isRead: false, answer: deletedOf },
        options,
      );
      count += answer.deleted;
      cursor = answer.cursor;
    } while (cursor !== undefined);
    return count;
  }

  /** One request after the other, each a write to all keys: which have a tag, only the server knows. */
  async invalidateTags(tags: readonly string[], options?: CallOptions): Promise<number> {
    const params = paramsJson('invalidateTags', { tags });
    let count = 0;
    for (let more = true; more; ) {
      this.#near?.forgetAll();
      const answer = await this.#requests.make(
        { method: 'invalidateTags', params, isRead: false, answer: invalidatedOf },
        options,
      );
      count += answer.removed;
      more = answer.more;
    }
    return count;
  }

  /** A write that leaves the near cache without a value. `member`: one more of the params, as JSON. */
  async change<
    T,
    Name extends 'append' | 'prepend' | 'delete' | 'getAndDelete' | 'touch' | 'increment' | 'release',
  >(
    method: Name,
    params: SentParams<Name> & { readonly key: string },
    answer: (result: unknown) => T,
    options?: CallOptions,
    member = '',
  ): Promise<T> {
    const text = paramsJson(method, params);
    this.#near?.forget(params.key);
    const all = member === '' ? text : `${text.slice(0, -1)},${member}}`;
    return this.#requests.make({ method, params: all, isRead: false, answer }, options);
  }

  async flush(options?: CallOptions): Promise<void> {
    this.#near?.forgetAll();
    await this.#requests.make({ method: 'flush', isRead: false, answer: () => undefined }, options);
  }
}

function asOf({ as }: ReadOptions): { as?: 'base64' } {
  if (as === undefined) return {};
  if (as !== 'bytes') throw invalidArgument('as', "'bytes'", as);
  return { as: 'base64' };
}

/** JSON has no bigints. */
function wireWhole<T extends number | undefined>(whole: T | bigint): T | string {
  return typeof whole === 'bigint' ? String(whole) : whole;
}

export function wireTtl(ttlMs: number): number | null {
  if (typeof ttlMs !== 'number' || !(ttlMs >= 0))
    throw invalidArgument('ttlMs', 'milliseconds, 0 or more (Infinity for never)', ttlMs);
  return ttlMs === Number.POSITIVE_INFINITY ? null : ttlMs;
}

/** Checks the type only; the server checks everything else about keys. */
export function checkedKey(key: string): string {
  if (typeof key !== 'string') throw invalidArgument('key', 'a text', key);
  return key;
}
