/**
 * A store of shards that several threads may use at the same time: each key belongs to one shard, by its hash, and each
 * shard has a lock.
 *
 * Finding a key locks its shard, after releasing the one that was locked before; `endTurn` releases the last. So a
 * thread holds one lock at most, and no two wait for each other; slots are those of the locked shard. Until another
 * thread can know of the store, nothing is locked.
 *
 * A shard is marked while it changes. Whoever takes its lock and finds the mark (a thread was terminated there, or an
 * error came out of the middle of a change) empties it. The order of use is exact for each shard, not among them;
 * so are walks.
 *
 * While anybody subscribes, in any thread, each shard's changes go to a ring in shared memory. Subscribers hear of
 * changes once the shard is released: of their own thread's before anything else happens in it, of others' soon.
 */

import type { Clock } from '../engine/clock.js';
import type { EngineStats } from '../engine/stats.js';
import type { Change, ChangeListener, Direction, DumpedEntry, StoreResult } from '../engine/types.js';
import { HotsetError } from '../errors.js';
import { Key } from '../items/key.js';
import type { ItemData, Items, KeyBytes } from '../items.js';
import type { ChangeRing } from './change-ring.js';
import type { Locks } from './lock.js';
import type { StoredPages } from './page-file.js';
import type { ItemState } from './page-store.js';
import { sumOf } from './stats-sum.js';

/** What a shard's store can do beside what servers need. */
export interface ShardItems extends StoredPages {
  /** The value as text in UTF-8. O(bytes). */
  textAt(slot: number): string;
}

/** A store that other threads change while this one does not hold its lock. */
export interface Shard {
  /** Another object after `empty`. */
  readonly items: ShardItems;
  /** Follows what others have done to the memory. */
  refresh(): void;
  /** What has been done until now needs no following. */
  note(): void;
  resize(maxBytes: number): void;
  /** Becomes an empty store, whatever the memory holds. */
  empty(): void;
}

/** What the shards' threads share beside the shards. */
export interface ShardControl {
  /** Makes the locks, once another thread may come. */
  openLocks(): Locks;
  readonly rings: readonly ChangeRing[];
  /** The budget of all shards together. */
  maxBytes: number;
  /** Words of which two are used here. */
  readonly words: Int32Array;
}

/** Grows with each turn in which something has changed that somebody may wait for. */
export const NEWS = 0;
/** How many subscribe, in all threads. */
export const SUBSCRIBERS = 1;

/** ES2024, and in all supported versions of Node. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(
    words: Int32Array,
    at: number,
    value: number,
  ): { async: boolean; value: Promise<string> | string };
};

/** Turns that each shard has in a walk. */
const WALK_ROUNDS = 256;

/** More than a shard has slots. */
const SHARD_PLACES = 2 ** 28;

/** Rounds of changes that listeners cause one after another within one call, as in an engine. */
const MAX_ROUNDS = 1000;

/** A walk over one shard. */
interface ShardWalk<T> {
  readonly index: number;
  readonly steps: Iterator<T, unknown, undefined>;
  /** Steps in each turn. */
  readonly atOnce: number;
  /** See `Locks.timesEmptied`. */
  readonly emptied: number;
}

interface Subscription {
  readonly prefix: string;
  readonly listener: ChangeListener<string>;
}

export class ShardedItems implements ShardItems {
  readonly clock: Clock;
  readonly hashSeed: number;
  readonly evicts: boolean;
  adapter: object | null = null;
  readonly tags = null;
  readonly copiesValues = true;

  private readonly shards: readonly Shard[];
  private readonly control: ShardControl;
  private readonly shift: number;
  private locks: Locks | null;
  /** The shard that slots belong to, and its number while it is held. */
  private current: ShardItems;
  private held = -1;
  /** False where a caller of this thread has it already. */
  private releases = false;
  /** The shards' own subscriptions, which write to the rings. */
  private readonly recordings: ((() => void) | null)[];
  private recorded = false;
  private readonly subscriptions = new Set<Subscription>();
  /** How far this thread has read the rings. */
  private readonly places: number[];
  private pending: Change<string>[] = [];
  private delivers = false;
  private swept = 0;

  /** As many shards as a power of two. `locks`: where other threads have the shards already. */
  constructor(shards: readonly Shard[], control: ShardControl, locks: Locks | null = null) {
    this.shards = shards;
    this.control = control;
    this.locks = locks;
    this.current = shards[0]!.items;
    this.clock = this.current.clock;
    this.hashSeed = this.current.hashSeed;
    this.evicts = this.current.evicts;
    this.shift = 31 - Math.log2(shards.length);
    this.recordings = shards.map(() => null);
    this.places = shards.map(() => 0);
  }

  /** From now on other threads may use the shards. */
  share(): void {
    if (this.locks !== null) return;
    const { held } = this;
    this.endTurn();
    this.locks = this.control.openLocks();
    if (held >= 0) this.enter(held);
  }

  // Locks

  private of(key: KeyBytes): ShardItems {
    return this.enter(this.indexOf(key.hash));
  }

  /** The highest bits of FNV alone differ too little between keys that differ in their last bytes. */
  private indexOf(hash: number): number {
    return (Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> 1) >>> this.shift;
  }

  private enter(index: number): ShardItems {
    if (index !== this.held) this.hold(index);
    else if (this.locks?.isHalfChanged(index)) this.recover(index);
    return this.current;
  }

  private hold(index: number): void {
    if (this.held >= 0) this.endTurn();
    const shard = this.shards[index]!;
    const { locks } = this;
    if (locks !== null) {
      this.releases = locks.take(index);
      this.held = index;
      if (locks.isHalfChanged(index)) this.recover(index);
      else shard.refresh();
    }
    this.held = index;
    this.current = shard.items;
    if ((this.control.words[SUBSCRIBERS] !== 0) !== (this.recordings[index] !== null)) this.record(index);
  }

  private recover(index: number): void {
    const shard = this.shards[index]!;
    const { onEviction, onRead } = shard.items;
    this.locks!.beginChange(index);
    shard.empty();
    this.control.rings[index]!.skip();
    this.locks!.noteEmptied(index);
    shard.items.onEviction = onEviction;
    shard.items.onRead = onRead;
    this.current = shard.items;
    this.recordings[index] = null;
    this.recorded = true;
  }

  /** The shard of a key, which is going to change. */
  private begin(items: ShardItems): ShardItems {
    this.locks?.beginChange(this.held);
    return items;
  }

  private end(): void {
    this.locks?.endChange(this.held);
  }

  endTurn(): void {
    this.unlock();
    if (this.pending.length > 0) this.deliver();
  }

  private unlock(): void {
    const { held, recorded } = this;
    if (held < 0) return;
    this.recorded = false;
    if (recorded && this.subscriptions.size > 0) this.collect(held);
    this.held = -1;
    this.shards[held]!.note();
    if (this.locks !== null && this.releases) this.locks.release(held);
    if (!recorded) return;
    const { words } = this.control;
    Atomics.add(words, NEWS, 1);
    Atomics.notify(words, NEWS);
  }

  /** Calls `visit` with each shard, locked. Whoever asks outside a turn leaves none locked. */
  private each(visit: (items: ShardItems) => void): void {
    const isOutside = this.held < 0;
    this.visitAll(visit);
    if (isOutside) this.endTurn();
  }

  /** The same; the last one stays locked. */
  private visitAll(visit: (items: ShardItems) => void): void {
    for (let index = 0; index < this.shards.length; index++) visit(this.enter(index));
  }

  /** The same for what changes them. */
  private changeEach(change: (items: ShardItems) => void): void {
    this.each((shard) => {
      this.begin(shard);
      change(shard);
      this.end();
    });
  }

  // Figures: of shards that change meanwhile

  private sum(figure: (items: Items) => number): number {
    let sum = 0;
    for (const { items } of this.shards) sum += figure(items);
    return sum;
  }

  private max(figure: (items: Items) => number): number {
    return Math.max(...this.shards.map(({ items }) => figure(items)));
  }

  get size(): number {
    return this.sum((shard) => shard.size);
  }

  get bytes(): number {
    return this.sum((shard) => shard.bytes);
  }

  get heldBytes(): number {
    return this.sum((shard) => shard.heldBytes);
  }

  get maxBytes(): number {
    return this.control.maxBytes;
  }

  get lastVersion(): number {
    return this.max((shard) => shard.lastVersion);
  }

  get givesVersions(): boolean {
    return this.shards.some(({ items }) => items.givesVersions);
  }

  get mayHaveExpired(): boolean {
    return this.shards.some(({ items }) => items.mayHaveExpired);
  }

  get oldestIdleMs(): number {
    let idleMs = 0;
    this.each((shard) => {
      idleMs = Math.max(idleMs, shard.oldestIdleMs);
    });
    return idleMs;
  }

  stats(): EngineStats {
    const all: EngineStats[] = [];
    this.each((shard) => all.push(shard.stats()));
    return sumOf(all);
  }

  /** None: a thread sees the reads of its own clients only. */
  missRatioCurve(): undefined {}

  resetStats(): void {
    this.changeEach((shard) => shard.resetStats());
  }

  verify(): string[] {
    const found: string[] = [];
    this.each((shard) => {
      for (const problem of shard.verify()) found.push(`shard ${this.held}: ${problem}`);
    });
    return found;
  }

  // Finding

  peek(key: KeyBytes): number {
    return this.of(key).peek(key);
  }

  /** Each shard has numbers of its own; it stays locked until the write. */
  nextVersion(key: KeyBytes): number {
    return this.of(key).nextVersion(key);
  }

  read(key: KeyBytes): number {
    const slot = this.begin(this.of(key)).read(key);
    this.end();
    return slot;
  }

  // Items of the shard that is held

  keyBytesAt(slot: number): number {
    return this.current.keyBytesAt(slot);
  }

  copyItemAt(slot: number, withValue: boolean, target: Buffer, at: number): void {
    this.current.copyItemAt(slot, withValue, target, at);
  }

  prepare(items: number, isBefore: boolean): void {
    for (const shard of this.shards) {
      this.begin(shard.items).prepare(Math.ceil(items / this.shards.length), isBefore);
      this.end();
    }
  }

  restore(key: KeyBytes, data: ItemData, state: ItemState): void {
    const shard = this.begin(this.of(key));
    shard.restore(key, data, state);
    // Another thread may look at once.
    shard.endRestore();
    this.end();
  }

  endRestore(): void {}

  keyAt(slot: number): string {
    return this.current.keyAt(slot);
  }

  valueBytesAt(slot: number): number {
    return this.current.valueBytesAt(slot);
  }

  copyValueAt(slot: number, target: Buffer, at: number): void {
    this.current.copyValueAt(slot, target, at);
  }

  valueAt(slot: number): Buffer {
    return this.current.valueAt(slot);
  }

  textAt(slot: number): string {
    return this.current.textAt(slot);
  }

  flagsAt(slot: number): number {
    return this.current.flagsAt(slot);
  }

  versionAt(slot: number): number | bigint {
    return this.current.versionAt(slot);
  }

  remainingTtlMsAt(slot: number): number {
    return this.current.remainingTtlMsAt(slot);
  }

  adapterBitsAt(slot: number): number {
    return this.current.adapterBitsAt(slot);
  }

  fetchedAt(slot: number): boolean {
    return this.current.fetchedAt(slot);
  }

  idleMsAt(slot: number): number {
    return this.current.idleMsAt(slot);
  }

  ageMsAt(slot: number): number | undefined {
    return this.current.ageMsAt(slot);
  }

  bytesAt(slot: number): number {
    return this.current.bytesAt(slot);
  }

  promoteAt(slot: number): void {
    this.begin(this.current).promoteAt(slot);
    this.end();
  }

  touchAt(slot: number, ttlMs: number): void {
    this.begin(this.current).touchAt(slot, ttlMs);
    this.end();
  }

  setAdapterBitsAt(slot: number, bits: number): void {
    this.begin(this.current).setAdapterBitsAt(slot, bits);
    this.end();
  }

  setVersionAt(slot: number, version: number | bigint, fresh: boolean): void {
    this.begin(this.current).setVersionAt(slot, version, fresh);
    this.end();
  }

  renewVersionAt(slot: number): void {
    this.begin(this.current).renewVersionAt(slot);
    this.end();
  }

  // Writing

  set(key: KeyBytes, data: ItemData, ttlMs: number, flags: number, keepRefused: boolean): StoreResult {
    const result = this.begin(this.of(key)).set(key, data, ttlMs, flags, keepRefused);
    this.end();
    return result;
  }

  update(slot: number, data: ItemData, keepRefused: boolean, keepBits: boolean): StoreResult {
    const result = this.begin(this.current).update(slot, data, keepRefused, keepBits);
    this.end();
    return result;
  }

  extend(slot: number, data: ItemData, before: boolean, keepRefused: boolean): StoreResult {
    const result = this.begin(this.current).extend(slot, data, before, keepRefused);
    this.end();
    return result;
  }

  get lastStored(): number {
    return this.current.lastStored;
  }

  /** Never: before its key is known to be stored, a value has no shard, and its thread may end before it has arrived. */
  reserve(_bytes: number, _data: ItemData): boolean {
    return false;
  }

  release(_data: ItemData): void {}

  beginVersions(above: number): void {
    this.changeEach((shard) => shard.beginVersions(above));
  }

  // Removing

  delete(key: KeyBytes): boolean {
    const deleted = this.begin(this.of(key)).delete(key);
    this.end();
    return deleted;
  }

  deleteAt(slot: number): void {
    this.begin(this.current).deleteAt(slot);
    this.end();
  }

  /** O(shards). Subscribers hear of it once, when all shards are empty. */
  clear(): void {
    this.visitAll((shard) => {
      this.stopRecording(this.held);
      this.begin(shard).clear();
      this.end();
      if (this.control.words[SUBSCRIBERS] !== 0) this.record(this.held);
    });
    if (this.recordings[this.held] === null) return;
    this.control.rings[this.held]!.write({ cause: 'cleared', key: undefined, version: undefined });
    this.recorded = true;
  }

  /** Goes on with the next shard when one has no more. */
  sweepExpired(limit: number): number {
    let removed = 0;
    for (let looks = 0; looks < this.shards.length; looks++) {
      const index = this.swept++ % this.shards.length;
      if (!this.shards[index]!.items.mayHaveExpired) continue;
      removed += this.begin(this.enter(index)).sweepExpired(Math.ceil(limit / this.shards.length));
      this.end();
    }
    return removed;
  }

  oldestUnusedSince(timeMs: number): number {
    for (let index = 0; index < this.shards.length; index++) {
      const slot = this.enter(index).oldestUnusedSince(timeMs);
      if (slot !== 0) return slot;
    }
    return 0;
  }

  // Limits: each shard has an equal part

  resize(maxBytes: number): void {
    this.control.maxBytes = maxBytes;
    this.changeEach(() => this.shards[this.held]!.resize(this.partOf(maxBytes)));
  }

  shrinkTowards(maxBytes: number, steps: number): boolean {
    let more = false;
    this.changeEach((shard) => {
      const part = Math.ceil(steps / this.shards.length);
      if (shard.shrinkTowards(this.partOf(maxBytes), part)) more = true;
    });
    return more;
  }

  private partOf(bytes: number): number {
    return Math.floor(bytes / this.shards.length);
  }

  // Looking at all

  /** A little of each shard in turn: shards are alike, so that this is nearly the order of use of all. */
  *walk(order: Direction): IterableIterator<number, void, undefined> {
    const walks = this.shards.map((_, index) => this.walkOf(index, (items) => items.walk(order)));
    let open = walks;
    try {
      while (open.length > 0) {
        const goOn: typeof walks = [];
        for (const walk of open) {
          let left = walk.atOnce;
          for (; left > 0; left--) {
            const slot = this.next(walk);
            if (slot === null) break;
            yield slot;
          }
          if (left === 0 && walk.atOnce > 0) goOn.push(walk);
        }
        open = goOn;
      }
    } finally {
      this.endWalks(walks);
    }
  }

  /** One shard after the other, from the last one down; a call looks at one. Places are numbered through all shards. */
  scan(prefix: string, from: number, looks: number, visit: (slot: number) => boolean): number {
    const top = this.shards.length * SHARD_PLACES - 1;
    const at = from === 0 ? top : Math.min(from, top);
    const first = at - (at % SHARD_PLACES);
    const next = this.enter(first / SHARD_PLACES).scan(prefix, at - first, looks, visit);
    // Below the first place of a shard is the topmost that the one before can have.
    return Math.max(0, next === 0 ? first - 1 : first + next);
  }

  /** The order of use of all shards together, as near as their clocks tell it. */
  *dump(): Generator<DumpedEntry<string, Buffer>, void, undefined> {
    const walks = this.shards.map((_, index) =>
      this.walkOf(index, (items) => items.dump()[Symbol.iterator]()),
    );
    const heads = walks.map((walk) => this.next(walk));
    const usedAt = heads.map((head) => this.lastUse(head));
    try {
      for (;;) {
        let oldest = 0;
        for (let index = 1; index < heads.length; index++)
          if (usedAt[index]! < usedAt[oldest]!) oldest = index;
        const entry = heads[oldest]!;
        if (entry === null) return;
        const next = this.next(walks[oldest]!);
        heads[oldest] = next;
        usedAt[oldest] = this.lastUse(next);
        this.endTurn();
        yield entry;
      }
    } finally {
      this.endWalks(walks);
      this.endTurn();
    }
  }

  private walkOf<T>(
    index: number,
    begin: (items: ShardItems) => Iterator<T, unknown, undefined>,
  ): ShardWalk<T> {
    const items = this.enter(index);
    return {
      index,
      steps: begin(items),
      atOnce: Math.ceil(items.size / WALK_ROUNDS),
      emptied: this.locks?.timesEmptied(index) ?? 0,
    };
  }

  /** Null at the end. A walk is known in shared memory, so that each step changes the shard. */
  private next<T>(walk: ShardWalk<T>): T | null {
    const items = this.enter(walk.index);
    if (this.isOver(walk)) return null;
    this.begin(items);
    const { done, value } = walk.steps.next();
    this.end();
    return done === true ? null : (value as T);
  }

  private isOver({ index, emptied }: ShardWalk<unknown>): boolean {
    return (this.locks?.timesEmptied(index) ?? 0) !== emptied;
  }

  private endWalks(walks: readonly ShardWalk<unknown>[]): void {
    for (const walk of walks) {
      const items = this.enter(walk.index);
      if (this.isOver(walk)) continue;
      this.begin(items);
      walk.steps.return?.();
      this.end();
    }
  }

  private lastUse(entry: DumpedEntry<string, Buffer> | null): number {
    return entry === null ? Number.POSITIVE_INFINITY : this.clock.now() - (entry.idleMs ?? 0);
  }

  load(entries: Iterable<DumpedEntry<string, Buffer>>): number {
    const key = new Key(this.hashSeed);
    let stored = 0;
    for (const entry of entries) {
      stored += this.begin(this.of(key.setText(entry.key))).load([entry]);
      this.end();
      this.endTurn();
    }
    return stored;
  }

  // Being told

  subscribe(prefix: string, listener: ChangeListener<string>): () => void {
    const subscription = { prefix, listener };
    Atomics.add(this.control.words, SUBSCRIBERS, 1);
    // Whoever takes a shard's lock after this records what it changes there.
    if (this.subscriptions.size === 0)
      this.each(() => {
        this.places[this.held] = this.control.rings[this.held]!.end;
      });
    this.endTurn();
    this.subscriptions.add(subscription);
    if (this.subscriptions.size === 1) void this.listen();
    return () => {
      if (!this.subscriptions.delete(subscription)) return;
      Atomics.sub(this.control.words, SUBSCRIBERS, 1);
      if (this.subscriptions.size === 0) Atomics.notify(this.control.words, NEWS);
    };
  }

  /** Reports what other threads change. It does not keep the process alive. */
  private async listen(): Promise<void> {
    const { words, rings } = this.control;
    while (this.subscriptions.size > 0) {
      const seen = Atomics.load(words, NEWS);
      rings.forEach((ring, index) => {
        if (ring.end === this.places[index]) return;
        this.enter(index);
        this.collect(index);
      });
      this.endTurn();
      const waiting = waitAsync.call(Atomics, words, NEWS, seen);
      if (waiting.async) await waiting.value;
    }
  }

  private collect(index: number): void {
    this.places[index] = this.control.rings[index]!.read(this.places[index]!, this.pending);
  }

  /** Calls all listeners with all that waits, and with what they cause; throws the first of what they throw, afterwards. */
  private deliver(): void {
    if (this.delivers) return;
    this.delivers = true;
    let failure: { readonly error: unknown } | null = null;
    for (let rounds = 0; this.pending.length > 0; rounds++) {
      const changes = this.pending;
      this.pending = [];
      if (rounds === MAX_ROUNDS) {
        failure ??= {
          error: new HotsetError('HOTSET_LISTENER_LOOP', 'listeners caused changes without end'),
        };
        break;
      }
      for (const change of changes)
        for (const { prefix, listener } of this.subscriptions) {
          if (change.key !== undefined && !change.key.startsWith(prefix)) continue;
          try {
            listener(change);
          } catch (error) {
            failure ??= { error };
          }
        }
      // Listeners may have used the store.
      this.unlock();
    }
    this.delivers = false;
    if (failure !== null) throw failure.error;
  }

  /** Begins or stops to record a shard's changes, as somebody wants them or not. */
  private record(index: number): void {
    this.stopRecording(index);
    if (this.control.words[SUBSCRIBERS] === 0) return;
    this.recordings[index] = this.shards[index]!.items.subscribe('', (change) => {
      this.control.rings[index]!.write(change);
      this.recorded = true;
    });
  }

  private stopRecording(index: number): void {
    this.recordings[index]?.();
    this.recordings[index] = null;
  }

  get onEviction(): ((slot: number) => void) | null {
    return this.current.onEviction;
  }

  set onEviction(listener: ((slot: number) => void) | null) {
    for (const { items } of this.shards) items.onEviction = listener;
  }

  get onRead(): ((key: string) => void) | null {
    return this.current.onRead;
  }

  set onRead(listener: ((key: string) => void) | null) {
    for (const { items } of this.shards) items.onRead = listener;
  }
}
