/**
 * The in-process view of an engine that is also on the network: texts, JSON and bytes instead of the wire's
 * own representation. Flags say what a value is, in the way that common clients use them.
 */

import { storeOf } from '../engine/cache-engine.js';
import type { EntryStore } from '../engine/entry-store.js';
import type { StoreResult } from '../engine/types.js';
import { HotsetError, rejectUnknownOptions, shown } from '../errors.js';
import { jsonOf } from '../value-text.js';
import { knownItemStoreOf, type MemcachedEngine } from './item-store.js';
import { encodeKey } from './key-encoding.js';
import {
  BYTES_FLAGS,
  bytesOf,
  JSON_FLAGS,
  latin1Of,
  READ_AS_TEXT,
  TEXT_FLAGS,
  type WireValue,
  wireValue,
} from './wire-value.js';

/** The flags that `set` writes and `get` reads, as the other clients of the cache use them. */
export interface SharedCacheOptions {
  /** For texts. Default: 0. */
  textFlags?: number | undefined;
  /** For everything that is stored as JSON. Default: 2. */
  jsonFlags?: number | undefined;
  /** For bytes. Default: 4. */
  bytesFlags?: number | undefined;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof SharedCacheOptions>([
  'textFlags',
  'jsonFlags',
  'bytesFlags',
]);

/** A SharedCache's values: text, bytes, or anything that JSON can represent. */
export type SharedValue = string | Uint8Array | number | boolean | null | readonly unknown[] | object;

/** Text, JSON and bytes over an engine that memcached clients share. */
export class SharedCache {
  /** The engine that the entries are in. */
  readonly engine: MemcachedEngine;
  readonly #entries: EntryStore<string, WireValue>;
  readonly #textFlags: number;
  readonly #jsonFlags: number;
  readonly #bytesFlags: number;

  /** Throws `HOTSET_INVALID_OPTION` for an option that does not exist. */
  constructor(engine: MemcachedEngine, options: SharedCacheOptions = {}) {
    rejectUnknownOptions(options, KNOWN_OPTIONS);
    this.engine = engine;
    this.#entries = storeOf(engine);
    this.#textFlags = options.textFlags ?? TEXT_FLAGS;
    this.#jsonFlags = options.jsonFlags ?? JSON_FLAGS;
    this.#bytesFlags = options.bytesFlags ?? BYTES_FLAGS;
  }

  /**
   * The value under `key`: text, bytes (a copy) or parsed JSON, by its flags; `undefined` when
   * there is none. Throws `HOTSET_UNREADABLE_VALUE` for JSON flags without JSON, `HOTSET_INVALID_KEY`.
   */
  get(key: string): unknown {
    const slot = this.#lookup(key);
    if (slot <= 0) return undefined;
    const flags = this.#entries.flagsAt(slot);
    const value = this.#entries.valueAt(slot);
    if (flags === this.#jsonFlags) return parseJson(key, flags, utf8Of(value));
    if (flags === this.#textFlags) return utf8Of(value);
    if (flags === this.#bytesFlags || !READ_AS_TEXT.has(flags)) return Buffer.from(bytesOf(value));
    return utf8Of(value);
  }

  /** The bytes under `key` whatever the flags are: a copy. Throws `HOTSET_INVALID_KEY`. */
  getBytes(key: string): Buffer | undefined {
    const slot = this.#lookup(key);
    return slot <= 0 ? undefined : Buffer.from(bytesOf(this.#entries.valueAt(slot)));
  }

  /**
   * Stores text as it is, bytes as they are, and everything else as JSON: `stored`, `too-large` or `no-room`.
   * Throws `HOTSET_INVALID_KEY`, and `HOTSET_INVALID_ARGUMENT` for a value that JSON cannot represent.
   */
  set(key: string, value: SharedValue, options: { ttlMs?: number | undefined } = {}): StoreResult {
    const { bytes, flags } = this.#encoded(value);
    this.#applyDueFlush();
    return this.engine.set(encodeKey(key), wireValue(bytes, 0, bytes.length), { ...options, flags });
  }

  /** Whether a live value is under `key`. Throws `HOTSET_INVALID_KEY`. */
  has(key: string): boolean {
    this.#applyDueFlush();
    return this.engine.has(encodeKey(key));
  }

  /** Removes what is under `key`; false when there was nothing. Throws `HOTSET_INVALID_KEY`. */
  delete(key: string): boolean {
    this.#applyDueFlush();
    return this.engine.delete(encodeKey(key));
  }

  #lookup(key: string): number {
    this.#applyDueFlush();
    return this.#entries.readSlot(encodeKey(key));
  }

  #encoded(value: SharedValue): { bytes: Buffer; flags: number } {
    if (typeof value === 'string') return { bytes: Buffer.from(value, 'utf8'), flags: this.#textFlags };
    if (value instanceof Uint8Array)
      return {
        bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        flags: this.#bytesFlags,
      };
    return { bytes: Buffer.from(jsonOf(value), 'utf8'), flags: this.#jsonFlags };
  }

  /** Applies a client's delayed flush_all first. */
  #applyDueFlush(): void {
    knownItemStoreOf(this.engine)?.applyDueFlush();
  }
}

function utf8Of(value: WireValue): string {
  return Buffer.from(latin1Of(value), 'latin1').toString('utf8');
}

function parseJson(key: string, flags: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HotsetError(
      'HOTSET_UNREADABLE_VALUE',
      `the value under ${shown(key)} has the flags of JSON (${flags}) and is not JSON: ${shown(text)}`,
      { cause },
    );
  }
}
