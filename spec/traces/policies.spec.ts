/**
 * Real traces under every policy: miss ratios that others have published or computed, then bytes, scans and one-hit
 * wonders. With HOTSET_TRACES_ALL also all of the longest trace.
 *
 * The listed ratios are libCacheSim's (Sieve, S3FIFO-0.1000-2, WTinyLFU-w0.01-SLRU, commit of 2024-03) on these
 * files. What differs: our small queue is a tenth of what is held, which rounds otherwise in a tiny cache; ghosts are
 * remembered in epochs of a 64th; and the sketch of W-TinyLFU is ours: conservative, aged all the time, of 16 counters for
 * each entry, in a cache whose window has at least four entries (libCacheSim's has none below 100).
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CacheEngine, type CacheEngineOptions, type Policy } from '../../lib/index.js';
import { PROJECT_DIR } from '../support/project.js';
import { lru, type Simulation, s3Fifo, sieve } from './simulations.js';
import { keysOf, requestsOf, TRACES, type Trace, traceSkip } from './traces.js';

/** Capacity, SIEVE, S3-FIFO, W-TinyLFU. */
const LISTED: Readonly<Record<string, readonly (readonly [number, number, number, number])[]>> = {
  web12: [
    [137, 0.5975, 0.59, 0.6305],
    [687, 0.3648, 0.3519, 0.3756],
    [1375, 0.2828, 0.2775, 0.295],
    [2751, 0.2254, 0.2197, 0.2354],
  ],
  multi2: [
    [56, 0.9324, 0.9026, 1],
    [284, 0.7181, 0.648, 0.6163],
    [568, 0.6384, 0.507, 0.4953],
    [1136, 0.4925, 0.5017, 0.4107],
  ],
  cloudphysics: [
    [489, 0.8292, 0.8304, 0.8482],
    [2448, 0.8172, 0.8026, 0.8228],
    [4897, 0.7907, 0.7525, 0.7786],
    [9794, 0.7162, 0.678, 0.6858],
  ],
  'orm-busy': [
    [763, 0.2947, 0.2436, 0.405],
    [7634, 0.1188, 0.1111, 0.1173],
  ],
};
const POLICIES = ['sieve', 's3-fifo', 'w-tinylfu'] as const;
/** By how much a miss ratio may be above or below what is listed. W-TinyLFU may be better. */
const WITHIN = { sieve: 0.005, 's3-fifo': 0.005, 'w-tinylfu': 0.01 } as const;
const isAll = process.env.HOTSET_TRACES_ALL !== undefined;

/** What docs/policies.md says of a trace at a capacity, by policy. */
function documented(trace: string, capacity: number): number[] {
  const page = readFileSync(`${PROJECT_DIR}docs/policies.md`, 'utf8');
  const row = page
    .split('\n')
    .find((line) => line.startsWith(`| ${trace} | ${capacity.toLocaleString('en')} |`));
  return row!.replaceAll('*', '').split('|').slice(4, 7).map(Number);
}

function traceOf(name: string): Trace {
  return TRACES.find((trace) => trace.name === name)!;
}

function missRatio(keys: Uint32Array, options: CacheEngineOptions<number, number>): number {
  const engine = new CacheEngine<number, number>(options);
  for (const key of keys) if (engine.get(key) === undefined) engine.set(key, key);
  expect(engine.verify()).toEqual([]);
  return engine.stats().misses / keys.length;
}

describe.skipIf(traceSkip !== undefined)('real traces, by policy', () => {
  for (const [name, rows] of Object.entries(LISTED)) {
    it(`${name}: the miss ratios that are listed`, () => {
      const keys = keysOf(traceOf(name));
      // The longest takes a second for each.
      for (const [maxEntries, ...listed] of name !== 'orm-busy' || isAll ? rows : rows.slice(-1))
        for (const [i, policy] of POLICIES.entries()) {
          const misses = missRatio(keys, { maxEntries, policy });
          const difference = misses - listed[i]!;
          const what = `${policy} at ${maxEntries}`;
          expect(difference, what).toBeLessThan(WITHIN[policy]);
          if (policy !== 'w-tinylfu') expect(difference, what).toBeGreaterThan(-WITHIN[policy]);
          const written = documented(name, maxEntries)[i]!;
          expect(Math.abs(misses - written), `${what} in docs/policies.md`).toBeLessThan(
            policy === 'w-tinylfu' ? 0.015 : 0.002,
          );
        }
    }, 120_000);
  }
});

describe.skipIf(traceSkip !== undefined)('a trace with sizes, by policy', () => {
  const simulations: readonly [Policy, (capacity: number) => Simulation][] = [
    ['lru', lru],
    ['sieve', sieve],
    ['s3-fifo', s3Fifo],
  ];

  it.each([0.05, 0.2])('cloudphysics in %d of its bytes: objects and bytes that miss', (share) => {
    const { keys, sizes } = requestsOf(traceOf('cloudphysics'));
    const largest = new Map<number, number>();
    for (const [i, key] of keys.entries()) largest.set(key, Math.max(largest.get(key) ?? 0, sizes[i]!));
    const capacity = Math.floor(share * [...largest.values()].reduce((sum, size) => sum + size));
    const missed = new Map<Policy, readonly [objects: number, bytes: number]>();
    for (const policy of ['lru', ...POLICIES] as const) {
      const engine = new CacheEngine<number, number>({ maxBytes: capacity, policy, sizeOf: (size) => size });
      let [objects, bytes, all] = [0, 0, 0];
      for (const key of keys) {
        const size = largest.get(key)!;
        all += size;
        if (engine.get(key) !== undefined) continue;
        engine.set(key, size);
        objects++;
        bytes += size;
      }
      expect(engine.verify()).toEqual([]);
      expect(engine.bytes).toBeLessThanOrEqual(capacity);
      missed.set(policy, [objects / keys.length, bytes / all]);
    }
    for (const [policy, make] of simulations) {
      const probe = new CacheEngine<number, number>({ policy, sizeOf: (size) => size });
      probe.set(1, 0);
      const read = make(capacity);
      let objects = 0;
      for (const key of keys) if (!read(key, largest.get(key)! + probe.bytes)) objects++;
      expect(Math.abs(missed.get(policy)![0] - objects / keys.length), policy).toBeLessThan(0.005);
    }
    const [[lruObjects, lruBytes], ...others] = [...missed.values()] as [[number, number], [number, number]];
    for (const [i, [objects, bytes]] of others.entries()) {
      expect(objects, POLICIES[i]).toBeLessThan(lruObjects);
      expect(bytes, POLICIES[i]).toBeLessThan(lruBytes);
    }
  });
});

describe.skipIf(traceSkip !== undefined)('a trace with what only comes once, by policy', () => {
  const keys = () => keysOf(traceOf('web12'));
  const NEW = 1 << 24;

  /** Misses among the requests of the trace itself. */
  function missesAmong(requests: Iterable<number>, policy: Policy): number {
    const engine = new CacheEngine<number, number>({ maxEntries: 1375, policy });
    let misses = 0;
    for (const key of requests)
      if (engine.get(key) === undefined) {
        engine.set(key, key);
        if (key < NEW) misses++;
      }
    expect(engine.verify()).toEqual([]);
    return misses;
  }

  function* withScans(): Generator<number> {
    let once = NEW;
    for (const [i, key] of keys().entries()) {
      yield key;
      if (i % 10_000 === 9999) for (const end = once + 3000; once < end; once++) yield once;
    }
  }

  function* withOneHitWonders(): Generator<number> {
    let once = NEW;
    for (const key of keys()) {
      yield key;
      yield once++;
    }
  }

  it('scans of twice the capacity cost each of them less than LRU', () => {
    const lost = (policy: Policy) => missesAmong(withScans(), policy) - missesAmong(keys(), policy);
    const byLru = lost('lru');
    // A scan empties an LRU cache: all that is hot misses once.
    expect(byLru).toBeGreaterThan(2500);
    expect(lost('sieve')).toBeLessThan(byLru);
    expect(lost('s3-fifo')).toBeLessThan(byLru / 2);
    expect(lost('w-tinylfu')).toBeLessThan(byLru / 2);
  });

  it('as many one-hit wonders as requests cost each of them less than LRU', () => {
    const misses = (policy: Policy) => missesAmong(withOneHitWonders(), policy);
    const byLru = misses('lru');
    for (const policy of POLICIES) expect(misses(policy), policy).toBeLessThan(byLru * 0.9);
  });
});
