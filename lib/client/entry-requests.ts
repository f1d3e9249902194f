/**
 * Requests for entries, and their effect on the near cache: it is read first, it drops a key when a write is called, and
 * it sees each reply before anything that the server sent after it.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import { entriesOf, entryOf, type RemoteEntry, type WriteOutcome, writeOutcomeOf } from './answers.js';
import { paramsJson, type SentParams } from './messages.js';
import type { NearCache, PendingRead } from './near-cache.js';
import type { CallOptions, RequestQueue } from './request-queue.js';
import { type CacheValue, formOf, formOfRead, memberOf, releasedValue } from './values.js';

/** What the methods that read take. */
export interface ReadOptions extends CallOptions {
  /** `'bytes'` returns every value as a Uint8Array, whatever its flags, and always from the server. */
  as?: 'bytes' | undefined;
}

/** What the methods that store take. */
export interface WriteOptions extends CallOptions {
  /** Time to live in milliseconds, 0 or more. Default: `Infinity`, never. */
  ttlMs?: number | undefined;
  /** Overrides the flags that say what the value is: an unsigned 32-bit integer. */
  flags?: number | undefined;
}

const WRITE_OPTIONS: ReadonlySet<string> = new Set<keyof WriteOptions>([
  'ttlMs',
  'flags',
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
      batches.push(this.#readMany(missing.slice(at, at + this.#maxBatch), options, values));
    await Promise.all(batches);
    return new Map(wanted.filter((key) => values.has(key)).map((key) => [key, values.get(key)]));
  }

  async #readMany(
    keys: readonly string[],
    options: ReadOptions,
    values: Map<string, unknown>,
  ): Promise<void> {
    const params = paramsJson('getMany', { keys, ...asOf(options) });
    const entries = await this.#read(keys, 'getMany', params, options);
    for (const [i, entry] of entries.entries()) if (entry !== undefined) values.set(keys[i]!, entry.value);
  }

  /** Reads the entries under `keys`; the near cache sees them before anything that the server sends later. */
  #read(
    keys: readonly string[],
    method: 'get' | 'getMany',
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
        isRead: true,
        answer: (result, sentAtMs) => {
          const entries = method === 'get' ? [entryOf(result)] : entriesOf(result, keys.length);
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
    method: 'set' | 'add' | 'replace' | 'compareAndSet',
    key: string,
    value: CacheValue,
    options: WriteOptions = {},
    version?: string,
  ): Promise<WriteOutcome> {
    // A misspelt ttlMs would mean no expiry.
    rejectUnknownOptions(options, WRITE_OPTIONS);
    const { ttlMs = Number.POSITIVE_INFINITY, flags } = options;
    const form = formOf(value);
    const members = paramsJson('compareAndSet', { key, ttlMs: wireTtl(ttlMs), flags, version });
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

  /** A write that leaves the near cache without a value. */
  async change<T, Name extends 'delete' | 'touch' | 'increment'>(
    method: Name,
    params: SentParams<Name> & { readonly key: string },
    answer: (result: unknown) => T,
    options?: CallOptions,
  ): Promise<T> {
    const text = paramsJson(method, params);
    this.#near?.forget(params.key);
    return this.#requests.make({ method, params: text, isRead: false, answer }, options);
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
