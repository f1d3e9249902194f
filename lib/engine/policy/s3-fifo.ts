/**
 * S3-FIFO (Yang et al., "FIFO Queues are All You Need for Cache Eviction", SOSP 2023): a small queue that new entries
 * enter, a main queue for those that were used again, and ghosts of keys that left the small one. A use counts up to 3
 * in the entry and moves nothing.
 *
 * Where the small queue takes its share of what is held, its oldest entry goes to the main queue if it was used twice or
 * more; otherwise it is the victim and leaves a ghost. Else the main queue's oldest goes round again as often as it was
 * used, and then is the victim. A key with a ghost enters the main queue. Queues and ghosts are measured in bytes, or in
 * entries where nothing but those is limited.
 *
 * Parameters, as in the paper: small queue 10 %, ghosts for 90 % of the cache, 2 uses to stay.
 *
 * A walk from the oldest end goes through the small queue, then the main one, each in the order of entrance.
 */

import type { Budget } from '../budget.js';
import { type Columns, OLDER } from '../columns.js';
import type { Direction } from '../types.js';
import { Ghosts } from './ghosts.js';
import { KeyHashes } from './key-hash.js';
import type { EvictionOrder } from './order.js';
import { NOTE, Queues } from './queues.js';

const SMALL_SHARE = 0.1;
const GHOST_SHARE = 0.9;
/** Uses, in units of a note: 2 and 3. */
const USES_TO_STAY = 0x20000000;
const MAX_USES = 0x30000000;

const SMALL = 0;
const MAIN = 1;

/** Entries that are moved on for one victim; then the one whose turn it is goes, however often it was used. */
const MAX_LOOKS = 4096;

export class S3Fifo implements EvictionOrder {
  readonly isByUse = false;
  readonly keepsHashes = true;
  isLoading = false;
  private readonly columns: Columns;
  private readonly queues: Queues;
  private readonly hashes: KeyHashes;
  private readonly ghosts: Ghosts;

  constructor(columns: Columns, budget: Budget) {
    this.columns = columns;
    this.queues = new Queues(columns, budget, 2, 1);
    this.hashes = new KeyHashes(columns);
    this.ghosts = new Ghosts(budget);
  }

  get oldest(): number {
    return this.queues.oldest;
  }

  victim(): number {
    const { queues } = this;
    const { kept } = queues;
    for (let looks = MAX_LOOKS; ; looks--) {
      const small = queues.oldestOf(SMALL);
      const main = queues.oldestOf(MAIN);
      // An entry that is kept is the newest of its queue: where it is the oldest, the queue has no other.
      const hasSmall = small !== 0 && small !== kept;
      const hasMain = main !== 0 && (main !== kept || queues.counts[MAIN]! > 1);
      if (!hasSmall && !hasMain) return 0;
      if (hasMain && (!hasSmall || queues.costOf(SMALL) < SMALL_SHARE * queues.cost)) {
        const uses = queues.notesOf(main);
        if (main === kept) queues.relink(main, MAIN, uses);
        else if (uses === 0 || looks <= 0) return main;
        else queues.relink(main, MAIN, uses - NOTE);
      } else if (queues.notesOf(small) < USES_TO_STAY || looks <= 0) return small;
      else queues.relink(small, MAIN);
    }
  }

  /** Short, so that V8 makes one function of a hit. */
  promote(slot: number): void {
    const uses = this.columns.links[(slot << 2) + OLDER]! & MAX_USES;
    if (uses !== MAX_USES) this.queues.note(slot, uses + NOTE);
  }

  link(slot: number, key: unknown, hash: number, weight: number): void {
    const isKnown = this.ghosts.take(this.hashes.give(slot, key, hash), this.queues.costOfWeight(weight));
    this.queues.link(slot, isKnown ? MAIN : SMALL, weight);
  }

  unlink(slot: number): void {
    this.queues.unlink(slot);
    this.ghosts.shrinkTo(this.queues.size);
  }

  evict(slot: number): void {
    const { queues } = this;
    if (queues.queueOf(slot) === SMALL)
      this.ghosts.add(
        this.hashes.at(slot),
        queues.costOfWeight(queues.weightAt(slot)),
        queues.cost * GHOST_SHARE,
        queues.size,
      );
    this.unlink(slot);
  }

  reuse(slot: number, key: unknown, hash: number, weight: number): void {
    this.evict(slot);
    this.link(slot, key, hash, weight);
  }

  weighed(slot: number, by: number): void {
    this.queues.weighed(slot, by);
  }

  keep(slot: number): void {
    this.queues.relink(slot, this.queues.queueOf(slot), this.queues.notesOf(slot));
    this.queues.keep(slot);
  }

  release(): number {
    return this.queues.release();
  }

  move(from: number, to: number): void {
    this.queues.move(from, to);
  }

  clear(): void {
    this.queues.clear();
    this.ghosts.clear();
  }

  walk(direction: Direction): Generator<number, void, undefined> {
    return this.queues.walk(direction);
  }

  verify(size: number): string[] {
    return [...this.queues.verify(size), ...this.ghosts.verify()];
  }
}
