/**
 * Runs synchronous code of several threads interleaved, step by step, in one thread. A step is one access to shared
 * words, atomic or plain. The code is run again from its beginning for each step, with the results that its earlier
 * steps had, so that it can be stopped at any of them: as if the thread had been terminated there.
 */

import { vi } from 'vitest';

/** Thrown in a thread that has no more steps for now. */
const STOP = Symbol('stop');

class VirtualThread {
  readonly results: unknown[] = [];
  isDone = false;
  isDead = false;
  /** The word that it sleeps on, or -1. */
  sleepsOn = -1;
  isWoken = false;
}

export class Interleavings {
  readonly #threads: VirtualThread[] = [];
  readonly #programs: (() => void)[] = [];
  readonly #random: (below: number) => number;
  readonly #allowTimeouts: boolean;
  /** Where the running thread is in its results, and whether it may take one new step. */
  #at = 0;
  #mayStep = false;
  #current = -1;
  steps = 0;

  constructor(random: (below: number) => number, allowTimeouts: boolean) {
    this.#random = random;
    this.#allowTimeouts = allowTimeouts;
    vi.stubGlobal('Atomics', {
      load: (words: Int32Array, i: number) => words[i],
      store: (words: Int32Array, i: number, value: number) => {
        words[i] = value;
        return value;
      },
      compareExchange: (words: object, i: number, expected: number, value: number) =>
        this.step(() => {
          const memory = memoryOf(words);
          const old = memory[i]!;
          if (old === expected) memory[i] = value;
          return old;
        }),
      exchange: (words: object, i: number, value: number) =>
        this.step(() => {
          const memory = memoryOf(words);
          const old = memory[i]!;
          memory[i] = value;
          return old;
        }),
      notify: (_words: object, i: number, count: number) => this.step(() => this.#wake(i, count)),
      wait: (words: object, i: number, value: number) => {
        const sleeps = this.step(() => {
          if (memoryOf(words)[i] !== value) return false;
          this.#threads[this.#current]!.sleepsOn = i;
          return true;
        });
        return sleeps ? this.step(() => this.#endSleep()) : 'not-equal';
      },
    });
  }

  /** Words whose plain accesses are steps as well. */
  shared(length: number): Int32Array {
    const memory = new Int32Array(length);
    return new Proxy(memory, {
      get: (_target, name) => {
        if (name === MEMORY) return memory;
        return this.step(() => memory[Number(name)]);
      },
      set: (_target, name, value: number) => {
        this.step(() => {
          memory[Number(name)] = value;
        });
        return true;
      },
    });
  }

  /** Adds a thread. `program` makes everything that it keeps, and touches what is shared only by steps. */
  add(program: () => void): void {
    this.#threads.push(new VirtualThread());
    this.#programs.push(program);
  }

  /** One access to what is shared, by the running thread. */
  step<T>(action: () => T): T {
    const { results } = this.#threads[this.#current]!;
    if (this.#at < results.length) return results[this.#at++] as T;
    if (!this.#mayStep) throw STOP;
    this.#mayStep = false;
    this.#at++;
    const result = action();
    results.push(result);
    return result;
  }

  isDead(thread: number): boolean {
    return this.#threads[thread]!.isDead;
  }

  kill(thread: number): void {
    this.#threads[thread]!.isDead = true;
  }

  isDone(thread: number): boolean {
    return this.#threads[thread]!.isDone;
  }

  /** Lets one thread take a step; false when none can. */
  advance(): boolean {
    const ready = this.#threads.flatMap((thread, i) =>
      !thread.isDone && !thread.isDead && (this.#allowTimeouts || thread.sleepsOn < 0 || thread.isWoken)
        ? [i]
        : [],
    );
    if (ready.length === 0) return false;
    this.steps++;
    this.#current = ready[this.#random(ready.length)]!;
    this.#at = 0;
    this.#mayStep = true;
    try {
      this.#programs[this.#current]!();
      this.#threads[this.#current]!.isDone = true;
    } catch (error) {
      if (error !== STOP) throw error;
    }
    return true;
  }

  /** Runs until nobody can go on; throws when some living thread has not ended after `maxSteps`. */
  run(maxSteps: number, afterStep?: () => void): void {
    while (this.advance()) {
      afterStep?.();
      if (this.steps > maxSteps) throw new Error(`no end after ${maxSteps} steps`);
    }
    this.#threads.forEach((thread, i) => {
      if (!thread.isDone && !thread.isDead) throw new Error(`thread ${i} sleeps for ever`);
    });
  }

  #wake(word: number, count: number): number {
    const asleep = this.#threads.filter(
      (thread) => thread.sleepsOn === word && !thread.isWoken && !thread.isDone,
    );
    for (let woken = 0; woken < count && asleep.length > 0; woken++)
      asleep.splice(this.#random(asleep.length), 1)[0]!.isWoken = true;
    return 0;
  }

  #endSleep(): 'ok' | 'timed-out' {
    const thread = this.#threads[this.#current]!;
    const result = thread.isWoken ? 'ok' : 'timed-out';
    thread.sleepsOn = -1;
    thread.isWoken = false;
    return result;
  }
}

const MEMORY = Symbol('memory');

function memoryOf(words: object): Int32Array {
  return (words as { [MEMORY]: Int32Array })[MEMORY];
}
