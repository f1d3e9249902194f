/** What users see of an estimate: hit ratios by size and by policy, and a sentence. */

import { invalidOption, rejectUnknownOptions } from '../../errors.js';
import { ratioAt } from './distances.js';
import { type Estimate, sizeFor, type Variant } from './estimator.js';

/** A hit ratio that a cache of another size would have. */
export interface CurvePoint {
  /** The size: bytes, or entries for a cache without a budget in bytes. */
  readonly size: number;
  /** The size as a multiple of what the cache has. */
  readonly factor: number;
  /** `hits / reads` for that size. */
  readonly hitRatio: number;
}

/** What `missRatioCurve()` returns: an estimate from a sample of all reads. */
export interface MissRatioCurve {
  /** What sizes count. */
  readonly unit: 'bytes' | 'entries';
  /** The size that the cache has: `maxBytes`, or `maxEntries`. */
  readonly size: number;
  /** The policy that the cache has. */
  readonly policy: string;
  /** The hit ratio that the cache has itself: measured, over the reads that the curve stands for. */
  readonly hitRatio: number;
  /** With a quarter, half, the same, double and four times the size, under the cache's own policy. */
  readonly factors: readonly CurvePoint[];
  /** The curve from a 16th to 16 times the size, or at the sizes that were asked for. Under LRU. */
  readonly points: readonly CurvePoint[];
  /** By policy, at the size that the cache has. */
  readonly policies: Readonly<Record<string, number>>;
  /** The size of all that is read or written of late, in the unit; at most 16 times the size is looked at. */
  readonly workingSet: number;
  /** The smallest size with 99 % of the hits that LRU can have at all, as far as 16 times the size. */
  readonly sizeFor99: number;
  /** Reads that the estimate rests on. */
  readonly sampledReads: number;
  /** Keys that are sampled. */
  readonly sampledKeys: number;
  /** The share of all keys that is sampled, from 0 to 1. */
  readonly samplingRate: number;
  /** What twice the size, or another policy, would save, in words. */
  readonly summary: string;
}

/** What `missRatioCurve()` takes. */
export interface CurveQuery {
  /** Sizes for `points`, in the curve's unit. Default: 33 from a 16th to 16 times the size. */
  sizes?: readonly number[] | undefined;
}

const QUERY_OPTIONS: ReadonlySet<string> = new Set<keyof CurveQuery>(['sizes']);

export const FACTORS: readonly number[] = [0.25, 0.5, 1, 2, 4];
const MAX_OCTAVES = 4;
const POINTS_PER_OCTAVE = 4;

/** Throws `HOTSET_INVALID_OPTION`. */
export function checkQuery(query: CurveQuery): void {
  rejectUnknownOptions(query, QUERY_OPTIONS);
  const { sizes } = query;
  if (sizes === undefined) return;
  if (!Array.isArray(sizes) || !sizes.every((size) => typeof size === 'number' && size > 0))
    throw invalidOption('sizes', 'a list of numbers, more than 0', sizes);
}

/** `estimate` is null before there are reads. */
export function curveOf(
  estimate: Estimate | null,
  cache: { readonly unit: 'bytes' | 'entries'; readonly size: number; readonly policy: string },
  variants: readonly Variant[],
  query: CurveQuery,
): MissRatioCurve {
  const { unit, size, policy } = cache;
  const sizes = query.sizes ?? usualSizes(size);
  const lruAt = (at: number): number => (estimate === null ? 0 : ratioAt(estimate.lru, at));
  const point = (at: number, hitRatio: number): CurvePoint => ({ size: at, factor: at / size, hitRatio });
  const simulatedAt = (name: string, factor: number): number | undefined => {
    const i = variants.findIndex((variant) => variant.policy === name && variant.factor === factor);
    return estimate === null ? undefined : estimate.simulated[i];
  };
  const measured = estimate === null ? 0 : estimate.measured;
  const ownAt = (factor: number): number => {
    if (factor === 1) return measured;
    if (policy === 'lru') return lruAt(size * factor);
    const present = simulatedAt(policy, 1);
    const other = simulatedAt(policy, factor);
    // Both have the errors of a simulation.
    return present === undefined || other === undefined ? 0 : clamped(measured + other - present);
  };
  const factors = FACTORS.map((factor) => point(Math.round(size * factor), ownAt(factor)));
  const policies: Record<string, number> = { lru: lruAt(size) };
  for (const variant of variants)
    if (variant.factor === 1) policies[variant.policy] = simulatedAt(variant.policy, 1) ?? 0;
  policies[policy] = measured;
  const attainable = lruAt(size * 2 ** MAX_OCTAVES);
  return {
    unit,
    size,
    policy,
    hitRatio: measured,
    factors,
    points: sizes.map((at) => point(at, lruAt(at))),
    policies,
    workingSet: estimate === null ? 0 : Math.round(estimate.workingSet),
    sizeFor99: estimate === null || attainable === 0 ? 0 : sizeFor(estimate.lru, attainable * 0.99),
    sampledReads: estimate === null ? 0 : estimate.sampledReads,
    sampledKeys: estimate === null ? 0 : estimate.sampledKeys,
    samplingRate: estimate === null ? 0 : estimate.samplingRate,
    summary:
      estimate === null
        ? 'Nothing has been read yet.'
        : estimate.sampledReads < MIN_READS
          ? 'Too few reads have been sampled to tell.'
          : summaryOf(unit, measured, factors, policy, policies),
  };
}

function usualSizes(size: number): number[] {
  const count = MAX_OCTAVES * POINTS_PER_OCTAVE;
  return Array.from({ length: 2 * count + 1 }, (_, i) =>
    Math.max(Math.round(size * 2 ** ((i - count) / POINTS_PER_OCTAVE)), 1),
  );
}

/** The share of the misses that another hit ratio saves; negative where it costs some. */
export function savedMisses(hitRatio: number, other: number): number {
  return hitRatio >= 1 ? 0 : (other - hitRatio) / (1 - hitRatio);
}

/** From fewer sampled reads nothing is concluded in words. */
const MIN_READS = 1000;
/** A policy is worth naming from this share of the misses on. */
const NOTABLE = 0.02;

function summaryOf(
  unit: 'bytes' | 'entries',
  hitRatio: number,
  factors: readonly CurvePoint[],
  policy: string,
  policies: Readonly<Record<string, number>>,
): string {
  const what = unit === 'bytes' ? 'the memory' : 'the entries';
  const ratioFor = (factor: number): number => factors[FACTORS.indexOf(factor)]!.hitRatio;
  const saved = percent(savedMisses(hitRatio, ratioFor(2)));
  const lost = ratioFor(0.5);
  const sentences = [
    saved > 0
      ? `Doubling ${what} would save ${saved} % of the misses.`
      : `Doubling ${what} would save next to no misses.`,
  ];
  if (saved <= 1 && savedMisses(hitRatio, lost) > -NOTABLE)
    sentences.push(`Half of ${what} would do: ${misses(percent(-savedMisses(hitRatio, lost)))}.`);
  const [best, bestRatio] = Object.entries(policies).reduce((a, b) => (b[1] > a[1] ? b : a));
  if (best !== policy && savedMisses(hitRatio, bestRatio) >= NOTABLE)
    sentences.push(
      `The policy ${best} would save ${percent(savedMisses(hitRatio, bestRatio))} % of them at this size.`,
    );
  return sentences.join(' ');
}

function misses(percents: number): string {
  return percents > 0 ? `it would have ${percents} % more misses` : 'it would have as many hits';
}

function percent(share: number): number {
  return Math.round(share * 100);
}

function clamped(ratio: number): number {
  return Math.min(Math.max(ratio, 0), 1);
}
