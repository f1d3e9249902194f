/**
 * Which slots expire when: a hierarchical timing wheel, its buckets circular lists threaded through the slots.
 *
 * A tick is 64 ms. Level 0 has a bucket for each of the next 64 ticks, level 1 for each of the next 64 spans
 * of 64 ticks, and so on; level 6 reaches 8,900 years, and what lies beyond waits in its farthest bucket.
 * An entry sinks a level whenever a sweep enters its bucket, until it is due.
 *
 * `schedule` and `cancel` are O(1). A sweep is bounded by its limit and goes on next time where it stopped:
 * it visits each bucket between its two ticks once, so it ends however many entries it has to put back.
 * An entry whose time is put off stays in its bucket until the sweep that enters it.
 * Ticks bound the work, not the precision: a sweep takes every entry with `expiresAt <= now`, and no other.
 */

import { type ColumnSource, grownFloat64, grownUint32, OWN_MEMORY } from './columns.js';

const TICK_MS = 64;
const FARTHEST_TICK = 2 ** 52;
const BUCKETS_PER_LEVEL = 64;
const LEVELS = 7;
const BUCKETS = BUCKETS_PER_LEVEL * LEVELS;
/** Ticks in one bucket of each level. */
const BUCKET_TICKS: readonly number[] = Array.from(
  { length: LEVELS },
  (_, level) => BUCKETS_PER_LEVEL ** level,
);
/** Holds what is left of the bucket that a sweep is working on, also between the calls of a limited sweep. */
const SCRATCH = BUCKETS;
/** Node of slot s: NODES_BEFORE_SLOTS + s. The nodes below are the buckets' anchors. */
const NODES_BEFORE_SLOTS = BUCKETS + 1;

export class ExpiryWheel {
  /** When each slot expires, in the clock's milliseconds; `Infinity` for never. */
  expiresAt: Float64Array;
  /** How many entries can expire. */
  count = 0;
  /** Entries that the last sweep looked at. */
  lookedAt = 0;

  readonly #source: ColumnSource;
  #next: Uint32Array;
  #previous: Uint32Array;
  /** The tick up to which everything has been swept, or will be when the sweep under way has ended. */
  #tick: number;
  /** No entry expires before this time, those aside that the sweep under way has yet to look at. */
  #nextDueMs = Number.POSITIVE_INFINITY;
  /** The sweep under way, which moves one bucket after another to the scratch bucket; null for none. */
  #sweep: Generator<void, void, undefined> | null = null;

  constructor(capacity: number, nowMs: number, source: ColumnSource = OWN_MEMORY) {
    this.#source = source;
    this.expiresAt = source.float64(capacity).fill(Number.POSITIVE_INFINITY);
    this.#next = source.uint32(NODES_BEFORE_SLOTS + capacity);
    this.#previous = source.uint32(NODES_BEFORE_SLOTS + capacity);
    this.#tick = tickOf(nowMs);
    this.#emptyBuckets();
  }

  grow(capacity: number): void {
    const before = this.expiresAt.length;
    this.expiresAt = grownFloat64(this.#source, this.expiresAt, capacity);
    this.expiresAt.fill(Number.POSITIVE_INFINITY, before);
    this.#next = grownUint32(this.#source, this.#next, NODES_BEFORE_SLOTS + capacity);
    this.#previous = grownUint32(this.#source, this.#previous, NODES_BEFORE_SLOTS + capacity);
  }

  /** Sets or changes a slot's time; `Infinity` takes it out. */
  schedule(slot: number, expiresAtMs: number): void {
    const before = this.expiresAt[slot]!;
    const scheduled = before !== Number.POSITIVE_INFINITY;
    if (scheduled && expiresAtMs >= before && expiresAtMs !== Number.POSITIVE_INFINITY) {
      // Later is no hurry: the sweep that finds the slot in its old bucket puts it where it belongs by then.
      this.expiresAt[slot] = expiresAtMs;
      return;
    }
    if (scheduled) this.#unlink(NODES_BEFORE_SLOTS + slot);
    this.expiresAt[slot] = expiresAtMs;
    if (expiresAtMs === Number.POSITIVE_INFINITY) {
      if (scheduled) this.count--;
      return;
    }
    if (!scheduled) this.count++;
    this.#link(slot, expiresAtMs);
  }

  cancel(slot: number): void {
    this.schedule(slot, Number.POSITIVE_INFINITY);
  }

  /** True when an entry may have expired: O(1), and false is certain. */
  mayHaveDue(nowMs: number): boolean {
    return this.#sweep !== null || nowMs >= this.#nextDueMs;
  }

  /** No entry expires before this time, and nothing is left of a sweep, when `mayHaveDue` says no. */
  get nextDueMs(): number {
    return this.#nextDueMs;
  }

  /** The time up to which everything has been looked at, give or take a tick. */
  get sweptUntilMs(): number {
    return this.#tick * TICK_MS;
  }

  /**
   * Calls `expire` for entries whose time has passed, each of which must cancel its slot; looks at `limit`
   * entries at most. Returns how many have expired.
   */
  sweep(nowMs: number, limit: number, expire: (slot: number) => void): number {
    let budget = limit;
    let expired = 0;
    this.lookedAt = 0;
    while (this.mayHaveDue(nowMs)) {
      this.#sweep ??= this.#visitBucketsUntil(nowMs);
      do {
        for (let node = this.#next[SCRATCH]!; node !== SCRATCH; node = this.#next[SCRATCH]!) {
          if (budget < 1) return expired;
          budget--;
          this.lookedAt++;
          const slot = node - NODES_BEFORE_SLOTS;
          const expiresAtMs = this.expiresAt[slot]!;
          if (expiresAtMs <= nowMs) {
            expire(slot);
            expired++;
          } else {
            this.#unlink(node);
            this.#link(slot, expiresAtMs);
          }
        }
      } while (this.#sweep.next().done !== true);
      this.#sweep = null;
    }
    return expired;
  }

  /** Moves the buckets from the present tick to that of `nowMs` to the scratch bucket, one for each step. */
  *#visitBucketsUntil(nowMs: number): Generator<void, void, undefined> {
    const from = this.#tick;
    const to = Math.max(from, tickOf(nowMs));
    // From here on entries are linked as seen from the end of this sweep, which passes no bucket twice.
    this.#tick = to;
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const first = Math.floor(from / BUCKET_TICKS[level]!);
      const last = Math.floor(to / BUCKET_TICKS[level]!);
      if (level > 0 && first === last) break;
      const buckets = Math.min(last - first + 1, BUCKETS_PER_LEVEL);
      for (let i = 0; i < buckets; i++) {
        this.#splice(level * BUCKETS_PER_LEVEL + bucketWithin(first + i), SCRATCH);
        yield;
      }
    }
    this.#nextDueMs = Math.min(this.#nextDueMs, this.#startOfNextBucketMs());
  }

  #link(slot: number, expiresAtMs: number): void {
    const fromTick = this.#tick;
    const tick = Math.max(tickOf(expiresAtMs), fromTick);
    let level = 0;
    let place = tick;
    if (tick - fromTick >= BUCKETS_PER_LEVEL) {
      // The level where the entry is one bucket ahead or more, and less than a turn.
      level = 1;
      while (level < LEVELS - 1 && tick - fromTick >= BUCKET_TICKS[level + 1]!) level++;
      place = Math.floor(tick / BUCKET_TICKS[level]!);
      let present = Math.floor(fromTick / BUCKET_TICKS[level]!);
      if (place - present >= BUCKETS_PER_LEVEL && level < LEVELS - 1) {
        level++;
        place = Math.floor(tick / BUCKET_TICKS[level]!);
        present = Math.floor(fromTick / BUCKET_TICKS[level]!);
      }
      place = Math.min(place, present + BUCKETS_PER_LEVEL - 1);
    }
    const bucket = level * BUCKETS_PER_LEVEL + bucketWithin(place);
    const node = NODES_BEFORE_SLOTS + slot;
    const last = this.#previous[bucket]!;
    this.#next[last] = node;
    this.#previous[node] = last;
    this.#next[node] = bucket;
    this.#previous[bucket] = node;
    if (expiresAtMs < this.#nextDueMs) this.#nextDueMs = expiresAtMs;
  }

  #unlink(node: number): void {
    const next = this.#next[node]!;
    const previous = this.#previous[node]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  /** Appends the whole list at one anchor to the list at another. */
  #splice(from: number, to: number): void {
    const first = this.#next[from]!;
    if (first === from) return;
    const last = this.#previous[from]!;
    const tail = this.#previous[to]!;
    this.#next[tail] = first;
    this.#previous[first] = tail;
    this.#next[last] = to;
    this.#previous[to] = last;
    this.#next[from] = from;
    this.#previous[from] = from;
  }

  #emptyBuckets(): void {
    for (let anchor = 0; anchor <= SCRATCH; anchor++) {
      this.#next[anchor] = anchor;
      this.#previous[anchor] = anchor;
    }
  }

  /** When the first bucket after the present one begins that holds an entry: nothing there is due before. */
  #startOfNextBucketMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const span = BUCKET_TICKS[level]!;
      const present = Math.floor(this.#tick / span);
      for (let ahead = 1; ahead < BUCKETS_PER_LEVEL; ahead++) {
        const bucket = level * BUCKETS_PER_LEVEL + bucketWithin(present + ahead);
        if (this.#next[bucket] !== bucket) {
          earliest = Math.min(earliest, (present + ahead) * span * TICK_MS);
          break;
        }
      }
    }
    return earliest;
  }

  /** What is inconsistent; `live` has the slots that hold an entry. */
  verify(live: ReadonlySet<number>): string[] {
    const problems: string[] = [];
    const linked = new Set<number>();
    for (let bucket = 0; bucket <= SCRATCH; bucket++) {
      for (let node = this.#next[bucket]!; node !== bucket; node = this.#next[node]!) {
        const slot = node - NODES_BEFORE_SLOTS;
        if (this.#previous[this.#next[node]!] !== node)
          problems.push(`expiry links around slot ${slot} disagree`);
        if (linked.has(slot)) problems.push(`slot ${slot} is scheduled twice`);
        if (bucket === SCRATCH && this.#sweep === null)
          problems.push(`slot ${slot} was left behind by a sweep`);
        if (!live.has(slot)) problems.push(`slot ${slot} is scheduled but holds no entry`);
        if (this.expiresAt[slot]! < this.#nextDueMs && this.#sweep === null)
          problems.push(`slot ${slot} expires before the next due time`);
        linked.add(slot);
        if (linked.size > live.size) return [...problems, 'more slots are scheduled than hold an entry'];
      }
    }
    if (linked.size !== this.count)
      problems.push(`${linked.size} slots are scheduled, the count is ${this.count}`);
    for (const slot of live) {
      if ((this.expiresAt[slot] !== Number.POSITIVE_INFINITY) !== linked.has(slot))
        problems.push(`slot ${slot} has a time but no place in the wheel, or the reverse`);
    }
    return problems;
  }
}

/** The tick of a time. Times beyond 2^52 ticks share one, so that tick arithmetic stays exact. */
function tickOf(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / TICK_MS), -FARTHEST_TICK), FARTHEST_TICK);
}

/** `tick` modulo the buckets of a level, also for negative ticks and beyond 32 bits: `&` takes the low bits. */
function bucketWithin(tick: number): number {
  return tick & (BUCKETS_PER_LEVEL - 1);
}
