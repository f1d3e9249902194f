/** The simulator finds nothing in the simplest cache that keeps the promise, and each of its flaws. */

import { describe, expect, it } from 'vitest';
import { createSimpleCache, type Flaw } from './simulator/simple-cache.js';
import { Fault, World } from './simulator/world.js';

const SEEDS = 200;
/** By how many seeds each flaw must be found. */
const FLAW_SEEDS = 5_000;

const FLAWS: readonly Flaw[] = [
  'trusts a lost link',
  'is not emptied on reconnect',
  'keeps what was loaded before a change',
  'fills without a lease',
  'reads versions of tags after it loads',
  'lets a caller join a load from before its own write',
  'acknowledges before the others are told',
  'acknowledges what failed',
  'forgets that a link can be silent',
  'fails with its second tier',
];

async function faultOf(seed: number, flaws: ReadonlySet<Flaw>): Promise<string | undefined> {
  // Only a bus needs to be told.
  const isOfBus = flaws.has('acknowledges before the others are told');
  const fixed = isOfBus ? ({ sourceKind: 'bus', hasSource: true, isLossy: false } as const) : {};
  try {
    await new World(seed, (parts) => createSimpleCache(parts, flaws), false, fixed).run();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.message;
  }
}

describe('the simulator', () => {
  it('finds nothing in a simple cache that keeps the promise', async () => {
    for (let seed = 0; seed < SEEDS; seed++)
      expect(await faultOf(seed, new Set()), `seed ${seed}`).toBeUndefined();
  }, 120_000);

  it('runs a seed the same way each time', async () => {
    const histories = [];
    for (let times = 0; times < 2; times++) {
      const world = new World(7, createSimpleCache, true);
      await world.run();
      histories.push(world.history);
    }
    expect(histories[0]).toEqual(histories[1]);
    expect(histories[0]!.length).toBeGreaterThan(100);
  });

  it.each(FLAWS)(
    'finds a cache that %s',
    async (flaw) => {
      for (let seed = 0; seed < FLAW_SEEDS; seed++)
        if ((await faultOf(seed, new Set([flaw]))) !== undefined) return;
      expect.unreachable(`not found by ${FLAW_SEEDS} seeds`);
    },
    120_000,
  );
});
