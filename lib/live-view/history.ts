/** The points of a chart over the last minutes: columns of equal length, the times first, as uPlot takes them. */

export type Column = (number | null)[];

export class History {
  readonly #spanSeconds: number;
  readonly #times: number[] = [];
  readonly #columns: readonly Column[];

  /** Keeps `columns` values for each point, and points for `spanSeconds`. */
  constructor(columns: number, spanSeconds: number) {
    this.#spanSeconds = spanSeconds;
    this.#columns = Array.from({ length: columns }, () => []);
  }

  get length(): number {
    return this.#times.length;
  }

  /** The times in seconds, then a column for each value. Not copied: to be read before the next `add`. */
  get columns(): [times: number[], ...values: Column[]] {
    return [this.#times, ...this.#columns];
  }

  /** Adds a point. Times must not go backwards. With `afterGap` no line connects it with the point before. */
  add(atSeconds: number, values: readonly (number | null)[], afterGap: boolean): void {
    const last = this.#times.at(-1);
    if (afterGap && last !== undefined)
      this.#push(
        (last + atSeconds) / 2,
        values.map(() => null),
      );
    this.#push(atSeconds, values);
    const old = this.#times.findIndex((time) => time >= atSeconds - this.#spanSeconds);
    for (const column of [this.#times, ...this.#columns]) column.splice(0, old);
  }

  /** The range of the time axis: all points, at least `minSeconds` and at most `maxSeconds`. */
  range(
    minSeconds: number,
    maxSeconds: number = Number.POSITIVE_INFINITY,
  ): [fromSeconds: number, toSeconds: number] {
    const to = this.#times.at(-1) ?? 0;
    return [Math.max(Math.min(this.#times[0] ?? 0, to - minSeconds), to - maxSeconds), to];
  }

  #push(atSeconds: number, values: readonly (number | null)[]): void {
    this.#times.push(atSeconds);
    for (const [i, column] of this.#columns.entries()) column.push(values[i] ?? null);
  }
}
