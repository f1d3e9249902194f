/** The option `leases` of a LoadingCache: two caches, as of two processes, over one second tier. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { type Loader, LoadingCache, type LoadingOptions, ManualScheduler } from '../../lib/loading/index.js';
import { loadLeases } from '../../lib/tiered/load-leases.js';
import type { SecondTier } from '../../lib/tiered/second-tier.js';
import { MemoryStore, MemoryTier } from './memory-tier.js';

interface Process {
  readonly cache: LoadingCache<string, string>;
  loads: number;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function fleet(options: LoadingOptions<string, string> = {}, tier?: SecondTier) {
  const clock = new ManualClock(1000);
  const scheduler = new ManualScheduler(clock);
  const shared = tier ?? new MemoryTier(new MemoryStore(clock));
  let version = 0;
  const gate: { open: () => void; shut: Promise<void> } = { open: () => {}, shut: Promise.resolve() };
  const start = (): Process => {
    const process: Process = {
      loads: 0,
      cache: new LoadingCache<string, string>(new CacheEngine({ clock }), {
        ttlMs: 10_000,
        load: async (key) => {
          process.loads++;
          await gate.shut;
          return `${key} ${++version}`;
        },
        leases: loadLeases(shared),
        scheduler,
        random: () => 0.5,
        ...options,
      }),
    };
    return process;
  };
  return {
    one: start(),
    other: start(),
    clock,
    scheduler,
    shared,
    shut: () => {
      gate.shut = new Promise((resolve) => {
        gate.open = resolve;
      });
    },
    open: () => gate.open(),
  };
}

/** Lets waiters look again until the promise is settled. */
async function until<T>(promise: Promise<T>, scheduler: ManualScheduler): Promise<T> {
  let isSettled = false;
  promise
    .finally(() => {
      isSettled = true;
    })
    .catch(() => {});
  for (let times = 0; times < 1000 && !isSettled; times++) {
    await settled();
    if (!isSettled) scheduler.advance(10);
  }
  return promise;
}

describe('a LoadingCache with leases', () => {
  it('loads once in all processes', async () => {
    const { one, other, scheduler, shut, open } = fleet();
    shut();
    const reads = [one, other, other].map(({ cache }) => cache.get('k'));
    await settled();
    open();
    expect(await until(Promise.all(reads), scheduler)).toEqual(['k 1', 'k 1', 'k 1']);
    expect(one.loads + other.loads).toBe(1);
  });

  it('finds what another has loaded, for the time that is left', async () => {
    const { one, other, clock } = fleet();
    await one.cache.get('k');
    clock.advance(9000);
    expect(await other.cache.get('k')).toBe('k 1');
    clock.advance(1000);
    expect(other.cache.has('k')).toBe(false);
    expect(await other.cache.get('k')).toBe('k 2');
    expect([one.loads, other.loads]).toEqual([1, 1]);
  });

  it('loads many keys, those that nobody has', async () => {
    const { one, other } = fleet();
    await one.cache.get('a');
    const asked: string[][] = [];
    const values = await other.cache.getOrLoadMany(['a', 'b', 'c'], async (keys) => {
      asked.push([...keys]);
      return new Map(keys.map((key) => [key, `new ${key}`]));
    });
    expect([...values]).toEqual([
      ['a', 'a 1'],
      ['b', 'new b'],
      ['c', 'new c'],
    ]);
    expect(asked.flat().sort()).toEqual(['b', 'c']);
    expect(await one.cache.get('c')).toBe('new c');
  });

  it.each<readonly [string, (cache: LoadingCache<string, string>) => unknown]>([
    ['invalidate', (cache) => cache.invalidate('k')],
    ['delete', (cache) => cache.delete('k')],
    ['invalidateTags', (cache) => cache.invalidateTags(['t'])],
    ['deletePrefix', (cache) => cache.deletePrefix('k')],
    ['clear', (cache) => cache.clear()],
  ])('reads nothing that was loaded before %s', async (_, forget) => {
    const { one, other } = fleet({ tags: ['t'] });
    await one.cache.get('k');
    forget(one.cache);
    expect(await one.cache.get('k')).toBe('k 2');
    expect(await other.cache.get('k')).toBe('k 2');
  });

  it('reads nothing of others that is older than what was set', async () => {
    const { one, other } = fleet();
    await other.cache.get('k');
    one.cache.set('k', 'mine', { ttlMs: 1 });
    expect(await one.cache.get('k')).toBe('mine');
    one.cache.engine.delete('k');
    expect(await one.cache.get('k')).toBe('k 2');
  });

  it('loads by itself where the tier fails', async () => {
    const fails = (): Promise<never> => Promise.reject(new Error('down'));
    const tier: SecondTier = { name: 'down', get: fails, set: fails, delete: fails };
    const { one, other } = fleet({}, tier);
    expect(await one.cache.get('k')).toBe('k 1');
    expect(await other.cache.get('k')).toBe('k 2');
    one.cache.invalidate('k');
    expect(await one.cache.get('k')).toBe('k 3');
  });

  it('forces a load', async () => {
    const { one, other } = fleet();
    await one.cache.get('k');
    expect(await other.cache.get('k', { forceRefresh: true })).toBe('k 2');
  });

  it('refuses options that it does not know', () => {
    const load: Loader<string, string> = () => 'v';
    expect(() =>
      loadLeases(new MemoryTier(new MemoryStore(new ManualClock())), { ttlMs: 1 } as object),
    ).toThrow('ttlMs');
    expect(() => new LoadingCache(new CacheEngine<string, string>(), { load, leases: {} as never })).toThrow(
      'leases',
    );
  });
});
