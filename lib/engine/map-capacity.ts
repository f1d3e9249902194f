/**
 * What a Map has allocated. V8 keeps a Map's entries, deleted ones included, in one table whose places are a power
 * of two: 28 bytes each, with half a hash bucket (OrderedHashTable, stable since 2015). Its rules depend on counts
 * alone, so the counts give the exact size:
 *
 * - A full table doubles, or, if half of it or more is deleted entries, is rewritten at its size without them.
 * - A table with less than a quarter in use is rewritten at half its size.
 */

const PLACE_BYTES = 28;
const FIRST_PLACES = 4;

export class MapCapacity {
  #live = 0;
  /** Live and deleted entries. */
  #used = 0;
  #places = FIRST_PLACES;

  get bytes(): number {
    return this.#places * PLACE_BYTES;
  }

  /** Bytes that the next key adds. */
  get growthBytes(): number {
    return this.#doubles ? this.bytes : 0;
  }

  get #doubles(): boolean {
    return this.#used === this.#places && this.#used - this.#live < this.#places / 2;
  }

  added(): void {
    if (this.#used === this.#places) {
      if (this.#doubles) this.#places *= 2;
      this.#used = this.#live;
    }
    this.#live++;
    this.#used++;
  }

  removed(): void {
    this.#live--;
    if (this.#live >= this.#places / 4 || this.#places === FIRST_PLACES) return;
    this.#places /= 2;
    this.#used = this.#live;
  }
}
