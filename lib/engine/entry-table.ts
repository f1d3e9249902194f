/**
 * Where entries live: an index from key to slot, columns indexed by slot, and the order of use.
 *
 * Slot 0 means "absent" and holds nothing. Keys, values, sizes and links always have a column; the others get
 * theirs when something first needs them. Lookup, insertion and removal are O(1). Growth copies the columns,
 * a quarter more each time: an engine keeps its tables small enough for that (see tables.ts).
 */

import { AccessTimes } from './access-times.js';
import {
  type ColumnSource,
  grownArray,
  grownFloat64,
  grownUint8,
  grownUint32,
  OWN_MEMORY,
  widened,
} from './columns.js';
import { ExpiryWheel } from './expiry.js';
import { IndexSlack, type SlackTotal } from './index-slack.js';
import { RecencyList } from './recency-list.js';

/**
 * Slots of one table, slot 0 included: a number of 22 bits, so that 256 tables fit in V8's small integers.
 * Also well within a Map's limit: 2^24 entries, live and deleted together.
 */
export const MAX_TABLE_SLOTS: number = 2 ** 22;

const FIRST_CAPACITY = 16;
const GROWTH = 1.25;
const MAX_UINT32 = 2 ** 32 - 1;
/** Versions with lower high bits are safe integers. */
const SAFE_HIGH = 2 ** 21;

/** The bit of `marks` that says that the value has been read. */
export const FETCHED = 1;

export class EntryTable<K, V> extends RecencyList {
  /** What a slot of this table adds to be a number of the whole engine. */
  readonly base: number;
  keys: (K | undefined)[] = new Array<K | undefined>(FIRST_CAPACITY).fill(undefined);
  values: (V | undefined)[] = new Array<V | undefined>(FIRST_CAPACITY).fill(undefined);
  /** Counted bytes of each entry's key and value; of 64 bits once an entry counts 4 GiB. */
  bytes: Uint32Array | Float64Array;
  /** When entries were used, as one order across many tables; null in a table that is alone. */
  stamps: Float64Array | null = null;
  flags: Uint32Array | null = null;
  /** The low 32 bits of each version; the high ones, once there are any. */
  versions: Uint32Array | null = null;
  versionHighs: Uint32Array | null = null;
  times: AccessTimes | null = null;
  /** `FETCHED`, and above it the marks of an adapter's own. */
  marks: Uint8Array | null = null;
  expiry: ExpiryWheel | null = null;

  capacity: number = FIRST_CAPACITY;
  size = 0;
  /** What this table's index has allocated and does not use; null in an engine that does not weigh. */
  readonly slack: IndexSlack | null;

  #index: Map<K, number> = new Map();
  /** Slots below this one have been used. */
  #nextFresh = 1;
  /** The first free slot, 0 for none; the others follow through the `newer` links. */
  #firstFree = 0;

  /** A table that is one of many has stamps, and a base of its own. */
  constructor(slackTotal: SlackTotal | null, base = 0, source: ColumnSource = OWN_MEMORY) {
    super(FIRST_CAPACITY, source);
    this.base = base;
    this.bytes = source.uint32(FIRST_CAPACITY);
    if (base !== 0) this.stamps = source.float64(FIRST_CAPACITY);
    this.slack = slackTotal === null ? null : new IndexSlack(slackTotal);
  }

  /** The key's slot, or 0. */
  find(key: K): number {
    const slot = this.#index.get(key);
    return slot === undefined ? 0 : slot;
  }

  /** True when no further entry can ever be inserted, but in the place of another. */
  get isExhausted(): boolean {
    return this.#firstFree === 0 && this.#nextFresh === MAX_TABLE_SLOTS;
  }

  /** Gives an absent key a slot outside the order. Its other columns are for the caller to fill. */
  insert(key: K, value: V): number {
    let slot = this.#firstFree;
    if (slot !== 0) this.#firstFree = this.newer[slot]!;
    else {
      if (this.#nextFresh === this.capacity) this.#grow();
      slot = this.#nextFresh++;
    }
    this.keys[slot] = key;
    this.values[slot] = value;
    this.#index.set(key, slot);
    if (this.slack !== null) this.slack.added();
    this.size++;
    return slot;
  }

  /** Takes the entry out of index, order and wheel. */
  remove(slot: number): void {
    this.unlink(slot);
    if (this.expiry !== null) this.expiry.cancel(slot);
    this.#index.delete(this.keys[slot] as K);
    if (this.slack !== null) this.slack.removed();
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    if (this.times !== null) this.times.forget(slot);
    this.newer[slot] = this.#firstFree;
    this.#firstFree = slot;
    this.size--;
  }

  /**
   * Gives the slot of an entry to an absent key, as the newest. The other columns are for the caller to fill,
   * the time of expiry included.
   */
  reuse(slot: number, key: K, value: V): void {
    this.#index.delete(this.keys[slot] as K);
    this.#index.set(key, slot);
    if (this.slack !== null) {
      this.slack.removed();
      this.slack.added();
    }
    this.keys[slot] = key;
    this.values[slot] = value;
    this.promote(slot);
  }

  /** Puts the entries into a new Map, without the places of deleted ones. O(n). */
  rebuildIndex(): void {
    const index = new Map<K, number>();
    for (let slot = this.oldest; slot !== 0; slot = this.newerThan(slot))
      index.set(this.keys[slot] as K, slot);
    this.#index = index;
    this.slack?.rebuilt();
  }

  /** Notes that the slot's value is new; `needAccess` must have been called. */
  stored(slot: number, now: number): void {
    this.times!.setStored(slot, now);
    this.marks![slot] = 0;
  }

  /** Sets the counted bytes of a slot. */
  setBytes(slot: number, bytes: number): void {
    if (bytes > MAX_UINT32 && this.bytes instanceof Uint32Array)
      this.bytes = widened(this.source, this.bytes);
    this.bytes[slot] = bytes;
  }

  /** Sets the version of a slot; `needVersions` must have been called. A bigint where a number would not be exact. */
  setVersion(slot: number, version: number | bigint): void {
    if (typeof version === 'bigint') {
      this.#splitVersion(slot, Number(BigInt.asUintN(32, version)), Number(version >> 32n));
      return;
    }
    if (version > MAX_UINT32) this.#splitVersion(slot, version >>> 0, Math.floor(version / 2 ** 32));
    else {
      this.versions![slot] = version;
      if (this.versionHighs !== null) this.versionHighs[slot] = 0;
    }
  }

  #splitVersion(slot: number, low: number, high: number): void {
    this.versions![slot] = low;
    this.needVersionHighs()[slot] = high;
  }

  /** The version of a slot: a bigint where a number would not be exact. */
  versionOf(slot: number): number | bigint {
    const low = this.versions![slot]!;
    const high = this.versionHighs === null ? 0 : this.versionHighs[slot]!;
    return high < SAFE_HIGH ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  #grow(): void {
    const capacity = Math.min(Math.ceil(this.capacity * GROWTH), MAX_TABLE_SLOTS);
    const { source } = this;
    this.capacity = capacity;
    this.growLinks(capacity);
    this.keys = grownArray(this.keys, capacity);
    this.values = grownArray(this.values, capacity);
    this.bytes =
      this.bytes instanceof Uint32Array
        ? grownUint32(source, this.bytes, capacity)
        : grownFloat64(source, this.bytes, capacity);
    if (this.stamps !== null) this.stamps = grownFloat64(source, this.stamps, capacity);
    if (this.flags !== null) this.flags = grownUint32(source, this.flags, capacity);
    if (this.versions !== null) this.versions = grownUint32(source, this.versions, capacity);
    if (this.versionHighs !== null) this.versionHighs = grownUint32(source, this.versionHighs, capacity);
    this.times?.grow(capacity);
    if (this.marks !== null) this.marks = grownUint8(source, this.marks, capacity);
    if (this.expiry !== null) this.expiry.grow(capacity);
  }

  needFlags(): Uint32Array {
    this.flags ??= this.source.uint32(this.capacity);
    return this.flags;
  }

  needVersions(): Uint32Array {
    this.versions ??= this.source.uint32(this.capacity);
    return this.versions;
  }

  needVersionHighs(): Uint32Array {
    this.versionHighs ??= this.source.uint32(this.capacity);
    return this.versionHighs;
  }

  needExpiry(now: number): ExpiryWheel {
    this.expiry ??= new ExpiryWheel(this.capacity, now, this.source);
    return this.expiry;
  }

  /** `onWiden` is called when the times come to take 64 bits. */
  needAccess(onWiden?: () => void): void {
    this.times ??= new AccessTimes(this.capacity, this.source, onWiden);
    this.marks ??= this.source.uint8(this.capacity);
  }

  /** Ends walks under way, and takes the table's slack out of the engine's: the table is thrown away. */
  discard(): void {
    this.resetLinks(1);
    this.slack?.reset();
  }

  /** What is inconsistent between index, slots, order, wheel and free slots; empty when all is well. */
  verify(): string[] {
    const problems = this.verifyLinks(this.size);
    if (this.#index.size !== this.size)
      problems.push(`the index holds ${this.#index.size} keys, the table ${this.size} entries`);
    const live = new Set<number>();
    for (const [key, slot] of this.#index) {
      live.add(slot);
      if (slot <= 0 || slot >= this.#nextFresh) problems.push(`slot ${slot} is out of range`);
      else if (!Object.is(this.keys[slot], key) && this.keys[slot] !== key)
        problems.push(`slot ${slot} holds another key than its index says`);
    }
    // A list that goes round has been told of; here it must end.
    for (
      let slot = this.oldest, steps = 0;
      slot !== 0 && steps <= live.size;
      slot = this.newerThan(slot), steps++
    )
      if (!live.has(slot)) return [...problems, `slot ${slot} is linked but not indexed`];
    const free = new Set<number>();
    for (let slot = this.#firstFree; slot !== 0; slot = this.newer[slot]!) {
      if (free.has(slot)) return [...problems, 'a slot is free twice'];
      free.add(slot);
      if (this.keys[slot] !== undefined || this.values[slot] !== undefined)
        problems.push(`free slot ${slot} still holds a key or a value`);
    }
    const used = this.#nextFresh - 1;
    if (this.size + free.size !== used)
      problems.push(`${used} slots in use, but ${this.size} hold an entry and ${free.size} are free`);
    if (this.expiry !== null) problems.push(...this.expiry.verify(live));
    return problems;
  }
}
