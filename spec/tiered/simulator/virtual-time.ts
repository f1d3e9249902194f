/**
 * Time that passes only when it is told to. Each task runs when all that the earlier ones have set off has come to rest, so
 * that a run is the same each time. O(log n) for each task.
 */

import type { Clock } from '../../../lib/index.js';
import type { Scheduler } from '../../../lib/loading/index.js';

interface Task {
  readonly dueMs: number;
  /** Tasks of one time run in the order in which they were scheduled. */
  readonly order: number;
  run: (() => void) | null;
}

export class VirtualTime implements Clock, Scheduler {
  #nowMs = 0;
  #scheduled = 0;
  /** The earliest task first: a binary heap. */
  readonly #heap: Task[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const task: Task = { dueMs: this.#nowMs + Math.max(0, delayMs), order: ++this.#scheduled, run };
    if (task.dueMs < Number.POSITIVE_INFINITY) this.#push(task);
    return () => {
      task.run = null;
    };
  }

  /** Runs what falls due until `untilMs`. */
  async run(untilMs: number): Promise<void> {
    await rest();
    for (let next = this.#heap[0]; next !== undefined && next.dueMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.run === null) continue;
      this.#nowMs = next.dueMs;
      next.run();
      await rest();
    }
    this.#nowMs = untilMs;
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(task, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** All microtasks have run. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a seed decides. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to but not including 1 (mulberry32). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.next() * of.length)]!;
  }

  /** One of the names, each as often as its weight says. */
  weighted<N extends string>(weights: Readonly<Record<N, number>>): N {
    const entries = Object.entries(weights) as [N, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return entries[0]![0];
  }
}
