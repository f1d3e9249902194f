/**
 * Stack distances: how much a cache under LRU must hold for a read to find its key. Each key that is known has a place
 * in the order of its last use, and a Fenwick tree over the places sums the weights of those used after it (Bennett and
 * Kruskal 1975). A key that is used moves to a place beyond all others; once places run out, those in use move together.
 *
 * Keys are hashes: numbers of 31 bits. `use`, `distance` and `delete` are O(log keys), and moving together is O(keys)
 * once for as many uses. Weights are whole numbers, so that sums are exact.
 */

/** Of the tree, at first and at least. */
const FIRST_PLACES = 256;

/** What the tree and the columns take for a place, and the Map for a key. */
const PLACE_BYTES = 37;
const KEY_BYTES = 2 * 20;

export class LruStack {
  /** The weight of all keys. */
  total = 0;

  private readonly places: Map<number, number> = new Map();
  /** Places are 1 and above; this one and those above are free. */
  private next = 1;
  /** No place below this one is in use. */
  private first = 1;
  private capacity: number = FIRST_PLACES;
  /** By place: the key, its weight (0 for a place that is not in use), when it expires, and two notes of the caller's. */
  private hashes: Int32Array = new Int32Array(FIRST_PLACES);
  private weights: Float64Array = new Float64Array(FIRST_PLACES);
  private dues: Float64Array = new Float64Array(FIRST_PLACES);
  private stored: Float64Array = new Float64Array(FIRST_PLACES);
  private marks: Uint8Array = new Uint8Array(FIRST_PLACES);
  /** Sums of weights: the Fenwick tree. */
  private sums: Float64Array = new Float64Array(FIRST_PLACES);

  get size(): number {
    return this.places.size;
  }

  get bytes(): number {
    return this.capacity * PLACE_BYTES + this.places.size * KEY_BYTES;
  }

  /** The key's place, valid until the next change; 0 for an unknown key. */
  placeOf(hash: number): number {
    return this.places.get(hash) ?? 0;
  }

  weightAt(place: number): number {
    return this.weights[place]!;
  }

  dueAt(place: number): number {
    return this.dues[place]!;
  }

  /** The weights that the key has been stored with, added up. */
  storedAt(place: number): number {
    return this.stored[place]!;
  }

  isMarked(place: number): boolean {
    return this.marks[place] !== 0;
  }

  /** The weight of the keys that were used after the one in this place. */
  weightAfter(place: number): number {
    const { sums } = this;
    let upTo = 0;
    for (let i = place; i > 0; i &= i - 1) upTo += sums[i]!;
    return this.total - upTo;
  }

  /** The key is the one used last, and has this weight (more than 0), due time and notes. */
  use(hash: number, weight: number, dueMs: number, stored: number, marked: boolean): void {
    const known = this.places.get(hash);
    let place: number;
    if (known !== undefined && known === this.next - 1) {
      place = known;
      this.add(place, weight - this.weights[place]!);
    } else {
      if (known !== undefined) this.vacate(known);
      if (this.next === this.capacity) this.gather();
      place = this.next++;
      this.places.set(hash, place);
      this.hashes[place] = hash;
      this.add(place, weight);
    }
    this.weights[place] = weight;
    this.dues[place] = dueMs;
    this.stored[place] = stored;
    this.marks[place] = marked ? 1 : 0;
  }

  delete(hash: number): void {
    const place = this.places.get(hash);
    if (place === undefined) return;
    this.vacate(place);
    this.places.delete(hash);
  }

  /** The key that has not been used for longest; there must be one. Amortized O(1). */
  get oldest(): number {
    while (this.weights[this.first] === 0) this.first++;
    return this.hashes[this.first]!;
  }

  /** All keys, in no order; the one that was visited last may be deleted. */
  hashesKnown(): IterableIterator<number> {
    return this.places.keys();
  }

  clear(): void {
    this.places.clear();
    this.total = 0;
    this.next = 1;
    this.first = 1;
    this.resize(FIRST_PLACES);
  }

  private vacate(place: number): void {
    this.add(place, -this.weights[place]!);
    this.weights[place] = 0;
  }

  private add(place: number, weight: number): void {
    const { sums, capacity } = this;
    this.total += weight;
    for (let i = place; i < capacity; i += i & -i) sums[i]! += weight;
  }

  private resize(capacity: number): void {
    this.capacity = capacity;
    this.hashes = new Int32Array(capacity);
    this.weights = new Float64Array(capacity);
    this.dues = new Float64Array(capacity);
    this.stored = new Float64Array(capacity);
    this.marks = new Uint8Array(capacity);
    this.sums = new Float64Array(capacity);
  }

  /** Moves all keys to the lowest places, with as many free ones above. */
  private gather(): void {
    const { hashes, weights, dues, stored, marks, next } = this;
    let capacity = FIRST_PLACES;
    while (capacity < (this.places.size + 1) * 2) capacity *= 2;
    this.resize(capacity);
    let to = 1;
    for (let from = this.first; from < next; from++) {
      if (weights[from] === 0) continue;
      this.places.set(hashes[from]!, to);
      this.hashes[to] = hashes[from]!;
      this.weights[to] = weights[from]!;
      this.dues[to] = dues[from]!;
      this.stored[to] = stored[from]!;
      this.marks[to] = marks[from]!;
      to++;
    }
    const { sums } = this;
    for (let i = 1; i < capacity; i++) sums[i] = this.weights[i]!;
    for (let i = 1; i < capacity; i++) {
      const above = i + (i & -i);
      if (above < capacity) sums[above]! += sums[i]!;
    }
    this.first = 1;
    this.next = to;
  }
}
