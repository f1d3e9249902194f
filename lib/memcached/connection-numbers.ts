/**
 * The numbers of an engine's connections and listeners, over all its servers, as `stats conns` and the log show them.
 * Those that are open at one time differ.
 */

import { MinHeap } from '../structures.js';

export class ConnectionNumbers {
  readonly #free = new MinHeap<number>();
  #highest = 0;

  /** The lowest number that is free, as an operating system gives out file descriptors. O(log n). */
  take(): number {
    return this.#free.pop() ?? ++this.#highest;
  }

  giveBack(number: number): void {
    this.#free.push(number);
  }
}
