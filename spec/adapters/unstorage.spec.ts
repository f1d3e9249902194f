/** The unstorage driver: what its own `test/drivers/utils.ts` asks of a driver, and what an engine adds. */

import { createStorage, restoreSnapshot, snapshot } from 'unstorage';
import { describe, expect, it } from 'vitest';
import hotsetDriver, { hotsetDriver as named } from '../../lib/adapters/unstorage/index.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';

describe('a storage', () => {
  const made = (options = {}) => createStorage({ driver: hotsetDriver(options) });

  it('has what it was given', async () => {
    const storage = made();
    expect(await storage.getItem('s1:a')).toBeNull();
    expect(await storage.hasItem('s1:a')).toBe(false);
    await storage.setItem('s1:a', 'text');
    await storage.setItem('s2:a', { an: ['object'] });
    await storage.setItem('s3:a', 7);
    expect(await storage.hasItem('s1:a')).toBe(true);
    expect(await storage.getItem('s1:a')).toBe('text');
    expect(await storage.getItem('s2:a')).toEqual({ an: ['object'] });
    expect(await storage.getItem('s3/a')).toBe(7);
    expect((await storage.getKeys()).sort()).toEqual(['s1:a', 's2:a', 's3:a']);
    expect(await storage.getKeys('s2')).toEqual(['s2:a']);
    await storage.removeItem('s1:a');
    expect(await storage.hasItem('s1:a')).toBe(false);
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
  });

  it('has raw values, many at once, and snapshots', async () => {
    const storage = made();
    const bytes = new Uint8Array([1, 2, 3]);
    await storage.setItemRaw('raw', bytes);
    expect(await storage.getItemRaw('raw')).toEqual(bytes);
    await storage.setItems([
      { key: 'a', value: 1 as never },
      { key: 'b', value: '2' },
    ]);
    expect(await storage.getItems(['a', 'b', 'c'])).toEqual([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'c', value: null },
    ]);
    await storage.removeItem('raw'); // which unstorage's own snapshot does not take
    const saved = await snapshot(storage, '');
    const copy = made();
    await restoreSnapshot(copy, saved, '');
    expect((await copy.getKeys()).sort()).toEqual(['a', 'b']);
  });

  it('expires in seconds, and says what is left', async () => {
    const clock = new ManualClock();
    const storage = made({ clock, ttlMs: 60_000 });
    await storage.setItem('a', '1', { ttl: 30 });
    await storage.setItem('b', '1');
    expect((await storage.getMeta('a')).ttl).toBe(30);
    clock.advance(30_000);
    expect([await storage.getItem('a'), await storage.getItem('b')]).toEqual([null, 1]);
    clock.advance(30_000);
    expect(await storage.getKeys()).toEqual([]);
  });

  it('reports changes', async () => {
    const storage = made({ maxEntries: 2 });
    const seen: string[] = [];
    const unwatch = await storage.watch((event, key) => seen.push(`${event} ${key}`));
    await storage.setItem('a', '1');
    await storage.removeItem('a');
    for (const key of ['b', 'c', 'd']) await storage.setItem(key, '1');
    expect(seen).toEqual(['update a', 'remove a', 'update b', 'update c', 'remove b', 'update d']);
    await unwatch();
    await storage.setItem('e', '1');
    expect(seen.length).toBe(6);
  });

  it('rejects what the engine refuses', async () => {
    const storage = made({ maxEntryBytes: 500 });
    await expect(storage.setItem('a', 'x'.repeat(1000))).rejects.toMatchObject({ code: 'HOTSET_TOO_LARGE' });
    const full = made({ maxEntries: 1, evict: false });
    await full.setItem('a', '1');
    await expect(full.setItemRaw('b', 1)).rejects.toMatchObject({ code: 'HOTSET_NO_ROOM' });
  });
});

it('shares an engine, under its base alone', async () => {
  const engine = new CacheEngine<string, unknown>();
  engine.set('other', 1);
  const storage = createStorage({ driver: named({ engine, base: 'nitro:' }) });
  await storage.setItem('a', '1');
  expect([...engine.keys()].sort()).toEqual(['nitro:a', 'other']);
  expect(await storage.getKeys()).toEqual(['a']);
  await storage.clear();
  await storage.dispose();
  expect([...engine.keys()]).toEqual(['other']);
});

it('refuses bad options', () => {
  for (const options of [
    { engine: {} },
    { base: 1 },
    { engine: new CacheEngine(), maxBytes: 1 },
    { maxBytes: -1 },
    { max: 1 },
    null,
    5,
    'memory',
    [],
  ])
    expect(() => hotsetDriver(options as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
});

it('refuses bad arguments of the driver itself, and stores nothing', () => {
  const engine = new CacheEngine<string, unknown>();
  const driver = hotsetDriver({ engine });
  const methods = [
    'hasItem',
    'getItem',
    'getItemRaw',
    'setItem',
    'removeItem',
    'getMeta',
    'getKeys',
    'clear',
  ] as const;
  const calls = [
    ...methods.flatMap((name) =>
      [null, 7, Symbol('key'), {}].map((key) => () => driver[name]!(key as never, '1' as never, {})),
    ),
    ...['30', Number.NaN, 1n, {}].map((ttl) => () => driver.setItem!('a', '1', { ttl })),
    () => driver.watch!(undefined as never),
  ];
  for (const call of calls)
    expect(call).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }));
  expect(engine.size).toBe(0);
  driver.setItem!('a', '1', null as never);
  driver.setItem!('b', '1', { ttl: null });
  expect(driver.getKeys!(undefined as never, {})).toEqual(['b', 'a']);
});
