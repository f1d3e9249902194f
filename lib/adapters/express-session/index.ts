/** `hotset/express-session`: sessions of Express in a cache with a budget in bytes. */

import session, { type SessionData } from 'express-session';
import {
  HotsetError,
  invalidArgument,
  invalidOption,
  rejectUnknownOptions,
  throwRefusal,
} from '../../errors.js';
import { textArgument } from '../../options.js';

/** What sessions are kept in: a `CacheEngine`, a `SharedStore` for all threads, or a `HotsetClient` for all processes. */
export interface SessionCache {
  /** The text under `key`; `undefined` for none. */
  get(key: string): unknown;
  /** Stores `value`; returns or resolves to what happened. */
  set(key: string, value: string, options: { ttlMs: number }): unknown;
  /** Removes what is under `key`. */
  delete(key: string): unknown;
  /** Gives it a new TTL. Without it the session is stored again. */
  touch?(key: string, ttlMs: number): unknown;
  /** Removes everything under the prefix. Without it `clear` fails. */
  deletePrefix?(prefix: string): unknown;
}

/** What a `HotsetSessionStore` takes. */
export interface SessionStoreOptions {
  /** Before each session's id. Default: `'session:'`. */
  prefix?: string | undefined;
  /** TTL in milliseconds of sessions whose cookie ends with the browser. Default: one day. */
  ttlMs?: number | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof SessionStoreOptions>(['prefix', 'ttlMs']);
const DEFAULT_PREFIX = 'session:';
const DAY_MS = 86_400_000;

/**
 * A store for `express-session`: `session({ store: new HotsetSessionStore(cache), secret })`. A session is kept as JSON
 * until its cookie expires, or for `ttlMs`. A full cache evicts sessions: give it a budget that holds all.
 */
export class HotsetSessionStore extends session.Store {
  readonly #cache: SessionCache;
  readonly #prefix: string;
  readonly #ttlMs: number;

  /** Throws `HOTSET_INVALID_ARGUMENT` for something without `get`, `set` and `delete`, and `HOTSET_INVALID_OPTION`. */
  constructor(cache: SessionCache, options: SessionStoreOptions = {}) {
    super();
    for (const method of ['get', 'set', 'delete'] as const)
      if (typeof cache?.[method] !== 'function')
        throw invalidArgument('cache', 'a CacheEngine, a SharedStore or a HotsetClient', cache);
    rejectUnknownOptions(options, OPTIONS);
    const { prefix = DEFAULT_PREFIX, ttlMs = DAY_MS } = options;
    if (typeof prefix !== 'string') throw invalidOption('prefix', 'a text', prefix);
    if (typeof ttlMs !== 'number' || !(ttlMs > 0))
      throw invalidOption('ttlMs', 'milliseconds, more than 0', ttlMs);
    this.#cache = cache;
    this.#prefix = prefix;
    this.#ttlMs = ttlMs;
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    settle(async () => {
      const text = await this.#cache.get(this.#keyOf(sid));
      return text === undefined ? null : parsed(text);
    }, callback);
  }

  override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    settle(() => this.#store(sid, data), callback);
  }

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    settle(async () => void (await this.#cache.delete(this.#keyOf(sid))), callback);
  }

  override touch(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    settle(async () => {
      if (this.#cache.touch === undefined) return this.#store(sid, data);
      await this.#cache.touch(this.#keyOf(sid), this.#ttlOf(data));
    }, callback);
  }

  /** Ends all sessions. Calls back with `HOTSET_INVALID_ARGUMENT` over a cache without `deletePrefix`. */
  override clear(callback?: (error?: unknown) => void): void {
    settle(async () => {
      if (this.#cache.deletePrefix === undefined)
        throw invalidArgument('cache', 'a cache that has deletePrefix', this.#cache);
      await this.#cache.deletePrefix(this.#prefix);
    }, callback);
  }

  async #store(sid: string, data: SessionData): Promise<void> {
    const ttlMs = this.#ttlOf(data);
    const result = await this.#cache.set(this.#keyOf(sid), jsonOf(data), { ttlMs });
    throwRefusal(result, 'the session');
  }

  #keyOf(sid: string): string {
    return this.#prefix + textArgument('sid', sid);
  }

  /** What is left of the cookie's life. 0 or less removes the session, as the cache's `set` and `touch` do. */
  #ttlOf(data: SessionData): number {
    if (typeof data !== 'object' || data === null) throw invalidArgument('session', 'an object', data);
    const expires: unknown = data.cookie?.expires;
    if (!expires) return this.#ttlMs;
    const isTime = expires instanceof Date || typeof expires === 'string' || typeof expires === 'number';
    const at = isTime ? new Date(expires).getTime() : Number.NaN;
    if (Number.isNaN(at)) throw invalidArgument('session.cookie.expires', 'a date', expires);
    return at - Date.now();
  }
}

function jsonOf(data: SessionData): string {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    const message = `the session is not what JSON can represent: ${(cause as Error).message}`;
    throw new HotsetError('HOTSET_INVALID_ARGUMENT', message, { cause });
  }
}

/** What others have put under a session's key may be anything. */
function parsed(text: unknown): SessionData {
  try {
    const data: unknown = JSON.parse(text as string);
    if (typeof data === 'object' && data !== null) return data as SessionData;
    throw new SyntaxError('it is no object');
  } catch (cause) {
    const message = `what is stored is no session: ${(cause as Error).message}`;
    throw new HotsetError('HOTSET_UNREADABLE_VALUE', message, { cause });
  }
}

/** Calls back once, with what `work` did; an error of the callback itself is not taken for the work's. */
function settle<T>(work: () => Promise<T>, callback: (error: unknown, result?: T) => void = () => {}): void {
  work().then(
    (result) => queueMicrotask(() => callback(null, result)),
    (error) => queueMicrotask(() => callback(error)),
  );
}
