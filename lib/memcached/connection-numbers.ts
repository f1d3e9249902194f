/**
 * The numbers of an engine's connections and listeners, over all that serve it, as `stats conns` and the log show
 * them: no two that are open have the same.
 */

import { MinHeap } from 'mnemonist';

export class ConnectionNumbers {
  readonly #free = new MinHeap<number>();
  #given = 0;

  /** The lowest number that is free, as an operating system gives out file descriptors. O(log n). */
  take(): number {
    return this.#free.pop() ?? ++this.#given;
  }

  giveBack(number: number): void {
    this.#free.push(number);
  }
}
