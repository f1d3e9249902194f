/**
 * The queues of a policy, one behind the other in one circular doubly linked list anchored at slot 0: queue 0 from its
 * oldest entry to its newest, then queue 1, and so on. So a walk is a walk through one list, and a policy with one
 * queue has a plain one.
 *
 * Slots have 28 bits. The three that are left of the older link say which queue the entry is in, and whatever the
 * policy notes about its use: a hit finds them in the cache line that the index has just read.
 *
 * All operations are O(1) but those that say otherwise.
 */

import type { Budget } from '../budget.js';
import { type Columns, NEWER, OLDER, SLOT_MASK } from '../columns.js';
import type { Direction } from '../types.js';
import { Walks } from '../walks.js';

/** The lowest bit of what a policy notes: 2 ** SLOT_BITS. */
export const NOTE = 0x10000000;

export class Queues {
  /** Entries of each queue, and of all. */
  readonly counts: number[];
  size = 0;
  /** The slot that is not to be the victim; 0 for none. */
  kept = 0;

  private readonly columns: Columns;
  private readonly budget: Budget;
  /** The newest slot of each queue; for an empty one that of the queue before. */
  private readonly ends: number[];
  private readonly weights: number[];
  /** How far the queue's number is from the lowest bit of the older link. */
  private readonly shift: number;
  private readonly notes: number;
  /** Null until the first walk. */
  private walks: Walks | null = null;

  /** `queueBits` say which queue an entry is in; 3 less that many are for notes. */
  constructor(columns: Columns, budget: Budget, queues: number, queueBits: number) {
    this.columns = columns;
    this.budget = budget;
    this.counts = new Array<number>(queues).fill(0);
    this.ends = new Array<number>(queues).fill(0);
    this.weights = new Array<number>(queues).fill(0);
    this.shift = 31 - queueBits;
    this.notes = (2 ** this.shift - NOTE) | 0;
  }

  get oldest(): number {
    return this.columns.links[NEWER]!;
  }

  /** The oldest slot of a queue; 0 for an empty one. */
  oldestOf(queue: number): number {
    if (this.counts[queue] === 0) return 0;
    return this.newerThan(queue === 0 ? 0 : this.ends[queue - 1]!);
  }

  newestOf(queue: number): number {
    return this.counts[queue] === 0 ? 0 : this.ends[queue]!;
  }

  /** The next slot towards the newest end of the list; 0 behind the last. */
  newerThan(slot: number): number {
    return this.columns.links[(slot << 2) + NEWER]!;
  }

  queueOf(slot: number): number {
    return this.columns.links[(slot << 2) + OLDER]! >>> this.shift;
  }

  /** What the policy has noted, in units of `NOTE`. */
  notesOf(slot: number): number {
    return this.columns.links[(slot << 2) + OLDER]! & this.notes;
  }

  /** Sets what the policy has noted. */
  note(slot: number, notes: number): void {
    const at = (slot << 2) + OLDER;
    const { links } = this.columns;
    links[at] = (links[at]! & ~this.notes) | notes;
    if (this.columns.ahead !== null) this.columns.mirror(slot);
  }

  /** What a queue takes of the budget: bytes, or entries where nothing but those is limited. */
  costOf(queue: number): number {
    const { countsBytes, overheadBytes } = this.budget;
    const count = this.counts[queue]!;
    return countsBytes ? this.weights[queue]! + count * overheadBytes : count;
  }

  /** The same for all. */
  get cost(): number {
    let sum = 0;
    for (let queue = 0; queue < this.counts.length; queue++) sum += this.costOf(queue);
    return sum;
  }

  /** The same for an entry of this weight. */
  costOfWeight(weight: number): number {
    return this.budget.countsBytes ? weight + this.budget.overheadBytes : 1;
  }

  /** Puts a new entry, whose weight the columns do not have yet, at the newest end of a queue. */
  link(slot: number, queue: number, weight: number): void {
    this.insert(slot, queue, 0, weight);
  }

  unlink(slot: number): void {
    this.take(slot, this.weightAt(slot));
  }

  /** Moves an entry to the newest end of a queue. */
  relink(slot: number, queue: number, notes = 0): void {
    const weight = this.weightAt(slot);
    this.take(slot, weight);
    this.insert(slot, queue, notes, weight);
  }

  weighed(slot: number, by: number): void {
    this.weights[this.queueOf(slot)]! += by;
  }

  weightAt(slot: number): number {
    return this.columns.weights === null ? 0 : this.columns.weightAt(slot);
  }

  private insert(slot: number, queue: number, notes: number, weight: number): void {
    const { columns, ends } = this;
    const { links } = columns;
    const older = ends[queue]!;
    const newer = links[(older << 2) + NEWER]!;
    links[(slot << 2) + OLDER] = older | (queue << this.shift) | notes;
    links[(slot << 2) + NEWER] = newer;
    links[(older << 2) + NEWER] = slot;
    this.setOlder(newer, slot);
    // Also the end of those behind that are empty.
    for (let each = queue; each < ends.length && ends[each] === older; each++) ends[each] = slot;
    this.size++;
    this.counts[queue]!++;
    this.weights[queue]! += weight;
    if (columns.ahead !== null) this.mirror(older, newer, slot);
    if (this.walks === null) return;
    this.walks.linked(slot);
    // Those that were forgotten have been collected.
    if (this.walks.isIdle) this.walks = null;
  }

  private take(slot: number, weight: number): void {
    if (this.walks !== null) this.walks.leaves(slot);
    const { columns, ends } = this;
    const { links } = columns;
    const queue = this.queueOf(slot);
    const older = links[(slot << 2) + OLDER]! & SLOT_MASK;
    const newer = links[(slot << 2) + NEWER]!;
    links[(older << 2) + NEWER] = newer;
    this.setOlder(newer, older);
    for (let each = queue; each < ends.length && ends[each] === slot; each++) ends[each] = older;
    this.size--;
    this.counts[queue]!--;
    this.weights[queue]! -= weight;
    if (columns.ahead !== null) this.mirror(older, newer, 0);
  }

  private setOlder(slot: number, older: number): void {
    const { links } = this.columns;
    const at = (slot << 2) + OLDER;
    links[at] = (links[at]! & ~SLOT_MASK) | older;
  }

  move(from: number, to: number): void {
    if (this.kept === from) this.kept = to;
    const { columns, ends } = this;
    const { links } = columns;
    const older = links[(from << 2) + OLDER]! & SLOT_MASK;
    const newer = links[(from << 2) + NEWER]!;
    links[(to << 2) + OLDER] = links[(from << 2) + OLDER]!;
    links[(to << 2) + NEWER] = newer;
    links[(older << 2) + NEWER] = to;
    this.setOlder(newer, to);
    for (let each = 0; each < ends.length; each++) if (ends[each] === from) ends[each] = to;
    if (columns.ahead !== null) this.mirror(older, newer, to);
    this.walks?.moved(from, to);
  }

  private mirror(some: number, others: number, more: number): void {
    this.columns.mirror(some);
    this.columns.mirror(others);
    this.columns.mirror(more);
  }

  clear(): void {
    this.walks?.end();
    this.walks = null;
    this.size = 0;
    this.counts.fill(0);
    this.ends.fill(0);
    this.weights.fill(0);
  }

  /** From here to `release`, this entry is not the victim, unless it is the only one. */
  keep(slot: number): void {
    this.kept = slot;
  }

  release(): number {
    const { kept } = this;
    this.kept = 0;
    return kept;
  }

  /**
   * Slots from one end of the list to the other. The walk survives changes on the way: it visits no removed entry and
   * none twice, and it may miss one that enters, or goes to another place, before its turn.
   */
  *walk(direction: Direction): Generator<number, void, undefined> {
    this.walks ??= new Walks(this.columns, false);
    const { walks } = this;
    const { links } = this.columns;
    const walk = walks.begin(direction, links[direction === 'oldest-first' ? NEWER : OLDER]!);
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
    const counts = this.counts.map(() => 0);
    const weights = this.counts.map(() => 0);
    const ends = this.counts.map(() => 0);
    let linked = 0;
    let older = 0;
    for (let slot = this.oldest; slot !== 0; slot = this.newerThan(slot)) {
      if (++linked > size) return [...problems, `the queues have more than ${size} entries`];
      if (!this.columns.isUsed(slot)) return [...problems, `slot ${slot} is linked but free`];
      if ((links[(slot << 2) + OLDER]! & SLOT_MASK) !== older)
        problems.push(`the links around slot ${slot} disagree`);
      const queue = this.queueOf(slot);
      if (queue >= counts.length) return [...problems, `slot ${slot} is in queue ${queue}, which is none`];
      if (older !== 0 && this.queueOf(older) > queue) problems.push(`slot ${slot} is in the wrong queue`);
      counts[queue]!++;
      weights[queue]! += this.weightAt(slot);
      for (let each = queue; each < ends.length; each++) ends[each] = slot;
      older = slot;
    }
    if (links[OLDER] !== older) problems.push('the newest entry is not the last of the queues');
    if (linked !== size || this.size !== size)
      problems.push(`the queues have ${linked} entries, and count ${this.size}, the engine ${size}`);
    for (const [what, are, should] of [
      ['entries', this.counts, counts],
      ['bytes', this.weights, weights],
      ['ends', this.ends, ends],
    ] as const)
      if (are.join() !== should.join())
        problems.push(`the queues count ${are.join()} ${what}, and have ${should.join()}`);
    if (this.kept !== 0) problems.push(`slot ${this.kept} is still kept`);
    return problems;
  }
}
