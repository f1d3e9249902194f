/**
 * Keys of a peer's dump with the times of their last use, in a bounded piece of memory, to be had in the order of use: a peer
 * with slab classes lists one class after the other. O(1) for each key, O(n) for the order, in slices of a millisecond or so.
 */

/** What a key takes beside its bytes. */
const ROW_BYTES = 16;
const FIRST_ROWS = 1024;
const FIRST_BYTES = 64 * 1024;
/** Keys between two turns of the event loop. */
const SLICE_KEYS = 2 ** 15;
/** A radix sort's digits: two of them are a time. */
const DIGIT_BITS = 16;
const DIGITS: number = 2 ** DIGIT_BITS;

export class KeyWindow {
  readonly #maxBytes: number;
  #keys: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #ends = new Uint32Array(FIRST_ROWS);
  #usedAt = new Uint32Array(FIRST_ROWS);
  #itemBytes = new Uint32Array(FIRST_ROWS);
  #count = 0;
  /** Whether they have come in the order of use, to the second that a dump may be wrong by. */
  #isOrdered = true;
  #newest = 0;

  /** `maxBytes`: the most memory for keys. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes a key, last used at this Unix time, of an item of this size; false when there is no room. */
  add(key: Buffer, usedAt: number, itemBytes: number): boolean {
    const from = this.#start(this.#count);
    const end = from + key.length;
    if (this.#count > 0 && end + (this.#count + 1) * ROW_BYTES > this.#maxBytes) return false;
    if (this.#count === this.#ends.length) this.#addRows();
    if (end > this.#keys.length) this.#keys = enlarged(this.#keys, end);
    key.copy(this.#keys, from);
    if (usedAt < this.#newest - 1) this.#isOrdered = false;
    this.#newest = Math.max(this.#newest, usedAt);
    this.#ends[this.#count] = end;
    this.#usedAt[this.#count] = usedAt;
    this.#itemBytes[this.#count++] = itemBytes;
    return true;
  }

  /**
   * The numbers of the keys, the least recently used first; of those used in the same second, the one that was added
   * first. A list that is in order to the second stays as it is: its own order is finer. Without the first ones, as far as the others' items take more than `maxItemBytes`.
   */
  async order(maxItemBytes: number): Promise<Uint32Array> {
    let order = new Uint32Array(this.#count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    if (!this.#isOrdered) {
      order = await this.#sorted(order, 0);
      order = await this.#sorted(order, DIGIT_BITS);
    }
    let from = order.length;
    for (let bytes = 0; from > 0; from--) {
      bytes += this.itemBytesOf(order[from - 1]!);
      if (bytes > maxItemBytes) break;
      if (isSliceOver(from)) await aTurn();
    }
    return order.subarray(from);
  }

  /** By one digit of the time of use, those with the same one as they were. */
  async #sorted(order: Uint32Array, shift: number): Promise<Uint32Array<ArrayBuffer>> {
    const usedAt = this.#usedAt;
    const places = new Uint32Array(DIGITS + 1);
    for (let i = 0; i < order.length; i++) {
      places[((usedAt[order[i]!]! >>> shift) & (DIGITS - 1)) + 1]!++;
      if (isSliceOver(i)) await aTurn();
    }
    for (let digit = 0; digit < DIGITS; digit++) places[digit + 1]! += places[digit]!;
    const sorted = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) {
      sorted[places[(usedAt[order[i]!]! >>> shift) & (DIGITS - 1)]!++] = order[i]!;
      if (isSliceOver(i)) await aTurn();
    }
    return sorted;
  }

  /** The bytes stay as they are until `clear`. */
  keyOf(number: number): Buffer {
    return this.#keys.subarray(this.#start(number), this.#ends[number]);
  }

  itemBytesOf(number: number): number {
    return this.#itemBytes[number]!;
  }

  clear(): void {
    this.#count = 0;
    this.#isOrdered = true;
    this.#newest = 0;
  }

  #start(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1]!;
  }

  #addRows(): void {
    this.#ends = doubled(this.#ends);
    this.#usedAt = doubled(this.#usedAt);
    this.#itemBytes = doubled(this.#itemBytes);
  }
}

function isSliceOver(key: number): boolean {
  return key % SLICE_KEYS === SLICE_KEYS - 1;
}

/** For others. */
function aTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function doubled(rows: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(rows.length * 2);
  more.set(rows);
  return more;
}

function enlarged(bytes: Buffer, needed: number): Buffer {
  const more = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, needed));
  bytes.copy(more);
  return more;
}
