/**
 * What a Map has allocated and does not use. V8 keeps a Map's entries, deleted ones included, in one table
 * whose places are a power of two: 28 bytes each, with half a hash bucket (OrderedHashTable, stable since 2015).
 * The rules are few and depend on counts alone, so that following the counts tells the size exactly:
 *
 * - A full table doubles, or, if at least half of it is deleted entries, is rewritten at its size without them.
 * - A table with less than a quarter in use is rewritten at half its size.
 */

export const INDEX_PLACE_BYTES = 28;

const FIRST_PLACES = 4;

/** The slack of tables no larger than this is not counted: it is under 2 kB. */
const UNCOUNTED_PLACES = 64;

/** Where the slack of all tables of an engine adds up. */
export interface SlackTotal {
  slackBytes: number;
}

export class IndexSlack {
  readonly #total: SlackTotal;
  #live = 0;
  /** Live and deleted entries. */
  #used = 0;
  #places = FIRST_PLACES;

  constructor(total: SlackTotal) {
    this.#total = total;
  }

  /** This Map's share of the total. */
  get bytes(): number {
    return slackOf(this.#places, this.#live);
  }

  /** By how much the total changes with one entry more. */
  get growthBytes(): number {
    const places =
      this.#used === this.#places && this.#used - this.#live < this.#places / 2
        ? this.#places * 2
        : this.#places;
    return slackOf(places, this.#live + 1) - this.bytes;
  }

  added(): void {
    if (this.#used === this.#places) {
      const deleted = this.#used - this.#live;
      this.#rewritten(deleted >= this.#places / 2 ? this.#places : this.#places * 2);
    }
    this.#live++;
    this.#used++;
    if (this.#places > UNCOUNTED_PLACES) this.#total.slackBytes -= INDEX_PLACE_BYTES;
  }

  removed(): void {
    this.#live--;
    if (this.#places > UNCOUNTED_PLACES) this.#total.slackBytes += INDEX_PLACE_BYTES;
    if (this.#live < this.#places / 4 && this.#places > FIRST_PLACES) this.#rewritten(this.#places / 2);
  }

  /** Whether the next entry makes the table double though an eighth of it or more is deleted entries. */
  get isWorthRebuilding(): boolean {
    const deleted = this.#used - this.#live;
    return this.#used === this.#places && deleted >= this.#places / 8 && deleted < this.#places / 2;
  }

  /** The live entries were put into a new Map. */
  rebuilt(): void {
    let places = FIRST_PLACES;
    while (places < this.#live) places *= 2;
    this.#rewritten(places);
  }

  /** The Map was thrown away. */
  reset(): void {
    this.#total.slackBytes -= this.bytes;
    this.#live = 0;
    this.#used = 0;
    this.#places = FIRST_PLACES;
  }

  #rewritten(places: number): void {
    this.#total.slackBytes += slackOf(places, this.#live) - this.bytes;
    this.#places = places;
    this.#used = this.#live;
  }
}

function slackOf(places: number, live: number): number {
  return places <= UNCOUNTED_PLACES ? 0 : (places - live) * INDEX_PLACE_BYTES;
}
