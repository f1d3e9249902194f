/** Readings of several servers as one: counts and rates add up, ratios are those of the sums. */

import type { HotKeys, MissRatioCurve, ServerStats } from '../client/index.js';
import type { Reading } from './readings.js';

const ACCESSES: readonly ServerStats['access'][] = ['metadata', 'read-only', 'full'];

/** The sum of at least one reading. A single one stays what it is. */
export function totalOf(readings: readonly Reading[]): Reading {
  if (readings.length === 1) return readings[0]!;
  const known = (values: readonly (number | null)[]): number | null => {
    const numbers = values.filter((value) => value !== null);
    return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0);
  };
  return {
    atMs: Math.max(...readings.map(({ atMs }) => atMs)),
    stats: totalStats(readings.map(({ stats }) => stats)),
    isFirst: readings.every(({ isFirst }) => isFirst),
    gained: (counter) => known(readings.map((reading) => reading.gained(counter))),
    perSecond: (counter) => known(readings.map((reading) => reading.perSecond(counter))),
  };
}

/** Rows of a history are 15 s apart at most. */
const NEAR_MS = 8_000;

/** The sums of what several servers remember: at the times of the one that remembers most, of all that have a reading near it. */
export function totalsOf(pasts: readonly (readonly Reading[])[]): Reading[] {
  const [longest = [], ...others] = [...pasts].sort((a, b) => b.length - a.length);
  const places = others.map(() => 0);
  return longest.map((reading) => {
    const near = others.flatMap((past, i) => {
      while (
        distance(past[places[i]! + 1], reading) <= distance(past[places[i]!], reading) &&
        places[i]! < past.length
      )
        places[i]!++;
      return distance(past[places[i]!], reading) < NEAR_MS ? [past[places[i]!]!] : [];
    });
    return { ...totalOf([reading, ...near]), atMs: reading.atMs };
  });
}

function distance(reading: Reading | undefined, from: Reading): number {
  return reading === undefined ? Number.POSITIVE_INFINITY : Math.abs(reading.atMs - from.atMs);
}

/** The curves of several servers as one: each with so many times its own size. Those that keep none are left out. */
export function curveOfAll(all: readonly (MissRatioCurve | undefined)[]): MissRatioCurve | undefined {
  const curves = all.filter((curve) => curve !== undefined && curve.sampledReads > 0) as MissRatioCurve[];
  if (all.length === 1 || curves.length === 0) return all[0] ?? curves[0];
  const weights = curves.map(({ sampledReads, samplingRate }) => sampledReads / samplingRate);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (read: (curve: MissRatioCurve) => number): number =>
    curves.reduce((sum, curve, i) => sum + read(curve) * weights[i]!, 0) / whole;
  const pointsOf = (name: 'factors' | 'points'): MissRatioCurve['points'] =>
    curves[0]![name].map(({ factor }, i) => ({
      factor,
      size: curves.reduce((sum, curve) => sum + curve[name][i]!.size, 0),
      hitRatio: mean((curve) => curve[name][i]!.hitRatio),
    }));
  const total = summed(curves);
  const hitRatio = mean((curve) => curve.hitRatio);
  const factors = pointsOf('factors');
  const twice = factors.find(({ factor }) => factor > 1.9)?.hitRatio ?? hitRatio;
  const saved = hitRatio >= 1 ? 0 : Math.round((100 * (twice - hitRatio)) / (1 - hitRatio));
  return {
    ...total,
    policies: Object.fromEntries(
      Object.keys(curves[0]!.policies).map((name) => [name, mean((curve) => curve.policies[name] ?? 0)]),
    ),
    hitRatio,
    factors,
    points: pointsOf('points'),
    summary: `Doubling the memory of all servers would save ${saved > 0 ? `${saved} %` : 'next to none'} of the misses.`,
  };
}

function totalStats(all: readonly ServerStats[]): ServerStats {
  const { engine, process, ...others } = summed(all);
  const { hits, misses, recent } = engine;
  return {
    ...others,
    version: [...new Set(all.map(({ version }) => version))].join(', '),
    access: ACCESSES.find((access) => all.some((stats) => stats.access === access)) ?? 'full',
    uptimeMs: Math.min(...all.map(({ uptimeMs }) => uptimeMs)),
    engine: {
      ...engine,
      hitRatio: ratio(hits, hits + misses),
      recent: { ...recent, hitRatio: ratio(recent.hits, recent.reads) },
    },
    ...(process !== undefined && {
      process: {
        ...process,
        loopDelayMs: Math.max(...all.map((stats) => stats.process?.loopDelayMs ?? 0)),
        collectorPauseMs: Math.max(...all.map((stats) => stats.process?.collectorPauseMs ?? 0)),
      },
    }),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Numbers added up wherever they are; the bounds of bars, and what is no number, as the first has them. */
function summed<T>(all: readonly T[]): T {
  const there = all.filter((value) => value !== undefined && value !== null);
  const [first] = there;
  if (typeof first === 'number') return there.reduce((sum, value) => sum + (value as number), 0) as T;
  if (typeof first !== 'object' || first === null) return first as T;
  if (Array.isArray(first)) return first.map((_, i) => summed(there.map((value) => (value as T[])[i]))) as T;
  const names = new Set(there.flatMap((value) => Object.keys(value as object)));
  return Object.fromEntries(
    Array.from(names, (name) => {
      const values = there.map((value) => (value as Record<string, unknown>)[name]);
      return [name, name === 'toMs' ? values[0] : summed(values)];
    }),
  ) as T;
}

/** The hottest of all: reads are counted over the same time. */
export function hottestOf(all: readonly HotKeys[], limit: number): HotKeys {
  if (all.length === 1) return all[0]!;
  const sampledMs = Math.max(...all.map((hot) => hot.sampledMs));
  /** Those with the same name as one, most read first. */
  const merged = <T extends { readonly reads: number }>(
    name: keyof T,
    lists: readonly (readonly T[])[],
  ): T[] => {
    const byName = new Map<unknown, T[]>();
    for (const [i, list] of lists.entries())
      for (const one of list) {
        const scaled = {
          ...one,
          reads: all[i]!.sampledMs > 0 ? (one.reads * sampledMs) / all[i]!.sampledMs : 0,
        };
        byName.set(one[name], [...(byName.get(one[name]) ?? []), scaled]);
      }
    return Array.from(byName.values(), (same) => summed(same))
      .sort((a, b) => b.reads - a.reads)
      .slice(0, limit);
  };
  return {
    sampledMs,
    reads: all.reduce((sum, hot) => sum + hot.reads, 0),
    keys: merged(
      'key',
      all.map(({ keys }) => keys),
    ),
    prefixes: merged(
      'prefix',
      all.map(({ prefixes }) => prefixes),
    ),
  };
}
