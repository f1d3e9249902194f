/**
 * The miss-ratio curve on real traces: one engine with a tenth of what the trace takes estimates ten sizes, and an engine of
 * each size says what is true.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { keysOf, requestsOf, TRACES, traceSkip } from './traces.js';

const SHARES = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1];
const OWN_SHARE = 0.1;
/** Of the longest trace, whose rest is no different. */
const MAX_REQUESTS = 1_000_000;
const TOLERANCE = 0.02;

beforeEach(() => {
  // The seed of the index, and so which keys are sampled.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.restoreAllMocks();
});

type Make = (size: number, missRatioCurve: boolean) => CacheEngine<number, number>;

function replay(engine: CacheEngine<number, number>, keys: Uint32Array, sizes: Uint32Array | null): void {
  for (let at = 0; at < keys.length; at++)
    if (engine.get(keys[at]!) === undefined) engine.set(keys[at]!, sizes === null ? 0 : sizes[at]!);
}

function expectNear(keys: Uint32Array, sizes: Uint32Array | null, total: number, make: Make): void {
  const engine = make(Math.round(total * OWN_SHARE), true);
  replay(engine, keys, sizes);
  const asked = SHARES.map((share) => Math.round(total * share));
  const { points, sampledKeys, hitRatio } = engine.missRatioCurve({ sizes: asked })!;
  expect(sampledKeys).toBeLessThanOrEqual(8192);
  expect(hitRatio).toBe(engine.stats().hitRatio);
  const errors = points.map(({ size, hitRatio: estimated }) => {
    const other = make(size, false);
    replay(other, keys, sizes);
    return { size, estimated, exact: other.stats().hitRatio };
  });
  for (const { size, estimated, exact } of errors)
    expect(Math.abs(estimated - exact), `size ${size}: ${estimated} for ${exact}`).toBeLessThan(TOLERANCE);
}

describe.skipIf(traceSkip !== undefined)('the curve on real traces', () => {
  for (const trace of TRACES)
    it(`${trace.name}, of entries`, () => {
      const keys = keysOf(trace).subarray(0, MAX_REQUESTS);
      expectNear(keys, null, new Set(keys).size, (maxEntries, missRatioCurve) => {
        return new CacheEngine({ maxEntries, missRatioCurve });
      });
    });

  it('cloudphysics, of bytes', () => {
    const trace = TRACES.find(({ name }) => name === 'cloudphysics')!;
    const { keys, sizes } = requestsOf(trace);
    let total = 0;
    for (const [, size] of new Map(Array.from(keys, (key, at) => [key, sizes[at]!]))) total += size;
    expectNear(keys, sizes, total, (maxBytes, missRatioCurve) => {
      return new CacheEngine({ maxBytes, sizeOf: (size) => size, missRatioCurve });
    });
  });
});
