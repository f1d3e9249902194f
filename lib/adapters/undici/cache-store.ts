/**
 * A `CacheStore` for undici's cache interceptor over an engine. A response is one entry of the engine, so that budget,
 * order of use and expiry are the engine's, for each response alone.
 *
 * Keys are JSON: `["http","https://example.org","/path","GET"]`. Where a response has a `Vary` header, a `Variants`
 * stands there, and names and values of the headers are in the response's own key.
 *
 * Freshness is undici's affair: it asks for a response that is stale too, until `deleteAt`.
 */

import { Writable } from 'node:stream';
import { storeOf } from '../../engine/cache-engine.js';
import { Invalidations } from '../../engine/invalidations.js';
import { checkTags } from '../../engine/tags.js';
import { invalidArgument } from '../../errors.js';
import { CacheEngine } from '../../index.js';
import { BodyBuffer } from './body-buffer.js';
import { checkKey, checkValue } from './contract.js';
import { type CacheStoreOptions, resolveOptions } from './options.js';
import type { CachedResponse, CacheKey, CacheValue } from './types.js';
import { type UnfinishedResponse, UnfinishedResponses } from './unfinished-responses.js';
import { Variants, type VaryList } from './variants.js';

/** undici caches these methods, and no others. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
const PROMOTE = { promote: true };

/** Counters since the store was made, and what is on its way. */
export interface CacheStoreStats {
  /** Requests that found a response, stale ones included. */
  readonly hits: number;
  /** Requests that found none. */
  readonly misses: number;
  /** Responses that were stored. */
  readonly stored: number;
  /** Responses that were not: too large, no room, or too much on its way at once. */
  readonly refused: number;
  /** Responses that were on their way when their URL or one of their tags was invalidated: not stored. */
  readonly cancelled: number;
  /** Responses that are on their way. */
  readonly unfinished: number;
  /** The bytes that they hold. */
  readonly unfinishedBytes: number;
}

/** Responses for undici's cache interceptor, in an engine: `interceptors.cache({ store })`. */
export class HotsetCacheStore {
  /** The engine that holds the responses. */
  readonly engine: CacheEngine<string, unknown>;
  readonly #namespace: string;
  readonly #maxBodyBytes: number;
  readonly #unfinished: UnfinishedResponses;
  readonly #tagsOf: (key: CacheKey, response: CacheValue) => readonly string[];
  readonly #invalidations: Invalidations;
  #hits = 0;
  #misses = 0;
  #stored = 0;
  #refused = 0;
  #cancelled = 0;
  #variants = 0;
  /** Tells the variants of this store from those of others in the same engine, also in one loaded from a file. */
  readonly #id = Math.random().toString(36).slice(2);

  /**
   * Throws `HOTSET_INVALID_ARGUMENT` for what is no engine, and `HOTSET_INVALID_OPTION`.
   */
  constructor(engine: CacheEngine<string, unknown>, options: CacheStoreOptions = {}) {
    if (!(engine instanceof CacheEngine)) throw invalidArgument('engine', 'a CacheEngine', engine);
    const { namespace, maxBodyBytes, maxUnfinishedBytes, tags } = resolveOptions(options);
    const entries = storeOf(engine);
    entries.invalidations ??= new Invalidations();
    this.#invalidations = entries.invalidations as Invalidations;
    this.engine = engine;
    this.#namespace = namespace;
    this.#maxBodyBytes = maxBodyBytes;
    this.#unfinished = new UnfinishedResponses(maxUnfinishedBytes);
    this.#tagsOf = tags;
  }

  /**
   * The newest response for the request, fresh or stale, or `undefined`. A hit makes it the newest entry. O(1). Throws
   * `HOTSET_INVALID_ARGUMENT`.
   */
  get(key: CacheKey): CachedResponse | undefined {
    checkKey(key);
    const urlKey = this.#keyOf(key, key.method);
    const entry = this.engine.peek(urlKey);
    const response =
      entry instanceof Variants ? this.#readVariant(key, urlKey, entry) : this.#read(urlKey, Date.now());
    if (response === undefined) this.#misses++;
    else this.#hits++;
    return response;
  }

  /**
   * Takes the body of a response, which is stored when the stream ends. Destroy the stream, and nothing is. `undefined`
   * for a body that says that it is too large. Throws `HOTSET_INVALID_ARGUMENT`, and what the option `tags` throws.
   */
  createWriteStream(key: CacheKey, value: CacheValue): Writable | undefined {
    checkKey(key);
    checkValue(value);
    const tags = this.#tagsOf(key, value);
    checkTags(tags);
    const since = this.#invalidations.count;
    const declared = key.method === 'HEAD' ? 0 : declaredBytes(value.headers);
    const maxBytes = Math.min(this.#maxBodyBytes, this.engine.maxBytes);
    if (declared > maxBytes) {
      this.#refuse(key, value);
      return undefined;
    }
    const unfinished = this.#unfinished;
    const body = new BodyBuffer(declared);
    const giveUp = () => {
      this.#refuse(key, value);
      stream.destroy();
    };
    const response: UnfinishedResponse = { url: this.#urlOf(key), giveUp, cancel: () => stream.destroy() };
    const stream = new Writable({
      // Chunks are taken at once: without this, each large one would pause the response.
      highWaterMark: Number.MAX_SAFE_INTEGER,
      write(chunk: Buffer, _encoding, done) {
        if (body.length + chunk.length > maxBytes) giveUp();
        else {
          body.append(chunk);
          unfinished.hold(response, body.capacity);
        }
        done();
      },
      final: (done) => {
        try {
          unfinished.end(response);
          if (this.#invalidations.concern(tags, since)) {
            this.#cancelled++;
            this.#forget(key, value);
          } else this.#store(key, value, body.finish(), tags);
          done();
        } catch (error) {
          done(error as Error);
        }
      },
      destroy(error, done) {
        unfinished.end(response);
        done(error);
      },
    });
    unfinished.begin(response);
    return stream;
  }

  /**
   * Forgets all responses of the request's URL, whatever their method and `Vary`, and does not store those that are on
   * their way. O(1) for each. Throws `HOTSET_INVALID_ARGUMENT`.
   */
  delete(key: CacheKey): void {
    checkKey(key);
    this.#cancelled += this.#unfinished.cancel(this.#urlOf(key));
    for (const method of new Set([...SAFE_METHODS, key.method])) {
      const urlKey = this.#keyOf(key, method);
      const entry = this.engine.peek(urlKey);
      if (entry instanceof Variants) for (const variantKey of entry.keys()) this.engine.delete(variantKey);
      if (entry !== undefined) this.engine.delete(urlKey);
    }
  }

  /** A frozen snapshot. `engine.stats()` has what is held. */
  stats(): CacheStoreStats {
    return Object.freeze({
      hits: this.#hits,
      misses: this.#misses,
      stored: this.#stored,
      refused: this.#refused,
      cancelled: this.#cancelled,
      unfinished: this.#unfinished.count,
      unfinishedBytes: this.#unfinished.bytes,
    });
  }

  // Reading

  #read(engineKey: string, now: number): CachedResponse | undefined {
    const entry = this.engine.get(engineKey);
    if (!isResponse(entry)) return undefined;
    // The engine measures durations; a wall clock that was set forward ends them sooner.
    if (entry.deleteAt > now) return entry;
    this.engine.delete(engineKey);
    return undefined;
  }

  #readVariant(key: CacheKey, urlKey: string, variants: Variants): CachedResponse | undefined {
    const now = Date.now();
    const keys = variants.lists.map((list) => this.#variantKey(key, variants, list, key.headers));
    let found = keys[0]!;
    let newestAt = Number.NEGATIVE_INFINITY;
    if (keys.length > 1)
      for (const each of keys) {
        const entry = this.engine.peek(each);
        if (!isResponse(entry) || entry.cachedAt < newestAt) continue;
        found = each;
        newestAt = entry.cachedAt;
      }
    const response = this.#read(found, now);
    // Were the list evicted before its responses, nobody would find these.
    if (response !== undefined) this.engine.touch(urlKey, variants.deleteAt - now, PROMOTE);
    return response;
  }

  // Writing

  #store(key: CacheKey, value: CacheValue, body: Buffer, tags: readonly string[]): void {
    const now = Date.now();
    if (value.deleteAt <= now) {
      this.#refuse(key, value);
      return;
    }
    const urlKey = this.#keyOf(key, key.method);
    const entry = this.engine.peek(urlKey);
    const known = entry instanceof Variants ? entry : undefined;
    const response = responseOf(value, body);
    const options = { ttlMs: response.deleteAt - now, tags };
    const stored =
      known !== undefined || isVaried(value)
        ? this.#storeVariant(key, response, options, known)
        : this.engine.set(urlKey, response, options) === 'stored';
    if (stored) this.#stored++;
    else this.#refused++;
  }

  #storeVariant(
    key: CacheKey,
    response: CachedResponse,
    options: { ttlMs: number; tags: readonly string[] },
    known: Variants | undefined,
  ): boolean {
    const variants = known ?? new Variants(`${this.#id}${(this.#variants++).toString(36)}`);
    const vary = response.vary ?? {};
    const { list, dropped } = variants.listFor(vary);
    for (const each of dropped) this.engine.delete(each);
    const variantKey = this.#variantKey(key, variants, list, vary);
    if (this.engine.set(variantKey, response, options) !== 'stored') return false;
    list.add(variantKey, (each) => this.engine.has(each));
    variants.deleteAt = Math.max(variants.deleteAt, response.deleteAt);
    const ttlMs = options.ttlMs + variants.deleteAt - response.deleteAt;
    const isFindable = this.engine.set(this.#keyOf(key, key.method), variants, { ttlMs }) === 'stored';
    if (!isFindable) this.engine.delete(variantKey);
    return isFindable;
  }

  #refuse(key: CacheKey, value: CacheValue): void {
    this.#refused++;
    this.#forget(key, value);
  }

  /** A response that is not stored takes the older one with it: readers must not find what it was to replace. */
  #forget(key: CacheKey, value: CacheValue): void {
    const urlKey = this.#keyOf(key, key.method);
    const entry = this.engine.peek(urlKey);
    if (!(entry instanceof Variants)) {
      this.engine.delete(urlKey);
      return;
    }
    const headers = value.vary ?? {};
    for (const list of entry.lists)
      if (list.isOf(Object.keys(headers).sort()))
        this.engine.delete(this.#variantKey(key, entry, list, headers));
  }

  // Keys

  #urlOf(key: CacheKey): string {
    return JSON.stringify([key.origin, key.path]);
  }

  #keyOf(key: CacheKey, method: string): string {
    return JSON.stringify([this.#namespace, key.origin, key.path, method]);
  }

  #variantKey(
    key: CacheKey,
    variants: Variants,
    list: VaryList,
    headers: Parameters<VaryList['valuesIn']>[0],
  ): string {
    const { origin, path, method } = key;
    return JSON.stringify([
      this.#namespace,
      origin,
      path,
      method,
      variants.id,
      list.names,
      list.valuesIn(headers),
    ]);
  }
}

function isVaried(value: CacheValue): boolean {
  return value.vary != null && Object.keys(value.vary).length > 0;
}

/** Something else may stand under the key: whoever has the engine can store. */
function isResponse(entry: unknown): entry is CachedResponse {
  return typeof entry === 'object' && entry !== null && 'body' in entry && 'deleteAt' in entry;
}

function declaredBytes(headers: CacheValue['headers']): number {
  const length = Number(headers['content-length']);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

function responseOf(value: CacheValue, body: Buffer): CachedResponse {
  const headers = { ...value.headers };
  for (const [name, text] of Object.entries(headers)) if (Array.isArray(text)) headers[name] = text.slice();
  return Object.freeze({
    statusCode: value.statusCode,
    statusMessage: value.statusMessage,
    headers,
    ...(value.vary == null ? {} : { vary: { ...value.vary } }),
    ...(value.etag == null ? {} : { etag: value.etag }),
    cacheControlDirectives: value.cacheControlDirectives ?? {},
    cachedAt: value.cachedAt,
    staleAt: value.staleAt,
    deleteAt: value.deleteAt,
    body: body.length === 0 ? [] : [body],
  });
}
