/** KeyvHotset over a LoadingCache, under both versions of Keyv. */

import { describe, expect, it } from 'vitest';
import { KeyvHotset, type KeyvLoader } from '../../../lib/adapters/keyv/index.js';
import { CacheEngine, ManualClock } from '../../../lib/index.js';
import { LoadingCache, type LoadingOptions, ManualScheduler } from '../../../lib/loading/index.js';
import { KEYVS } from './keyvs.js';

interface Fixture {
  readonly clock: ManualClock;
  readonly engine: CacheEngine<string, unknown>;
  readonly cache: LoadingCache<string, unknown>;
  /** Keys that `load` was called with. */
  readonly loads: string[];
  readonly load: KeyvLoader;
  /** Ends the oldest load. */
  answer(value: unknown): Promise<void>;
}

function makeFixture(options: LoadingOptions<string, unknown> = {}): Fixture {
  const clock = new ManualClock(0);
  const engine = new CacheEngine<string, unknown>({ clock });
  const scheduler = new ManualScheduler(clock);
  const cache = new LoadingCache(engine, { scheduler, loadClock: clock, ...options });
  const loads: string[] = [];
  const waiting: ((value: unknown) => void)[] = [];
  return {
    clock,
    engine,
    cache,
    loads,
    load: (key) => {
      loads.push(key);
      return new Promise((resolve) => waiting.push(resolve));
    },
    answer: async (value) => {
      await turn();
      waiting.shift()!(value);
      await turn();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe.each(KEYVS)('$name', ({ make }) => {
  it('reads through: one load for all who miss a key at once', async () => {
    const { cache, engine, load, loads, answer } = makeFixture({ ttlMs: 100 });
    const keyv = make({ store: new KeyvHotset(cache, { load, namespace: 'app' }), namespace: 'users' });
    const reads = Promise.all([keyv.get('1'), keyv.get('1'), keyv.get(['1', '2'])]);
    await answer({ name: 'Ada' });
    await answer('text');
    expect(await reads).toEqual([{ name: 'Ada' }, { name: 'Ada' }, [{ name: 'Ada' }, 'text']]);
    expect(loads).toEqual(['1', '2']);
    expect([...engine.keys()].every((key) => key.startsWith('app::users::'))).toBe(true);
    expect(await keyv.get('2')).toBe('text');
    expect(loads).toHaveLength(2);
  });

  it('answers a stale value, and refreshes it by the same key', async () => {
    const { cache, clock, load, loads, answer } = makeFixture({ ttlMs: 100, staleMs: 100 });
    const adapter = new KeyvHotset(cache, { load });
    const keyv = make({ store: adapter, namespace: 'long-name' });
    const first = keyv.get('a');
    await answer(1);
    expect(await first).toBe(1);
    clock.advance(150);
    expect(await keyv.get('a')).toBe(1);
    // A namespace of another Keyv must not change which key is loaded.
    adapter.namespace = 'x';
    await answer(2);
    adapter.namespace = 'long-name';
    expect(await keyv.get('a')).toBe(2);
    expect(loads).toEqual(['a', 'a']);
  });

  it('remembers misses, until one is set', async () => {
    const { cache, load, loads, answer } = makeFixture({ missTtlMs: 1000 });
    const keyv = make({ store: new KeyvHotset(cache, { load }) });
    const first = keyv.get('a');
    await answer(undefined);
    expect(await first).toBeUndefined();
    expect(await keyv.get('a')).toBeUndefined();
    expect(loads).toHaveLength(1);
    await keyv.set('a', 1);
    expect(await keyv.get('a')).toBe(1);
  });

  it.each(['set', 'delete', 'clear'] as const)(
    'a load that a %s has overtaken stores nothing',
    async (act) => {
      const { cache, engine, load, answer } = makeFixture();
      const keyv = make({ store: new KeyvHotset(cache, { load, namespace: 'app' }) });
      const old = keyv.get('a');
      await turn();
      if (act === 'set') await keyv.set('a', 'new');
      else if (act === 'delete') await keyv.delete('a');
      else await keyv.clear();
      await answer('old');
      await old;
      expect(engine.size).toBe(act === 'set' ? 1 : 0);
      if (act === 'set') expect(await keyv.get('a')).toBe('new');
    },
  );

  it('clears all, with what is remembered, where there is no namespace', async () => {
    const { cache, load, loads, answer } = makeFixture({ missTtlMs: 1000 });
    const adapter = new KeyvHotset(cache, { load });
    const miss = adapter.get('a');
    await answer(undefined);
    await miss;
    await adapter.clear();
    const again = adapter.get('a');
    await answer(1);
    expect(await again).toEqual({ value: 1 });
    expect(loads).toEqual(['a', 'a']);
  });

  it('reports a load that fails, and misses', async () => {
    const { cache } = makeFixture();
    const load = (): never => {
      throw new Error('no database');
    };
    const keyv = make({ store: new KeyvHotset(cache, { load }) });
    const errors: string[] = [];
    keyv.on('error', (error: Error) => errors.push(error.message));
    expect(await keyv.get('a')).toBeUndefined();
    expect(await keyv.get(['a', 'b'])).toEqual([undefined, undefined]);
    expect(errors).toEqual(['no database', 'no database']);
  });

  it('loads nothing without load, and for has', async () => {
    const { cache, load, loads } = makeFixture();
    const plain = make({ store: new KeyvHotset(cache) });
    expect(await plain.get('a')).toBeUndefined();
    expect(await new KeyvHotset(cache, { load }).has('a')).toBe(false);
    expect(loads).toEqual([]);
    expect(await plain.set('a', 1, 50)).toBe(true);
    expect(await plain.get('a')).toBe(1);
  });
});
