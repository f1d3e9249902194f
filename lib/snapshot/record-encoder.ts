/** Entries to records. */

import type { DumpedEntry } from '../engine/types.js';
import { HotsetError, shown } from '../errors.js';
import type { BlockBuffer } from './block-buffer.js';
import {
  FETCHED,
  HAS_ACCESS,
  HAS_ADAPTER_BITS,
  HAS_FLAGS,
  HAS_TAGS,
  HAS_TTL,
  RECORD_HEAD_BYTES,
  recordHeadBytes,
} from './format.js';
import type { ValueCodec } from './options.js';
import { OutgoingContent } from './outgoing-content.js';

export class RecordEncoder<K, V> {
  readonly #codec: ValueCodec<V> | null;
  readonly #maxEntryBytes: number;
  readonly #key: OutgoingContent = new OutgoingContent();
  readonly #value: OutgoingContent = new OutgoingContent();
  #entry: DumpedEntry<K, V> | null = null;
  #elapsedMs = 0;
  /** Bytes of key and value put so far; -1 before the head. */
  #done = -1;

  constructor(codec: ValueCodec<V> | null, maxEntryBytes: number) {
    this.#codec = codec;
    this.#maxEntryBytes = maxEntryBytes;
  }

  /**
   * Takes the next entry; `elapsedMs` have passed since the time in the file's header. Returns the bytes of its
   * record. Throws `HOTSET_UNSAVABLE_ENTRY`, and can then continue with another entry.
   */
  begin(entry: DumpedEntry<K, V>, elapsedMs: number): number {
    this.#prepare(entry);
    const bytes = this.#key.bytes + this.#value.bytes;
    if (bytes > this.#maxEntryBytes)
      throw unsavable(entry.key, `it takes ${bytes} bytes, and maxEntryBytes is ${this.#maxEntryBytes}`);
    this.#entry = entry;
    this.#elapsedMs = elapsedMs;
    this.#done = -1;
    return recordHeadBytes(fieldsOf(entry)) + bytes;
  }

  /**
   * Puts what fits of the record into the block; true when that was the end of it. A block that is empty
   * always takes the head.
   */
  put(block: BlockBuffer): boolean {
    const key = this.#key;
    const value = this.#value;
    if (this.#done < 0) {
      this.#putHead(block, this.#entry!);
      this.#done = 0;
    }
    if (this.#done < key.bytes) this.#putContent(block, key, this.#done);
    if (this.#done < key.bytes) return false;
    if (this.#done < key.bytes + value.bytes) this.#putContent(block, value, this.#done - key.bytes);
    if (this.#done < key.bytes + value.bytes) return false;
    this.#entry = null;
    key.clear();
    value.clear();
    return true;
  }

  #prepare(entry: DumpedEntry<K, V>): void {
    try {
      this.#key.set(hasTags(entry) ? [entry.key, entry.tags ?? [], entry.ttlMs] : entry.key);
    } catch (error) {
      throw unsavable(entry.key, 'its key does not serialize', error);
    }
    if (this.#codec === null) {
      try {
        this.#value.set(entry.value);
      } catch (error) {
        throw unsavable(entry.key, 'its value does not serialize', error);
      }
      return;
    }
    let bytes: Uint8Array;
    try {
      bytes = this.#codec.encode(entry.value);
    } catch (error) {
      throw unsavable(entry.key, 'the codec cannot encode its value', error);
    }
    if (!(bytes instanceof Uint8Array))
      throw unsavable(entry.key, `the codec has made ${shown(bytes)} of its value, and no Uint8Array`);
    this.#value.setEncoded(bytes);
  }

  #putHead(block: BlockBuffer, entry: DumpedEntry<K, V>): void {
    const elapsedMs = this.#elapsedMs;
    const fields = fieldsOf(entry);
    block.end = putRecordHead(block.view, block.end, {
      tags: this.#key.tag | (this.#value.tag << 4),
      fields,
      keyBytes: this.#key.bytes,
      valueBytes: this.#value.bytes,
      flags: entry.flags ?? 0,
      ttlMs: (entry.remainingTtlMs ?? 0) + elapsedMs,
      ageMs: (entry.ageMs ?? 0) - elapsedMs,
      idleMs: (entry.idleMs ?? entry.ageMs ?? 0) - elapsedMs,
      adapterBits: entry.adapterBits ?? 0,
    });
  }

  #putContent(block: BlockBuffer, content: OutgoingContent, from: number): void {
    const put = content.put(block.memory, block.view, block.end, block.memory.length, from);
    block.end += put;
    this.#done += put;
  }
}

/** A record in front of its key; of the fields that may be absent, `fields` says which count. */
export interface RecordHead {
  tags: number;
  fields: number;
  keyBytes: number;
  valueBytes: number;
  flags: number;
  /** Times are counted from the time in the file's header. */
  ttlMs: number;
  ageMs: number;
  idleMs: number;
  adapterBits: number;
}

/** Writes it where there is room; returns where it ends. */
export function putRecordHead(view: DataView, start: number, head: RecordHead): number {
  const { fields } = head;
  let at = start;
  view.setUint8(at, head.tags);
  view.setUint8(at + 1, fields);
  view.setUint32(at + 2, head.keyBytes, true);
  view.setUint32(at + 6, head.valueBytes, true);
  at += RECORD_HEAD_BYTES;
  if ((fields & HAS_FLAGS) !== 0) {
    view.setUint32(at, head.flags, true);
    at += 4;
  }
  if ((fields & HAS_TTL) !== 0) {
    view.setFloat64(at, head.ttlMs, true);
    at += 8;
  }
  if ((fields & HAS_ACCESS) !== 0) {
    view.setFloat64(at, head.ageMs, true);
    view.setFloat64(at + 8, head.idleMs, true);
    at += 16;
  }
  if ((fields & HAS_ADAPTER_BITS) !== 0) view.setUint8(at++, head.adapterBits);
  return at;
}

function fieldsOf(entry: DumpedEntry<unknown, unknown>): number {
  return (
    ((entry.flags ?? 0) === 0 ? 0 : HAS_FLAGS) |
    ((entry.remainingTtlMs ?? Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY ? 0 : HAS_TTL) |
    (entry.ageMs === undefined ? 0 : HAS_ACCESS) |
    (entry.fetched === true ? FETCHED : 0) |
    (hasTags(entry) ? HAS_TAGS : 0) |
    (entry.adapterBits === undefined || entry.adapterBits === 0 ? 0 : HAS_ADAPTER_BITS)
  );
}

/** Tags, or what a read sets the time to live to: few entries have either. */
function hasTags({ tags, ttlMs }: DumpedEntry<unknown, unknown>): boolean {
  return tags !== undefined || ttlMs !== undefined;
}

function unsavable(key: unknown, why: string, cause?: unknown): HotsetError {
  return new HotsetError(
    'HOTSET_UNSAVABLE_ENTRY',
    `the entry under ${shown(key)} cannot be saved: ${why}`,
    cause === undefined ? undefined : { cause },
  );
}
