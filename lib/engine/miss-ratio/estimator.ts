/**
 * Estimates, while a cache runs, what hit ratio it would have with more or less memory, and with another policy.
 *
 * Keys are sampled by their hash (SHARDS: Waldspurger and others, FAST '15): a key counts where its hash lies below a
 * threshold, so that all of its reads count or none. Once more keys are known than may be, the threshold falls; the
 * sample then stands for more. For LRU each read of a sampled key gives the stack distance in bytes (lru-stack.ts) that
 * its hit takes. Other policies have miniature caches: simulations of a budget that is smaller by the same factor
 * (Waldspurger and others, ATC '17).
 *
 * Corrections. The cache itself counts all its hits and misses, so the sample has to explain no more than how they
 * divide: hits that the sample lacks, or has too many of, are those of the hottest keys, which every size has (SHARDS'
 * own correction); misses count in proportion. At the size that the cache has, the estimate is thus what it measured.
 * Another policy counts by its difference from the one in use, read by read.
 *
 * Work is bounded by a share of all reads. At first the estimator works on credit; then it works in chapters, and rests
 * until their reads have been earned. After a rest keys are met first and counted then, and where the cache holds a key
 * that has not been met, nothing is counted. The curve is the mean of the last chapters, each of which counts half as
 * much as the next.
 *
 * `hit`, `miss` and `store` are O(log keys), and O(keys) when the threshold falls, which it does by a 64th.
 */

import { Distances, type Ratios, ratioAt, STEPS, sizeOfStep } from './distances.js';
import { LruStack } from './lru-stack.js';

/** Thresholds and hashes are numbers of 31 bits. The key with this hash is never sampled. */
export const ALL_HASHES = 0x7fffffff;

/** Sampled reads and writes that need not have been earned: about half a second of work in all. */
const CREDIT = 2 ** 20;
/** Reads and writes of a later chapter: for each key that is known, and at least and at most. */
const CHAPTER_PER_KEY = 16;
const CHAPTER_MIN = 2 ** 14;
const CHAPTER_MAX = 2 ** 18;
/** After a rest, keys are met for so much of a chapter before it begins. */
const WARM_UP = 1 / 4;
/** Keys are forgotten once a cache of so many times the size would have lost them. */
const MAX_DEPTH = 16;
/** What stays of the threshold when it falls. */
const FALL = 63 / 64;
/** Budgets of miniatures are set anew each time that so many bits of the work are 0. */
const RESCALE_MASK = 0xff;
/** Keys from which on they say how large the sample is, and how far that may be from its expected size. */
const MIN_KEYS = 256;
const MAX_DEVIATION = 1.25;

/** A miniature cache. Keys are hashes. */
export interface Miniature {
  /** Whether the key is there; a hit is noted as the policy does. */
  read(hash: number): boolean;
  has(hash: number): boolean;
  write(hash: number, weight: number): void;
  delete(hash: number): void;
  clear(): void;
  resize(size: number): void;
}

/** A policy and a size to simulate. */
export interface Variant {
  readonly policy: string;
  /** Times the size that the cache has. */
  readonly factor: number;
  readonly miniature: Miniature;
}

/** What the estimator asks of its cache. */
export interface ObservedCache {
  /** Reads so far that found something, and others. */
  readonly hits: number;
  readonly misses: number;
  /** What the cache may hold, in the unit of weights. */
  readonly size: number;
}

export interface EstimatorOptions {
  readonly maxSampledKeys: number;
  /** Of all reads, those that are looked at once the credit is used up; 1 for all that the threshold leaves. */
  readonly maxReadShare: number;
  readonly variants: readonly Variant[];
}

interface Simulated {
  readonly variant: Variant;
  /** Hits of the variant, less hits of LRU at the size that the cache has, in reads. */
  difference: number;
}

/** What is known of a chapter: ratios of all reads. */
interface Findings {
  readonly lru: Ratios;
  /** The hit ratio that the cache measured. */
  readonly measured: number;
  /** By variant, in their order. */
  readonly simulated: readonly number[];
  /** The weight of all keys read or written, as far as a cache of 16 times the size would hold them. */
  readonly workingSet: number;
}

/** The estimate. */
export interface Estimate extends Findings {
  /** Reads that the estimate rests on. */
  readonly sampledReads: number;
  readonly sampledKeys: number;
  /** The share of the keys that is sampled. */
  readonly samplingRate: number;
}

export class MissRatioEstimator {
  /** Keys whose hash is less are sampled: 0 at rest. A caller tests it first. */
  threshold: number = ALL_HASHES;

  private readonly options: EstimatorOptions;
  private cache: ObservedCache | null = null;
  private readonly stack: LruStack = new LruStack();
  /** Of reads that the cache served, and of those that it did not. */
  private readonly hitDistances: Distances = new Distances();
  private readonly missDistances: Distances = new Distances();
  private readonly simulated: Simulated[];
  /** Hits, in reads, that nothing is known of. */
  private unknownHits = 0;
  /** The reads that one sampled read stands for, and the weight that a sampled key's stands for. */
  private scale = 1;
  private weightScale = 1;
  /** Over the keys that are known: what each has been stored with, its square, and its product with the weight. */
  private stored = 0;
  private storedSquares = 0;
  private storedProducts = 0;
  /** What all keys have been stored with, and those of the sample that are not known any more (in reads). */
  private storedOfAll = 0;
  private storedBefore = 0;
  /** Counts of the cache when this chapter began. */
  private hitsBefore = 0;
  private missesBefore = 0;
  /** Sampled reads and writes, in all and in this chapter; negative while keys are met. */
  private work = 0;
  private chapterWork = 0;
  private chapterLength: number = CREDIT;
  /** The threshold of the last chapter, and how many keys it had at its end. */
  private lastThreshold: number = ALL_HASHES;
  private lastKeys = 0;
  private past: Findings | null = null;
  /** Work that reads have earned before the counts of the cache were set to 0. */
  private earnedBefore = 0;
  private sampledReads = 0;
  /** What the miniatures were made for. */
  private sizedFor = 0;

  constructor(options: EstimatorOptions) {
    this.options = options;
    this.simulated = options.variants.map((variant) => ({ variant, difference: 0 }));
  }

  /** Must be called first. */
  observe(cache: ObservedCache): void {
    this.cache = cache;
    this.rescale();
  }

  /** Bytes allocated, without the miniatures. */
  get bytes(): number {
    return this.stack.bytes + 2 * (STEPS + 1) * 8;
  }

  private get isAtRest(): boolean {
    return this.threshold === 0;
  }

  // What happens to sampled keys

  /** A read has found the key, whose entry has this weight (more than 0) and expires at `dueMs`. */
  hit(hash: number, weight: number, dueMs: number): void {
    const { stack, scale } = this;
    const place = stack.placeOf(hash);
    let found = true;
    if (place === 0) this.unknownHits += scale;
    else {
      const distance = stack.weightAfter(place) * this.weightScale + weight;
      this.hitDistances.add(distance, scale);
      this.sampledReads++;
      found = distance <= this.sizedFor;
    }
    for (const simulation of this.simulated) {
      const { miniature } = simulation.variant;
      const hits = miniature.read(hash);
      if (!hits) miniature.write(hash, weight);
      if (place !== 0 && hits !== found) simulation.difference += hits ? scale : -scale;
    }
    this.use(hash, place, weight, dueMs, 0, false);
    this.worked();
  }

  /** A read has not found the key. */
  miss(hash: number, nowMs: number): void {
    const { stack, scale } = this;
    let place = stack.placeOf(hash);
    if (place !== 0 && stack.dueAt(place) <= nowMs) {
      // No cache of any size would have it.
      this.forget(hash);
      place = 0;
    }
    this.sampledReads++;
    if (place === 0) this.missDistances.total += scale;
    else {
      const weight = stack.weightAt(place);
      const distance = stack.weightAfter(place) * this.weightScale + weight;
      this.missDistances.add(distance, scale);
      const found = distance <= this.sizedFor;
      for (const simulation of this.simulated) {
        const hits = simulation.variant.miniature.read(hash);
        if (hits !== found) simulation.difference += hits ? scale : -scale;
      }
      this.use(hash, place, weight, stack.dueAt(place), 0, true);
    }
    this.worked();
  }

  /**
   * A key has been stored, with this weight (more than 0), and expires at `dueMs`. To be called for all keys while some are
   * sampled.
   */
  store(hash: number, weight: number, dueMs: number): void {
    this.storedOfAll += weight;
    if (hash >= this.threshold) return;
    const place = this.stack.placeOf(hash);
    // Where a simulation has found what the cache had lost, nothing would have been stored.
    const isFill = place !== 0 && this.stack.isMarked(place);
    for (const { variant } of this.simulated)
      if (!isFill || !variant.miniature.has(hash)) variant.miniature.write(hash, weight);
    this.use(hash, place, weight, dueMs, weight, false);
    this.worked();
  }

  /** The key was deleted, or has expired: caches of all sizes lose it. */
  forget(hash: number): void {
    this.drop(hash);
    for (const { variant } of this.simulated) variant.miniature.delete(hash);
  }

  /** All keys were. */
  clear(): void {
    this.stack.clear();
    for (const { variant } of this.simulated) variant.miniature.clear();
    this.stored = 0;
    this.storedSquares = 0;
    this.storedProducts = 0;
    this.storedOfAll = 0;
    this.storedBefore = 0;
  }

  private use(
    hash: number,
    place: number,
    weight: number,
    dueMs: number,
    storedNow: number,
    isAwaited: boolean,
  ): void {
    const { stack } = this;
    const before = place === 0 ? 0 : stack.storedAt(place);
    const stored = before + storedNow;
    const weightBefore = place === 0 ? 0 : stack.weightAt(place);
    if (stored !== before || weight !== weightBefore) {
      this.count(weightBefore, before, -1);
      this.count(weight, stored, 1);
    }
    stack.use(hash, weight, dueMs, stored, isAwaited);
  }

  private count(weight: number, stored: number, times: 1 | -1): void {
    this.stored += times * stored;
    this.storedSquares += times * stored * stored;
    this.storedProducts += times * stored * weight;
  }

  /** Takes a key out of the stack. `scale`: what it counts of what has been stored, afterwards. */
  private drop(hash: number, scale: number = this.scale): void {
    const { stack } = this;
    const place = stack.placeOf(hash);
    if (place === 0) return;
    const stored = stack.storedAt(place);
    this.count(stack.weightAt(place), stored, -1);
    this.storedBefore += stored * scale;
    stack.delete(hash);
  }

  /** What has been found counts no more. To be called before the cache sets its counts to 0. */
  reset(): void {
    const { hits, misses } = this.cache!;
    this.earnedBefore += (hits + misses) * this.options.maxReadShare;
    this.past = null;
    this.sampledReads = 0;
    this.beginCounts();
    this.hitsBefore = 0;
    this.missesBefore = 0;
  }

  // Bounds

  private worked(): void {
    const { stack } = this;
    if ((++this.work & RESCALE_MASK) === 0) this.rescale();
    while (stack.total * this.scale > this.sizedFor * MAX_DEPTH && stack.size > 1) this.drop(stack.oldest);
    while (stack.size > this.options.maxSampledKeys) this.lowerThreshold();
    if (++this.chapterWork === 0) this.beginCounts();
    else if (this.chapterWork >= this.chapterLength) this.endChapter();
  }

  private lowerThreshold(): void {
    const { stack } = this;
    const threshold = Math.max(Math.floor(this.threshold * FALL), 1);
    for (const hash of stack.hashesKnown()) {
      if (hash < threshold) continue;
      this.drop(hash, 0);
      for (const { variant } of this.simulated) variant.miniature.delete(hash);
    }
    this.setThreshold(threshold);
  }

  private setThreshold(threshold: number): void {
    this.threshold = threshold;
    this.scale = ALL_HASHES / threshold;
    this.rescale();
  }

  /**
   * By chance the sample has more of the weight than its share, or less. What all keys were stored with is known, and what
   * those of the sample were says how much: as surely as both go together (a regression estimate).
   */
  private rescale(): void {
    const { scale, stored, stack } = this;
    let deviation = 1;
    if (stack.size >= MIN_KEYS && stored > 0) {
      const expected = stored * scale + this.storedBefore;
      const slope = (this.storedProducts * stored) / (this.storedSquares * stack.total);
      deviation = 1 + (this.storedOfAll / expected - 1) * slope;
      deviation = Math.min(Math.max(deviation, 1 / MAX_DEVIATION), MAX_DEVIATION);
    }
    this.weightScale = scale * deviation;
    this.sizedFor = this.cache!.size;
    for (const { variant } of this.simulated)
      variant.miniature.resize(Math.max(Math.round((this.sizedFor * variant.factor) / this.weightScale), 1));
  }

  // Chapters

  private endChapter(): void {
    this.past = this.findings();
    this.beginCounts();
    const { stack } = this;
    this.lastThreshold = this.threshold;
    this.lastKeys = stack.size;
    this.chapterLength = Math.min(Math.max(stack.size * CHAPTER_PER_KEY, CHAPTER_MIN), CHAPTER_MAX);
    if (this.hasEarned()) {
      if (this.threshold < ALL_HASHES && stack.size < this.options.maxSampledKeys / 4) this.begin();
      return;
    }
    this.threshold = 0;
    this.clear();
  }

  /** Whether the next chapter would leave no debt. */
  private hasEarned(): boolean {
    const { maxReadShare } = this.options;
    const { hits, misses } = this.cache!;
    const earned = CREDIT + this.earnedBefore + (hits + misses) * maxReadShare;
    return maxReadShare === 1 || this.work + this.chapterLength * (1 + WARM_UP) <= earned;
  }

  /** Ends a rest that has been long enough. Returns whether keys are sampled. To be called now and then, and before an estimate. */
  wake(): boolean {
    if (!this.isAtRest) return true;
    if (!this.hasEarned()) return false;
    this.begin();
    return true;
  }

  /** The sample becomes larger where there is room for it. */
  private begin(): void {
    const { maxSampledKeys } = this.options;
    const factor = Math.min((maxSampledKeys * 0.75) / Math.max(this.lastKeys, 1), 8);
    this.clear();
    this.setThreshold(Math.max(Math.min(Math.floor(this.lastThreshold * factor), ALL_HASHES), 1));
    this.beginCounts();
    this.chapterWork = -Math.floor(this.chapterLength * WARM_UP);
  }

  private beginCounts(): void {
    const { hits, misses } = this.cache!;
    this.hitsBefore = hits;
    this.missesBefore = misses;
    this.chapterWork = 0;
    this.unknownHits = 0;
    this.hitDistances.clear();
    this.missDistances.clear();
    for (const simulation of this.simulated) simulation.difference = 0;
  }

  // Answers

  /** Null before the first read that says anything. O(steps). */
  estimate(): Estimate | null {
    const findings = this.findings();
    if (findings === null) return null;
    return {
      ...findings,
      sampledReads: this.sampledReads,
      sampledKeys: this.isAtRest ? this.lastKeys : this.stack.size,
      samplingRate: (this.isAtRest ? this.lastThreshold : this.threshold) / ALL_HASHES,
    };
  }

  /** Of the past chapters and this one, which counts as far as it has come. */
  private findings(): Findings | null {
    const present = this.present();
    const { past } = this;
    if (present === null || past === null) return present ?? past;
    const share = Math.min(this.chapterWork / this.chapterLength, 1) / 2;
    const mean = (before: number, now: number): number => before + (now - before) * share;
    return {
      lru: past.lru.map((ratio, step) => mean(ratio, present.lru[step]!)),
      measured: mean(past.measured, present.measured),
      simulated: past.simulated.map((ratio, i) => mean(ratio, present.simulated[i]!)),
      workingSet: mean(past.workingSet, present.workingSet),
    };
  }

  private present(): Findings | null {
    if (this.isAtRest || this.chapterWork < 0) return null;
    const { hitDistances, missDistances, cache } = this;
    const hits = Math.max(cache!.hits - this.hitsBefore - this.unknownHits, 0);
    const misses = Math.max(cache!.misses - this.missesBefore, 0);
    const reads = hits + misses;
    if (reads === 0 || hitDistances.total + missDistances.total === 0) return null;
    // All keys are sampled, or else those that the sample lacks are hot.
    const correction = hits - hitDistances.total;
    const missScale = missDistances.total === 0 ? 0 : misses / missDistances.total;
    const lru = new Float64Array(STEPS);
    let found = correction;
    let missed = 0;
    for (let step = 0; step < STEPS; step++) {
      found += hitDistances.counts[step]!;
      missed += missDistances.counts[step]! * missScale;
      lru[step] = (Math.min(Math.max(found, 0), hits) + missed) / reads;
    }
    const atSize = ratioAt(lru, cache!.size);
    return {
      lru,
      measured: hits / reads,
      simulated: this.simulated.map(({ difference }) => clamped(atSize + difference / reads)),
      workingSet: this.stack.total * this.weightScale,
    };
  }
}

function clamped(ratio: number): number {
  return Math.min(Math.max(ratio, 0), 1);
}

/** The smallest size with this ratio; `Infinity` where none has. */
export function sizeFor(ratios: Ratios, ratio: number): number {
  for (let step = 0; step < STEPS; step++) if (ratios[step]! >= ratio) return Math.ceil(sizeOfStep(step + 1));
  return Number.POSITIVE_INFINITY;
}
