/**
 * The threads that have opened a shared store, in memory that they share: who holds a lock, and whether it still lives.
 *
 * On Linux an entry names the kernel's number of the thread and when it began, and /proc says whether that thread is
 * there. Elsewhere an entry names Node's number, and a thread counts as dead once it has held one lock for ten
 * seconds; so do not stop a single thread in a debugger there.
 *
 * Nobody leaves the table: entries of dead threads are used again, each time with another generation, so that a number
 * never names two threads.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { HotsetError } from '../errors.js';
import type { Liveness } from './lock.js';

/** Threads that may have a store open at the same time. */
export const MAX_THREADS = 255;

/** Places of a table; place 0 is nobody's. */
const PLACES = MAX_THREADS + 1;

/** A table in bytes: for each place the thread, in 64 bits, so that one exchange takes a place; and how often it was taken. */
export const THREAD_TABLE_BYTES: number = PLACES * (8 + 4);

/** A thread's number: its place in the lowest bits, the place's generation above, never a sign. */
const PLACE_BITS = 8;
const PLACE_MASK = (1 << PLACE_BITS) - 1;
const GENERATION_MASK = 0x7fffff;

/** Where the system does not say who lives: longer than any thread works on one shard, or collects garbage meanwhile. */
const DEAD_AFTER_MS = 10_000;

/** A thread as the system knows it. */
export interface NativeThread {
  /** Not 0, and negative where only Node knows the thread. */
  readonly id: number;
  /** Tells it from an earlier thread of the same id. */
  readonly begun: number;
}

/** How the system is asked about threads. */
export interface NativeThreads {
  current(): NativeThread;
  /** Undefined where nobody can say. */
  isAlive(thread: NativeThread): boolean | undefined;
}

export class ThreadTable implements Liveness {
  private readonly threads: BigInt64Array;
  private readonly generations: Int32Array;
  private readonly native: NativeThreads;

  /** `memory` holds `THREAD_TABLE_BYTES` at `at`, a multiple of 8; zero at first. */
  constructor(memory: SharedArrayBuffer, at: number, native: NativeThreads = nativeThreads) {
    this.threads = new BigInt64Array(memory, at, PLACES);
    this.generations = new Int32Array(memory, at + PLACES * 8, PLACES);
    this.native = native;
  }

  /**
   * The number of the calling thread, above 0: the same for each call of one thread. `isUsed`: whether something, such
   * as a lock, still names a number. Throws `HOTSET_TOO_MANY`. O(threads).
   */
  enter(isUsed: (thread: number) => boolean): number {
    const self = packed(this.native.current());
    for (let place = 1; place < PLACES; place++)
      if (Atomics.load(this.threads, place) === self) return this.numberAt(place);
    for (let place = 1; place < PLACES; place++) {
      const thread = Atomics.load(this.threads, place);
      if (thread !== 0n) {
        if (isUsed(this.numberAt(place)) || this.native.isAlive(unpacked(thread)) !== false) continue;
      }
      if (Atomics.compareExchange(this.threads, place, thread, self) !== thread) continue;
      Atomics.add(this.generations, place, 1);
      return this.numberAt(place);
    }
    throw new HotsetError('HOTSET_TOO_MANY', `a shared store takes ${MAX_THREADS} threads at a time`);
  }

  hasEnded(thread: number, heldMs: number): boolean {
    const place = thread & PLACE_MASK;
    // Nobody takes the place of a thread that lives.
    if (this.numberAt(place) !== thread) return true;
    return !(this.native.isAlive(unpacked(Atomics.load(this.threads, place))) ?? heldMs < DEAD_AFTER_MS);
  }

  private numberAt(place: number): number {
    return ((Atomics.load(this.generations, place) & GENERATION_MASK) << PLACE_BITS) | place;
  }
}

function packed({ id, begun }: NativeThread): bigint {
  return (BigInt(id) << 32n) | BigInt(begun >>> 0);
}

function unpacked(thread: bigint): NativeThread {
  return { id: Number(thread >> 32n), begun: Number(BigInt.asIntN(32, thread)) };
}

/** Where Linux says when a thread began, counted from behind its name, which may hold anything: see proc(5). */
const BEGUN_FIELD = 20;

/** How reading about a thread fails that is not there, or no more. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ESRCH']);

export const nativeThreads: NativeThreads = {
  current() {
    try {
      const id = Number(readlinkSync('/proc/thread-self').split('/').pop());
      return { id, begun: begunAt(id) };
    } catch {
      return { id: -1 - threadId, begun: 0 };
    }
  },
  isAlive({ id, begun }) {
    if (id < 0) return undefined;
    try {
      return begunAt(id) === begun;
    } catch (error) {
      return GONE.has((error as NodeJS.ErrnoException).code) ? false : undefined;
    }
  },
};

function begunAt(id: number): number {
  const stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[BEGUN_FIELD - 1]) | 0;
}
