/**
 * All tables of an engine as one. Up to 131,072 entries there is a single table. Beyond that keys are spread
 * over 256, because what grows by copying, V8's Map above all, makes everybody wait for longer the larger it
 * is: one Map of 8 M entries takes a second to double, 256 of them a few milliseconds each, at different times.
 *
 * The order of use stays one order over all: each entry of the many has a stamp that rises with every use, so
 * that the oldest of all is the oldest of the table whose oldest has the lowest stamp.
 *
 * The move from one to many is no pause either. The single table stays as the root, which takes no new entry;
 * an entry that is used leaves it for its own table, as the newest there; and each insertion moves a few of
 * the root's newest to the oldest end of theirs. So the root always holds the oldest entries of all.
 *
 * An entry's number in the engine is its slot in its table plus the table's base. All operations are O(1), or
 * O(log tables).
 */

import { ColumnPool } from './column-pool.js';
import { type ColumnSource, OWN_MEMORY } from './columns.js';
import { STAMP_BYTES } from './entry-overhead.js';
import { EntryTable, MAX_TABLE_SLOTS } from './entry-table.js';
import { INDEX_PLACE_BYTES } from './index-slack.js';
import { keyHash } from './key-hash.js';
import { LazyQueue } from './lazy-queue.js';
import type { Direction } from './recency-list.js';
import { walkMany, walkOne } from './table-walk.js';

/** Where the weight of the structure is kept: overhead for each entry, and slack. */
export interface StructureWeight {
  overheadBytes: number;
  slackBytes: number;
}

/** With how many entries the single table spreads, and over how many tables (a power of two). */
export interface TableLayout {
  readonly singleMaxEntries: number;
  readonly tables: number;
}

const LAYOUT: TableLayout = { singleMaxEntries: 2 ** 17, tables: 256 };

/** Entries that an insertion moves out of the root. */
const MOVED_AT_ONCE = 8;

/** Slots that an empty engine may keep. */
const KEPT_CAPACITY = 1024;

const SLOT_BITS = 22;
const SLOT_MASK = MAX_TABLE_SLOTS - 1;

export class EntryTables<K, V> {
  /** The only table; null while there are many. */
  single: EntryTable<K, V> | null;
  /** Entries in all tables. */
  size = 0;

  #root: EntryTable<K, V>;
  #many: EntryTable<K, V>[] = [];
  readonly #layout: TableLayout;
  readonly #weight: StructureWeight | null;
  readonly #keepsAccess: boolean;
  #numbersWrites = false;
  /** Whether the access times of some table have come to take 64 bits. */
  hasWideTimes = false;
  readonly #onWideTimes = (): void => {
    this.hasWideTimes = true;
  };
  /** Whether versions have been given from outside, and may be alike. */
  givesVersions = false;
  /** The last stamp given to an entry that was used, and to one moved out of the root. */
  #lastStamp = 0;
  #lastMovedStamp = 0;
  #byOldest: LazyQueue | null = null;
  /**
   * Whether so many bytes more of structure fit, in an engine that does not evict: what does not fit is not done,
   * and entries that should move stay where they are. Null where an engine evicts, which can always make room.
   */
  fits: ((bytes: number) => boolean) | null = null;
  /** No entry expires before this time. */
  #nextDueMs = Number.POSITIVE_INFINITY;

  constructor(weight: StructureWeight | null, keepsAccess: boolean, layout: TableLayout = LAYOUT) {
    this.#weight = weight;
    this.#keepsAccess = keepsAccess;
    this.#layout = layout;
    this.#root = this.#newTable(0);
    this.single = this.#root;
  }

  #newTable(base: number, source: ColumnSource = OWN_MEMORY): EntryTable<K, V> {
    const table = new EntryTable<K, V>(this.#weight, base, source);
    if (this.#keepsAccess) table.needAccess(this.#onWideTimes);
    if (this.#numbersWrites) table.needVersions();
    return table;
  }

  /** The table that holds the key; the one where it would go when none does. */
  holding(key: K): EntryTable<K, V> {
    if (this.single !== null) return this.single;
    const table = this.#home(key);
    return this.#root.size > 0 && table.find(key) === 0 && this.#root.find(key) !== 0 ? this.#root : table;
  }

  #home(key: K): EntryTable<K, V> {
    return this.#many[keyHash(key) & (this.#layout.tables - 1)]!;
  }

  /** The entry's number in the engine, or 0. */
  find(key: K): number {
    const table = this.holding(key);
    const slot = table.find(key);
    return slot === 0 ? 0 : table.base + slot;
  }

  /** The table of a number of the engine's. */
  tableOf(entry: number): EntryTable<K, V> {
    if (this.single !== null) return this.single;
    const table = entry >>> SLOT_BITS;
    return table === 0 ? this.#root : this.#many[table - 1]!;
  }

  /** The slot, in its table, of a number of the engine's. */
  slotOf(entry: number): number {
    return entry & SLOT_MASK;
  }

  /**
   * Where an absent key goes. Makes the one table many when it is full; then each call moves a few entries
   * out of the root, which may count more than before.
   */
  placeFor(key: K): EntryTable<K, V> {
    const { single } = this;
    return single !== null && (single.size <= this.#layout.singleMaxEntries || !this.#maySpread)
      ? single
      : this.#placeAmongMany(key);
  }

  /** Whether there is room for what many tables add: a stamp for each entry, those that come included. */
  get #maySpread(): boolean {
    return this.fits === null || this.fits(STAMP_BYTES * (this.size + 1));
  }

  /** Whether an entry may move to the table: it takes one more, and its index has room to grow if it must. */
  #mayMoveTo(home: EntryTable<K, V>): boolean {
    if (home.isExhausted) return false;
    // Its old place in the root's index stays allocated.
    return this.fits === null || home.slack === null || this.fits(INDEX_PLACE_BYTES + home.slack.growthBytes);
  }

  #placeAmongMany(key: K): EntryTable<K, V> {
    if (this.single !== null) this.#spread();
    // A walk over the root would miss what moves.
    if (this.#root.size > 0 && !this.#root.isWalked) {
      for (let moves = 0; moves < MOVED_AT_ONCE && this.#root.size > 0; moves++) {
        const from = this.#root.newest;
        const home = this.#home(this.#root.keys[from] as K);
        if (!this.#mayMoveTo(home)) break;
        const slot = this.#move(from, home);
        home.stamps![slot] = --this.#lastMovedStamp;
        home.linkOldest(slot);
      }
    } else if (this.#root.capacity > KEPT_CAPACITY && this.#root.size === 0) {
      this.#root.discard();
      this.#root = this.#newTable(0);
    }
    return this.#home(key);
  }

  #spread(): void {
    this.single = null;
    const pool = new ColumnPool();
    // A new array: a walk under way goes on over the tables that it began with.
    this.#many = Array.from({ length: this.#layout.tables }, (_, i) =>
      this.#newTable((i + 1) * MAX_TABLE_SLOTS, pool),
    );
    // Those in the root count their stamp already, so that moving makes no entry heavier.
    if (this.#weight !== null) this.#weight.overheadBytes += STAMP_BYTES;
  }

  /** Inserts an absent key into the table that `placeFor` named, as the newest entry. Returns its slot there. */
  insert(table: EntryTable<K, V>, key: K, value: V): number {
    const slot = table.insert(key, value);
    table.linkNewest(slot);
    if (table.stamps !== null) table.stamps[slot] = ++this.#lastStamp;
    this.size++;
    return slot;
  }

  remove(table: EntryTable<K, V>, slot: number): void {
    table.remove(slot);
    this.size--;
  }

  /** Makes the entry the newest of all. Returns its number in the engine, which may be another one now. */
  promote(table: EntryTable<K, V>, slot: number): number {
    if (table.stamps !== null) {
      table.promote(slot);
      table.stamps[slot] = ++this.#lastStamp;
      return table.base + slot;
    }
    if (this.single !== null) {
      table.promote(slot);
      return slot;
    }
    const home = this.#home(table.keys[slot] as K);
    if (!this.#mayMoveTo(home)) {
      // Rare beyond words in an engine that evicts: the entry stays where it is, the newest of the root.
      table.promote(slot);
      return slot;
    }
    const moved = this.#move(slot, home);
    home.stamps![moved] = ++this.#lastStamp;
    home.linkNewest(moved);
    return home.base + moved;
  }

  /** Moves an entry of the root to its own table, with all that it has but its place in the order. */
  #move(from: number, home: EntryTable<K, V>): number {
    const root = this.#root;
    const key = root.keys[from] as K;
    const slot = home.insert(key, root.values[from] as V);
    home.setBytes(slot, root.bytes[from]!);
    if (root.flags !== null) home.needFlags()[slot] = root.flags[from]!;
    else if (home.flags !== null) home.flags[slot] = 0;
    if (root.versions !== null) home.versions![slot] = root.versions[from]!;
    if (root.versionHighs !== null) home.needVersionHighs()[slot] = root.versionHighs[from]!;
    else if (home.versionHighs !== null) home.versionHighs[slot] = 0;
    if (root.times !== null) {
      home.times!.set(slot, root.times.storedAt(from), root.times.usedAt(from));
      home.marks![slot] = root.marks![from]!;
    }
    const expiresAtMs = root.expiry === null ? Number.POSITIVE_INFINITY : root.expiry.expiresAt[from]!;
    if (expiresAtMs !== Number.POSITIVE_INFINITY)
      this.schedule(home, slot, expiresAtMs, root.expiry!.sweptUntilMs);
    root.remove(from);
    return slot;
  }

  /** The table that holds the least recently used entry, its own oldest. There must be an entry. */
  tableOfOldest(): EntryTable<K, V> {
    if (this.#root.size > 0 || this.single !== null) return this.#root;
    // Once the root is empty, a table's oldest stamp only rises; an empty one's next is yet to be given.
    this.#byOldest ??= new LazyQueue(this.#many.length, (i) => {
      const table = this.#many[i]!;
      return table.oldest === 0 ? this.#lastStamp + 1 : table.stamps![table.oldest]!;
    });
    return this.#many[this.#byOldest.first()]!;
  }

  /** Sets or changes an entry's time; `Infinity` for never. */
  schedule(table: EntryTable<K, V>, slot: number, expiresAtMs: number, now: number): void {
    if (table.expiry === null && expiresAtMs === Number.POSITIVE_INFINITY) return;
    table.needExpiry(now).schedule(slot, expiresAtMs);
    if (expiresAtMs < this.#nextDueMs) this.#nextDueMs = expiresAtMs;
  }

  /** Whether any entry has a time, as far as is known. */
  get canExpire(): boolean {
    return this.#nextDueMs !== Number.POSITIVE_INFINITY;
  }

  /** True when an entry may have expired: O(1), and false is certain. */
  mayHaveDue(now: number): boolean {
    return now >= this.#nextDueMs;
  }

  /**
   * Calls `expire` for entries whose time has passed, each of which must remove its entry; looks at `limit`
   * entries at most. Returns how many have expired.
   */
  sweep(now: number, limit: number, expire: (table: EntryTable<K, V>, slot: number) => void): number {
    let expired = 0;
    let left = limit;
    let nextDueMs = Number.POSITIVE_INFINITY;
    for (const table of this.all()) {
      const wheel = table.expiry;
      if (wheel === null) continue;
      if (wheel.mayHaveDue(now)) {
        if (left < 1) return expired;
        expired += wheel.sweep(now, left, (slot) => expire(table, slot));
        left -= wheel.lookedAt;
        if (wheel.mayHaveDue(now)) return expired;
      }
      nextDueMs = Math.min(nextDueMs, wheel.nextDueMs);
    }
    this.#nextDueMs = nextDueMs;
    return expired;
  }

  /** Every table, the root first: it has the oldest entries. */
  all(): readonly EntryTable<K, V>[] {
    return [this.#root, ...this.#many];
  }

  /** Gives every entry a column for its version, also those to come. */
  needVersions(): void {
    this.#numbersWrites = true;
    for (const table of this.all()) table.needVersions();
  }

  get numbersWrites(): boolean {
    return this.#numbersWrites;
  }

  /**
   * Entries' numbers in the order of use. The walk survives any change made on the way: it visits no removed
   * entry and none twice; one that moves or enters at the newest end before its turn may be missed.
   */
  *walk(direction: Direction): Generator<number, void, undefined> {
    const root = this.#root;
    const many = this.#many;
    // All cursors open before the first step: what comes later is not part of the walk.
    const rootCursor = root.openCursor(direction);
    const cursors = many.map((table) => table.openCursor(direction));
    try {
      if (direction === 'oldest-first') yield* walkOne(root, rootCursor);
      if (many.length > 0) yield* walkMany(many, cursors, direction);
      if (direction === 'newest-first') yield* walkOne(root, rootCursor);
    } finally {
      root.closeCursor(rootCursor);
      for (const [i, cursor] of cursors.entries()) many[i]!.closeCursor(cursor);
    }
  }

  /** Gives the memory of empty tables back, where it is worth it. */
  recycle(): void {
    if (this.single === null || this.single.capacity > KEPT_CAPACITY) this.reset();
  }

  /** Forgets everything and gives the memory back. Versions go on to be kept. */
  reset(): void {
    for (const table of this.all()) table.discard();
    if (this.single === null && this.#weight !== null) this.#weight.overheadBytes -= STAMP_BYTES;
    this.#many = [];
    this.#byOldest = null;
    this.#lastStamp = 0;
    this.#lastMovedStamp = 0;
    this.#root = this.#newTable(0);
    this.single = this.#root;
    this.size = 0;
    this.#nextDueMs = Number.POSITIVE_INFINITY;
  }

  /** What is inconsistent in and between the tables; empty when all is well. */
  verify(): string[] {
    const problems = this.all().flatMap((table) => table.verify());
    const held = this.all().reduce((sum, table) => sum + table.size, 0);
    if (held !== this.size) problems.push(`the tables hold ${held} entries, the engine counts ${this.size}`);
    // What follows walks the links.
    if (problems.length > 0) return problems;
    const stamps = new Set<number>();
    for (const table of this.#many) {
      let before = Number.NEGATIVE_INFINITY;
      for (let slot = table.oldest; slot !== 0; slot = table.newerThan(slot)) {
        const stamp = table.stamps![slot]!;
        if (stamp <= before || stamp > this.#lastStamp) problems.push(`stamp ${stamp} is out of order`);
        if (stamps.has(stamp)) problems.push(`stamp ${stamp} was given twice`);
        if (this.#home(table.keys[slot] as K) !== table)
          problems.push(`an entry is in table ${table.base >>> SLOT_BITS}, which is not its own`);
        stamps.add(stamp);
        before = stamp;
      }
    }
    return problems;
  }
}
