/**
 * A cache in shared memory, for all worker threads of a process: text, JSON and bytes, outside of V8's heap. It is made
 * in one thread, and opened in the others with its handle. Servers of any of these threads may serve it as well.
 *
 * Values are bytes with the flags that memcached clients use (value-codec.ts); each `get` makes its value anew.
 */

import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { bytesOption } from '../engine/byte-size.js';
import { monotonicClock } from '../engine/clock.js';
import { inspectAsJson } from '../engine/inspect.js';
import type { EngineStats } from '../engine/stats.js';
import type { Change, ChangeListener, StoreResult } from '../engine/types.js';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import { HASH_FACTOR, KEY_MAX_BYTES, Key } from '../items/key.js';
import { decodeKey, encodeKey } from '../items/key-encoding.js';
import { type KindFlags, TEXT_FLAGS, TEXT_MAX_BYTES, ValueCodec } from '../items/value-codec.js';
import type { ItemData, Items } from '../items.js';
import { knownItemStoreOf } from '../memcached/item-store.js';
import {
  newSharedMemories,
  openShards,
  powerOfTwo,
  SHARD_MAX_BYTES,
  SHARDS_MAX,
  type ShardSettings,
  type SharedMemories,
  shardsFor,
} from '../pages/open-shards.js';
import type { ShardedItems } from '../pages/sharded-items.js';

/** Options of a `SharedStore`, which all its threads share. */
export interface SharedStoreOptions {
  /**
   * The budget in bytes, or as `'64MiB'` or `'25%'`: all memory that the store takes. It is reserved at once, and taken
   * as it is needed. Default: 64 MiB.
   */
  maxBytes?: number | string | undefined;
  /**
   * Into how many parts the store is divided, each with a lock, an order of use and an equal part of the budget of
   * its own: a power of two, up to 256. Default: four for each core, fewer where a part would have less than 4 MiB.
   */
  shards?: number | undefined;
  /** TTL in milliseconds of entries that are stored without one. Default: `Infinity`. */
  ttlMs?: number | undefined;
  /** Whether the least recently used entries make room for new ones. Default: true. */
  evict?: boolean | undefined;
  /** Flags of the three kinds of values, as other clients of the store use them. */
  flags?: KindFlags | undefined;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof SharedStoreOptions>([
  'maxBytes',
  'shards',
  'ttlMs',
  'evict',
  'flags',
]);

const DEFAULT_MAX_BYTES: number = 64 * 2 ** 20;
const SHARD_MIN_BYTES: number = 2 ** 20;

const KIND = 'hotset.SharedStore 1';

/** Lets another thread open the store: pass it as `workerData`, or in a message. */
export interface SharedStoreHandle {
  /** What it is, and of which version. */
  readonly kind: string;
  /** The store's memory. */
  readonly memories: SharedMemories;
  /** What all threads must agree on. */
  readonly settings: ShardSettings & Pick<SharedStoreOptions, 'flags'> & { readonly ttlMs: number };
}

/** Values of a SharedStore: text, bytes, or anything that JSON can represent. */
export type SharedStoreValue = string | Uint8Array | number | boolean | null | readonly unknown[] | object;

/** What `write` ends up in, without the detour over the encoding's name. */
type Latin1Writer = Buffer & { latin1Write(text: string, at: number): number };

/** A cache that all threads of a process use as one. */
export class SharedStore {
  /** The store as servers use it. */
  readonly items: Items;
  readonly #items: ShardedItems;
  readonly #handle: SharedStoreHandle;
  readonly #codec: ValueCodec;
  readonly #textFlags: number;
  readonly #key: Key;
  readonly #keyBytes: Buffer = Buffer.allocUnsafeSlow(KEY_MAX_BYTES);
  readonly #scratch = Buffer.allocUnsafeSlow(TEXT_MAX_BYTES) as Latin1Writer;
  readonly #data: ItemData;

  /**
   * Makes a store, or opens the one of a handle. Throws `HOTSET_INVALID_OPTION`, `HOTSET_INVALID_ARGUMENT` for a handle of
   * another version, and `HOTSET_TOO_MANY` in the 256th thread at a time.
   *
   * @example
   * const store = new SharedStore({ maxBytes: '256MiB' });
   * new Worker(file, { workerData: store.handle });
   * // there:
   * const store = SharedStore.open(workerData);
   */
  constructor(options: SharedStoreOptions | SharedStoreHandle = {}) {
    const isOpen = isHandle(options);
    this.#handle = isOpen ? options : newHandle(options);
    const { memories, settings } = this.#handle;
    this.#items = openShards(memories, settings, monotonicClock, !isOpen);
    this.items = this.#items;
    this.#codec = new ValueCodec(settings.flags);
    this.#textFlags = settings.flags?.text ?? TEXT_FLAGS;
    this.#key = new Key(settings.hashSeed);
    this.#data = { bytes: this.#scratch, start: 0, end: 0, owned: false, place: 0 };
  }

  /** Opens the store that another thread has made. Throws `HOTSET_INVALID_ARGUMENT` for anything but its handle. */
  static open(handle: SharedStoreHandle): SharedStore {
    if (!isHandle(handle)) throw invalidArgument('handle', "a SharedStore's handle", handle);
    return new SharedStore(handle);
  }

  /** What other threads open the store with. From the first time on that it is read, each access takes a lock. */
  get handle(): SharedStoreHandle {
    this.#items.share();
    return this.#handle;
  }

  /** Entries held, expired ones that are not yet reclaimed included. */
  get size(): number {
    return this.#items.size;
  }

  /** The memory that entries take, in bytes. */
  get bytes(): number {
    return this.#items.bytes;
  }

  /** The budget, in bytes. */
  get maxBytes(): number {
    return this.#items.maxBytes;
  }

  /**
   * The value under `key`: text, bytes (a copy) or parsed JSON, by its flags; `undefined` when there is none. Throws
   * `HOTSET_INVALID_KEY`, and `HOTSET_UNREADABLE_VALUE` for JSON flags without JSON. O(1), and O(bytes) of the value.
   */
  get(key: string): unknown {
    const items = this.#items;
    let flags = 0;
    let bytes: Buffer;
    this.#applyDueFlush();
    this.#setKey(key);
    try {
      const slot = items.read(this.#key);
      if (slot <= 0) return undefined;
      flags = items.flagsAt(slot);
      if (flags === this.#textFlags) return items.textAt(slot);
      bytes = items.valueAt(slot);
    } finally {
      items.endTurn();
    }
    return this.#codec.decode(bytes, flags, key);
  }

  /**
   * Stores text as UTF-8, bytes as they are, and everything else as JSON: `stored`, `too-large` or `no-room`. `ttlMs`:
   * milliseconds from now, `Infinity` for never, 0 or less stores nothing and removes what was there. Throws
   * `HOTSET_INVALID_KEY`, and `HOTSET_INVALID_ARGUMENT` for a value that JSON cannot represent. O(bytes).
   */
  set(
    key: string,
    value: SharedStoreValue,
    { ttlMs = this.#handle.settings.ttlMs }: { ttlMs?: number | undefined } = {},
  ): StoreResult {
    if (typeof ttlMs !== 'number' || Number.isNaN(ttlMs))
      throw invalidArgument('ttlMs', 'a number of milliseconds, or Infinity', ttlMs);
    this.#applyDueFlush();
    this.#setKey(key);
    const flags = this.#encode(value);
    try {
      return this.#items.set(this.#key, this.#data, ttlMs, flags, false);
    } finally {
      this.#items.endTurn();
    }
  }

  /** Whether a live value is under `key`; it is not promoted. Throws `HOTSET_INVALID_KEY`. O(1). */
  has(key: string): boolean {
    this.#applyDueFlush();
    this.#setKey(key);
    try {
      return this.#items.peek(this.#key) !== 0;
    } finally {
      this.#items.endTurn();
    }
  }

  /** Removes what is under `key`; false when there was nothing. Throws `HOTSET_INVALID_KEY`. O(1). */
  delete(key: string): boolean {
    this.#applyDueFlush();
    this.#setKey(key);
    try {
      return this.#items.delete(this.#key);
    } finally {
      this.#items.endTurn();
    }
  }

  /** Removes everything. O(shards). */
  clear(): void {
    this.#items.clear();
    this.#items.endTurn();
  }

  /** Counters over all threads, and what the store holds. O(shards). */
  stats(): EngineStats {
    const stats = this.#items.stats();
    this.#items.endTurn();
    return stats;
  }

  /** What `JSON.stringify` and `console.log` show: the budget and counts, without keys and values. */
  toJSON(): { size: number; bytes: number; maxBytes: number } {
    const { size, bytes, maxBytes } = this;
    return { size, bytes, maxBytes };
  }

  /**
   * Calls `listener` with every change of a key that begins with `prefix`, by any thread: this thread's at the end of
   * the call that makes them, others' soon after. One that lags by more than a thousand changes or so hears `cleared`.
   * Returns a function that ends it. What the listener throws reaches the call that made the change; for changes of other
   * threads it is an unhandled rejection.
   */
  subscribe(prefix: string, listener: ChangeListener<string>): () => void {
    return this.#items.subscribe(Buffer.from(prefix, 'utf8').toString('latin1'), (change) =>
      listener(
        change.key === undefined ? change : ({ ...change, key: decodeKey(change.key) } as Change<string>),
      ),
    );
  }

  /** What is inconsistent in the store's structure, one sentence each; empty when all is well. O(entries). */
  verify(): string[] {
    const found = this.#items.verify();
    this.#items.endTurn();
    return found;
  }

  /** Most keys are ASCII: then the bytes are the characters. */
  #setKey(text: string): void {
    if (typeof text !== 'string') throw invalidArgument('key', 'a text', text);
    const bytes = this.#keyBytes;
    const { length } = text;
    let hash = this.#handle.settings.hashSeed;
    let at = 0;
    if (length <= KEY_MAX_BYTES)
      for (; at < length; at++) {
        const code = text.charCodeAt(at);
        if (code <= 0x20 || code >= 0x7f) break;
        bytes[at] = code;
        hash = Math.imul(hash ^ code, HASH_FACTOR);
      }
    if (at === length && length > 0) this.#key.set(bytes, 0, length, hash);
    else this.#key.setText(encodeKey(text));
  }

  /** Puts a value's bytes into `#data`; returns its flags. */
  #encode(value: SharedStoreValue): number {
    const data = this.#data;
    const flags = this.#codec.flagsOf(value);
    const encoded = this.#codec.encode(value, flags);
    if (encoded === null) throw invalidArgument('value', 'text, bytes or what JSON can say', value);
    data.start = 0;
    if (typeof encoded === 'string') {
      data.bytes = this.#scratch;
      data.end = this.#scratch.latin1Write(encoded, 0);
    } else {
      data.bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
      data.end = encoded.byteLength;
    }
    return flags;
  }

  /** A client's delayed flush_all comes first, where there are clients. */
  #applyDueFlush(): void {
    if (this.#items.adapter !== null) knownItemStoreOf(this.#items)?.applyDueFlush();
  }
}

inspectAsJson(SharedStore.prototype, 'SharedStore');

function isHandle(value: unknown): value is SharedStoreHandle {
  if (typeof value !== 'object' || value === null || !('memories' in value)) return false;
  if ((value as SharedStoreHandle).kind === KIND) return true;
  throw invalidArgument('handle', `a handle of this version of hotset (${KIND})`, value);
}

function newHandle(options: SharedStoreOptions): SharedStoreHandle {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { ttlMs = Number.POSITIVE_INFINITY, evict = true, flags } = options;
  const maxBytes = bytesOption('maxBytes', options.maxBytes, DEFAULT_MAX_BYTES);
  if (maxBytes < SHARD_MIN_BYTES || maxBytes > SHARDS_MAX * SHARD_MAX_BYTES)
    throw invalidOption('maxBytes', `a size from ${SHARD_MIN_BYTES} bytes to 1 TB`, options.maxBytes);
  if (typeof ttlMs !== 'number' || !(ttlMs > 0))
    throw invalidOption('ttlMs', 'a number of milliseconds above 0, or Infinity', ttlMs);
  if (typeof evict !== 'boolean') throw invalidOption('evict', 'true or false', evict);
  const shards = shardsOption(options.shards, maxBytes);
  const settings = {
    shards,
    maxBytes,
    reservedBytes: maxBytes,
    evicts: evict,
    hashSeed: randomInt(2 ** 32) | 0,
  };
  return { kind: KIND, memories: newSharedMemories(settings), settings: { ...settings, ttlMs, flags } };
}

function shardsOption(value: number | undefined, maxBytes: number): number {
  if (value === undefined) return shardsFor(availableParallelism(), maxBytes, maxBytes);
  const fewest = powerOfTwo(maxBytes / SHARD_MAX_BYTES);
  const isPower = Number.isSafeInteger(value) && value >= 1 && powerOfTwo(value) === value;
  if (!isPower || value < fewest || value > SHARDS_MAX || maxBytes / value < SHARD_MIN_BYTES)
    throw invalidOption(
      'shards',
      `a power of two from ${fewest} to ${SHARDS_MAX}, with ${SHARD_MIN_BYTES} bytes of maxBytes or more for each`,
      value,
    );
  return value;
}
