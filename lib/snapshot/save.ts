/**
 * saveSnapshot: a file beside the target is written whole and synced, and then takes its place, so that whoever
 * looks finds the old snapshot or the new one. Nothing touches the target before that last step.
 */

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { encodeSnapshot, type SaveTally } from './encode.js';
import type { SnapshotSource } from './endpoints.js';
import {
  checkArguments,
  type ResolvedSaveOptions,
  resolveSaveOptions,
  type SaveSnapshotOptions,
} from './options.js';

/** What `saveSnapshot` resolves to. */
export interface SavedSnapshot {
  /** How many entries are in the file. */
  readonly entries: number;
  /** How many were omitted, with `unsavable: 'skip'`. */
  readonly skipped: number;
  /** The file's size. */
  readonly bytes: number;
}

/**
 * Saves the live entries of `engine`, with their remaining TTLs, to the file `path`. The engine stays in use
 * meanwhile: each entry is saved as it is when its turn comes. The event loop gets a turn every few milliseconds;
 * memory is bounded by 1 MiB and the largest entry that has to be serialized. O(n).
 *
 * On success the file has replaced the one under `path` (also a symbolic link) and is on disk. On failure the old
 * file is untouched and the new one removed. Saves to one path at the same time do not affect each other: the last
 * one to finish stays.
 *
 * Rejects with `HOTSET_UNSAVABLE_ENTRY`, with `HOTSET_INVALID_OPTION` or `HOTSET_INVALID_ARGUMENT`, with the
 * signal's reason, and with file-system errors.
 */
export async function saveSnapshot<K, V>(
  engine: SnapshotSource<K, V>,
  path: string,
  options: SaveSnapshotOptions<V> = {},
): Promise<SavedSnapshot> {
  checkArguments(engine, 'dump', path);
  const resolved = resolveSaveOptions(options);
  resolved.signal?.throwIfAborted();
  const tally: SaveTally = { entries: 0, skipped: 0 };
  const bytes = await replaceFile(path, resolved, encodeSnapshot(engine, resolved, tally));
  return { ...tally, bytes };
}

/**
 * Puts a file with these bytes in the place of the one under `path`, as `saveSnapshot` says; returns how many they were.
 * A chunk must stay as it is until the next one has been returned.
 */
export async function replaceFile(
  path: string,
  { mode, signal }: Pick<ResolvedSaveOptions<never>, 'mode' | 'signal'>,
  chunks: AsyncIterable<Buffer>,
): Promise<number> {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${randomBytes(8).toString('hex')}.tmp`);
  const directory = await openDirectory(dirname(path));
  try {
    const bytes = await writeFile(temporary, mode, chunks);
    signal?.throwIfAborted();
    await rename(temporary, path);
    await directory?.sync();
    return bytes;
  } catch (error) {
    // The caller has to know the first error.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  } finally {
    await directory?.close();
  }
}

/**
 * How the names of files begin that saves to `path` write before they rename them. A save that is killed leaves one
 * behind, which may be removed when no other process saves there.
 */
export function temporaryPrefix(path: string): string {
  return `.${basename(path).slice(0, 100)}.hotset-`;
}

/** The new file, complete, synced and closed. A chunk is written while the next one is made. */
async function writeFile(path: string, mode: number, chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  const file = await open(path, 'wx', mode);
  let writing: Promise<void> = Promise.resolve();
  try {
    // The umask has had its say in what open() made.
    await file.chmod(mode);
    for await (const chunk of chunks) {
      await writing;
      writing = writeAll(file, chunk);
      // It is awaited with the next chunk.
      writing.catch(() => {});
      bytes += chunk.length;
    }
    await writing;
    await file.sync();
  } finally {
    await writing.catch(() => {});
    await file.close();
  }
  return bytes;
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

/** For syncing the rename itself; Windows has no such thing. Opened first, so that nothing is replaced if it cannot be. */
function openDirectory(path: string): Promise<FileHandle> | null {
  return process.platform === 'win32' ? null : open(path, 'r');
}
