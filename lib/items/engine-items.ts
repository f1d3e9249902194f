/**
 * `Items` over an engine of a service: clients see the entries that the service has, and the service those of clients. What
 * a value is in the other world, value-codec.ts says; which forms an entry holds, engine/forms.ts. Not visible to clients:
 * values without bytes, and keys that cannot be named (`wireOfKey`).
 *
 * Slots are the engine's. As in the engine, `private` is TypeScript's: V8 inlines more.
 */

import { randomInt } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type CacheEngine, storeOf } from '../engine/cache-engine.js';
import type { Clock } from '../engine/clock.js';
import type { EntryStore } from '../engine/entry-store.js';
import type { Encoded } from '../engine/forms.js';
import type { CurveQuery, MissRatioCurve } from '../engine/miss-ratio/curve.js';
import type { EngineStats } from '../engine/stats.js';
import type { ChangeListener, Direction, DumpedEntry, StoreResult } from '../engine/types.js';
import type { ItemData, Items, ItemTags, KeyBytes } from '../items.js';
import { dumped } from './dump.js';
import { latin1Text } from './key.js';
import { keyOfWire, wireOfKey } from './key-encoding.js';
import { type KindFlags, TEXT_MAX_BYTES, ValueCodec } from './value-codec.js';

const NOTHING = Buffer.alloc(0);

export class EngineItems implements Items {
  readonly clock: Clock;
  readonly evicts: boolean;
  readonly hashSeed: number = randomInt(2 ** 32) | 0;
  adapter: object | null = null;
  readonly tags: ItemTags;
  readonly copiesValues = false;

  private readonly engine: CacheEngine<string, unknown>;
  private readonly store: EntryStore<string, unknown>;
  private readonly memo: KeyMemo;
  private evictionListener: ((slot: number) => void) | null = null;
  private readListener: ((key: string) => void) | null = null;
  /** The bytes of a value that holds none, for lack of room or because nobody has read it: until the end of the turn. */
  private made: Encoded | null = null;
  private madeOf: unknown;
  private madeWith = 0;

  /** From now on the engine keeps access times. May evict: see `EntryStore.serve`. */
  constructor(engine: CacheEngine<string, unknown>, flags?: KindFlags) {
    this.engine = engine;
    this.store = storeOf(engine);
    this.memo = new KeyMemo(this.store);
    this.clock = this.store.clock;
    this.evicts = this.store.evicts;
    this.store.serve(new ValueCodec(flags));
    const { store } = this;
    this.tags = {
      invalidate: (tags, limit) => store.invalidateTags(tags, limit),
      isAny: (tags) => store.hasTagged(tags),
    };
  }

  get size(): number {
    return this.store.size;
  }

  get bytes(): number {
    return this.store.bytes;
  }

  get heldBytes(): number {
    return this.store.bytes;
  }

  get maxBytes(): number {
    return this.store.maxBytes;
  }

  get lastVersion(): number {
    return this.store.lastVersion;
  }

  get givesVersions(): boolean {
    return this.store.givesVersions;
  }

  get mayHaveExpired(): boolean {
    return this.store.mayHaveExpired;
  }

  get oldestIdleMs(): number {
    return this.store.oldestIdleMs;
  }

  get lastStored(): number {
    return this.store.lastStored;
  }

  // Finding

  peek(key: KeyBytes): number {
    const { store } = this;
    const slot = this.find(key);
    if (slot === 0 || store.isExpired(slot)) return 0;
    if (store.hasBytesAt(slot)) return slot;
    const encoded = store.encodeAt(slot, false);
    return encoded !== 0 && this.encodedAt(encoded) === null ? 0 : encoded;
  }

  nextVersion(): number {
    return this.store.lastVersion + 1;
  }

  read(key: KeyBytes): number {
    const { store } = this;
    let slot = this.find(key);
    if (slot !== 0 && !store.hasBytesAt(slot) && !store.isExpired(slot)) slot = store.encodeAt(slot, true);
    if (slot !== 0) return store.readAt(slot);
    store.miss(keyOfWire(key.text));
    return 0;
  }

  /** The slot of an entry, expired or not, visible or not; 0 for none. */
  private find(key: KeyBytes): number {
    const { store, memo } = this;
    const known = memo.find(key);
    if (known !== 0) return known;
    const slot = store.slotOf(keyOfWire(key.text));
    if (slot !== 0) memo.note(key.hash, slot);
    return slot;
  }

  // What is known about an item

  keyAt(slot: number): string {
    return wireOfKey(this.store.keyAt(slot)) ?? '';
  }

  valueBytesAt(slot: number): number {
    return this.encodedAt(slot)?.length ?? 0;
  }

  copyValueAt(slot: number, target: Buffer, at: number): void {
    const encoded = this.encodedAt(slot);
    if (typeof encoded === 'string') target.write(encoded, at, 'latin1');
    else if (encoded !== null) target.set(encoded, at);
  }

  /** A service may write to bytes that it has stored, or been given: those are copied. */
  valueAt(slot: number): Buffer {
    const encoded = this.encodedAt(slot) ?? NOTHING;
    if (typeof encoded === 'string') return Buffer.from(encoded, 'latin1');
    return encoded instanceof Buffer && this.store.ownsBytesAt(slot) ? encoded : Buffer.from(encoded);
  }

  private encodedAt(slot: number): Encoded | null {
    const { store } = this;
    if (store.hasBytesAt(slot)) return store.encodedAt(slot);
    const value = store.valueAt(slot);
    const flags = store.flagsAt(slot);
    if (this.made === null || !Object.is(this.madeOf, value) || this.madeWith !== flags) {
      this.made = store.encodedAt(slot);
      this.madeOf = value;
      this.madeWith = flags;
    }
    return this.made;
  }

  flagsAt(slot: number): number {
    return this.store.flagsAt(slot);
  }

  versionAt(slot: number): number | bigint {
    return this.store.versionAt(slot);
  }

  remainingTtlMsAt(slot: number): number {
    return this.store.remainingTtlMsAt(slot);
  }

  adapterBitsAt(slot: number): number {
    return this.store.adapterBitsAt(slot);
  }

  fetchedAt(slot: number): boolean {
    return this.store.fetchedAt(slot);
  }

  ageMsAt(slot: number): number {
    return this.store.ageMsAt(slot);
  }

  idleMsAt(slot: number): number {
    return this.store.idleMsAt(slot);
  }

  bytesAt(slot: number): number {
    return this.store.bytesAt(slot);
  }

  beginVersions(above: number): void {
    this.store.beginVersions(above);
  }

  // Changing an item where it is

  promoteAt(slot: number): void {
    this.store.promoteAt(slot);
  }

  touchAt(slot: number, ttlMs: number): void {
    this.store.touchAt(slot, ttlMs);
  }

  setAdapterBitsAt(slot: number, bits: number): void {
    this.store.setAdapterBitsAt(slot, bits);
  }

  setVersionAt(slot: number, version: number | bigint, fresh: boolean): void {
    this.store.setVersionAt(slot, version, fresh);
  }

  renewVersionAt(slot: number): void {
    this.store.renewVersionAt(slot);
  }

  // Writing

  set(
    key: KeyBytes,
    data: ItemData,
    ttlMs: number,
    flags: number,
    keepRefused: boolean,
    tags: readonly string[] | null = null,
  ): StoreResult {
    const { store, memo } = this;
    const known = memo.find(key);
    const text = known === 0 ? keyOfWire(key.text) : store.keyAt(known);
    const result = store.setEncoded(known, text, taken(data), ttlMs, flags, keepRefused, tags);
    if (known === 0 && result === 'stored') memo.note(key.hash, store.lastStored);
    return result;
  }

  update(slot: number, data: ItemData, keepRefused: boolean, keepBits: boolean): StoreResult {
    return this.store.updateEncoded(slot, taken(data), keepRefused, keepBits);
  }

  extend(slot: number, data: ItemData, before: boolean, keepRefused: boolean): StoreResult {
    const held = this.encodedAt(slot) ?? NOTHING;
    const more = taken(data);
    const both = before ? joined(more, held) : joined(held, more);
    return this.store.updateEncoded(slot, both, keepRefused, false);
  }

  /** What has been announced costs nothing before it arrives. */
  reserve(): boolean {
    return false;
  }

  release(): void {}

  // Removing

  delete(key: KeyBytes): boolean {
    return this.store.delete(keyOfWire(key.text));
  }

  deleteAt(slot: number): void {
    this.store.delete(this.store.keyAt(slot));
  }

  /** O(1), whatever is held, unless the process itself listens to removals: a message for each would cost more. */
  clear(): void {
    const listener = this.evictionListener;
    this.onEviction = null;
    try {
      this.store.clear();
    } finally {
      this.onEviction = listener;
    }
  }

  sweepExpired(limit: number): number {
    return this.store.sweepExpired(limit);
  }

  oldestUnusedSince(timeMs: number): number {
    return this.store.oldestUnusedSince(timeMs);
  }

  // Limits

  resize(maxBytes: number): void {
    this.store.resize({ maxBytes });
  }

  shrinkTowards(maxBytes: number, steps: number): boolean {
    return this.store.shrinkTowards(maxBytes, steps);
  }

  // Looking at all

  *walk(order: Direction): Generator<number, void, undefined> {
    const { store } = this;
    for (const slot of store.walk(order))
      if (wireOfKey(store.keyAt(slot)) !== null && this.encodedAt(slot) !== null) yield slot;
  }

  /** Keys alone decide: whether a value has bytes is not looked at. */
  scan(prefix: string, from: number, looks: number, visit: (slot: number) => boolean): number {
    const { store } = this;
    return store.scan(from === 0 ? Number.POSITIVE_INFINITY : from, looks, (slot) => {
      const key = wireOfKey(store.keyAt(slot));
      return key === null || !key.startsWith(prefix) || visit(slot);
    });
  }

  dump(): Iterable<DumpedEntry<string, Buffer>> {
    return dumped(this);
  }

  load(entries: Iterable<DumpedEntry<string, Buffer>>): number {
    const { store } = this;
    let stored = 0;
    for (const { key, value, flags = 0, remainingTtlMs, ...access } of entries) {
      const encoded = value.length <= TEXT_MAX_BYTES ? latin1Text(value, 0, value.length) : value;
      const ttlMs = remainingTtlMs ?? Number.POSITIVE_INFINITY;
      if (store.setEncoded(0, keyOfWire(key), encoded, ttlMs, flags, false) !== 'stored') continue;
      stored++;
      const slot = store.lastStored;
      if (slot === 0) continue;
      store.backdateAt(slot, access.ageMs ?? 0, access.idleMs ?? 0, access.fetched === true);
      store.setAdapterBitsAt(slot, access.adapterBits ?? 0);
    }
    return stored;
  }

  stats(): EngineStats {
    return this.store.stats();
  }

  missRatioCurve(query?: CurveQuery): MissRatioCurve | undefined {
    return this.engine.missRatioCurve(query);
  }

  resetStats(): void {
    this.store.resetStats();
  }

  verify(): string[] {
    return this.store.verify();
  }

  // Being told: what the engine's channels say of this engine, while somebody listens

  subscribe(prefix: string, listener: ChangeListener<string>): () => void {
    // Bytes of a prefix may end within a character.
    return this.store.subscribe('', (change) => {
      if (change.cause === 'cleared') return listener(change);
      const key = wireOfKey(change.key);
      if (key?.startsWith(prefix)) listener({ ...change, key });
    });
  }

  get onEviction(): ((slot: number) => void) | null {
    return this.evictionListener;
  }

  set onEviction(listener: ((slot: number) => void) | null) {
    unsubscribe('hotset:removal', this.tellOfRemoval);
    this.evictionListener = listener;
    if (listener !== null) subscribe('hotset:removal', this.tellOfRemoval);
  }

  get onRead(): ((key: string) => void) | null {
    return this.readListener;
  }

  set onRead(listener: ((key: string) => void) | null) {
    unsubscribe('hotset:lookup', this.tellOfRead);
    this.readListener = listener;
    if (listener !== null) subscribe('hotset:lookup', this.tellOfRead);
  }

  private readonly tellOfRemoval = (message: unknown): void => {
    const { engine, entry, cause } = message as { engine: object; entry: number; cause: string };
    if (engine === this.engine && cause === 'evicted') this.evictionListener?.(entry);
  };

  private readonly tellOfRead = (message: unknown): void => {
    const { engine, key } = message as { engine: object; key: unknown };
    if (engine !== this.engine) return;
    const wireKey = wireOfKey(key);
    if (wireKey !== null) this.readListener?.(wireKey);
  };

  endTurn(): void {
    this.made = null;
    this.madeOf = undefined;
  }
}

/** What the engine is to hold: the memory itself where nobody else uses it. */
function taken(data: ItemData): Encoded {
  const { bytes, start, end, owned } = data;
  if (end - start <= TEXT_MAX_BYTES) return latin1Text(bytes, start, end);
  // The end of a line may lie behind it.
  if (owned) return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}

function joined(first: Encoded, second: Encoded): Encoded {
  const both = Buffer.allocUnsafeSlow(first.length + second.length);
  put(both, 0, first);
  put(both, first.length, second);
  return both.length <= TEXT_MAX_BYTES ? latin1Text(both, 0, both.length) : both;
}

function put(target: Buffer, at: number, bytes: Encoded): void {
  if (typeof bytes === 'string') target.write(bytes, at, 'latin1');
  else target.set(bytes, at);
}

/** What a KeyMemo needs to know of an engine. */
interface KeyHolder {
  readonly size: number;
  keyUnder(entry: number): unknown;
}

const FIRST_PLACES = 2 ** 8;
const MAX_PLACES = 2 ** 16;

/**
 * Remembers the entry of recently requested keys by their bytes: a repeated request needs no string for its key, which
 * would cost more to make and to hash than all the engine's work.
 *
 * A table of numbers in pairs of places; a hash has two places, and the newer one is looked at first. It can only
 * miss, and never be wrong: a number counts when the engine holds an entry under it, and that entry's key has
 * these very bytes, which must be ASCII. So it needs no notice of removals and moves, and it keeps no key alive. Its memory grows with
 * the engine, by 16 bytes for each entry at most and up to 512 KiB.
 *
 * The hash shows that a place belongs to another key, without access to the engine's memory: that is the whole cost
 * where requests are spread over many more keys than there are places.
 */
export class KeyMemo {
  private readonly engine: KeyHolder;
  private places = FIRST_PLACES;
  /** For each place a hash and the number of an entry, 0 for none. */
  private memory: Int32Array = new Int32Array(FIRST_PLACES * 2);

  constructor(engine: KeyHolder) {
    this.engine = engine;
  }

  /** The entry, expired or not, whose key this is; 0 when that is not known. */
  find({ bytes, start, end, hash }: KeyBytes): number {
    const { memory } = this;
    let at = this.pairOf(hash);
    if (memory[at] !== hash) {
      at += 2;
      if (memory[at] !== hash) return 0;
    }
    const entry = memory[at + 1]!;
    const key = this.engine.keyUnder(entry);
    if (typeof key !== 'string' || key.length !== end - start) return 0;
    let bits = 0;
    for (let i = 0, from = start; from < end; i++, from++) {
      const byte = bytes[from]!;
      if (key.charCodeAt(i) !== byte) return 0;
      bits |= byte;
    }
    // Other characters have other bytes.
    return bits < 0x80 ? entry : 0;
  }

  /** Remembers the entry of a key with this hash. */
  note(hash: number, entry: number): void {
    if (this.engine.size > this.places && this.places < MAX_PLACES) this.grow();
    const { memory } = this;
    const at = this.pairOf(hash);
    if (memory[at] !== hash) {
      memory[at + 2] = memory[at]!;
      memory[at + 3] = memory[at + 1]!;
      memory[at] = hash;
    }
    memory[at + 1] = entry;
  }

  /** Empties it: keys in use return with the next requests. */
  private grow(): void {
    this.places *= 2;
    this.memory = new Int32Array(this.places * 2);
  }

  /** Where the two places of a hash begin. The high bits of FNV are the better ones. */
  private pairOf(hash: number): number {
    return ((hash ^ (hash >>> 15)) << 2) & (this.places * 2 - 1);
  }
}
