/**
 * loadSnapshot, in two passes over one open file. The first checks all of it; only when there is nothing left
 * that could be refused does the second pass put entries into the engine.
 */

import { type FileHandle, open } from 'node:fs/promises';
import type { DumpedEntry } from '../engine/types.js';
import { HotsetError } from '../errors.js';
import { BlockReader, type SnapshotHeader } from './block-reader.js';
import type { SnapshotTarget } from './endpoints.js';
import {
  checkArguments,
  type LoadSnapshotOptions,
  type ResolvedOptions,
  resolveLoadOptions,
} from './options.js';
import { RecordDecoder } from './record-decoder.js';
import { damaged, unreadable } from './refusal.js';
import { TimeSlice } from './time-slice.js';

/** What `loadSnapshot` resolves to. */
export interface LoadedSnapshot {
  /** How many entries are in the file. */
  readonly entries: number;
  /** How many of them the engine stored; it may have evicted some again, oldest first. */
  readonly stored: number;
  /** How many had expired meanwhile and were omitted. */
  readonly expired: number;
  /** When saving began: wall-clock time in milliseconds. */
  readonly savedAtMs: number;
}

/**
 * Loads the file `path` into `engine`. Its entries become the newest, in their order, and replace what is under
 * their keys. The time since saving counts: they are that much older and have that much less time to live, and
 * expired ones are omitted. If the clock has gone back since, no time has passed.
 *
 * The whole file is checked first and values are decoded on trial: a file that is refused loads nothing. The event
 * loop gets a turn every few milliseconds; memory is bounded by 256 KiB and the largest entry. O(n); values that
 * are serialized or have a codec are decoded twice.
 *
 * The signal cancels until the first entry is stored. What the engine's hooks throw rejects the load.
 *
 * Rejects with `HOTSET_DAMAGED_SNAPSHOT`, `HOTSET_UNREADABLE_SNAPSHOT`, `HOTSET_INVALID_OPTION` or
 * `HOTSET_INVALID_ARGUMENT`, with the signal's reason, and with file-system errors: `ENOENT` when there is no file.
 */
export async function loadSnapshot<K, V>(
  engine: SnapshotTarget<K, V>,
  path: string,
  options: LoadSnapshotOptions<V> = {},
): Promise<LoadedSnapshot> {
  checkArguments(engine, 'load', path);
  const resolved = resolveLoadOptions(options);
  resolved.signal?.throwIfAborted();
  const file = await open(path, 'r');
  try {
    const job = new LoadJob<K, V>(file, path, resolved);
    await job.check();
    resolved.signal?.throwIfAborted();
    return await job.loadInto(engine);
  } finally {
    await file.close();
  }
}

class LoadJob<K, V> {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #options: ResolvedOptions<V>;
  readonly #slice: TimeSlice = new TimeSlice();
  #entries = 0;

  constructor(file: FileHandle, path: string, options: ResolvedOptions<V>) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
  }

  /** The first pass: throws when anything in the file is not as it should be. */
  async check(): Promise<void> {
    const { signal } = this.#options;
    const { reader } = await this.#begin();
    const decoder = this.#decoder(false);
    let entries = 0;
    for (let payload = await reader.next(); payload !== null; payload = await reader.next()) {
      signal?.throwIfAborted();
      this.#slice.restart();
      decoder.feed(payload, reader.payloadOffset);
      while (decoder.check()) {
        entries++;
        if (this.#slice.isOverAfter(decoder.recordBytes)) {
          await this.#slice.pause();
          signal?.throwIfAborted();
        }
      }
    }
    if (decoder.isInside) throw damaged(this.#path, reader.payloadOffset, 'its last record has no end');
    if (entries !== reader.entries)
      throw damaged(
        this.#path,
        reader.payloadOffset,
        `it has ${entries} entries, and its footer says ${reader.entries}`,
      );
    this.#entries = entries;
  }

  /** The second pass. */
  async loadInto(engine: SnapshotTarget<K, V>): Promise<LoadedSnapshot> {
    const tally = { stored: 0, expired: 0 };
    try {
      const { reader, header } = await this.#begin();
      const decoder = this.#decoder(true);
      for (let payload = await reader.next(); payload !== null; payload = await reader.next()) {
        this.#slice.restart();
        decoder.feed(payload, reader.payloadOffset);
        for (let more = true; more; ) {
          const passedMs = Math.max(0, this.#options.clock.now() - header.savedAtMs);
          const batch = new Batch(decoder, passedMs, this.#slice);
          tally.stored += engine.load(batch);
          tally.expired += batch.expired;
          more = !batch.isLast;
          if (more) await this.#slice.pause();
        }
      }
      return { entries: this.#entries, ...tally, savedAtMs: header.savedAtMs };
    } catch (error) {
      throw isRefusal(error) ? tooLate(error, tally.stored) : error;
    }
  }

  async #begin(): Promise<{ reader: BlockReader; header: SnapshotHeader }> {
    const reader = new BlockReader(this.#file, this.#path);
    const header = await reader.header();
    const hasCodec = this.#options.codec !== null;
    if (header.byCodec && !hasCodec)
      throw unreadable(this.#path, 12, 'a codec has written its values, and no codec is given');
    if (!header.byCodec && hasCodec)
      throw unreadable(this.#path, 12, 'a codec is given, and no codec has written its values');
    return { reader, header };
  }

  #decoder(reads: boolean): RecordDecoder<K, V> {
    const { codec, maxEntryBytes } = this.#options;
    return new RecordDecoder<K, V>({ path: this.#path, codec, maxEntryBytes }, reads);
  }
}

/** As many of a payload's entries as one slice of time has room for. */
class Batch<K, V> implements Iterable<DumpedEntry<K, V>> {
  /** How many had expired. */
  expired = 0;
  /** Whether the payload is used up. */
  isLast = false;
  readonly #decoder: RecordDecoder<K, V>;
  readonly #passedMs: number;
  readonly #slice: TimeSlice;

  constructor(decoder: RecordDecoder<K, V>, passedMs: number, slice: TimeSlice) {
    this.#decoder = decoder;
    this.#passedMs = passedMs;
    this.#slice = slice;
  }

  *[Symbol.iterator](): Generator<DumpedEntry<K, V>, void, undefined> {
    const decoder = this.#decoder;
    for (let entry = decoder.read(this.#passedMs); entry !== null; entry = decoder.read(this.#passedMs)) {
      if (entry.remainingTtlMs! > 0) yield entry;
      else this.expired++;
      if (this.#slice.isOverAfter(decoder.recordBytes)) return;
    }
    this.isLast = true;
  }
}

function isRefusal(error: unknown): error is HotsetError {
  return (
    error instanceof HotsetError &&
    (error.code === 'HOTSET_DAMAGED_SNAPSHOT' || error.code === 'HOTSET_UNREADABLE_SNAPSHOT')
  );
}

/** The first pass has found nothing wrong, and now there is: the file, or what the codec does, has changed. */
function tooLate(error: HotsetError, stored: number): HotsetError {
  const what = `it changed while it was loaded, and ${stored} entries or more are in the engine`;
  return new HotsetError(error.code, `${error.message}; ${what}`, { cause: error });
}
