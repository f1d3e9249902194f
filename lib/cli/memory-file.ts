/**
 * `-e`: the file in which items survive a restart. One process at a time has it, from before it is loaded until
 * it has been saved, by a lock beside it. While the server runs, the file does not exist: after a crash, clients do not
 * see what was deleted or overwritten since it was saved. With `--snapshot-every` it exists, and is as old as that.
 */

import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import type { Server } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { systemClock } from '../engine/clock.js';
import { HotsetError } from '../errors.js';
import { loadPages, type StoredPages, savePages } from '../pages/page-file.js';
import { BlockReader } from '../snapshot/block-reader.js';
import { temporaryPrefix } from '../snapshot/save.js';
import { openListener } from '../tcp/listener.js';
import { checkAddress } from '../tcp/options.js';
import { StartError } from './errors.js';

/** How long to wait for a server that is still saving. */
const LOCK_TIMEOUT_MS = 60_000;
const RETRY_MS = 100;
const SYMLINKS_MAX = 8;
/** A cache holds secrets. */
const MODE = 0o600;
/** More than a process can give out, two million in a second; exact in a number until the year 2109. */
const VERSIONS_PER_MILLISECOND: number = 2 ** 11;

/** Takes a line for the log. */
type Log = (message: string) => void;

/** What is saved. */
export interface SavedItems {
  readonly items: StoredPages;
  /** Milliseconds until a flush will take what is stored now; `Infinity` if none will. */
  readonly flushInMs: number;
}

export class MemoryFile {
  readonly #path: string;
  /** As the user wrote it. */
  readonly #shown: string;
  readonly #lock: Server;
  readonly #stopped = new AbortController();
  /** The periodic save in progress, or the last one. */
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, shown: string, lock: Server) {
    this.#path = path;
    this.#shown = shown;
    this.#lock = lock;
  }

  /** Takes the file, once no other process has it. Throws a StartError. */
  static async take(file: string, log: Log): Promise<MemoryFile> {
    const path = asStartError(file, () => target(file));
    const address = { path: `${path}.lock`, mode: 0o600 };
    asStartError(file, () => checkAddress(address, null));
    const deadline = Date.now() + LOCK_TIMEOUT_MS;
    for (let isLogged = false; ; isLogged = true) {
      try {
        // A socket, because the system frees it when its process ends, for whatever reason.
        const lock = await openListener(address, (socket) => socket.destroy());
        return new MemoryFile(path, file, lock.unref());
      } catch (error) {
        const cause = (error as HotsetError).cause as NodeJS.ErrnoException | undefined;
        if (cause?.code !== 'EADDRINUSE')
          throw new StartError(`-e ${file} cannot be written: ${(cause ?? (error as Error)).message}`);
        if (Date.now() > deadline) throw new StartError(`-e ${file} is in use by another hotset`);
        if (!isLogged) log(`waiting for ${file}, which another hotset has not yet saved`);
        await new Promise((next) => setTimeout(next, RETRY_MS));
      }
    }
  }

  /**
   * Loads the file, if there is one. A file that cannot be used is set aside, one that is older than `maxAgeMs` is left
   * out, and the server starts empty. With `casIds`, items get versions above all from before. Throws a StartError.
   */
  async restore(
    items: StoredPages,
    log: Log,
    { maxAgeMs = null, casIds = true }: { maxAgeMs?: number | null; casIds?: boolean } = {},
  ): Promise<void> {
    const path = this.#path;
    const begin = (savedAtMs: number): void => {
      // The clock may have been put back since.
      if (casIds) items.beginVersions(versionsSoFar(Math.max(Date.now(), savedAtMs)));
    };
    begin(0);
    const stats = asStartError(this.#shown, () => statSync(path, { throwIfNoEntry: false }));
    if (stats === undefined) return;
    if (!stats.isFile()) throw new StartError(`-e ${this.#shown}: it is not a file`);
    try {
      const savedAtMs = await savedAt(path);
      begin(savedAtMs);
      // The age of a file from the future is unknown: the clock has gone back.
      const ageMs = Math.abs(Date.now() - savedAtMs);
      if (maxAgeMs === null || ageMs <= maxAgeMs) await loadPages(items, path, systemClock);
      else
        log(
          `${this.#shown} is ${Math.round(ageMs / 1000)} seconds old, more than --restore-max-age, and the server starts empty`,
        );
    } catch (error) {
      if (!(error instanceof HotsetError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      items.clear();
      asStartError(this.#shown, () => renameSync(path, `${path}.damaged`));
      log(`${(error as Error).message}; it is now ${this.#shown}.damaged, and the server starts empty`);
    }
  }

  /**
   * Called when clients can connect. Removes what saves that were killed have left, and the file, unless it
   * `remains` for a start after a crash.
   */
  begin(remains: boolean): void {
    asStartError(`${this.#shown} cannot be written`, () => {
      const folder = dirname(this.#path);
      accessSync(folder, constants.W_OK | constants.X_OK);
      const prefix = temporaryPrefix(this.#path);
      for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name));
      if (!remains) rmSync(this.#path, { force: true });
    });
  }

  /** Saves `everyMs` after the save before has ended. A failure is logged, and the next save tries again. */
  saveEvery(everyMs: number, items: () => SavedItems, log: Log): void {
    const { signal } = this.#stopped;
    let timer: NodeJS.Timeout;
    signal.addEventListener('abort', () => clearTimeout(timer));
    const saveNow = async (): Promise<void> => {
      try {
        await save(items(), this.#path, signal);
      } catch (error) {
        if (!signal.aborted) log(`${this.#shown} cannot be written: ${(error as Error).message}`);
      }
      if (!signal.aborted) schedule();
    };
    const schedule = (): void => {
      timer = setTimeout(() => {
        this.#saving = saveNow();
      }, everyMs).unref();
    };
    schedule();
  }

  /** Writes the file for the last time, in place of a periodic save in progress. */
  async save(items: () => SavedItems): Promise<void> {
    this.#stopped.abort();
    await this.#saving;
    await save(items(), this.#path, null);
  }

  /** Releases the lock. */
  async release(): Promise<void> {
    await new Promise((done) => this.#lock.close(done));
  }
}

/** Where the file is or will be, whatever links lead there: it is replaced as a whole, and the links stay. */
function target(file: string, links = 0): string {
  const path = join(realpathSync(dirname(file)), basename(file));
  if (links > SYMLINKS_MAX || lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true)
    return path;
  return target(resolve(dirname(path), readlinkSync(path)), links + 1);
}

function asStartError<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StartError(`-e ${where}: ${(error as Error).message}`);
  }
}

/** Greater than any version of an earlier process: a cas id from before the restart must not match. */
function versionsSoFar(nowMs: number): number {
  return nowMs * VERSIONS_PER_MILLISECOND;
}

/** When the file was saved, from its header. */
async function savedAt(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    return (await new BlockReader(file, path).header()).savedAtMs;
  } finally {
    await file.close();
  }
}

/** With a flush pending, no item expires later than the flush. */
async function save(
  { items, flushInMs }: SavedItems,
  path: string,
  signal: AbortSignal | null,
): Promise<void> {
  await savePages(items, path, { clock: systemClock, mode: MODE, signal, endInMs: flushInMs });
}
