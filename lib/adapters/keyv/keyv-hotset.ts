/**
 * KeyvHotset: Keyv's contract for storage adapters, in both of its versions, over a Target. Namespaces, expiry and
 * reports of errors are here; what is stored where is in targets.ts.
 *
 * Keyv 5 and Keyv 6 pass the same calls with another meaning: a duration or a time, one boolean or several. Which of
 * them calls is known from the property that each reads when it takes a store.
 */

import { EventEmitter } from 'node:events';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../../errors.js';
import { textArgument } from '../../options.js';
import { type KeyvLoader, type KeyvTarget, type Target, targetOf } from './targets.js';

/** What a `KeyvHotset` takes. */
export interface KeyvHotsetOptions {
  /**
   * Keeps this adapter's entries apart from all others of the cache: their keys begin with `namespace::`. A namespace
   * that Keyv sets comes after it. Default: none.
   */
  namespace?: string | undefined;
  /** With a `LoadingCache`: loads what Keyv misses. Default: none, a miss is a miss. */
  load?: KeyvLoader | undefined;
}

/** What `setMany` takes for each entry. */
export interface KeyvBatchEntry {
  /** The key, without namespaces. */
  readonly key: string;
  /** What Keyv hands over. */
  readonly value: unknown;
  /** When it expires, in Unix milliseconds: Keyv 6. */
  readonly expires?: number | undefined;
  /** Its TTL in milliseconds: Keyv 5. */
  readonly ttl?: number | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof KeyvHotsetOptions>(['namespace', 'load']);
/** Behind each namespace, as in Keyv's own adapters. */
const SEPARATOR = '::';

const METHODS = [
  'get',
  'getMany',
  'has',
  'hasMany',
  'set',
  'setMany',
  'delete',
  'deleteMany',
  'clear',
  'disconnect',
  'iterator',
] as const;

/** What Keyv 6 asks of an adapter. */
export interface KeyvCapabilities {
  /** It is a storage adapter. */
  compatible: true;
  /** It has all of its methods. */
  store: 'keyvStorage';
  /** It takes the time at which an entry expires. */
  expires: true;
  /** They return promises. */
  methods: Record<(typeof METHODS)[number], { exists: true; methodType: 'async' }>;
}

const CAPABILITIES: KeyvCapabilities = {
  compatible: true,
  store: 'keyvStorage',
  expires: true,
  methods: Object.fromEntries(
    METHODS.map((name) => [name, { exists: true, methodType: 'async' }]),
  ) as KeyvCapabilities['methods'],
};

/** A storage adapter for Keyv 5 and 6: `new Keyv({ store: new KeyvHotset(engine) })`. One for each Keyv. */
export class KeyvHotset extends EventEmitter {
  readonly #target: Target;
  readonly #ownPrefix: string;
  #prefix: string;
  #namespace: string | undefined;
  #isKeyv5 = false;
  // Keyv 5 iterates only over stores that name one of seven databases here.
  readonly #opts: Record<string, unknown> = { dialect: 'redis' };

  /**
   * Over `cache`, which others may use as well. Throws `HOTSET_INVALID_ARGUMENT` for anything but a `CacheEngine`, a
   * `LoadingCache` or a `HotsetClient`, and `HOTSET_INVALID_OPTION`.
   */
  constructor(cache: KeyvTarget, options: KeyvHotsetOptions = {}) {
    super();
    rejectUnknownOptions(options, OPTIONS);
    if (!isNamespace(options.namespace)) throw invalidOption('namespace', 'a text', options.namespace);
    this.#target = targetOf(cache, options.load);
    this.#ownPrefix = prefixOf(options.namespace);
    this.#prefix = this.#ownPrefix;
  }

  /** The namespace that Keyv has set; `undefined` for none. Throws `HOTSET_INVALID_ARGUMENT` for anything but a text. */
  get namespace(): string | undefined {
    return this.#namespace;
  }

  set namespace(namespace: string | undefined) {
    if (!isNamespace(namespace)) throw invalidArgument('namespace', 'a text', namespace);
    this.#namespace = namespace;
    this.#prefix = this.#ownPrefix + prefixOf(namespace);
  }

  /** What Keyv 6 reads when it takes a store. From then on `set` takes times, and `deleteMany` returns a list. */
  get capabilities(): KeyvCapabilities {
    this.#isKeyv5 = false;
    return CAPABILITIES;
  }

  /** What Keyv 5 reads when it takes a store. From then on `set` takes TTLs, and `deleteMany` returns one boolean. */
  get opts(): Record<string, unknown> {
    this.#isKeyv5 = true;
    return this.#opts;
  }

  // Every method rejects with HOTSET_INVALID_ARGUMENT for a key that is no text, with what the cache throws, and with
  // the errors of a HotsetClient. Keyv turns them into `error` events.

  /** What is stored under `key`, or what `load` returns for it. */
  // biome-ignore lint/suspicious/noExplicitAny: Keyv 5 and 6 have different types for it
  async get(key: string): Promise<any> {
    try {
      return await this.#target.get(this.#whole(key), this.#userKey(key));
    } catch (error) {
      // Keyv 5 is silent about it.
      if (this.#isKeyv5) this.emit('error', error);
      throw error;
    }
  }

  /** What is stored under `keys`, in their order; `undefined` where there is nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: Keyv 5 and 6 have different types for it
  async getMany(keys: string[]): Promise<any[]> {
    return this.#read(keys, undefined, (whole) =>
      this.#target.getMany(
        whole,
        keys.map((key) => this.#userKey(key)),
      ),
    );
  }

  /** Whether something is stored under `key`. Loads nothing. */
  async has(key: string): Promise<boolean> {
    return (await this.hasMany([key]))[0]!;
  }

  /** Whether something is stored under each of `keys`. Loads nothing. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    return this.#read(keys, false, (whole) => Promise.all(whole.map((key) => this.#target.has(key))));
  }

  /**
   * Stores `value` until `expires` (Keyv 6: Unix milliseconds; Keyv 5: a TTL in milliseconds). `undefined` takes the
   * cache's own TTL. A time that has passed removes what was there. Resolves to false when the value is refused as too
   * large.
   */
  async set(key: string, value: unknown, expires?: number): Promise<boolean> {
    return this.#store(this.#checked(this.#isKeyv5 ? { key, value, ttl: expires } : { key, value, expires }));
  }

  /** `set` for several entries, all of which are checked first. */
  setMany(entries: KeyvBatchEntry[]): Promise<boolean[]>;
  setMany(entries: KeyvBatchEntry[]): Promise<void>;
  async setMany(entries: KeyvBatchEntry[]): Promise<unknown> {
    checkArray('entries', entries);
    return Promise.all(entries.map((entry) => this.#checked(entry)).map((write) => this.#store(write)));
  }

  /** Removes what is under `key`; false when there was nothing. */
  async delete(key: string): Promise<boolean> {
    return this.#target.delete(this.#whole(key));
  }

  /** Removes what is under `keys`. Keyv 6: whether there was something, for each. Keyv 5: whether there was for all. */
  deleteMany(keys: string[]): Promise<boolean[]>;
  deleteMany(keys: string[]): Promise<boolean>;
  async deleteMany(keys: string[]): Promise<unknown> {
    const deleted = await Promise.all(this.#wholes(keys).map((key) => this.#target.delete(key)));
    return this.#isKeyv5 ? deleted.every(Boolean) : deleted;
  }

  /**
   * Removes the entries of the namespace: the option's, and Keyv's within it. Without either, all that the cache has. O(n).
   */
  async clear(): Promise<void> {
    await this.#target.clear(this.#prefix);
  }

  /**
   * Keys, without namespaces, with what is stored under them. What stays all the while comes once, whatever is read or
   * stored on the way. Takes O(n) memory for the keys.
   */
  // biome-ignore lint/suspicious/noExplicitAny: Keyv 5 and 6 have different types for it
  async *iterator(): AsyncGenerator<[string, any], void> {
    const prefix = this.#prefix;
    for await (const [key, value] of this.#target.entries(prefix)) yield [key.slice(prefix.length), value];
  }

  /** Closes a `HotsetClient`, for all who use it; does nothing to a cache in the process. */
  async disconnect(): Promise<void> {
    this.#target.disconnect();
  }

  /** Keyv 6 makes an event and misses of an error; Keyv 5 would hand it to the caller. */
  async #read<T>(keys: string[], miss: T, read: (keys: string[]) => T[] | Promise<T[]>): Promise<T[]> {
    try {
      return await read(this.#wholes(keys));
    } catch (error) {
      if (!this.#isKeyv5 || !Array.isArray(keys)) throw error;
      this.emit('error', error);
      return keys.map(() => miss);
    }
  }

  /** The write that an entry asks for. Throws for a bad one. */
  #checked(entry: KeyvBatchEntry): Write {
    if (typeof entry !== 'object' || entry === null) throw invalidArgument('entry', 'an object', entry);
    const { key, value, expires, ttl } = entry;
    if (value === undefined)
      throw invalidArgument('value', 'what Keyv hands over: a text or an object', value);
    return { key: this.#whole(key), value, ttlMs: ttlOf(expires, ttl) };
  }

  async #store({ key, value, ttlMs }: Write): Promise<boolean> {
    if (ttlMs === undefined || ttlMs > 0) return this.#target.set(key, value, ttlMs);
    await this.#target.delete(key);
    return true;
  }

  #whole(key: string): string {
    return this.#prefix + textArgument('key', key);
  }

  #wholes(keys: string[]): string[] {
    checkArray('keys', keys);
    return keys.map((key) => this.#whole(key));
  }

  /** Keyv 5 has put its namespace before the user's key. */
  #userKey(key: string): string {
    const prefix = `${this.#namespace}:`;
    return this.#isKeyv5 && key.startsWith(prefix) ? key.slice(prefix.length) : key;
  }
}

interface Write {
  readonly key: string;
  readonly value: unknown;
  /** 0 or less for a time that has passed. */
  readonly ttlMs: number | undefined;
}

/** Absolute times are on the wall clock, durations are the cache's. */
function ttlOf(expires: number | null | undefined, ttl: number | null | undefined): number | undefined {
  const [name, ms] = expires === undefined ? ['ttl', ttl] : ['expires', expires];
  if (ms === undefined || ms === null) return undefined;
  if (typeof ms !== 'number' || Number.isNaN(ms)) throw invalidArgument(name, 'a number of milliseconds', ms);
  return name === 'ttl' ? ms : ms - Date.now();
}

function isNamespace(namespace: unknown): namespace is string | undefined {
  return namespace === undefined || typeof namespace === 'string';
}

function prefixOf(namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? '' : namespace + SEPARATOR;
}

function checkArray(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidArgument(name, 'an array', value);
}
