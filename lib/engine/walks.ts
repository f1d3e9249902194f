/**
 * Walks in progress through the LRU list. All walks of a direction that visit the same slot next share one place,
 * which moves on when the slot leaves its position: each operation costs O(1), however many walks were begun and
 * forgotten. Places are held weakly, so that an unfinished walk is collected with its iterator.
 *
 * An entry that enters the list, or moves in it, after a walk has begun is not part of it. A walk knows such an entry by
 * the number of the last walk that had begun when its slot was linked. In an LRU list all of them are at the newest
 * end, so that a walk from the oldest end ends there; in the queues of another policy it passes them.
 */

import { type Columns, NEWER, OLDER, SLOT_MASK } from './columns.js';
import type { Direction } from './types.js';

/** Operations after which the places of abandoned walks are collected. */
const PRUNE_EVERY = 1024;

class Place {
  /** To be visited next; 0 at the end. */
  slot = 0;
  /** Walks that stand here. */
  walks = 0;
  /** The place that this one was merged into. */
  merged: Place | null = null;
  readonly ref: WeakRef<Place> = new WeakRef(this);
}

export interface Walk {
  readonly direction: Direction;
  readonly number: number;
  place: Place;
}

const DIRECTIONS = ['oldest-first', 'newest-first'] as const;

type Places = Map<number, WeakRef<Place>>;

export class Walks {
  readonly #columns: Columns;
  readonly #isByUse: boolean;
  readonly #places: Readonly<Record<Direction, Places>> = {
    'oldest-first': new Map(),
    'newest-first': new Map(),
  };
  /** For each slot the number of the last walk that had begun when it was linked, while there are walks. */
  #linkedAfter: Int32Array = new Int32Array(0);
  #begun = 0;
  #sincePruned = 0;

  /** `isByUse`: entries are linked at the newest end alone. */
  constructor(columns: Columns, isByUse: boolean) {
    this.#columns = columns;
    this.#isByUse = isByUse;
  }

  /** Whether no walk is known to be in progress. */
  get isIdle(): boolean {
    return this.#places['oldest-first'].size === 0 && this.#places['newest-first'].size === 0;
  }

  begin(direction: Direction, first: number): Walk {
    this.#countOperation();
    const walk = { direction, number: ++this.#begun, place: new Place() };
    this.#stand(walk, first);
    return walk;
  }

  /** The slot to visit; the walk then stands at the one behind it. 0 at the end. */
  next(walk: Walk): number {
    for (;;) {
      const { slot } = placeOf(walk);
      if (slot === 0) return 0;
      const isLater = (this.#linkedAfter[slot] ?? 0) >= walk.number;
      if (isLater && this.#isByUse && walk.direction === 'oldest-first') return 0;
      const behind = this.#behind(slot, walk.direction);
      this.close(walk);
      this.#stand(walk, behind);
      if (!isLater || this.#isByUse) return slot;
    }
  }

  /** The walk leaves its place. */
  close(walk: Walk): void {
    const place = placeOf(walk);
    place.walks--;
    if (place.walks > 0) walk.place = new Place();
    else if (place.slot !== 0) this.#places[walk.direction].delete(place.slot);
  }

  /** Makes a walk, which stands nowhere, stand where this slot is visited next. */
  #stand(walk: Walk, slot: number): void {
    const places = this.#places[walk.direction];
    const known = places.get(slot)?.deref();
    if (known !== undefined) walk.place = known;
    else {
      walk.place.slot = slot;
      if (slot !== 0) places.set(slot, walk.place.ref);
    }
    walk.place.walks++;
  }

  /** The slot leaves its place in the order: its links are still there. */
  leaves(slot: number): void {
    this.#countOperation();
    for (const direction of DIRECTIONS) {
      const place = this.#taken(direction, slot);
      if (place === undefined) continue;
      place.slot = this.#behind(slot, direction);
      if (place.slot === 0) continue;
      const there = this.#places[direction].get(place.slot)?.deref();
      if (there === undefined) this.#places[direction].set(place.slot, place.ref);
      else {
        there.walks += place.walks;
        place.merged = there;
      }
    }
  }

  /** The slot has entered the list, or has another place now. */
  linked(slot: number): void {
    if (slot >= this.#linkedAfter.length) {
      const longer = new Int32Array(this.#columns.capacity);
      longer.set(this.#linkedAfter.subarray(0, longer.length));
      this.#linkedAfter = longer;
    }
    this.#linkedAfter[slot] = this.#begun;
  }

  /** An entry has another slot now, at the same place in the order. */
  moved(from: number, to: number): void {
    if (to < this.#linkedAfter.length) this.#linkedAfter[to] = this.#linkedAfter[from] ?? 0;
    for (const direction of DIRECTIONS) {
      const place = this.#taken(direction, from);
      if (place === undefined) continue;
      place.slot = to;
      this.#places[direction].set(to, place.ref);
    }
  }

  /** Ends all walks. */
  end(): void {
    for (const places of Object.values(this.#places)) {
      for (const ref of places.values()) {
        const place = ref.deref();
        if (place !== undefined) place.slot = 0;
      }
      places.clear();
    }
  }

  #behind(slot: number, direction: Direction): number {
    return this.#columns.links[(slot << 2) + (direction === 'oldest-first' ? NEWER : OLDER)]! & SLOT_MASK;
  }

  #taken(direction: Direction, slot: number): Place | undefined {
    const places = this.#places[direction];
    const ref = places.get(slot);
    if (ref !== undefined) places.delete(slot);
    return ref?.deref();
  }

  #countOperation(): void {
    if (++this.#sincePruned >= PRUNE_EVERY) this.#prune();
  }

  #prune(): void {
    this.#sincePruned = 0;
    for (const places of Object.values(this.#places))
      for (const [slot, ref] of places) if (ref.deref() === undefined) places.delete(slot);
  }
}

/** Where a walk stands, past all places that have become one. */
function placeOf(walk: Walk): Place {
  while (walk.place.merged !== null) walk.place = walk.place.merged;
  return walk.place;
}
