/** Items of the wire to a snapshot file and back, and the cas ids that go on after it. */

import type { DumpedEntry } from '../engine/types.js';
import type { MemcachedEngine } from '../memcached/item-store.js';
import { bytesOf, ownedWireValue, type WireValue } from '../memcached/wire-value.js';
import { loadSnapshot, saveSnapshot, type ValueCodec } from '../snapshot/index.js';

/** Values as bytes; they come back as the wire would have made them. */
const CODEC: ValueCodec<WireValue> = {
  encode: bytesOf,
  decode: (bytes) => ownedWireValue(bytes, bytes.length),
};
/** The largest item that any server could have held, with its key. */
const ENTRY_MAX_BYTES: number = 2 ** 30 + 2 ** 10;

/** More than a process can give out, two million in a second; exact in a number until the year 2109. */
const VERSIONS_PER_MILLISECOND: number = 2 ** 11;

/** Greater than any version that an earlier process has given: a cas id from before the restart must not match. */
export function versionsSoFar(nowMs: number): number {
  return nowMs * VERSIONS_PER_MILLISECOND;
}

/** Loads the file; returns when it was saved. Throws what `loadSnapshot` throws. */
export async function load(engine: MemcachedEngine, path: string): Promise<number> {
  const { savedAtMs } = await loadSnapshot(engine, path, { codec: CODEC, maxEntryBytes: ENTRY_MAX_BYTES });
  return savedAtMs;
}

/** Saves what will not have been flushed in `flushInMs` (`Infinity` when no flush is to come). */
export async function save(engine: MemcachedEngine, path: string, flushInMs: number): Promise<void> {
  const source = flushInMs === Number.POSITIVE_INFINITY ? engine : { dump: () => dying(engine, flushInMs) };
  await saveSnapshot(source, path, { codec: CODEC, maxEntryBytes: ENTRY_MAX_BYTES });
}

function* dying(
  engine: MemcachedEngine,
  inMs: number,
): Generator<DumpedEntry<string, WireValue>, void, undefined> {
  for (const entry of engine.dump())
    yield { ...entry, remainingTtlMs: Math.min(entry.remainingTtlMs ?? Number.POSITIVE_INFINITY, inMs) };
}
