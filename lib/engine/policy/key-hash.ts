/**
 * A hash of every key. It is the index's, but for keys that the index leaves to Maps, whose hash is in the place of the
 * chain's link that they have no use for; and for texts with characters above U+00FF (the index's hash is negative then),
 * of which everybody can find many with one hash: to be looked up they have Maps, but what is counted under their hash
 * would be counted for all.
 */

import { type Columns, HASH, NEXT } from '../columns.js';

export class KeyHashes {
  private readonly columns: Columns;
  private readonly seed: number = (Math.random() * 2 ** 32) | 0;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** The hash of a linked slot. */
  at(slot: number): number {
    const { links } = this.columns;
    const hash = links[(slot << 2) + HASH]!;
    if (hash > 0) return hash;
    return hash === 0 ? links[(slot << 2) + NEXT]! : this.of(this.columns.keyAt(slot), hash);
  }

  /** Gives a new entry, which the index does not have yet, its hash, and returns it. `hash`: the index's; 0 for none. */
  give(slot: number, key: unknown, hash: number): number {
    const given = hash > 0 ? hash : this.of(key, hash);
    // If the key goes to a chain after all, the index writes over this.
    this.columns.links[(slot << 2) + NEXT] = given;
    return given;
  }

  /** An object or a symbol gets another one each time: it is known for as long as it is in the cache. O(characters). */
  private of(key: unknown, hash: number): number {
    if (hash !== 0 && typeof key === 'number') return hash;
    if (typeof key === 'symbol' || typeof key === 'function' || (typeof key === 'object' && key !== null))
      return (Math.random() * 2 ** 32) | 0;
    const text = String(key);
    let bits = this.seed;
    for (let i = 0; i < text.length; i++) {
      bits = Math.imul(bits ^ text.charCodeAt(i), 0x9e3779b1);
      bits ^= bits >>> 15;
    }
    return bits;
  }
}
