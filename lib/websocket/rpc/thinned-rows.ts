/**
 * Rows of numbers in fixed memory, dense where they are new and thinner as they age. Each level is a ring; what falls out of one
 * goes to the next, where the last of every few rows stays. So counters lose nothing: the difference of two rows is what happened
 * between them, however many are gone. Of a column of peaks the highest stays.
 *
 * Adding a row is amortized O(width). Memory: width x all rows x 8 bytes, from the start.
 */

export interface Level {
  /** Rows that it holds. */
  readonly rows: number;
  /** Of how many rows that come one stays. */
  readonly every: number;
}

interface Ring extends Level {
  readonly numbers: Float64Array;
  /** Peaks of rows that came since the last one that stayed, and how many those are. */
  readonly peaks: Float64Array;
  waiting: number;
  start: number;
  size: number;
}

export class ThinnedRows {
  readonly #width: number;
  readonly #peakColumns: readonly number[];
  readonly #rings: readonly Ring[];

  /** `peakColumns`: columns whose highest number stays. The first level is the newest. */
  constructor(width: number, peakColumns: readonly number[], levels: readonly Level[]) {
    this.#width = width;
    this.#peakColumns = peakColumns;
    this.#rings = levels.map((level) => ({
      ...level,
      numbers: new Float64Array(level.rows * width),
      peaks: new Float64Array(peakColumns.length).fill(Number.NEGATIVE_INFINITY),
      waiting: 0,
      start: 0,
      size: 0,
    }));
  }

  get size(): number {
    return this.#rings.reduce((sum, { size }) => sum + size, 0);
  }

  add(row: readonly number[]): void {
    this.#addTo(0, Float64Array.from(row));
  }

  /** From the oldest to the newest. A row is valid until the next `add`. */
  *rows(): Generator<Float64Array, void, undefined> {
    for (const ring of [...this.#rings].reverse())
      for (let i = 0; i < ring.size; i++) yield this.#rowAt(ring, (ring.start + i) % ring.rows);
  }

  #addTo(level: number, row: Float64Array): void {
    const ring = this.#rings[level];
    if (ring === undefined) return;
    for (const [i, column] of this.#peakColumns.entries())
      ring.peaks[i] = Math.max(ring.peaks[i]!, row[column]!);
    if (++ring.waiting < ring.every) return;
    const stays = row.slice();
    for (const [i, column] of this.#peakColumns.entries()) stays[column] = ring.peaks[i]!;
    ring.peaks.fill(Number.NEGATIVE_INFINITY);
    ring.waiting = 0;
    if (ring.size === ring.rows) {
      this.#addTo(level + 1, this.#rowAt(ring, ring.start));
      ring.start = (ring.start + 1) % ring.rows;
      ring.size--;
    }
    this.#rowAt(ring, (ring.start + ring.size) % ring.rows).set(stays);
    ring.size++;
  }

  #rowAt({ numbers }: Ring, place: number): Float64Array {
    return numbers.subarray(place * this.#width, (place + 1) * this.#width);
  }
}
