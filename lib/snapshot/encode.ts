/** An engine's entries to the bytes of a snapshot file, in chunks. */

import { HotsetError, invalidOption } from '../errors.js';
import { BlockBuffer } from './block-buffer.js';
import type { SnapshotSource } from './endpoints.js';
import { BLOCK_MAX_BYTES } from './format.js';
import type { ResolvedSaveOptions } from './options.js';
import { RecordEncoder } from './record-encoder.js';
import { TimeSlice } from './time-slice.js';

/** What has been written so far. */
export interface SaveTally {
  entries: number;
  skipped: number;
}

/**
 * The file's bytes, in chunks of about 256 KiB. A chunk is valid until the next one has been returned. Each entry is as it was when its turn came. O(1) memory beside the entry at hand; gives the event loop a turn every few milliseconds.
 *
 * Throws `HOTSET_UNSAVABLE_ENTRY`, and the reason of an aborted signal.
 */
export async function* encodeSnapshot<K, V>(
  source: SnapshotSource<K, V>,
  options: ResolvedSaveOptions<V>,
  tally: SaveTally,
): AsyncGenerator<Buffer, void, undefined> {
  const { clock, codec, signal } = options;
  const block = new BlockBuffer();
  const encoder = new RecordEncoder<K, V>(codec, options.maxEntryBytes);
  const slice = new TimeSlice();
  const savedAtMs = clock.now();
  if (!Number.isFinite(savedAtMs)) throw invalidOption('clock', 'a clock with a finite time', savedAtMs);
  let elapsedMs = 0;
  const goOn = (): void => {
    signal?.throwIfAborted();
    slice.restart();
    elapsedMs = Math.max(0, clock.now() - savedAtMs);
  };

  yield block.header(savedAtMs, codec !== null);
  goOn();
  for (const entry of source.dump()) {
    const bytes = tryBegin(encoder, entry, elapsedMs, options.skipsUnsavable);
    if (bytes === 0) {
      tally.skipped++;
    } else {
      if (bytes > block.room && !block.isEmpty) {
        yield block.seal();
        goOn();
      }
      while (!encoder.put(block)) {
        yield block.seal();
        goOn();
      }
      tally.entries++;
      // A record of several blocks has its last one to itself as well.
      if (bytes > BLOCK_MAX_BYTES) {
        yield block.seal();
        goOn();
      }
    }
    if (slice.isOverAfter(bytes)) {
      await slice.pause();
      goOn();
    }
  }
  if (!block.isEmpty) yield block.seal();
  yield block.footer(tally.entries);
}

/** Bytes of the entry's record, which is never empty; 0 when it is to be left out. */
function tryBegin<K, V>(
  encoder: RecordEncoder<K, V>,
  entry: Parameters<RecordEncoder<K, V>['begin']>[0],
  elapsedMs: number,
  skipsUnsavable: boolean,
): number {
  try {
    return encoder.begin(entry, elapsedMs);
  } catch (error) {
    if (skipsUnsavable && error instanceof HotsetError && error.code === 'HOTSET_UNSAVABLE_ENTRY') return 0;
    throw error;
  }
}
