import { expect, it } from 'vitest';
import type { SecondTier, TieredCache } from '../../lib/tiered/index.js';
import type { InvalidationListener, InvalidationSource } from '../../lib/tiered/second-tier.js';
import { counting, Fleet } from './fixture.js';
import { MemoryTier } from './memory-tier.js';

const GENERATION = 'hotset:g';

/** A bus: what the store itself loses, it does not report. */
class Bus implements InvalidationSource {
  readonly name = 'bus';
  listener: InvalidationListener | undefined;

  start(_prefix: string, listener: InvalidationListener): void {
    this.listener = listener;
    listener.connected();
  }

  async stop(): Promise<void> {}
}

/** Processes over a tier that cannot delete by prefix, of whose servers the one with the generation may be out. */
class Sharded {
  readonly fleet: Fleet = new Fleet();
  isOut = false;
  requests = 0;
  /** How such a server is seen: its keys are left out, or the call fails. */
  fails = false;

  process(source?: InvalidationSource): TieredCache<unknown> {
    return this.fleet.process({ tier: this.#tier(), ...(source === undefined ? {} : { source }) });
  }

  #tier(): SecondTier {
    const tier = new MemoryTier(this.fleet.store, { hasDeletePrefix: false });
    const refuse = (keys: Iterable<string>): void => {
      if (this.isOut) for (const key of keys) if (key === GENERATION) throw new Error('out');
    };
    return {
      name: tier.name,
      leases: tier.leases,
      get: async (keys, signal) => {
        if (keys.includes(GENERATION)) this.requests++;
        if (this.fails) refuse(keys);
        return tier.get(this.isOut ? keys.filter((key) => key !== GENERATION) : keys, signal);
      },
      set: async (entries, signal) => {
        refuse(entries.keys());
        return tier.set(entries, signal);
      },
      delete: (keys, signal) => tier.delete(keys, signal),
    };
  }
}

/** A read that the first tier cannot answer. */
async function readFromTier(cache: TieredCache<unknown>, load: () => Promise<unknown>): Promise<unknown> {
  cache.engine.clear();
  return cache.getOrLoad('k', load);
}

for (const fails of [false, true]) {
  it(`takes a version that it knows for the current one while its server is out (fails: ${fails})`, async () => {
    const world = new Sharded();
    const cache = world.process(new Bus());
    const { load, keys } = counting(() => 'v');
    await readFromTier(cache, () => load('k'));
    Object.assign(world, { isOut: true, fails });
    for (let read = 0; read < 3; read++) expect(await readFromTier(cache, () => load('k'))).toBe('v');
    expect(keys).toHaveLength(1);
  });

  it(`does not so without a source (fails: ${fails})`, async () => {
    const world = new Sharded();
    const cache = world.process();
    const { load, keys } = counting(() => 'v');
    await readFromTier(cache, () => load('k'));
    Object.assign(world, { isOut: true, fails });
    await readFromTier(cache, () => load('k'));
    expect(keys).toHaveLength(2);
  });

  it(`does not so after its link was lost, nor after a clear (fails: ${fails})`, async () => {
    for (const end of ['reconnected', 'cleared'] as const) {
      const world = new Sharded();
      const bus = new Bus();
      const cache = world.process(bus);
      const { load, keys } = counting(() => 'v');
      await readFromTier(cache, () => load('k'));
      Object.assign(world, { isOut: true, fails });
      if (end === 'cleared') bus.listener!.allChanged();
      else {
        bus.listener!.disconnected();
        bus.listener!.connected();
      }
      await readFromTier(cache, () => load('k'));
      expect(keys).toHaveLength(2);
    }
  });
}

it('takes over a version that another process has made anew', async () => {
  const world = new Sharded();
  const { load, keys } = counting(() => 'v');
  const old = world.process(new Bus());
  await readFromTier(old, () => load('old'));
  world.fleet.store.evict(GENERATION);
  const young = world.process(new Bus());
  for (let round = 0; round < 5; round++) {
    await readFromTier(young, () => load('young'));
    await readFromTier(old, () => load('old'));
  }
  expect(keys).toEqual(['old', 'young', 'old']);
});

it('doubts what it knows once for each entry of another version, and keeps it when nobody knows better', async () => {
  const world = new Sharded();
  const { load, keys } = counting(() => 'v');
  const old = world.process(new Bus());
  await readFromTier(old, () => load('old'));
  world.fleet.store.evict(GENERATION);
  await readFromTier(world.process(new Bus()), () => load('young'));
  world.isOut = true;
  world.requests = 0;
  await readFromTier(old, () => load('old'));
  await readFromTier(old, () => load('old'));
  expect([keys, world.requests]).toEqual([['old', 'young', 'old'], 1]);
});

it('does not keep a version that was doubted and then changed while it was read', async () => {
  const world = new Sharded();
  const bus = new Bus();
  const old = world.process(bus);
  const values = ['first', 'second', 'third', 'fourth'];
  const load = async (): Promise<string> => values.shift()!;
  await readFromTier(old, load);
  world.fleet.store.evict(GENERATION);
  const young = world.process(new Bus());
  await readFromTier(young, load);
  old.engine.clear();
  expect(await old.get('k')).toBeUndefined();
  const reading = readFromTier(old, load);
  // The answer is on its way.
  world.fleet.store.evict(GENERATION);
  bus.listener!.allChanged();
  await reading;
  expect(await readFromTier(old, load)).not.toBe('second');
});

/** Loads of twenty keys by some processes at once, over a tier that has nothing yet. */
async function firstLoads(processes: number, hasLeases: boolean): Promise<number> {
  const fleet = new Fleet();
  const { load, keys } = counting(() => 'v');
  const reads = Array.from({ length: processes }, () => {
    const cache = fleet.process({ source: new Bus() }, { hasDeletePrefix: false, hasLeases });
    return Array.from({ length: 20 }, (_, key) => cache.getOrLoad(`${key}`, load));
  });
  await Promise.all([...reads.flat(), fleet.pass(1000)]);
  const late = fleet.process({ source: new Bus() }, { hasDeletePrefix: false, hasLeases });
  for (let key = 0; key < 20; key++) await late.getOrLoad(`${key}`, load);
  return keys.length;
}

it('makes an absent version once: the first loads of a fleet are one for each key', async () => {
  expect(await firstLoads(3, true)).toBe(20);
  expect(await firstLoads(1, false)).toBe(20);
});
