/**
 * `-e`: the file in which items survive a restart. One process at a time has it, from before it is loaded until
 * it has been saved: a lock beside it says so. While the server serves, the file is gone: after a crash nobody is
 * served what was deleted or overwritten since it was saved.
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
import type { Server } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { HotsetError } from '../errors.js';
import type { MemcachedEngine } from '../memcached/item-store.js';
import { temporaryPrefix } from '../snapshot/save.js';
import { openListener } from '../tcp/listener.js';
import { checkAddress } from '../tcp/options.js';
import { StartError } from './start-error.js';
import { load, save } from './warm-restart.js';

/** How long to wait for a server that is still saving. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 100;
const SYMLINKS_MAX = 8;

export class MemoryFile {
  readonly #path: string;
  /** As the user wrote it. */
  readonly #shown: string;
  readonly #lock: Server;

  private constructor(path: string, shown: string, lock: Server) {
    this.#path = path;
    this.#shown = shown;
    this.#lock = lock;
  }

  /** Takes the file, once no other process has it. Throws a StartError. */
  static async take(file: string, log: (message: string) => void): Promise<MemoryFile> {
    const path = asStartError(file, () => target(file));
    const address = { path: `${path}.lock`, mode: 0o600 };
    asStartError(file, () => checkAddress(address, false));
    const deadline = Date.now() + PATIENCE_MS;
    for (let told = false; ; told = true) {
      try {
        // A socket, because it is free again when its process is gone, however that came.
        const lock = await openListener(address, (socket) => socket.destroy());
        return new MemoryFile(path, file, lock.unref());
      } catch (error) {
        const cause = (error as HotsetError).cause as NodeJS.ErrnoException | undefined;
        if (cause?.code !== 'EADDRINUSE')
          throw new StartError(`-e ${file} cannot be written: ${(cause ?? (error as Error)).message}`);
        if (Date.now() > deadline) throw new StartError(`-e ${file} is in use by another hotset`);
        if (!told) log(`waiting for ${file}, which another hotset has not yet saved`);
        await new Promise((next) => setTimeout(next, RETRY_MS));
      }
    }
  }

  /**
   * Loads the file, if there is one, and returns when it was saved, in Unix milliseconds; 0 for none. A file that
   * is no good is set aside, and the server starts empty. Throws a StartError.
   */
  async restore(engine: MemcachedEngine, log: (message: string) => void): Promise<number> {
    const path = this.#path;
    const stats = asStartError(this.#shown, () => statSync(path, { throwIfNoEntry: false }));
    if (stats === undefined) return 0;
    if (!stats.isFile()) throw new StartError(`-e ${this.#shown}: it is not a file`);
    try {
      return await load(engine, path);
    } catch (error) {
      if (!(error instanceof HotsetError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      engine.clear();
      asStartError(this.#shown, () => renameSync(path, `${path}.damaged`));
      log(`${(error as Error).message}; it is now ${this.#shown}.damaged, and the server starts empty`);
      return 0;
    }
  }

  /** Called when clients can connect: removes the file, and what saves that were killed have left. */
  begin(): void {
    asStartError(`${this.#shown} cannot be written`, () => {
      const folder = dirname(this.#path);
      accessSync(folder, constants.W_OK | constants.X_OK);
      const prefix = temporaryPrefix(this.#path);
      for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name));
      rmSync(this.#path, { force: true });
    });
  }

  /** Writes the file. Items that a flush would take in `flushInMs` will be gone by then. */
  async save(engine: MemcachedEngine, flushInMs: number): Promise<void> {
    await save(engine, this.#path, flushInMs);
  }

  /** Lets others have it. */
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
