/**
 * Where entries live: an index from key to slot, and parallel columns indexed by slot.
 *
 * Slot 0 means "absent" and holds nothing. Keys, values and sizes always have a column; flags, versions and
 * access times get theirs when something first needs them. A lookup, an insertion and a removal are O(1);
 * growth copies the columns.
 */

import { grownFloat64, grownUint8, grownUint32 } from './columns.js';

/**
 * Entries in one Map. A Map's table holds at most 2^24 entries, live and deleted together, and V8 cleans a
 * full one up in place only when half of it is deleted: up to 2^23 live entries it can always do that.
 */
const MAP_MAX_ENTRIES = 2 ** 23;

const FIRST_CAPACITY = 16;

export class EntryTable<K, V> {
  keys: (K | undefined)[] = [];
  values: (V | undefined)[] = [];
  /** Counted bytes of each entry's key and value. */
  bytes: Float64Array = new Float64Array(FIRST_CAPACITY);
  flags: Uint32Array | null = null;
  versions: Float64Array | null = null;
  storedAt: Float64Array | null = null;
  usedAt: Float64Array | null = null;
  fetched: Uint8Array | null = null;

  capacity: number = FIRST_CAPACITY;
  size = 0;
  /** Differs after any insertion, removal or reset: slots found before may be another's now. */
  changes = 0;

  #index: Map<K, number> = new Map();
  /** Where the index goes on when the first Map is full. */
  #moreIndexes: Map<K, number>[] | null = null;
  /** Slots below this one have been used. */
  #nextFresh = 1;
  #free: number[] = [];
  readonly #mapMaxEntries: number;

  constructor(mapMaxEntries: number = MAP_MAX_ENTRIES) {
    this.#mapMaxEntries = mapMaxEntries;
    this.keys.push(undefined);
    this.values.push(undefined);
  }

  /** The key's slot, or 0. */
  find(key: K): number {
    const slot = this.#index.get(key);
    if (slot !== undefined) return slot;
    return this.#moreIndexes === null ? 0 : this.#findInMore(key);
  }

  #findInMore(key: K): number {
    for (const index of this.#moreIndexes!) {
      const slot = index.get(key);
      if (slot !== undefined) return slot;
    }
    return 0;
  }

  /** True when the next insertion needs `grow` first. */
  get full(): boolean {
    return this.#free.length === 0 && this.#nextFresh === this.capacity;
  }

  /** Gives an absent key a slot. The columns of that slot are for the caller to fill. */
  insert(key: K, value: V): number {
    const slot = this.#free.pop() ?? this.#nextFresh++;
    if (slot === this.keys.length) {
      this.keys.push(key);
      this.values.push(value);
    } else {
      this.keys[slot] = key;
      this.values[slot] = value;
    }
    this.#indexWithRoom().set(key, slot);
    this.size++;
    this.changes = (this.changes + 1) | 0;
    return slot;
  }

  #indexWithRoom(): Map<K, number> {
    if (this.#index.size < this.#mapMaxEntries) return this.#index;
    this.#moreIndexes ??= [];
    let index = this.#moreIndexes.find((candidate) => candidate.size < this.#mapMaxEntries);
    if (index === undefined) {
      index = new Map();
      this.#moreIndexes.push(index);
    }
    return index;
  }

  remove(slot: number): void {
    const key = this.keys[slot] as K;
    if (!this.#index.delete(key) && this.#moreIndexes !== null) {
      for (const index of this.#moreIndexes) if (index.delete(key)) break;
    }
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.#free.push(slot);
    this.size--;
    this.changes = (this.changes + 1) | 0;
  }

  /** Doubles the capacity; the caller grows what it keeps beside the table. */
  grow(): void {
    this.capacity *= 2;
    this.bytes = grownFloat64(this.bytes, this.capacity);
    if (this.flags !== null) this.flags = grownUint32(this.flags, this.capacity);
    if (this.versions !== null) this.versions = grownFloat64(this.versions, this.capacity);
    if (this.storedAt !== null) this.storedAt = grownFloat64(this.storedAt, this.capacity);
    if (this.usedAt !== null) this.usedAt = grownFloat64(this.usedAt, this.capacity);
    if (this.fetched !== null) this.fetched = grownUint8(this.fetched, this.capacity);
  }

  needFlags(): Uint32Array {
    this.flags ??= new Uint32Array(this.capacity);
    return this.flags;
  }

  needVersions(): Float64Array {
    this.versions ??= new Float64Array(this.capacity);
    return this.versions;
  }

  needAccess(): void {
    this.storedAt ??= new Float64Array(this.capacity);
    this.usedAt ??= new Float64Array(this.capacity);
    this.fetched ??= new Uint8Array(this.capacity);
  }

  /** Forgets everything and gives the memory back; columns that were needed stay needed. */
  reset(): void {
    this.capacity = FIRST_CAPACITY;
    this.size = 0;
    this.changes = (this.changes + 1) | 0;
    this.keys = [undefined];
    this.values = [undefined];
    this.bytes = new Float64Array(FIRST_CAPACITY);
    if (this.flags !== null) this.flags = new Uint32Array(FIRST_CAPACITY);
    if (this.versions !== null) this.versions = new Float64Array(FIRST_CAPACITY);
    if (this.storedAt !== null) this.storedAt = new Float64Array(FIRST_CAPACITY);
    if (this.usedAt !== null) this.usedAt = new Float64Array(FIRST_CAPACITY);
    if (this.fetched !== null) this.fetched = new Uint8Array(FIRST_CAPACITY);
    this.#index = new Map();
    this.#moreIndexes = null;
    this.#nextFresh = 1;
    this.#free = [];
  }

  /** What is inconsistent between index, slots and free slots; empty when all is well. */
  verify(): string[] {
    const problems: string[] = [];
    const indexes = [this.#index, ...(this.#moreIndexes ?? [])];
    const indexed = indexes.reduce((sum, index) => sum + index.size, 0);
    if (indexed !== this.size)
      problems.push(`the index holds ${indexed} keys, the table ${this.size} entries`);
    for (const index of indexes) {
      for (const [key, slot] of index) {
        if (slot <= 0 || slot >= this.#nextFresh) problems.push(`slot ${slot} is out of range`);
        else if (!Object.is(this.keys[slot], key) && this.keys[slot] !== key)
          problems.push(`slot ${slot} holds another key than its index says`);
      }
    }
    const used = this.#nextFresh - 1;
    if (new Set(this.#free).size !== this.#free.length) problems.push('a slot is free twice');
    if (this.size + this.#free.length !== used)
      problems.push(`${used} slots in use, but ${this.size} hold an entry and ${this.#free.length} are free`);
    for (const slot of this.#free) {
      if (this.keys[slot] !== undefined || this.values[slot] !== undefined)
        problems.push(`free slot ${slot} still holds a key or a value`);
    }
    return problems;
  }
}
