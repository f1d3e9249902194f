/**
 * `-e`: items that survive a restart. The file is loaded before anybody is served, and is gone from then until
 * the server ends in order: after a crash nobody is served what was deleted or overwritten since it was saved.
 */

import { accessSync, constants, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HotsetError } from '../errors.js';
import type { WireEngine } from '../memcached/item-store.js';
import { bytesOf, ownedWireValue, type WireValue } from '../memcached/wire-value.js';
import { loadSnapshot, saveSnapshot, type ValueCodec } from '../snapshot/index.js';
import { StartError } from './start-error.js';

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

/** Loads the file, if there is one. One that is no good is set aside, and the server starts empty. */
export async function restore(
  engine: WireEngine,
  file: string,
  log: (message: string) => void,
): Promise<void> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw new StartError(`-e ${file}: it is not a file`);
  try {
    await loadSnapshot(engine, file, { codec: CODEC, maxEntryBytes: ENTRY_MAX_BYTES });
  } catch (error) {
    const { code, message } = error as HotsetError | NodeJS.ErrnoException;
    if (!(error instanceof HotsetError) && code !== 'EACCES' && code !== 'EIO') throw error;
    engine.clear();
    renameSync(file, `${file}.damaged`);
    log(`${message}; it is now ${file}.damaged, and the server starts empty`);
  }
}

/** Called when clients can connect: the file can be written later, and until then it is gone. */
export function takeOver(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    rmSync(file, { force: true });
  } catch (error) {
    throw new StartError(`-e ${file} cannot be written: ${(error as Error).message}`);
  }
}

/** Writes the file. */
export async function save(engine: WireEngine, file: string): Promise<void> {
  await saveSnapshot(engine, file, { codec: CODEC, maxEntryBytes: ENTRY_MAX_BYTES });
}
