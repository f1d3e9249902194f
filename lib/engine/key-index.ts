/**
 * From key to slot. Texts and numbers are in a hash table of our own: chains threaded through the slots, with the
 * hash beside the link, so that a lookup compares a key only where the hash is equal. It grows and shrinks a few
 * chains at a time and has no upper limit. Keys of other kinds, and long texts, whose hash V8 keeps, are in Maps.
 *
 * Hashes are seeded and chains bounded. Where keys collide all the same and a chain is full, the next key goes to
 * the Maps: a flood costs what a Map costs.
 *
 * While there are few keys, the hash of a text reads only characters that tell keys apart, and learns which from keys
 * that collide: reading all takes longer than the rest of a look-up (Hentschel, Sirin, Idreos, "Entropy-Learned
 * Hashing", SIGMOD 2022).
 *
 * Keys are the same as in a Map (SameValueZero). All operations are O(1).
 */

import { type Columns, HASH, NEXT } from './columns.js';
import { MapCapacity } from './map-capacity.js';

/** V8 computes the hash of a text once; ours reads every character each time, at a nanosecond and a half. */
const TEXT_MAX_LENGTH = 64;
const FIRST_CHAINS = 16;
/** Entries for each chain, beyond which the table doubles, and below which it halves. */
const MAX_LOAD = 1.5;
const MIN_LOAD = 0.125;
/** Load at which it doubles though the budget has no room for that. */
const FORCED_LOAD = 6;
/** Old chains that move with one insertion or removal. */
const MOVED_AT_ONCE = 16;
const CHAIN_MAX_LENGTH = 48;
/** So many texts may have one hash that reads a part of each; and the most chains of a table with such hashes, which change all at once. */
const ALIKE_MAX = 2;
const READS_PARTS_MAX_CHAINS = 2 ** 14;
/** The place of no character. */
const NO_PLACE = TEXT_MAX_LENGTH;
/** Larger Maps take longer than a few milliseconds to grow, and V8 ends at 2^24 places. */
const MAP_MAX_KEYS = 2 ** 20;

/** The "hash" of a key that a Map keeps. */
const IN_MAP = 0;
/** The `sampleHash` of a key that cannot be sampled, and the mask of the others. */
const NO_HASH = 0x7fffffff;

interface Shard {
  readonly map: Map<unknown, number>;
  readonly capacity: MapCapacity;
}

export class KeyIndex {
  /** Bytes allocated. */
  bytes: number = FIRST_CHAINS * 4;

  /** Whether slots whose keys are in Maps have the `sampleHash` of the key in the place of the next slot of a chain. */
  keepsHashes = false;

  /** Whether hashes of texts depend on all characters. */
  readsAll = true;

  private readonly columns: Columns;
  /** The places that hashes read otherwise, besides the length. */
  private first: number = NO_PLACE;
  private second: number = NO_PLACE;
  private third: number = NO_PLACE;
  private fourth: number = NO_PLACE;
  private readonly seed: number = (Math.random() * 2 ** 32) | 0;
  private chains: Int32Array = new Int32Array(FIRST_CHAINS);
  private mask = FIRST_CHAINS - 1;
  /** While the table changes its size: the chains before, of which those below `moved` have moved. */
  private before: Int32Array | null = null;
  private moved = 0;
  /** Keys in chains. */
  private chained = 0;
  private readonly shards: Shard[] = [];
  /** Texts and numbers that Maps hold because their chain was full. */
  private overflowed = 0;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  private countBytes(): void {
    const chains = this.chains.length + (this.before === null ? 0 : this.before.length);
    this.bytes = this.shards.reduce((bytes, { capacity }) => bytes + capacity.bytes, chains * 4);
  }

  // What a look-up calls is short, and apart from what is rare: V8 inlines 920 bytes of bytecode in all.

  /** The hash that `find` and `insert` take. */
  hash(key: unknown): number {
    if (typeof key === 'number')
      return (key | 0) === key ? mixed(key ^ this.seed) : fractionHash(key, this.seed);
    return typeof key === 'string' ? this.textHash(key) : IN_MAP;
  }

  private textHash(text: string): number {
    const { length } = text;
    if (this.readsAll || length > TEXT_MAX_LENGTH) return this.wholeHash(text);
    const { first, second, third, fourth } = this;
    let bits = length ^ this.seed;
    if (first < length) bits ^= text.charCodeAt(first) << 8;
    if (second < length) bits ^= text.charCodeAt(second) << 16;
    if (third < length) bits ^= text.charCodeAt(third) << 24;
    if (fourth < length) bits ^= text.charCodeAt(fourth);
    return mixed(bits);
  }

  private wholeHash(text: string): number {
    return text.length > TEXT_MAX_LENGTH ? IN_MAP : textHash(text, this.seed);
  }

  /**
   * A hash of 31 bits that chooses keys for a sample, also where a Map keeps the key: `hash` as `find` takes it, or 0 where
   * it is not known. `NO_HASH` for objects and symbols, which have none. Linear in the length of a long text.
   */
  sampleHash(key: unknown, hash: number): number {
    const known = hash === IN_MAP ? this.hash(key) : hash;
    if (known !== IN_MAP) return known & NO_HASH;
    return hasHash(key) ? textHash(String(key), this.seed) & NO_HASH : NO_HASH;
  }

  /** The same for the key of a slot, at once. Needs `keepsHashes`. */
  sampleHashAt(slot: number): number {
    const { links } = this.columns;
    const hash = links[(slot << 2) | HASH]!;
    if (hash !== IN_MAP) return hash & NO_HASH;
    return hasHash(this.columns.keyAt(slot)) ? links[(slot << 2) | NEXT]! & NO_HASH : NO_HASH;
  }

  /** What the order of a store is told for the hash, so that both have the same in the place of the next slot. */
  orderHash(key: unknown, hash: number): number {
    return hash === IN_MAP && this.keepsHashes && hasHash(key) ? this.sampleHash(key, hash) : hash;
  }

  /** The key's slot, or 0. */
  find(key: unknown, hash: number): number {
    if (hash === IN_MAP) return this.findInMaps(key);
    const columns = this.columns;
    const { links, pairs } = columns;
    let slot = this.chainOf(hash);
    while (slot !== 0) {
      if (
        links[(slot << 2) | HASH] === hash &&
        (pairs === null ? columns.keyAt(slot) : pairs[slot << 1]) === key
      )
        return slot;
      slot = links[(slot << 2) | NEXT]!;
    }
    return this.overflowed === 0 ? 0 : this.findInMaps(key);
  }

  private findInMaps(key: unknown): number {
    for (let i = 0; i < this.shards.length; i++) {
      const slot = this.shards[i]!.map.get(key);
      if (slot !== undefined) return slot;
    }
    return 0;
  }

  /** The first slot of the chain that a hash belongs to. */
  private chainOf(hash: number): number {
    return this.before === null ? this.chains[hash & this.mask]! : this.movingChainOf(hash, this.before);
  }

  private movingChainOf(hash: number, before: Int32Array): number {
    const chain = hash & (before.length - 1);
    return chain >= this.moved ? before[chain]! : this.chains[hash & this.mask]!;
  }

  private setChainOf(hash: number, slot: number): void {
    const before = this.before;
    if (before !== null && (hash & (before.length - 1)) >= this.moved)
      before[hash & (before.length - 1)] = slot;
    else this.chains[hash & this.mask] = slot;
  }

  /** Adds an absent key. `mayGrow`: whether there is room for so many bytes more. */
  insert(key: unknown, hash: number, slot: number, mayGrow: (bytes: number) => boolean): void {
    const { links } = this.columns;
    const first = hash === IN_MAP ? 0 : this.chainOf(hash);
    if (hash === IN_MAP || this.isCrowded(first, hash)) {
      if (hash !== IN_MAP && !this.readsAll && typeof key === 'string') {
        this.readMore(key, first, hash);
        this.insert(key, this.hash(key), slot, mayGrow);
        return;
      }
      if (hash !== IN_MAP) this.overflowed++;
      links[(slot << 2) | HASH] = IN_MAP;
      if (this.keepsHashes && hasHash(key)) links[(slot << 2) | NEXT] = this.sampleHash(key, hash);
      this.insertInMap(key, slot);
      return;
    }
    links[(slot << 2) | HASH] = hash;
    links[(slot << 2) | NEXT] = first;
    this.setChainOf(hash, slot);
    this.chained++;
    if (this.before !== null) this.moveChains();
    else if (this.chained > this.chains.length * MAX_LOAD) this.double(mayGrow);
  }

  /** Whether a chain has no place for another key with this hash. */
  private isCrowded(first: number, hash: number): boolean {
    const { links } = this.columns;
    const alikeMax = this.readsAll ? CHAIN_MAX_LENGTH : ALIKE_MAX;
    let length = 0;
    let alike = 0;
    for (let slot = first; slot !== 0; slot = links[(slot << 2) | NEXT]!) {
      if (++length === CHAIN_MAX_LENGTH) return true;
      if (links[(slot << 2) | HASH] === hash && ++alike === alikeMax) return true;
    }
    return false;
  }

  /** Lets hashes read another character, which tells this text from one with the same hash; or else all of them. */
  private readMore(text: string, first: number, hash: number): void {
    const { links } = this.columns;
    let slot = first;
    while (slot !== 0 && links[(slot << 2) | HASH] !== hash) slot = links[(slot << 2) | NEXT]!;
    const other = this.columns.keyAt(slot);
    const place = typeof other === 'string' ? lastDifference(text, other) : NO_PLACE;
    if (place === NO_PLACE || this.fourth !== NO_PLACE) this.readAll();
    else {
      this.fourth = this.third;
      this.third = this.second;
      this.second = this.first;
      this.first = place;
      this.rehash();
    }
  }

  /** O(n). */
  private readAll(): void {
    this.readsAll = true;
    this.rehash();
  }

  private rehash(): void {
    const columns = this.columns;
    const { links } = columns;
    while (this.before !== null) this.moveChains();
    const { chains } = this;
    let all = 0;
    for (const first of chains)
      for (let slot = first; slot !== 0; ) {
        const next = links[(slot << 2) | NEXT]!;
        links[(slot << 2) | NEXT] = all;
        all = slot;
        slot = next;
      }
    chains.fill(0);
    while (all !== 0) {
      const slot = all;
      all = links[(slot << 2) | NEXT]!;
      const hash = this.hash(columns.keyAt(slot));
      links[(slot << 2) | HASH] = hash;
      links[(slot << 2) | NEXT] = this.chainOf(hash);
      this.setChainOf(hash, slot);
      if (columns.ahead !== null) columns.mirror(slot);
    }
  }

  /** Bytes that `insert` adds for a key that goes to a Map. */
  growthBytes(hash: number): number {
    if (hash !== IN_MAP) return 0;
    return this.shards.find(({ map }) => map.size < MAP_MAX_KEYS)?.capacity.growthBytes ?? 0;
  }

  private insertInMap(key: unknown, slot: number): void {
    let shard = this.shards.find(({ map }) => map.size < MAP_MAX_KEYS);
    if (shard === undefined) {
      shard = { map: new Map(), capacity: new MapCapacity() };
      this.shards.push(shard);
    }
    shard.map.set(key, slot);
    shard.capacity.added();
    this.countBytes();
  }

  /** Removes the key that a slot holds. */
  remove(slot: number): void {
    const hash = this.columns.links[(slot << 2) | HASH]!;
    if (hash === IN_MAP) this.removeFromMap(this.columns.keyAt(slot));
    else {
      this.replaceInChain(hash, slot, this.columns.links[(slot << 2) | NEXT]!);
      this.chained--;
      if (this.before !== null) this.moveChains();
      else if (this.chains.length > FIRST_CHAINS && this.chained < this.chains.length * MIN_LOAD)
        this.resize(this.chains.length / 4);
    }
  }

  private removeFromMap(key: unknown): void {
    for (const [i, { map, capacity }] of this.shards.entries()) {
      if (!map.delete(key)) continue;
      capacity.removed();
      if (map.size === 0) this.shards.splice(i, 1);
      if (this.hash(key) !== IN_MAP) this.overflowed--;
      this.countBytes();
      return;
    }
  }

  /** The entry of a slot, all of whose columns have been copied, has another slot now. */
  move(from: number, to: number): void {
    const { links } = this.columns;
    const hash = links[(from << 2) | HASH]!;
    links[(to << 2) | HASH] = hash;
    links[(to << 2) | NEXT] = links[(from << 2) | NEXT]!;
    if (hash === IN_MAP) {
      const key = this.columns.keyAt(from);
      this.shards.find(({ map }) => map.has(key))!.map.set(key, to);
    } else this.replaceInChain(hash, from, to);
  }

  private replaceInChain(hash: number, slot: number, by: number): void {
    const { links } = this.columns;
    let before = this.chainOf(hash);
    if (before === slot) {
      this.setChainOf(hash, by);
      return;
    }
    while (links[(before << 2) | NEXT] !== slot) before = links[(before << 2) | NEXT]!;
    links[(before << 2) | NEXT] = by;
    if (this.columns.ahead !== null) this.columns.mirror(before);
  }

  clear(): void {
    this.chains = new Int32Array(FIRST_CHAINS);
    this.mask = FIRST_CHAINS - 1;
    this.before = null;
    this.chained = 0;
    this.shards.length = 0;
    this.overflowed = 0;
    this.countBytes();
  }

  // Growing and shrinking

  private double(mayGrow: (bytes: number) => boolean): void {
    const { length } = this.chains;
    if (!this.readsAll && length >= READS_PARTS_MAX_CHAINS) this.readAll();
    if (mayGrow(length * 8) || this.chained > length * FORCED_LOAD) this.resize(length * 2);
  }

  private resize(chains: number): void {
    this.before = this.chains;
    this.chains = new Int32Array(Math.max(chains, FIRST_CHAINS));
    this.mask = this.chains.length - 1;
    this.moved = 0;
    this.countBytes();
    this.moveChains();
  }

  /** Whether a table of half the size would do. */
  get isLoose(): boolean {
    return this.chains.length > FIRST_CHAINS && this.chained * 2 < this.chains.length;
  }

  /** Makes the table as small as will do, at once. O(n). */
  fit(): void {
    while (this.before !== null) this.moveChains();
    if (!this.isLoose) return;
    this.resize(2 ** Math.ceil(Math.log2(this.chained + 1)));
    while (this.before !== null) this.moveChains();
  }

  private moveChains(): void {
    const before = this.before!;
    const chains = this.chains;
    const columns = this.columns;
    const { links } = columns;
    const end = Math.min(this.moved + MOVED_AT_ONCE, before.length);
    for (let chain = this.moved; chain < end; chain++) {
      for (let slot = before[chain]!; slot !== 0; ) {
        const next = links[(slot << 2) | NEXT]!;
        const to = links[(slot << 2) | HASH]! & this.mask;
        links[(slot << 2) | NEXT] = chains[to]!;
        chains[to] = slot;
        if (columns.ahead !== null) columns.mirror(slot);
        slot = next;
      }
    }
    this.moved = end;
    if (end < before.length) return;
    this.before = null;
    this.countBytes();
  }

  /** What is inconsistent; every slot of `used` must be found under its key, and no other. O(n). */
  verify(used: ReadonlySet<number>): string[] {
    const problems: string[] = [];
    for (const slot of used) {
      const key = this.columns.keyAt(slot);
      if (this.find(key, this.hash(key)) !== slot) problems.push(`slot ${slot} is not found under its key`);
    }
    const chainBytes = this.chains.byteLength + (this.before?.byteLength ?? 0);
    const mapBytes = this.shards.reduce((sum, { capacity }) => sum + capacity.bytes, 0);
    if (this.bytes !== chainBytes + mapBytes)
      problems.push(`the index takes ${chainBytes + mapBytes} bytes, and ${this.bytes} are counted`);
    const inMaps = this.shards.reduce((sum, { map }) => sum + map.size, 0);
    if (this.chained + inMaps !== used.size)
      problems.push(`the index holds ${this.chained + inMaps} keys, the engine ${used.size} entries`);
    return problems;
  }
}

/** Whether two keys of this kind that are the same always have the same text. */
function hasHash(key: unknown): boolean {
  return typeof key === 'object' ? key === null : typeof key !== 'symbol' && typeof key !== 'function';
}

/** Where two texts of one length differ last. */
function lastDifference(text: string, other: string): number {
  if (text.length !== other.length) return NO_PLACE;
  for (let place = text.length - 1; place >= 0; place--)
    if (text.charCodeAt(place) !== other.charCodeAt(place)) return place;
  return NO_PLACE;
}

/**
 * 31 bits, each of which depends on every character, and a sign: negative for a text with characters above U+00FF,
 * so that weighing need not look again. Never `IN_MAP`.
 */
function textHash(text: string, seed: number): number {
  const { length } = text;
  let hash = seed;
  let bits = 0;
  let i = 0;
  // Four at a time: the multiplication is what the next characters have to wait for.
  for (; i + 3 < length; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    bits |= a | b | c | d;
    hash = Math.imul(hash ^ a ^ (b << 8) ^ (c << 16) ^ (d << 24), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < length; i++) {
    bits |= text.charCodeAt(i);
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = (hash ^ (hash >>> 13)) & 0x7fffffff;
  if (bits > 0xff) return hash | 0x80000000;
  return hash === IN_MAP ? 1 : hash;
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** Of a number that is not a whole one of 32 bits. NaN, which equals no number, is for a Map. */
function fractionHash(key: number, seed: number): number {
  double[0] = key;
  return Number.isNaN(key) ? IN_MAP : mixed(mixed(halves[0]! ^ seed) ^ halves[1]!);
}

/** The finaliser of MurmurHash3. */
function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash === IN_MAP ? 1 : hash;
}
