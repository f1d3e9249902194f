/**
 * The numbers of an engine's connections and listeners, over all its servers, as `stats conns` and the log show them.
 * Those that are open at one time differ.
 */

import { MinHeap } from '../structures.js';

export class ConnectionNumbers {
  readonly #free = new MinHeap<number>();
  #highest = 0;
  #step = 1;

  /** Leaves numbers to the other threads of the server. Before the first is taken. */
  share(thread: number, threads: number): void {
    this.#highest = thread + 1 - threads;
    this.#step = threads;
  }

  /** The lowest number that is free, as an operating system gives out file descriptors. O(log n). */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#highest += this.#step;
    return this.#highest;
  }

  giveBack(number: number): void {
    this.#free.push(number);
  }
}
