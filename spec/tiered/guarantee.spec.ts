/**
 * "What a read may return" of docs/tiered.md, for random orders of reads, writes, delays, cuts, silence, pauses, deaths and
 * restarts. Each seed is a run of its own; one that fails prints its history, and runs alone with
 * `HOTSET_TIERED_SEED=<seed>`.
 */

import { expect, it } from 'vitest';
import { createTieredCache } from './simulator/tiered-cache-under-test.js';
import { Fault, type Summary, World } from './simulator/world.js';

const SEEDS = Number(process.env.HOTSET_TIERED_SEEDS ?? (process.env.CI ? 3_000 : 1_000));
const ONE_SEED = process.env.HOTSET_TIERED_SEED;

it('holds for any order of events', async () => {
  const sums = { reads: 0, localReads: 0, acknowledged: 0, failed: 0, untrusted: 0, graced: 0 };
  const [from, to] = ONE_SEED === undefined ? [0, SEEDS] : [Number(ONE_SEED), Number(ONE_SEED) + 1];
  for (let seed = from; seed < to; seed++) {
    let summary: Summary;
    try {
      summary = await new World(seed, createTieredCache, false).run();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const again = new World(seed, createTieredCache, true);
      await again.run().catch(() => {});
      throw new Error(`seed ${seed}: ${error.message}\n${again.history.join('\n')}`);
    }
    for (const name of Object.keys(sums) as (keyof Summary)[]) sums[name] += summary[name];
  }
  if (ONE_SEED !== undefined) return;
  // A simulation in which the first tier never answers, and the link is never lost, proves nothing.
  expect(sums.localReads).toBeGreaterThan(SEEDS);
  expect(sums.acknowledged).toBeGreaterThan(3 * SEEDS);
  expect(sums.untrusted).toBeGreaterThan(5 * SEEDS);
  expect(sums.failed).toBeLessThan(0.1 * sums.reads);
}, 600_000);
