/**
 * Keys whose items have gone while a store is filled from elsewhere, as one bit of each key's hash: what comes late for
 * such a key is out of date. Two keys may share a bit; the other one is then taken for lost too, which costs a miss and
 * never shows an old value. 2 MiB, whatever happens; all operations are O(1).
 */

const BITS_SHIFT = 24;
const MASK: number = 2 ** BITS_SHIFT - 1;

export class LostKeys {
  /** Whether everything has gone at once. */
  all = false;
  readonly #words: Int32Array = new Int32Array(2 ** (BITS_SHIFT - 5));

  add(hash: number): void {
    const bit = hash & MASK;
    this.#words[bit >>> 5]! |= 1 << (bit & 31);
  }

  has(hash: number): boolean {
    const bit = hash & MASK;
    return this.all || (this.#words[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }
}
