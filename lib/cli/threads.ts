/**
 * `-t`: worker threads that serve on the same ports as the main thread, over shards that all of them share. The main
 * thread does what one must do: signals, Unix sockets, HTTP, the file of `-e`, the log. Without `-t`, nothing here runs.
 */

import { randomInt, randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../engine/clock.js';
import type { SharedMemories } from '../pages/open-shards.js';
import { newSharedMemories, openShards, type ShardSettings, shardsFor } from '../pages/open-shards.js';
import type { ShardedItems } from '../pages/sharded-items.js';
import type { LogEvent } from '../server-log.js';
import type { ListenAddress } from '../tcp/index.js';
import type { TcpAddress } from '../tcp/options.js';
import { newThreadGroup, type ThreadGroupHandle } from '../threads/thread-group.js';
import type { Settings } from './settings.js';

/** More would only share the same cores. */
const THREADS_MAX = 64;
/** The budget may grow to so many times what it was: address space is reserved for that, and no memory. */
const RESERVED_TIMES = 4;

/** What a worker thread is started with. */
export interface ThreadData {
  readonly hotsetThread: number;
  readonly settings: Settings;
  readonly maxConnections: number;
  readonly memories: SharedMemories;
  readonly shards: ShardSettings;
  readonly group: ThreadGroupHandle;
  readonly addresses: readonly TcpAddress[];
}

/** What worker threads report. */
export type ThreadReport =
  | { readonly serves: true }
  | { readonly stopped: true }
  | { readonly shutdown: boolean }
  | { readonly log: readonly [message: string, event?: LogEvent] }
  | { readonly failed: string };

/** How many threads serve, and why fewer than asked for. */
export function threadsFor(
  { threads }: Settings,
  version: string = process.versions.node,
): {
  readonly threads: number;
  readonly warning: string | null;
} {
  if (threads === 1) return { threads, warning: null };
  if (!canReusePort(version))
    return {
      threads: 1,
      warning: `-t ${threads} needs Node 22.12 or newer, and this is ${version}: one thread serves all connections`,
    };
  if (threads <= THREADS_MAX) return { threads, warning: null };
  return { threads: THREADS_MAX, warning: `-t ${threads}: ${THREADS_MAX} threads serve, which is the most` };
}

/** Node 22.12, and 23.1, which came before it. */
function canReusePort(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (process.platform === 'win32' || process.platform === 'darwin') return false;
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

/** The items of several threads, and what other threads open them with. */
export class SharedServer {
  readonly items: ShardedItems;
  readonly group: ThreadGroupHandle;
  /** The most that `cache_memlimit` can set. */
  readonly ceilingBytes: number;
  readonly #memories: SharedMemories;
  readonly #shards: ShardSettings;
  readonly #workers: Worker[] = [];

  constructor({ maxBytes, evict }: Settings, threads: number, clock: Clock) {
    this.ceilingBytes = maxBytes * RESERVED_TIMES;
    this.#shards = {
      shards: shardsFor(threads, maxBytes, this.ceilingBytes),
      maxBytes,
      reservedBytes: this.ceilingBytes,
      evicts: evict,
      hashSeed: randomInt(2 ** 32) | 0,
    };
    this.#memories = newSharedMemories(this.#shards);
    this.items = openShards(this.#memories, this.#shards, clock, true);
    this.group = newThreadGroup(threads, `hotset ${randomUUID()}`);
  }

  /** Starts the other threads, which listen on ports that the main thread listens on. Rejects when one cannot. */
  async start(
    script: string,
    settings: Settings,
    maxConnections: number,
    addresses: readonly ListenAddress[],
    on: {
      readonly shutdown: (graceful: boolean) => void;
      readonly log: (message: string, event?: LogEvent) => void;
    },
  ): Promise<void> {
    this.items.share();
    const ports = addresses.filter((address): address is TcpAddress => !('path' in address));
    const serving = Array.from({ length: this.group.threads - 1 }, (_, i) => {
      const workerData: ThreadData = {
        hotsetThread: i + 1,
        settings,
        maxConnections,
        memories: this.#memories,
        shards: this.#shards,
        group: this.group,
        addresses: ports,
      };
      const worker = new Worker(script, { workerData });
      this.#workers.push(worker);
      return new Promise<void>((resolve, reject) => {
        worker.on('message', (report: ThreadReport) => {
          if ('serves' in report) resolve();
          else if ('failed' in report) reject(new Error(report.failed));
          else if ('log' in report) on.log(...report.log);
          else if ('shutdown' in report) on.shutdown(report.shutdown);
        });
        // As an error in the main thread: the process ends.
        worker.on('error', (error) => {
          throw error;
        });
      });
    });
    await Promise.all(serving);
  }

  /** Ends the other threads once their clients' current requests are answered, or after `forceAfterMs`. */
  async close(forceAfterMs: number): Promise<void> {
    await Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => resolve());
            worker.postMessage({ stop: forceAfterMs });
          }),
      ),
    );
  }
}
