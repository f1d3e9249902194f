/**
 * What is read most, over all transports and in the process: for the method `hot`, `stats hot` and metrics.
 *
 * It counts reads only while somebody asks: it listens to the store from the first request on, until none has come for as long as the
 * last one wanted. Without a listener, the store's reads cost nothing extra. Every two minutes all counts are halved, and so is the
 * time that they are of: what was hot is forgotten, and rates stay right.
 *
 * Counts by Misra and Gries, in batches as Anderson and others have it ("A High-Performance Algorithm for Identifying
 * Frequent Items in Data Streams", 2017): when there are twice as many counts as are to be kept, the median is
 * subtracted from all of them, and those that reach 0 are dropped. So a count is never too high, and too low by at most
 * the number of all texts divided by `kept`. Adding is one look-up in a Map, and otherwise amortized O(1).
 */

import { decodeKey } from '../items/key-encoding.js';
import type { Items } from '../items.js';
import { Heap } from '../structures.js';

/** Counting stops after so long without a request, unless that says otherwise. */
export const INTEREST_MS = 10_000;
/** For those who ask once a minute: scrapes of metrics, and operators at a terminal. */
export const LONG_INTEREST_MS = 150_000;

/** Counts of so long are halved. */
export const HALVING_MS = 120_000;

/** The minimum of keys and prefixes whose counts are kept: each count is exact to a thousandth of all reads. */
export const COUNTS_KEPT = 1000;

/** Reads between two looks at the clock. */
const READS_PER_CHECK = 256;

/** Keys looked up in one step. */
const KEYS_PER_STEP = 16;

/** What is read most, most read first: as the method `hot` returns it. */
export interface HotReport {
  readonly sampledMs: number;
  readonly reads: number;
  readonly keys: readonly { readonly key: string; readonly reads: number; readonly bytes: number }[];
  readonly prefixes: readonly {
    readonly prefix: string;
    readonly reads: number;
    readonly bytes: number;
    readonly keys: number;
  }[];
}

/** The store whose reads are counted: an ItemStore. */
interface ReadSource {
  readonly entries: Pick<Items, 'clock' | 'bytesAt'>;
  readonly prefixes: { readonly delimiter: string };
  onRead(listener: (key: string) => void): () => void;
  peekText(key: string): number;
}

export class HotKeyCounter {
  readonly #items: ReadSource;
  readonly #keys: FrequentTexts = new FrequentTexts(COUNTS_KEPT);
  readonly #prefixes: FrequentTexts = new FrequentTexts(COUNTS_KEPT);
  #unsubscribe: (() => void) | null = null;
  #sinceMs = 0;
  #interestEndsMs = 0;
  #reads = 0;

  constructor(items: ReadSource) {
    this.#items = items;
  }

  /** The `limit` keys and prefixes read most, in steps. Counts from now on for `interestMs`, if it did not. */
  *report(limit: number, interestMs: number = INTEREST_MS): Generator<void, HotReport, undefined> {
    const now = this.#now();
    this.#look();
    this.#interestEndsMs = Math.max(this.#interestEndsMs, now + interestMs);
    if (this.#unsubscribe === null) this.#begin(now);
    const keys = this.#keys.top(limit);
    const prefixes = this.#prefixes.top(limit);
    const report = { sampledMs: Math.max(0, now - this.#sinceMs), reads: this.#reads };
    const held = yield* this.#heldByPrefix();
    return {
      ...report,
      keys: keys.map(({ text, count }) => ({
        key: decodeKey(text),
        reads: count,
        bytes: this.#bytesOf(text) ?? 0,
      })),
      prefixes: prefixes.map(({ text, count }) => ({
        prefix: decodeKey(text),
        reads: count,
        ...(held.get(text) ?? { bytes: 0, keys: 0 }),
      })),
    };
  }

  /** Stops to listen to the store. */
  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#keys.clear();
    this.#prefixes.clear();
    this.#reads = 0;
    this.#interestEndsMs = 0;
  }

  #begin(now: number): void {
    this.#sinceMs = now;
    this.#unsubscribe = this.#items.onRead(this.#onRead);
  }

  /** Stops without interest, and halves what is old. */
  #look(): void {
    const now = this.#now();
    if (now > this.#interestEndsMs) this.stop();
    if (this.#unsubscribe === null || now - this.#sinceMs < HALVING_MS) return;
    this.#sinceMs = now - (now - this.#sinceMs) / 2;
    this.#reads = Math.round(this.#reads / 2);
    this.#keys.halve();
    this.#prefixes.halve();
  }

  /** On the store's monotonic clock. */
  #now(): number {
    return this.#items.entries.clock.now();
  }

  /** In the middle of the store's work: only counts. */
  readonly #onRead = (key: string): void => {
    this.#reads++;
    this.#keys.add(key);
    const prefix = this.#prefixOf(key);
    if (prefix !== null) this.#prefixes.add(prefix);
    // Deferred: the store is calling its listeners.
    if (this.#reads % READS_PER_CHECK === 0) setImmediate(() => this.#look());
  };

  /** Up to the delimiter, and with it; null for a key without one. */
  #prefixOf(key: string): string | null {
    const { delimiter } = this.#items.prefixes;
    const at = key.indexOf(delimiter);
    return at === -1 ? null : key.slice(0, at + delimiter.length);
  }

  *#heldByPrefix(): Generator<void, Map<string, { bytes: number; keys: number }>, undefined> {
    const held = new Map<string, { bytes: number; keys: number }>();
    let steps = 0;
    for (const key of this.#keys.texts()) {
      if (++steps % KEYS_PER_STEP === 0) yield;
      const prefix = this.#prefixOf(key);
      const bytes = prefix === null ? null : this.#bytesOf(key);
      if (prefix === null || bytes === null) continue;
      const sum = held.get(prefix);
      if (sum === undefined) held.set(prefix, { bytes, keys: 1 });
      else {
        sum.bytes += bytes;
        sum.keys++;
      }
    }
    return held;
  }

  /** What the key's entry takes; null without one. */
  #bytesOf(key: string): number | null {
    const entry = this.#items.peekText(key);
    return entry === 0 ? null : this.#items.entries.bytesAt(entry);
  }
}

/** A text and a lower bound of its count. */
export interface Frequency {
  readonly text: string;
  readonly count: number;
}

export class FrequentTexts {
  readonly #kept: number;
  readonly #counts = new Map<string, number>();

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(text: string): void {
    const count = this.#counts.get(text);
    this.#counts.set(text, (count ?? 0) + 1);
    if (count === undefined && this.#counts.size > this.#kept * 2) this.#thin();
  }

  /** All that are counted at present. */
  texts(): string[] {
    return [...this.#counts.keys()];
  }

  /** The most frequent ones first. O(counts x log limit). */
  top(limit: number): Frequency[] {
    const heap = new Heap<Frequency>((a, b) => a.count - b.count);
    for (const [text, count] of this.#counts) {
      if (heap.size < limit) heap.push({ text, count });
      else if (count > heap.peek()!.count) heap.replace({ text, count });
    }
    return heap.consume().reverse();
  }

  /** Halves all counts, and drops those that come to 0. */
  halve(): void {
    for (const [text, count] of this.#counts) {
      if (count === 1) this.#counts.delete(text);
      else this.#counts.set(text, count >> 1);
    }
  }

  clear(): void {
    this.#counts.clear();
  }

  #thin(): void {
    const sorted = Float64Array.from(this.#counts.values()).sort();
    const median = sorted[sorted.length >> 1]!;
    for (const [text, count] of this.#counts) {
      if (count <= median) this.#counts.delete(text);
      else this.#counts.set(text, count - median);
    }
  }
}
