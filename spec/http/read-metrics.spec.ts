/** The curve and the hottest keys as metrics. */

import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createHttpServer, createMetrics } from '../../lib/http/index.js';
import { CacheEngine, HotsetError, ManualClock } from '../../lib/index.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { readExposition } from '../support/exposition.js';

async function samplesOf(register: { metrics(): Promise<string> }, name: string): Promise<object[]> {
  const family = readExposition(await register.metrics()).get(name);
  return (family?.samples ?? []).map(({ labels, value }) => ({ ...labels, value }));
}

describe('the curve', () => {
  it('has the hit ratios of other sizes and policies, once there were reads', async () => {
    const engine = new CacheEngine<string, string>({ maxBytes: 100_000, missRatioCurve: true });
    const { register } = createMetrics({ engine, register: new Registry() });
    expect(await samplesOf(register, 'hotset_estimated_hit_ratio')).toEqual([]);
    for (let i = 0; i < 20_000; i++) {
      const key = `k${(i * 7919) % 3001}`;
      if (engine.get(key) === undefined) engine.set(key, 'v'.repeat(50));
    }
    const ratios = await samplesOf(register, 'hotset_estimated_hit_ratio');
    expect(ratios.map((sample) => (sample as { size: string }).size)).toEqual([
      '0.25x',
      '0.5x',
      '1x',
      '2x',
      '4x',
    ]);
    const policies = await samplesOf(register, 'hotset_estimated_policy_hit_ratio');
    expect(policies.length).toBe(4);
    const curve = engine.missRatioCurve()!;
    expect(await samplesOf(register, 'hotset_working_set_bytes')).toEqual([{ value: curve.workingSet }]);
    expect(await samplesOf(register, 'hotset_working_set_entries')).toEqual([]);
  });

  it('is left out without one', async () => {
    const { register } = createMetrics({ engine: new CacheEngine(), register: new Registry() });
    expect(await register.metrics()).not.toContain('hotset_estimated_hit_ratio{');
  });
});

describe('the hottest keys', () => {
  it('are left out unless asked for, and so many at most', async () => {
    const clock = new ManualClock();
    const engine = new CacheEngine<string, string>({ clock });
    const items = itemStoreOf(engine);
    const silent = createMetrics({ engine, register: new Registry() }).register;
    expect(await silent.metrics()).not.toContain('hot_key');
    const { register } = createMetrics({ engine, hotKeys: 2, register: new Registry() });
    expect(await samplesOf(register, 'hotset_hot_key_reads_per_second')).toEqual([]);
    for (const [key, reads] of [
      ['secret', 40],
      ['"odd\\', 20],
      ['c', 1],
    ] as const)
      for (let i = 0; i < reads; i++) engine.get(key);
    clock.advance(10_000);
    expect(await samplesOf(register, 'hotset_hot_key_reads_per_second')).toEqual([
      { key: 'secret', value: 4 },
      { key: '"odd\\', value: 2 },
    ]);
    items.hotKeys.stop();
  });

  it('are not shown where keys may not be listed, or nobody serves the engine', async () => {
    const engine = new CacheEngine<string, string>();
    const { register } = createMetrics({ engine, hotKeys: 2, register: new Registry() });
    expect(await samplesOf(register, 'hotset_hot_key_reads_per_second')).toEqual([]);
    itemStoreOf(engine, { allowDump: false });
    engine.get('a');
    expect(await samplesOf(register, 'hotset_hot_key_reads_per_second')).toEqual([]);
  });

  it.each([-1, 101, 1.5, '1' as unknown as number])('%s is no number of keys', (hotKeys) => {
    const engine = new CacheEngine();
    expect(() => createMetrics({ engine, hotKeys })).toThrow(HotsetError);
    expect(() => createHttpServer(engine, { hotKeys })).toThrow(/hotKeys/);
  });
});
