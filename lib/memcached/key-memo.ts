/**
 * Remembers the entry of recently requested keys by their bytes: a repeated request needs no string for its key, which
 * would cost more to make and to hash than all the engine's work.
 *
 * A table of numbers in pairs of places; a hash has two places, and the newer one is looked at first. It can only
 * miss, and never be wrong: a number counts when the engine holds an entry under it, and that entry's key has
 * these very bytes. So it needs no notice of removals and moves, and it keeps no key alive. Its memory grows with
 * the engine, by 16 bytes for each entry at most and up to 512 KiB.
 *
 * The hash shows that a place belongs to another key, without access to the engine's memory: that is the whole cost
 * where requests are spread over many more keys than there are places.
 */

const FIRST_PLACES = 2 ** 8;
const MAX_PLACES = 2 ** 16;

/** Hashes are FNV-1a, of 32 bits, computed byte by byte while the key is read. */
export const HASH_SEED: number = 0x811c9dc5 | 0;
export const HASH_FACTOR = 0x01000193;

/** What it needs to know of an engine. */
interface KeyHolder {
  readonly size: number;
  keyUnder(entry: number): string | undefined;
}

export class KeyMemo {
  readonly #engine: KeyHolder;
  #places = FIRST_PLACES;
  /** For each place a hash and the number of an entry, 0 for none. */
  #memory: Int32Array = new Int32Array(FIRST_PLACES * 2);

  constructor(engine: KeyHolder) {
    this.#engine = engine;
  }

  /** The entry, expired or not, whose key is `bytes[start, end)`; 0 when that is not known. */
  find(bytes: Buffer, start: number, end: number, hash: number): number {
    const memory = this.#memory;
    let at = this.#pairOf(hash);
    if (memory[at] !== hash) {
      at += 2;
      if (memory[at] !== hash) return 0;
    }
    const entry = memory[at + 1]!;
    const key = this.#engine.keyUnder(entry);
    if (key === undefined || key.length !== end - start) return 0;
    for (let i = 0, from = start; from < end; i++, from++) if (key.charCodeAt(i) !== bytes[from]) return 0;
    return entry;
  }

  /** Remembers the entry of a key with this hash. */
  note(hash: number, entry: number): void {
    if (this.#engine.size > this.#places && this.#places < MAX_PLACES) this.#grow();
    const memory = this.#memory;
    const at = this.#pairOf(hash);
    if (memory[at] !== hash) {
      memory[at + 2] = memory[at]!;
      memory[at + 3] = memory[at + 1]!;
      memory[at] = hash;
    }
    memory[at + 1] = entry;
  }

  /** Empties it: keys in use return with the next requests. */
  #grow(): void {
    this.#places *= 2;
    this.#memory = new Int32Array(this.#places * 2);
  }

  /** Where the two places of a hash begin. The high bits of FNV are the better ones. */
  #pairOf(hash: number): number {
    return ((hash ^ (hash >>> 15)) << 2) & (this.#places * 2 - 1);
  }
}
