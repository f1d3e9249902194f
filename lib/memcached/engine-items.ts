/**
 * `Items` over an engine of wire values: what a service keeps in its own process, and clients see.
 *
 * Slots are the engine's. As in the engine, `private` is TypeScript's: V8 inlines more.
 */

import { randomInt } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type CacheEngine, storeOf } from '../engine/cache-engine.js';
import type { Clock } from '../engine/clock.js';
import type { EntryStore } from '../engine/entry-store.js';
import type { EngineStats } from '../engine/stats.js';
import type { ChangeListener, Direction, DumpedEntry, StoreResult } from '../engine/types.js';
import type { ItemData, Items, KeyBytes } from '../items.js';
import { writeLatin1 } from './reply-buffer.js';
import { bytesOf, concatenated, ownedWireValue, type WireValue, wireValue } from './wire-value.js';

export class EngineItems implements Items {
  readonly clock: Clock;
  readonly evicts: boolean;
  readonly hashSeed: number = randomInt(2 ** 32) | 0;
  adapter: object | null = null;

  private readonly engine: CacheEngine<string, WireValue>;
  private readonly store: EntryStore<string, WireValue>;
  private readonly memo: KeyMemo;
  private evictionListener: ((slot: number) => void) | null = null;
  private readListener: ((key: string) => void) | null = null;

  constructor(engine: CacheEngine<string, WireValue>) {
    this.engine = engine;
    this.store = storeOf(engine);
    this.memo = new KeyMemo(this.store);
    this.clock = this.store.clock;
    this.evicts = this.store.evicts;
  }

  get size(): number {
    return this.store.size;
  }

  get bytes(): number {
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
    const { store, memo } = this;
    const known = memo.find(key);
    if (known !== 0) return store.isExpired(known) ? 0 : known;
    const slot = store.peekSlot(key.text);
    if (slot !== 0) memo.note(key.hash, slot);
    return slot;
  }

  read(key: KeyBytes): number {
    const { store, memo } = this;
    const known = memo.find(key);
    if (known !== 0) return store.readAt(known);
    const slot = store.readSlot(key.text);
    if (slot > 0) memo.note(key.hash, slot);
    return slot;
  }

  // What is known about an item

  keyAt(slot: number): string {
    return this.store.keyAt(slot);
  }

  valueBytesAt(slot: number): number {
    return this.store.valueAt(slot).length;
  }

  copyValueAt(slot: number, target: Buffer, at: number): void {
    const value = this.store.valueAt(slot);
    if (typeof value === 'string') writeLatin1(target, at, value);
    else value.copy(target, at);
  }

  valueAt(slot: number): Buffer {
    return bytesOf(this.store.valueAt(slot));
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

  set(key: KeyBytes, data: ItemData, ttlMs: number, flags: number, keepRefused: boolean): StoreResult {
    const { store, memo } = this;
    const known = memo.find(key);
    const text = known === 0 ? key.text : store.keyAt(known);
    const result = store.setWithHint(known, text, taken(data), ttlMs, flags, keepRefused);
    if (known === 0 && result === 'stored') memo.note(key.hash, store.lastStored);
    return result;
  }

  update(slot: number, data: ItemData, keepRefused: boolean, keepBits: boolean): StoreResult {
    return this.store.update(slot, taken(data), keepRefused, keepBits);
  }

  extend(slot: number, data: ItemData, before: boolean, keepRefused: boolean): StoreResult {
    const held = this.store.valueAt(slot);
    const more = taken(data);
    const both = before ? concatenated(more, held) : concatenated(held, more);
    return this.store.update(slot, both, keepRefused);
  }

  /** Memory for a value that may never arrive would be the engine's to count. */
  reserve(): boolean {
    return false;
  }

  release(): void {}

  // Removing

  delete(key: KeyBytes): boolean {
    return this.store.delete(key.text);
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

  walk(order: Direction): IterableIterator<number, void, undefined> {
    return this.store.walk(order);
  }

  *dump(): Generator<DumpedEntry<string, Buffer>, void, undefined> {
    for (const entry of this.engine.dump()) yield { ...entry, value: bytesOf(entry.value) };
  }

  load(entries: Iterable<DumpedEntry<string, Buffer>>): number {
    return this.engine.load(wireEntries(entries));
  }

  stats(): EngineStats {
    return this.store.stats();
  }

  resetStats(): void {
    this.store.resetStats();
  }

  verify(): string[] {
    return this.store.verify();
  }

  // Being told: what the engine's channels say of this engine, while somebody listens

  subscribe(prefix: string, listener: ChangeListener<string>): () => void {
    return this.store.subscribe(prefix, listener);
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
    const { engine, key } = message as { engine: object; key: string };
    if (engine === this.engine) this.readListener?.(key);
  };

  endTurn(): void {}
}

/** The value that the engine is to hold. */
function taken({ bytes, start, end, owned }: ItemData): WireValue {
  return owned && start === 0 ? ownedWireValue(bytes, end) : wireValue(bytes, start, end);
}

function* wireEntries(
  entries: Iterable<DumpedEntry<string, Buffer>>,
): Generator<DumpedEntry<string, WireValue>, void, undefined> {
  for (const entry of entries) yield { ...entry, value: ownedWireValue(entry.value, entry.value.length) };
}

/** What a KeyMemo needs to know of an engine. */
interface KeyHolder {
  readonly size: number;
  keyUnder(entry: number): string | undefined;
}

const FIRST_PLACES = 2 ** 8;
const MAX_PLACES = 2 ** 16;

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
    if (key === undefined || key.length !== end - start) return 0;
    for (let i = 0, from = start; from < end; i++, from++) if (key.charCodeAt(i) !== bytes[from]) return 0;
    return entry;
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
