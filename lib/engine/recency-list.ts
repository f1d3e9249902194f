/**
 * The LRU order: a doubly linked list over slot numbers, its links in two typed arrays.
 * Slot 0 is the anchor: `older[0]` is the newest entry, `newer[0]` the oldest, and 0 ends a walk.
 * All operations are O(1). Iterators hold cursors, which are moved on when their slot leaves its place.
 */

import { grownUint32 } from './columns.js';

export type Direction = 'newest-first' | 'oldest-first';

export class RecencyList {
  newer: Uint32Array;
  older: Uint32Array;
  #cursors: WeakRef<ListCursor>[] | null = null;

  constructor(capacity: number) {
    this.newer = new Uint32Array(capacity);
    this.older = new Uint32Array(capacity);
  }

  get newest(): number {
    return this.older[0]!;
  }

  get oldest(): number {
    return this.newer[0]!;
  }

  grow(capacity: number): void {
    this.newer = grownUint32(this.newer, capacity);
    this.older = grownUint32(this.older, capacity);
  }

  /** Links a slot that is not in the list, as the newest. */
  add(slot: number): void {
    const newest = this.older[0]!;
    this.older[slot] = newest;
    this.newer[slot] = 0;
    this.newer[newest] = slot;
    this.older[0] = slot;
  }

  remove(slot: number): void {
    if (this.#cursors !== null) this.#moveCursorsOff(slot);
    const newer = this.newer[slot]!;
    const older = this.older[slot]!;
    this.older[newer] = older;
    this.newer[older] = newer;
  }

  /** Makes a linked slot the newest. */
  promote(slot: number): void {
    const { newer, older } = this;
    const before = newer[slot]!;
    if (before === 0) return;
    if (this.#cursors !== null) this.#moveCursorsOff(slot);
    const after = older[slot]!;
    older[before] = after;
    newer[after] = before;
    const newest = older[0]!;
    older[slot] = newest;
    newer[slot] = 0;
    newer[newest] = slot;
    older[0] = slot;
  }

  /** Empties the list; walks under way end. */
  reset(capacity: number): void {
    this.newer = new Uint32Array(capacity);
    this.older = new Uint32Array(capacity);
    for (const cursor of this.#liveCursors()) cursor.next = 0;
    this.#cursors = null;
  }

  /** Starts a walk that survives any change of the list; close it when done. */
  openCursor(direction: Direction): ListCursor {
    const links = direction === 'newest-first' ? 'older' : 'newer';
    const cursor = new ListCursor(links, this[links][0]!, links === 'older' ? this.oldest : this.newest);
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
    cursor.next = slot === 0 || slot === cursor.last ? 0 : this[cursor.links][slot]!;
    return slot;
  }

  #moveCursorsOff(slot: number): void {
    for (const cursor of this.#liveCursors()) {
      if (cursor.next === slot) {
        cursor.next = cursor.last === slot ? 0 : this[cursor.links][slot]!;
      } else if (cursor.last === slot && cursor.next !== 0) {
        cursor.last = this[cursor.links === 'older' ? 'newer' : 'older'][slot]!;
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
}

/** A place in a walk: the slot to visit next, and the last one that the walk includes. */
export class ListCursor {
  readonly links: 'newer' | 'older';
  next: number;
  last: number;

  constructor(links: 'newer' | 'older', next: number, last: number) {
    this.links = links;
    this.next = next;
    this.last = last;
  }
}
