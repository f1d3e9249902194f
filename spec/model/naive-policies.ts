/**
 * The eviction policies, written the slow and obvious way: arrays from the oldest to the newest entry, and a list of ghosts. The
 * model specs compare the engine with them. Only how often a key was used is not computed here: a sketch is wrong at
 * random, so the model of W-TinyLFU has one of its own, of the engine's class (which spec/engine/policy/ has specs of).
 */

import type { Policy } from '../../lib/index.js';

export interface Ranked {
  readonly key: unknown;
  bytes: number;
}

export interface NaivePolicy<E extends Ranked> {
  /** In the order of a walk. */
  all(): E[];
  enter(entry: E): void;
  /** It has been read, or written again. */
  use(entry: E): void;
  /** It stays while others go for its new weight. */
  keep(entry: E): void;
  /** `kept`: the entry that others go for. */
  leave(entry: E, evicted: boolean, kept: E | undefined): void;
  victim(kept: E | undefined): E;
  clear(): void;
}

/** What keys have been used how often, as the engine sees it. */
export interface NaiveFrequencies {
  add(key: unknown, entries: number, uses: number): void;
  of(key: unknown): number;
  clear(): void;
}

function without<E>(list: readonly E[], entry: E): E[] {
  return list.filter((each) => each !== entry);
}

class NaiveLru<E extends Ranked> implements NaivePolicy<E> {
  #entries: E[] = [];

  all(): E[] {
    return this.#entries;
  }

  enter(entry: E): void {
    this.#entries.push(entry);
  }

  use(entry: E): void {
    this.#entries = [...without(this.#entries, entry), entry];
  }

  keep(entry: E): void {
    this.use(entry);
  }

  leave(entry: E): void {
    this.#entries = without(this.#entries, entry);
  }

  victim(): E {
    return this.#entries[0]!;
  }

  clear(): void {
    this.#entries = [];
  }
}

class NaiveSieve<E extends Ranked> implements NaivePolicy<E> {
  #entries: E[] = [];
  readonly #visited: Set<E> = new Set();
  #hand: E | undefined;

  all(): E[] {
    return this.#entries;
  }

  enter(entry: E): void {
    this.#entries.push(entry);
  }

  use(entry: E): void {
    this.#visited.add(entry);
  }

  keep(): void {}

  leave(entry: E): void {
    if (this.#hand === entry) this.#hand = this.#entries[this.#entries.indexOf(entry) + 1];
    this.#entries = without(this.#entries, entry);
    this.#visited.delete(entry);
  }

  victim(kept: E | undefined): E {
    let at = this.#hand === undefined ? 0 : this.#entries.indexOf(this.#hand);
    for (; ; at = (at + 1) % this.#entries.length) {
      const entry = this.#entries[at]!;
      if (entry === kept) continue;
      if (!this.#visited.delete(entry)) {
        this.#hand = entry;
        return entry;
      }
    }
  }

  clear(): void {
    this.#entries = [];
    this.#visited.clear();
    this.#hand = undefined;
  }
}

class NaiveS3Fifo<E extends Ranked> implements NaivePolicy<E> {
  #small: E[] = [];
  #main: E[] = [];
  #ghosts: { key: unknown; cost: number }[] = [];
  readonly #uses: Map<E, number> = new Map();
  readonly #costOf: (entries: readonly E[]) => number;

  constructor(costOf: (entries: readonly E[]) => number) {
    this.#costOf = costOf;
  }

  all(): E[] {
    return [...this.#small, ...this.#main];
  }

  enter(entry: E): void {
    // As a Map compares. An object or a symbol leaves no ghost that knows it.
    const ghost = isNamed(entry.key) && this.#ghosts.find(({ key }) => [key].includes(entry.key));
    if (ghost) {
      this.#ghosts = without(this.#ghosts, ghost);
      this.#main.push(entry);
    } else this.#small.push(entry);
    this.#uses.set(entry, 0);
  }

  use(entry: E): void {
    this.#uses.set(entry, Math.min(this.#uses.get(entry)! + 1, 3));
  }

  keep(entry: E): void {
    if (this.#small.includes(entry)) this.#small = [...without(this.#small, entry), entry];
    else this.#main = [...without(this.#main, entry), entry];
  }

  leave(entry: E, evicted: boolean): void {
    if (evicted && this.#small.includes(entry)) {
      const room = 0.9 * this.#costOf(this.all());
      this.#ghosts.push({ key: entry.key, cost: this.#costOf([entry]) });
      const cost = () => this.#ghosts.reduce((sum, ghost) => sum + ghost.cost, 0);
      while (this.#ghosts.length > 1 && cost() > room) this.#ghosts.shift();
    }
    this.#small = without(this.#small, entry);
    this.#main = without(this.#main, entry);
    this.#uses.delete(entry);
  }

  victim(kept: E | undefined): E {
    for (;;) {
      const small = this.#small.find((entry) => entry !== kept);
      const hasMain = this.#main.some((entry) => entry !== kept);
      const isSmallBelow = this.#costOf(this.#small) < 0.1 * this.#costOf(this.all());
      if (hasMain && (small === undefined || isSmallBelow)) {
        const main = this.#main.shift()!;
        const uses = this.#uses.get(main)!;
        if (main !== kept && uses === 0) {
          this.#main.unshift(main);
          return main;
        }
        this.#main.push(main);
        if (main !== kept) this.#uses.set(main, uses - 1);
      } else if (this.#uses.get(small!)! < 2) return small!;
      else {
        this.#small = without(this.#small, small!);
        this.#main.push(small!);
        this.#uses.set(small!, 0);
      }
    }
  }

  clear(): void {
    this.#small = [];
    this.#main = [];
    this.#ghosts = [];
  }
}

class NaiveWTinyLfu<E extends Ranked> implements NaivePolicy<E> {
  #probation: E[] = [];
  #candidates: E[] = [];
  #window: E[] = [];
  #protected: E[] = [];
  isLoading = false;
  readonly #costOf: (entries: readonly E[]) => number;
  readonly #frequencies: NaiveFrequencies;

  constructor(costOf: (entries: readonly E[]) => number, frequencies: NaiveFrequencies) {
    this.#costOf = costOf;
    this.#frequencies = frequencies;
  }

  all(): E[] {
    return [...this.#probation, ...this.#candidates, ...this.#window, ...this.#protected];
  }

  enter(entry: E): void {
    this.#frequencies.add(entry.key, this.all().length + 1, 1);
    this.#probation.push(...this.#candidates);
    this.#candidates = [];
    this.#window.push(entry);
    while (this.#window.length > 4 && this.#costOf(this.#window) > 0.01 * this.#costOf(this.all()))
      this.#candidates.push(this.#window.shift()!);
  }

  use(entry: E): void {
    this.#frequencies.add(entry.key, this.all().length, 1);
    if (this.#window.includes(entry)) {
      this.#window = [...without(this.#window, entry), entry];
      return;
    }
    const wasProtected = this.#protected.includes(entry);
    this.#remove(entry);
    this.#protected.push(entry);
    const share = () => 0.8 * this.#costOf([...this.#probation, ...this.#candidates, ...this.#protected]);
    while (!wasProtected && this.#protected.length > 1 && this.#costOf(this.#protected) > share())
      this.#probation.push(this.#protected.shift()!);
  }

  keep(): void {}

  leave(entry: E, evicted: boolean, kept: E | undefined): void {
    const candidate = this.#candidates.find((each) => each !== kept);
    if (evicted && candidate !== undefined) {
      this.#frequencies.add(candidate.key, this.all().length, 2);
      this.#candidates = without(this.#candidates, candidate);
      this.#probation.push(candidate);
    }
    this.#remove(entry);
  }

  victim(kept: E | undefined): E {
    const candidate = this.#candidates.find((entry) => entry !== kept);
    const other =
      this.#probation.find((entry) => entry !== kept) ?? this.#protected.find((entry) => entry !== kept);
    if (candidate === undefined || other === undefined)
      return candidate ?? other ?? this.#window.find((entry) => entry !== kept)!;
    const more = this.#frequencies.of(candidate.key) - this.#frequencies.of(other.key);
    return more > 0 || this.isLoading ? other : candidate;
  }

  #remove(entry: E): void {
    this.#probation = without(this.#probation, entry);
    this.#candidates = without(this.#candidates, entry);
    this.#window = without(this.#window, entry);
    this.#protected = without(this.#protected, entry);
  }

  clear(): void {
    this.#probation = [];
    this.#candidates = [];
    this.#window = [];
    this.#protected = [];
    this.#frequencies.clear();
  }
}

/** `costOf`: what entries take, in bytes or, where bytes are not limited, in entries. */
export function naivePolicy<E extends Ranked>(
  policy: Policy,
  costOf: (entries: readonly E[]) => number,
  frequencies: NaiveFrequencies,
): NaivePolicy<E> & { isLoading?: boolean } {
  switch (policy) {
    case 'lru':
      return new NaiveLru();
    case 'sieve':
      return new NaiveSieve();
    case 's3-fifo':
      return new NaiveS3Fifo(costOf);
    case 'w-tinylfu':
      return new NaiveWTinyLfu(costOf, frequencies);
  }
}

export function isNamed(key: unknown): boolean {
  return typeof key !== 'symbol' && (typeof key !== 'object' || key === null);
}
