/**
 * A priority queue over a fixed set of sources whose priorities only ever rise, and rise unannounced: the
 * queue keeps what it last knew, which is never too high, and asks the source again when it comes to the top.
 * A binary heap; O(log n) for each repair, of which there is at most one for each change of a source.
 */

export class LazyQueue {
  readonly #priorityOf: (source: number) => number;
  /** Sources as a heap, and beside each the priority last known. */
  readonly #sources: Int32Array;
  readonly #known: Float64Array;

  /** `priorityOf(source)`, for sources from 0 to `count - 1`, may never return less than it did before. */
  constructor(count: number, priorityOf: (source: number) => number) {
    this.#priorityOf = priorityOf;
    this.#sources = Int32Array.from({ length: count }, (_, source) => source);
    this.#known = Float64Array.from(this.#sources, priorityOf);
    for (let place = (count >>> 1) - 1; place >= 0; place--) this.#sink(place);
  }

  /** The source with the lowest priority. */
  first(): number {
    for (;;) {
      const source = this.#sources[0]!;
      const priority = this.#priorityOf(source);
      if (priority === this.#known[0]) return source;
      this.#known[0] = priority;
      this.#sink(0);
    }
  }

  #sink(place: number): void {
    const sources = this.#sources;
    const known = this.#known;
    const source = sources[place]!;
    const priority = known[place]!;
    let at = place;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= sources.length) break;
      if (child + 1 < sources.length && known[child + 1]! < known[child]!) child++;
      if (known[child]! >= priority) break;
      sources[at] = sources[child]!;
      known[at] = known[child]!;
      at = child;
    }
    sources[at] = source;
    known[at] = priority;
  }
}
