/**
 * The LRU list: a circular doubly linked list through the slots, anchored at slot 0, so that no operation tests for
 * the ends. All operations are O(1).
 */

import { type Columns, NEWER, OLDER } from './columns.js';
import type { EvictionOrder } from './policy/order.js';
import type { Direction } from './types.js';
import { Walks } from './walks.js';

export class LruList implements EvictionOrder {
  readonly isByUse = true;
  readonly keepsHashes = false;
  isLoading = false;
  private readonly columns: Columns;
  /** Null until the first walk. */
  private walks: Walks | null = null;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  get oldest(): number {
    return this.columns.links[NEWER]!;
  }

  get newest(): number {
    return this.columns.links[OLDER]!;
  }

  victim(): number {
    return this.oldest;
  }

  link(slot: number): void {
    const { links } = this.columns;
    const at = slot << 2;
    const newest = links[OLDER]!;
    links[at + OLDER] = newest;
    links[at + NEWER] = 0;
    links[(newest << 2) + NEWER] = slot;
    links[OLDER] = slot;
    if (this.columns.ahead !== null) this.mirror(newest, slot, 0);
    if (this.walks === null) return;
    this.walks.linked(slot);
    // Those that were forgotten have been collected.
    if (this.walks.isIdle) this.walks = null;
  }

  unlink(slot: number): void {
    if (this.walks !== null) this.walks.leaves(slot);
    const { links } = this.columns;
    const older = links[(slot << 2) + OLDER]!;
    const newer = links[(slot << 2) + NEWER]!;
    links[(newer << 2) + OLDER] = older;
    links[(older << 2) + NEWER] = newer;
    if (this.columns.ahead !== null) this.mirror(older, newer, 0);
  }

  evict(slot: number): void {
    this.unlink(slot);
  }

  reuse(slot: number): void {
    this.promote(slot);
  }

  weighed(): void {}

  keep(slot: number): void {
    this.promote(slot);
  }

  release(): number {
    return this.newest;
  }

  promote(slot: number): void {
    const { links, ahead } = this.columns;
    const newest = links[OLDER]!;
    if (slot === newest) return;
    if (ahead !== null || this.walks !== null) {
      this.relink(slot);
      return;
    }
    // `|`, because `+` is checked for overflow.
    const at = slot << 2;
    const older = links[at]!;
    const newer = links[at | NEWER]!;
    links[newer << 2] = older;
    links[(older << 2) | NEWER] = newer;
    links[at] = newest;
    links[at | NEWER] = 0;
    links[(newest << 2) | NEWER] = slot;
    links[OLDER] = slot;
  }

  private relink(slot: number): void {
    this.unlink(slot);
    this.link(slot);
  }

  move(from: number, to: number): void {
    const { links } = this.columns;
    const older = links[(from << 2) + OLDER]!;
    const newer = links[(from << 2) + NEWER]!;
    links[(to << 2) + OLDER] = older;
    links[(to << 2) + NEWER] = newer;
    links[(newer << 2) + OLDER] = to;
    links[(older << 2) + NEWER] = to;
    if (this.columns.ahead !== null) this.mirror(older, newer, to);
    this.walks?.moved(from, to);
  }

  clear(): void {
    this.walks?.end();
    this.walks = null;
  }

  /** What columns to come must repeat. */
  private mirror(some: number, others: number, more: number): void {
    this.columns.mirror(some);
    this.columns.mirror(others);
    this.columns.mirror(more);
  }

  /**
   * Slots in the order of use. The walk survives changes on the way: it visits no removed entry and none twice; it
   * may miss one that moves or enters at the newest end before its turn. A walk that is left half way costs later
   * operations O(1).
   */
  *walk(direction: Direction): Generator<number, void, undefined> {
    const columns = this.columns;
    this.walks ??= new Walks(columns, true);
    const walks = this.walks;
    const first = direction === 'oldest-first' ? this.oldest : this.newest;
    const walk = walks.begin(direction, first);
    try {
      for (let slot = walks.next(walk); slot !== 0; slot = walks.next(walk)) yield slot;
    } finally {
      walks.close(walk);
      if (walks.isIdle && this.walks === walks) this.walks = null;
    }
  }

  verify(size: number): string[] {
    const { links } = this.columns;
    const problems: string[] = [];
    let linked = 0;
    let older = 0;
    for (let slot = this.oldest; slot !== 0; slot = links[(slot << 2) + NEWER]!) {
      if (++linked > size) return [...problems, `the order of use has more than ${size} entries`];
      if (!this.columns.isUsed(slot)) return [...problems, `slot ${slot} is linked but free`];
      if (links[(slot << 2) + OLDER] !== older) problems.push(`the links around slot ${slot} disagree`);
      older = slot;
    }
    if (this.newest !== older) problems.push('the newest entry is not the last of the order of use');
    if (linked !== size) problems.push(`the order of use has ${linked} entries, the engine ${size}`);
    return problems;
  }
}
