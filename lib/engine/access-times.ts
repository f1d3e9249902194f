/**
 * When each slot's value was stored and when it was last used, to the clock's exact number: 32 bits each, as whole
 * milliseconds after a base, as long as the times of a table's entries are whole and within 49 days of each other. When
 * they no longer fit, the base is moved; when that does not help either, the table's times get 64 bits for good.
 */

import { type ColumnSource, grownFloat64, grownUint32, OWN_MEMORY } from './columns.js';

const REACH_MS = 2 ** 32;

export class AccessTimes {
  readonly #source: ColumnSource;
  /** Milliseconds after the base; 0 for a free slot. With 64 bits, the base is 0. */
  #stored: Uint32Array | Float64Array;
  #used: Uint32Array | Float64Array;
  /** No number fits before the first one has come. */
  #base = Number.NaN;
  #isWide = false;
  readonly #onWiden: () => void;

  constructor(capacity: number, source: ColumnSource = OWN_MEMORY, onWiden: () => void = () => {}) {
    this.#source = source;
    this.#onWiden = onWiden;
    this.#stored = source.uint32(capacity);
    this.#used = source.uint32(capacity);
  }

  /** Whether the times have 64 bits by now. */
  get isWide(): boolean {
    return this.#isWide;
  }

  storedAt(slot: number): number {
    return this.#base + this.#stored[slot]!;
  }

  usedAt(slot: number): number {
    return this.#base + this.#used[slot]!;
  }

  /** A new value: stored and used at this time. */
  setStored(slot: number, timeMs: number): void {
    const after = this.#fitting(timeMs);
    this.#stored[slot] = after;
    this.#used[slot] = after;
  }

  setUsed(slot: number, timeMs: number): void {
    // Fitting may replace the column.
    const after = this.#fitting(timeMs);
    this.#used[slot] = after;
  }

  /** The slot is free: its times are not to be kept within reach of others. */
  forget(slot: number): void {
    this.#stored[slot] = 0;
    this.#used[slot] = 0;
  }

  set(slot: number, storedAtMs: number, usedAtMs: number): void {
    this.setStored(slot, storedAtMs);
    this.setUsed(slot, usedAtMs);
  }

  /** The time as its column holds it, which is made to. */
  #fitting(timeMs: number): number {
    const after = timeMs - this.#base;
    // In 32 bits, whole, not 0, and not by rounding.
    if (after >>> 0 === after && after !== 0 && this.#base + after === timeMs) return after;
    if (!this.#isWide) this.#rebase(timeMs);
    return timeMs - this.#base;
  }

  /** Moves the base so that this time fits beside all others, in the middle of what 32 bits reach. O(capacity). */
  #rebase(timeMs: number): void {
    const before = this.#base;
    let first = timeMs;
    let last = timeMs;
    for (const column of [this.#stored, this.#used])
      for (const after of column) {
        if (after === 0) continue;
        first = Math.min(first, before + after);
        last = Math.max(last, before + after);
      }
    const spare = REACH_MS - 1 - (last - first);
    const base = first - Math.floor(spare / 2);
    if (!Number.isSafeInteger(timeMs) || !Number.isSafeInteger(base) || spare < 2) {
      this.#widen();
      return;
    }
    this.#base = base;
    const shift = before - base;
    for (const column of [this.#stored, this.#used])
      for (let slot = 0; slot < column.length; slot++) if (column[slot] !== 0) column[slot]! += shift;
  }

  #widen(): void {
    const base = this.#base;
    this.#stored = this.#absolute(this.#stored, base);
    this.#used = this.#absolute(this.#used, base);
    this.#base = 0;
    this.#isWide = true;
    this.#onWiden();
  }

  #absolute(column: Uint32Array | Float64Array, base: number): Float64Array {
    const times = this.#source.float64(column.length);
    for (let slot = 0; slot < column.length; slot++)
      if (column[slot] !== 0) times[slot] = base + column[slot]!;
    this.#source.free(column);
    return times;
  }

  grow(capacity: number): void {
    this.#stored = this.#grown(this.#stored, capacity);
    this.#used = this.#grown(this.#used, capacity);
  }

  #grown(column: Uint32Array | Float64Array, capacity: number): Uint32Array | Float64Array {
    return column instanceof Uint32Array
      ? grownUint32(this.#source, column, capacity)
      : grownFloat64(this.#source, column, capacity);
  }
}
