/**
 * A page store's items to a snapshot file and back, without a text, an object or a Buffer for each: their bytes are copied
 * between the store and the file's blocks. The format is that of lib/snapshot/format.ts, as `saveSnapshot` writes it with a
 * codec whose values are bytes, so that files of either kind load into either kind of store.
 *
 * O(items), in slices of two milliseconds between which clients are served. Memory: three blocks, and one item where it is
 * larger than a block.
 */

import { open } from 'node:fs/promises';
import type { Clock } from '../engine/clock.js';
import { Key } from '../items/key.js';
import type { ItemData, Items, KeyBytes } from '../items.js';
import { BlockBuffer } from '../snapshot/block-buffer.js';
import { BlockReader } from '../snapshot/block-reader.js';
import {
  BLOCK_MAX_BYTES,
  FETCHED,
  HAS_ACCESS,
  HAS_ADAPTER_BITS,
  HAS_FLAGS,
  HAS_TTL,
  recordHeadBytes,
  TAG,
} from '../snapshot/format.js';
import { type RawRecord, RecordDecoder } from '../snapshot/record-decoder.js';
import { putRecordHead, type RecordHead } from '../snapshot/record-encoder.js';
import { damaged, unreadable } from '../snapshot/refusal.js';
import { replaceFile } from '../snapshot/save.js';
import { TimeSlice } from '../snapshot/time-slice.js';
import type { ItemState } from './page-store.js';

/** What a file needs of a store beside what the wire needs. */
export interface StoredPages extends Items {
  keyBytesAt(slot: number): number;
  /** Copies the key to `target`, from `at` on, where there is room for it, and the value behind it where `withValue`. */
  copyItemAt(slot: number, withValue: boolean, target: Buffer, at: number): void;
  /** Makes the store ready for so many items that are about to come, or fits it to those that have. */
  prepare(items: number, isBefore: boolean): void;
  /** Stores an item of a file, as it was; one for which there is no room is left out. */
  restore(key: KeyBytes, data: ItemData, state: ItemState): void;
  /** To be called after the last `restore`, before anything else. */
  endRestore(): void;
}

export interface SavePagesOptions {
  /** Wall-clock time. */
  readonly clock: Clock;
  readonly mode: number;
  readonly signal: AbortSignal | null;
  /** No item outlives this: milliseconds from now, or `Infinity`. */
  readonly endInMs: number;
}

export interface LoadedPages {
  /** Wall-clock time, in milliseconds. */
  readonly savedAtMs: number;
  /** How many entries are in the file. */
  readonly entries: number;
  /** How many had expired meanwhile. */
  readonly expired: number;
}

/** The largest item that any server could have held, with its key. */
const ENTRY_MAX_BYTES: number = 2 ** 30 + 2 ** 10;
const TAGS: number = TAG.LATIN1 | (TAG.CODEC << 4);
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Saves the live items to the file `path`, the least recently used first, as `saveSnapshot` does: each item is as it is when
 * its turn comes. Rejects with the signal's reason, and with file-system errors; the old file is then untouched.
 */
export async function savePages(store: StoredPages, path: string, options: SavePagesOptions): Promise<void> {
  options.signal?.throwIfAborted();
  await replaceFile(path, options, encodePages(store, options));
}

/** The file's bytes, as `encodeSnapshot` makes them. */
async function* encodePages(
  store: StoredPages,
  { clock, signal, endInMs }: SavePagesOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const block = new BlockBuffer();
  const slice = new TimeSlice();
  const head = emptyHead();
  const savedAtMs = clock.now();
  let elapsedMs = 0;
  let entries = 0;
  const goOn = (): void => {
    signal?.throwIfAborted();
    slice.restart();
    elapsedMs = Math.max(0, clock.now() - savedAtMs);
  };
  yield block.header(savedAtMs, true);
  goOn();
  for (const slot of store.walk('oldest-first')) {
    fillHead(head, store, slot, elapsedMs, endInMs);
    const bytes = recordHeadBytes(head.fields) + head.keyBytes + head.valueBytes;
    const isLong = bytes > BLOCK_MAX_BYTES;
    // A slot is valid in this turn only: what is sealed waits until the item has been copied.
    const sealed = !block.isEmpty && bytes > block.room ? block.seal() : null;
    block.end = putRecordHead(block.view, block.end, head);
    store.copyItemAt(slot, !isLong, block.memory, block.end);
    block.end += head.keyBytes + (isLong ? 0 : head.valueBytes);
    const rest = isLong ? store.valueAt(slot) : NOTHING;
    entries++;
    if (sealed !== null) {
      store.endTurn();
      yield sealed;
      goOn();
    }
    if (isLong) {
      store.endTurn();
      yield* longValue(block, rest);
      goOn();
    } else if (slice.isOverAfter(bytes)) {
      store.endTurn();
      await slice.pause();
      goOn();
    }
  }
  store.endTurn();
  if (!block.isEmpty) yield block.seal();
  yield block.footer(entries);
}

/** A record of several blocks, from its value on: it has the last one to itself as well. */
function* longValue(block: BlockBuffer, value: Buffer): Generator<Buffer, void, undefined> {
  for (let done = 0; done < value.length; ) {
    const bytes = Math.min(block.room, value.length - done);
    value.copy(block.memory, block.end, done, done + bytes);
    block.end += bytes;
    done += bytes;
    yield block.seal();
  }
}

function fillHead(
  head: RecordHead,
  store: StoredPages,
  slot: number,
  elapsedMs: number,
  endInMs: number,
): void {
  const ttlMs = Math.min(store.remainingTtlMsAt(slot) + elapsedMs, endInMs);
  head.flags = store.flagsAt(slot);
  head.adapterBits = store.adapterBitsAt(slot);
  head.ttlMs = ttlMs;
  head.idleMs = store.idleMsAt(slot) - elapsedMs;
  head.ageMs = head.idleMs;
  head.keyBytes = store.keyBytesAt(slot);
  head.valueBytes = store.valueBytesAt(slot);
  head.fields =
    HAS_ACCESS |
    (head.flags === 0 ? 0 : HAS_FLAGS) |
    (ttlMs === Number.POSITIVE_INFINITY ? 0 : HAS_TTL) |
    (store.fetchedAt(slot) ? FETCHED : 0) |
    (head.adapterBits === 0 ? 0 : HAS_ADAPTER_BITS);
}

function emptyHead(): RecordHead {
  return {
    tags: TAGS,
    fields: 0,
    keyBytes: 0,
    valueBytes: 0,
    flags: 0,
    ttlMs: 0,
    ageMs: 0,
    idleMs: 0,
    adapterBits: 0,
  };
}

/**
 * Loads the file `path` into an empty store: what has not expired meanwhile, in its order; where it does not fit, the newest
 * items stay. Checks the file as it goes: when it rejects, the store holds a part, and is to be emptied.
 *
 * Rejects with `HOTSET_DAMAGED_SNAPSHOT`, `HOTSET_UNREADABLE_SNAPSHOT`, and file-system errors.
 */
export async function loadPages(store: StoredPages, path: string, clock: Clock): Promise<LoadedPages> {
  const file = await open(path, 'r');
  try {
    const reader = new BlockReader(file, path);
    const { savedAtMs, byCodec } = await reader.header();
    if (!byCodec) throw unreadable(path, 12, 'it holds values of any kind, and not items');
    const tally = { entries: 0, expired: 0 };
    const decoder = new RecordDecoder(
      {
        path,
        codec: RAW,
        maxEntryBytes: ENTRY_MAX_BYTES,
        allocate: oneMemory(),
      },
      true,
    );
    store.prepare(await reader.claimedEntries(), true);
    const slice = new TimeSlice();
    const record = emptyRecord();
    const key = new Key(store.hashSeed);
    const data: ItemData = { bytes: NOTHING, start: 0, end: 0, place: 0, owned: false };
    for (let payload = await reader.next(); payload !== null; payload = await reader.next()) {
      slice.restart();
      let passedMs = Math.max(0, clock.now() - savedAtMs);
      decoder.feed(payload, reader.payloadOffset);
      while (decoder.readRaw(passedMs, record)) {
        tally.entries++;
        if (record.remainingTtlMs > 0) put(store, record, key, data);
        else tally.expired++;
        if (!slice.isOverAfter(decoder.recordBytes)) continue;
        await slice.pause();
        passedMs = Math.max(0, clock.now() - savedAtMs);
      }
    }
    if (decoder.isInside) throw damaged(path, reader.payloadOffset, 'its last record has no end');
    if (tally.entries !== reader.entries)
      throw damaged(
        path,
        reader.payloadOffset,
        `it has ${tally.entries} entries, and its footer says ${reader.entries}`,
      );
    return { savedAtMs, ...tally };
  } finally {
    store.endRestore();
    store.prepare(store.size, false);
    store.endTurn();
    await file.close();
  }
}

function put(store: StoredPages, record: RawRecord, key: Key, data: ItemData): void {
  key.setBytes(record.key, record.keyStart, record.keyEnd);
  data.bytes = record.value;
  data.start = record.valueStart;
  data.end = record.valueEnd;
  store.restore(key, data, record);
}

/** The bytes of values are what they are. */
const RAW = { encode: (bytes: Buffer): Buffer => bytes, decode: (bytes: Buffer): Buffer => bytes };

/** One memory for all large values, one after the other, and none that waits for the collector of garbage. */
function oneMemory(): (bytes: number) => Buffer {
  let memory = NOTHING;
  return (bytes) => {
    if (bytes < BLOCK_MAX_BYTES / 2) return Buffer.allocUnsafeSlow(bytes);
    if (memory.length < bytes) memory = Buffer.allocUnsafeSlow(bytes);
    return memory;
  };
}

function emptyRecord(): RawRecord {
  return {
    key: NOTHING,
    keyStart: 0,
    keyEnd: 0,
    value: NOTHING,
    valueStart: 0,
    valueEnd: 0,
    flags: 0,
    remainingTtlMs: 0,
    idleMs: 0,
    fetched: false,
    adapterBits: 0,
  };
}
