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

  /** Adds a point. Times must not go backwards. With `afterHole` no line is drawn to it from the point before. */
  add(atSeconds: number, values: readonly (number | null)[], afterHole: boolean): void {
    const last = this.#times.at(-1);
    if (afterHole && last !== undefined)
      this.#push(
        (last + atSeconds) / 2,
        values.map(() => null),
      );
    this.#push(atSeconds, values);
    const old = this.#times.findIndex((time) => time >= atSeconds - this.#spanSeconds);
    for (const column of [this.#times, ...this.#columns]) column.splice(0, old);
  }

  /** What is drawn from left to right: the whole span once there is so much, and never less than `leastSeconds`. */
  range(leastSeconds: number): [fromSeconds: number, toSeconds: number] {
    const to = this.#times.at(-1) ?? 0;
    return [Math.min(this.#times[0] ?? 0, to - leastSeconds), to];
  }

  #push(atSeconds: number, values: readonly (number | null)[]): void {
    this.#times.push(atSeconds);
    for (const [i, column] of this.#columns.entries()) column.push(values[i] ?? null);
  }
}
