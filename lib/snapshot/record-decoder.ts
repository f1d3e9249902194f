/**
 * Payloads of blocks to entries. One decoder checks a file: it looks at every length and tag, and reads on
 * trial what may turn out to be unreadable. Another one reads it. Both go the same way.
 *
 * Memory beside the block: one entry of more than a block, and never more than `maxEntryBytes`.
 */

import { endianness } from 'node:os';
import { checkTags } from '../engine/tags.js';
import type { DumpedEntry } from '../engine/types.js';
import {
  FETCHED,
  HAS_ACCESS,
  HAS_ADAPTER_BITS,
  HAS_FLAGS,
  HAS_TAGS,
  HAS_TTL,
  RECORD_HEAD_BYTES,
  recordHeadBytes,
  TAG,
} from './format.js';
import { isPossible, needsTrial, ownBytes, readContent } from './incoming-content.js';
import type { ValueCodec } from './options.js';
import { damaged, unreadable } from './refusal.js';

const OTHER_MACHINES: number = endianness() === 'LE' ? TAG.SERIALIZED_BE : TAG.SERIALIZED_LE;
const ALL_FIELDS: number = HAS_FLAGS | HAS_TTL | HAS_ACCESS | FETCHED | HAS_ADAPTER_BITS | HAS_TAGS;
const NOTHING: Buffer = Buffer.alloc(0);

export interface DecoderOptions<V> {
  /** Named in errors. */
  readonly path: string;
  readonly codec: ValueCodec<V> | null;
  readonly maxEntryBytes: number;
  /** Memory for the key or the value of a record of several blocks. Default: new memory. */
  readonly allocate?: (bytes: number) => Buffer;
}

/** A record as it lies in the file, for `readRaw`. */
export interface RawRecord {
  /** The key is bytes [keyStart, keyEnd), a latin1 character each. */
  key: Buffer;
  keyStart: number;
  keyEnd: number;
  value: Buffer;
  valueStart: number;
  valueEnd: number;
  flags: number;
  remainingTtlMs: number;
  idleMs: number;
  fetched: boolean;
  adapterBits: number;
}

export class RecordDecoder<K, V> {
  readonly #options: DecoderOptions<V>;
  /** Whether plain content is of interest, or only that of which the checker must know that it can be read. */
  readonly #reads: boolean;

  #payload: Buffer = NOTHING;
  #payloadView: DataView = new DataView(NOTHING.buffer);
  /** Where the payload stands in the file. */
  #offset = 0;
  /** Where the next record begins in the payload. */
  #at = 0;

  // The record at hand.
  #recordOffset = 0;
  #keyTag = 0;
  #valueTag = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #fields = 0;
  #flags = 0;
  #ttlMs = 0;
  #ageMs = 0;
  #idleMs = 0;
  #adapterBits = 0;
  /** Where key and value begin, and in what. */
  #key: Buffer = NOTHING;
  #keyAt = 0;
  #value: Buffer = NOTHING;
  #valueAt = 0;
  /** Whether key and value have memory of their own, for they fill several blocks. */
  #isLong = false;
  /** Bytes of a long record's key and value that are still to come. */
  #missing = 0;

  constructor(options: DecoderOptions<V>, reads: boolean) {
    this.#options = options;
    this.#reads = reads;
  }

  /** Takes the next payload, which stands at `offset` in the file. The one before must have been used up. */
  feed(payload: Buffer, offset: number): void {
    this.#payload = payload;
    this.#payloadView = new DataView(payload.buffer, payload.byteOffset, payload.length);
    this.#offset = offset;
    this.#at = 0;
  }

  /** Whether a record has begun that no block has ended. */
  get isInside(): boolean {
    return this.#missing > 0;
  }

  /** Bytes of the record that has been read last. */
  get recordBytes(): number {
    return recordHeadBytes(this.#fields) + this.#keyBytes + this.#valueBytes;
  }

  /** Checks the next record; false when the payload is used up. */
  check(): boolean {
    if (!this.#advance()) return false;
    if (needsTrial(this.#keyTag) || (this.#fields & HAS_TAGS) !== 0) this.#readTagged();
    if (needsTrial(this.#valueTag)) this.#readValue();
    this.#forget();
    return true;
  }

  /** Reads the next record, `passedMs` after the time in the header; null when the payload is used up. */
  read(passedMs: number): DumpedEntry<K, V> | null {
    if (!this.#advance()) return null;
    const fields = this.#fields;
    const { key, ...tagged } = this.#readTagged();
    const value = this.#readValue();
    this.#forget();
    const flags = this.#flags;
    const remainingTtlMs = this.#ttlMs - passedMs;
    if ((fields & HAS_ACCESS) === 0) return { key, value, flags, remainingTtlMs, ...tagged };
    return {
      key,
      value,
      flags,
      remainingTtlMs,
      ...tagged,
      ageMs: Math.max(0, this.#ageMs + passedMs),
      idleMs: Math.max(0, this.#idleMs + passedMs),
      fetched: (fields & FETCHED) !== 0,
      ...(this.#adapterBits === 0 ? {} : { adapterBits: this.#adapterBits }),
    };
  }

  /**
   * Like `read`, with key and value where they lie, until the next call; false when the payload is used up. Throws where the
   * key is no latin1 text, or no codec has written the value.
   */
  readRaw(passedMs: number, record: RawRecord): boolean {
    if (!this.#advance()) return false;
    if (this.#keyTag !== TAG.LATIN1)
      throw this.#unreadable('a key is no text of one byte for each character, or has tags');
    record.key = this.#key;
    record.keyStart = this.#keyAt;
    record.keyEnd = this.#keyAt + this.#keyBytes;
    record.value = this.#value;
    record.valueStart = this.#valueAt;
    record.valueEnd = this.#valueAt + this.#valueBytes;
    record.flags = this.#flags;
    record.remainingTtlMs = this.#ttlMs - passedMs;
    record.idleMs = Math.max(0, this.#idleMs + passedMs);
    record.fetched = (this.#fields & FETCHED) !== 0;
    record.adapterBits = this.#adapterBits;
    return true;
  }

  /** Advances to the next complete record. */
  #advance(): boolean {
    if (this.#missing > 0) {
      this.#collect();
      return this.#missing === 0;
    }
    if (this.#at === this.#payload.length) return false;
    this.#readHead();
    const bodyAt = this.#at + recordHeadBytes(this.#fields);
    const bytes = this.#keyBytes + this.#valueBytes;
    this.#isLong = bodyAt + bytes > this.#payload.length;
    if (this.#isLong) {
      if (this.#at !== 0) throw this.#damaged('a record goes beyond the end of its block');
      this.#beginLong(bodyAt);
      return this.#missing === 0;
    }
    this.#key = this.#payload;
    this.#keyAt = bodyAt;
    this.#value = this.#payload;
    this.#valueAt = bodyAt + this.#keyBytes;
    this.#at = bodyAt + bytes;
    return true;
  }

  #readHead(): void {
    const { codec, maxEntryBytes } = this.#options;
    const view = this.#payloadView;
    const at = this.#at;
    const room = view.byteLength - at;
    this.#recordOffset = this.#offset + at;
    if (room < RECORD_HEAD_BYTES) throw this.#damaged('a record begins too close to the end of its block');
    const tags = view.getUint8(at);
    const fields = view.getUint8(at + 1);
    const keyTag = tags & 15;
    const valueTag = tags >> 4;
    const keyBytes = view.getUint32(at + 2, true);
    const valueBytes = view.getUint32(at + 6, true);
    const headBytes = recordHeadBytes(fields);
    if (room < headBytes) throw this.#damaged('a record begins too close to the end of its block');
    if (
      (fields & ~ALL_FIELDS) !== 0 ||
      keyTag === TAG.CODEC ||
      (valueTag === TAG.CODEC) !== (codec !== null) ||
      !isPossible(keyTag, keyBytes) ||
      !isPossible(valueTag, valueBytes)
    )
      throw this.#damaged('a record makes no sense');
    if (keyBytes + valueBytes > maxEntryBytes)
      throw this.#unreadable(
        `an entry takes ${keyBytes + valueBytes} bytes, and maxEntryBytes is ${maxEntryBytes}`,
      );
    if (keyTag === OTHER_MACHINES || valueTag === OTHER_MACHINES)
      throw this.#unreadable('an entry was serialized on a machine with the other order of bytes');

    let field = at + RECORD_HEAD_BYTES;
    this.#fields = fields;
    this.#keyTag = keyTag;
    this.#valueTag = valueTag;
    this.#keyBytes = keyBytes;
    this.#valueBytes = valueBytes;
    this.#flags = 0;
    this.#ttlMs = Number.POSITIVE_INFINITY;
    this.#ageMs = 0;
    this.#idleMs = 0;
    this.#adapterBits = 0;
    if ((fields & HAS_FLAGS) !== 0) {
      this.#flags = view.getUint32(field, true);
      field += 4;
    }
    if ((fields & HAS_TTL) !== 0) {
      this.#ttlMs = view.getFloat64(field, true);
      field += 8;
    }
    if ((fields & HAS_ACCESS) !== 0) {
      this.#ageMs = view.getFloat64(field, true);
      this.#idleMs = view.getFloat64(field + 8, true);
      field += 16;
    }
    if ((fields & HAS_ADAPTER_BITS) !== 0) this.#adapterBits = view.getUint8(field);
    if (Number.isNaN(this.#ttlMs + this.#ageMs + this.#idleMs))
      throw this.#damaged('a record has a time that is no number');
  }

  /** A record of several blocks: what is needed of it gets memory of its own. */
  #beginLong(bodyAt: number): void {
    this.#key = this.#memoryFor(this.#keyTag, this.#keyBytes);
    this.#keyAt = 0;
    this.#value = this.#memoryFor(this.#valueTag, this.#valueBytes);
    this.#valueAt = 0;
    this.#missing = this.#keyBytes + this.#valueBytes;
    this.#at = bodyAt;
    this.#collect();
  }

  #memoryFor(tag: number, bytes: number): Buffer {
    if (!this.#reads && !needsTrial(tag)) return NOTHING;
    return this.#options.allocate?.(bytes) ?? Buffer.allocUnsafeSlow(bytes);
  }

  /** Takes what the payload has of a long record. Memory that is not needed stays empty. */
  #collect(): void {
    const payload = this.#payload;
    const done = this.#keyBytes + this.#valueBytes - this.#missing;
    const bytes = Math.min(this.#missing, payload.length - this.#at);
    const keyPart = Math.min(bytes, Math.max(0, this.#keyBytes - done));
    const middle = this.#at + keyPart;
    if (keyPart > 0 && this.#key.length > 0) payload.copy(this.#key, done, this.#at, middle);
    if (bytes > keyPart && this.#value.length > 0)
      payload.copy(this.#value, Math.max(0, done - this.#keyBytes), middle, this.#at + bytes);
    this.#at += bytes;
    this.#missing -= bytes;
    if (this.#missing === 0 && this.#at !== payload.length)
      throw this.#damaged('a record of several blocks ends before its last block does');
  }

  #readTagged(): Pick<DumpedEntry<K, V>, 'key' | 'tags' | 'ttlMs'> {
    const content: unknown = this.#readKey();
    if ((this.#fields & HAS_TAGS) === 0) return { key: content as K };
    if (!Array.isArray(content) || content.length !== 3)
      throw this.#damaged('a record has no tags where it should');
    const [key, tags, ttlMs] = content;
    if (!areTags(tags) || !(ttlMs === undefined || (typeof ttlMs === 'number' && ttlMs > 0)))
      throw this.#damaged('the tags of a record make no sense');
    return { key, ...(tags.length === 0 ? {} : { tags }), ...(ttlMs === undefined ? {} : { ttlMs }) };
  }

  #readKey(): unknown {
    try {
      return readContent(this.#keyTag, this.#key, this.#keyAt, this.#keyBytes, this.#isLong);
    } catch (error) {
      throw this.#unreadable('a key does not deserialize', error);
    }
  }

  #readValue(): V {
    const { codec } = this.#options;
    try {
      if (codec !== null)
        return codec.decode(ownBytes(this.#value, this.#valueAt, this.#valueBytes, this.#isLong));
      return readContent(this.#valueTag, this.#value, this.#valueAt, this.#valueBytes, this.#isLong) as V;
    } catch (error) {
      const what = codec === null ? 'a value does not deserialize' : 'the codec cannot decode a value';
      throw this.#unreadable(what, error);
    }
  }

  /** Releases a long record's memory, which the entry may own now. */
  #forget(): void {
    this.#key = NOTHING;
    this.#value = NOTHING;
  }

  #damaged(what: string): Error {
    return damaged(this.#options.path, this.#recordOffset, what);
  }

  #unreadable(what: string, cause?: unknown): Error {
    return unreadable(this.#options.path, this.#recordOffset, what, cause);
  }
}

/** What `load` takes: see `checkTags`. */
function areTags(tags: unknown): tags is readonly string[] {
  try {
    checkTags(tags);
    return true;
  } catch {
    return false;
  }
}
