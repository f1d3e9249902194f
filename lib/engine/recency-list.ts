/**
 * The LRU order: a doubly linked list over slot numbers, its links in two typed arrays. Slot 0 is none.
 * All operations are O(1). Iterators hold cursors, which are moved on when their slot leaves its place.
 *
 * `older` of the oldest slot is 0; `newer` of the newest is not kept, so that a promotion writes one link less.
 */

import { type ColumnSource, grownUint32, OWN_MEMORY } from './columns.js';

export type Direction = 'newest-first' | 'oldest-first';

export class RecencyList {
  newer: Uint32Array;
  older: Uint32Array;
  /** The ends of the list; 0 when it is empty. */
  newest = 0;
  oldest = 0;
  /** Where columns get their memory. */
  protected readonly source: ColumnSource;
  #cursors: WeakRef<ListCursor>[] | null = null;

  constructor(capacity: number, source: ColumnSource = OWN_MEMORY) {
    this.source = source;
    this.newer = source.uint32(capacity);
    this.older = source.uint32(capacity);
  }

  protected growLinks(capacity: number): void {
    this.newer = grownUint32(this.source, this.newer, capacity);
    this.older = grownUint32(this.source, this.older, capacity);
  }

  /** The slot used next after this one; 0 for the newest. */
  newerThan(slot: number): number {
    return slot === this.newest ? 0 : this.newer[slot]!;
  }

  /** Links a slot that is not in the list, as the newest. */
  linkNewest(slot: number): void {
    const { newest } = this;
    this.older[slot] = newest;
    if (newest === 0) this.oldest = slot;
    else this.newer[newest] = slot;
    this.newest = slot;
  }

  /** Links a slot that is not in the list, as the oldest. */
  linkOldest(slot: number): void {
    const { oldest } = this;
    this.older[slot] = 0;
    this.newer[slot] = oldest;
    if (oldest === 0) this.newest = slot;
    else this.older[oldest] = slot;
    this.oldest = slot;
  }

  unlink(slot: number): void {
    if (this.#cursors !== null) this.#moveCursorsOff(slot);
    const after = this.older[slot]!;
    if (slot === this.newest) {
      this.newest = after;
      if (after === 0) this.oldest = 0;
      return;
    }
    const before = this.newer[slot]!;
    this.older[before] = after;
    if (after === 0) this.oldest = before;
    else this.newer[after] = before;
  }

  /** Makes a linked slot the newest. */
  promote(slot: number): void {
    const { newest } = this;
    if (slot === newest) return;
    if (this.#cursors !== null) this.#moveCursorsOff(slot);
    const { newer, older } = this;
    const before = newer[slot]!;
    const after = older[slot]!;
    older[before] = after;
    if (after === 0) this.oldest = before;
    else newer[after] = before;
    older[slot] = newest;
    newer[newest] = slot;
    this.newest = slot;
  }

  /** Empties the list; walks under way end. */
  protected resetLinks(capacity: number): void {
    this.newer = new Uint32Array(capacity);
    this.older = new Uint32Array(capacity);
    this.newest = 0;
    this.oldest = 0;
    for (const cursor of this.#liveCursors()) cursor.next = 0;
    this.#cursors = null;
  }

  /** Whether a walk is under way, as far as is known: one that was forgotten counts until it is collected. */
  get isWalked(): boolean {
    return this.#cursors !== null;
  }

  /** Starts a walk that survives any change of the list; close it when done. */
  openCursor(direction: Direction): ListCursor {
    const cursor =
      direction === 'newest-first'
        ? new ListCursor(direction, this.newest, this.oldest)
        : new ListCursor(direction, this.oldest, this.newest);
    // Weak, so that an iterator that nobody finishes costs nothing once it is collected.
    this.#cursors ??= [];
    this.#cursors.push(new WeakRef(cursor));
    return cursor;
  }

  closeCursor(cursor: ListCursor): void {
    cursor.next = 0;
    this.#dropCursors((live) => live === cursor);
  }

  /** The slot at the cursor, which then moves on; 0 at the end. */
  advance(cursor: ListCursor): number {
    const slot = cursor.next;
    cursor.next = slot === 0 || slot === cursor.last ? 0 : this.#after(slot, cursor.direction);
    return slot;
  }

  #after(slot: number, direction: Direction): number {
    return direction === 'newest-first' ? this.older[slot]! : this.newerThan(slot);
  }

  #moveCursorsOff(slot: number): void {
    for (const cursor of this.#liveCursors()) {
      const { direction } = cursor;
      if (cursor.next === slot) {
        cursor.next = cursor.last === slot ? 0 : this.#after(slot, direction);
      } else if (cursor.last === slot && cursor.next !== 0) {
        cursor.last = this.#after(slot, direction === 'newest-first' ? 'oldest-first' : 'newest-first');
      }
    }
  }

  #liveCursors(): ListCursor[] {
    this.#dropCursors(() => false);
    return (this.#cursors ?? []).flatMap((ref) => ref.deref() ?? []);
  }

  #dropCursors(unwanted: (cursor: ListCursor) => boolean): void {
    const kept = (this.#cursors ?? []).filter((ref) => {
      const cursor = ref.deref();
      return cursor !== undefined && !unwanted(cursor);
    });
    this.#cursors = kept.length === 0 ? null : kept;
  }

  /** What is inconsistent among the links of the list's `count` slots; empty when all is well. */
  protected verifyLinks(count: number): string[] {
    const problems: string[] = [];
    const linked = new Set<number>();
    for (let slot = this.oldest; slot !== 0; slot = this.newerThan(slot)) {
      if (linked.has(slot)) return [...problems, `the list visits slot ${slot} twice`];
      linked.add(slot);
      const after = this.older[slot]!;
      if ((after === 0) !== (slot === this.oldest) || (after !== 0 && this.newer[after] !== slot))
        problems.push(`the list's links around slot ${slot} disagree`);
    }
    if (linked.size !== count) problems.push(`the list has ${linked.size} entries, the table ${count}`);
    return problems;
  }
}

/** A place in a walk: the slot to visit next, and the last one that the walk includes. */
export class ListCursor {
  readonly direction: Direction;
  next: number;
  last: number;

  constructor(direction: Direction, next: number, last: number) {
    this.direction = direction;
    this.next = next;
    this.last = last;
  }
}
