/** KeyvHotset over an engine, under both versions of Keyv. */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyvHotset } from '../../../lib/adapters/keyv/index.js';
import { CacheEngine, type CacheEngineOptions, ManualClock } from '../../../lib/index.js';
import { LoadingCache } from '../../../lib/loading/index.js';
import { type AnyKeyv, KEYVS } from './keyvs.js';

const START_MS = 1_800_000_000_000;

let clock: ManualClock;

/** Both clocks: Keyv reads the system's, and the engine its own. */
function advance(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  clock.advance(ms);
}

function newEngine(options: CacheEngineOptions<string, unknown> = {}): CacheEngine<string, unknown> {
  return new CacheEngine<string, unknown>({ clock, ...options });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
  clock = new ManualClock(5);
});
afterEach(() => {
  vi.useRealTimers();
});

async function all(keyv: AnyKeyv): Promise<[string, unknown][]> {
  const entries: [string, unknown][] = [];
  for await (const entry of keyv.iterator!({})) entries.push(entry);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The codes of the errors that a Keyv reports. */
function errorsOf(keyv: AnyKeyv): unknown[] {
  const codes: unknown[] = [];
  keyv.on('error', (error: { code?: unknown }) => codes.push(error.code));
  return codes;
}

describe.each(KEYVS)('$name', ({ make, own, version }) => {
  it('expires to the millisecond', async () => {
    const engine = newEngine();
    const keyv = make({ store: new KeyvHotset(engine) });
    expect(await keyv.set('a', 1, 1000)).toBe(true);
    expect(await keyv.set('b', 2)).toBe(true);
    advance(999);
    expect(engine.remainingTtlMs(`${own}a`)).toBe(1);
    expect(engine.remainingTtlMs(`${own}b`)).toBe(Number.POSITIVE_INFINITY);
    expect(await keyv.get('a')).toBe(1);
    advance(1);
    expect(engine.has(`${own}a`)).toBe(false);
    expect(await keyv.get('a')).toBeUndefined();
    expect(await keyv.get('b')).toBe(2);
  });

  it('takes a default TTL from Keyv, and else from the engine', async () => {
    const engine = newEngine({ ttlMs: 50 });
    await make({ store: new KeyvHotset(engine), ttl: 20 }).set('a', 1);
    await make({ store: new KeyvHotset(engine) }).set('b', 1);
    expect(engine.remainingTtlMs(`${own}a`)).toBe(20);
    expect(engine.remainingTtlMs(`${own}b`)).toBe(50);
  });

  it('stores, reads, counts and removes many', async () => {
    const engine = newEngine();
    const keyv = make({ store: new KeyvHotset(engine) });
    expect(
      await keyv.setMany([
        { key: 'a', value: 1, ttl: 100 },
        { key: 'b', value: 2 },
      ]),
    ).toEqual([true, true]);
    expect(engine.remainingTtlMs(`${own}a`)).toBe(100);
    expect(await keyv.get(['a', 'none', 'b'])).toEqual([1, undefined, 2]);
    expect(await keyv.hasMany(['a', 'none'])).toEqual([true, false]);
    expect(await keyv.has('a')).toBe(true);
    expect(await keyv.delete(['a', 'none'])).toEqual(version === 5 ? false : [true, false]);
    expect(await keyv.delete(['b'])).toEqual(version === 5 ? true : [true]);
    expect(engine.size).toBe(0);
  });

  it('keeps namespaces apart in one engine', async () => {
    const engine = newEngine();
    engine.set('other', 1);
    const users = make({ store: new KeyvHotset(engine), namespace: 'users' });
    const carts = make({ store: new KeyvHotset(engine), namespace: 'carts' });
    const own = make({ store: new KeyvHotset(engine, { namespace: 'own' }), namespace: 'users' });
    for (const [keyv, value] of [
      [users, 'u'],
      [carts, 'c'],
      [own, 'o'],
    ] as const)
      for (const key of ['a', 'b:c']) await keyv.set(key, value);
    for (const [keyv, value] of [
      [users, 'u'],
      [carts, 'c'],
      [own, 'o'],
    ] as const)
      expect(await all(keyv)).toEqual([
        ['a', value],
        ['b:c', value],
      ]);
    await users.clear();
    expect(await users.get(['a', 'b:c'])).toEqual([undefined, undefined]);
    expect(await carts.get(['a', 'b:c'])).toEqual(['c', 'c']);
    expect(await own.get(['a', 'b:c'])).toEqual(['o', 'o']);
    expect(engine.get('other')).toBe(1);
  });

  it('follows a namespace that changes', async () => {
    const engine = newEngine();
    const keyv = make({ store: new KeyvHotset(engine), namespace: 'a' });
    await keyv.set('key', 1);
    keyv.namespace = 'b';
    expect(await keyv.get('key')).toBeUndefined();
    await keyv.set('key', 2);
    keyv.namespace = 'a';
    expect(await keyv.get('key')).toBe(1);
  });

  it('iterates over what is there, whatever is read and removed on the way', async () => {
    const keyv = make({ store: new KeyvHotset(newEngine()), namespace: 'n' });
    for (const key of ['a', 'b', 'c', 'd']) await keyv.set(key, key);
    const seen: string[] = [];
    for await (const [key, value] of keyv.iterator!({})) {
      expect(value).toBe(key);
      seen.push(key);
      await keyv.get('a');
      await keyv.get('d');
      await keyv.delete(key === 'c' ? 'b' : 'none');
    }
    expect(seen.sort()).toEqual(['a', 'c', 'd']);
  });

  it.each([
    ['text', 'a "text" with \n and ü'],
    ['null', null],
    ['number', 0],
    ['object', { a: [1, { b: false }] }],
    ['buffer', Buffer.from([0, 255, 1])],
    ['buffer inside', { bytes: Buffer.from([1, 2]) }],
  ])('keeps a value as text: %s', async (_, value) => {
    const engine = newEngine();
    const keyv = make({ store: new KeyvHotset(engine) });
    await keyv.set('key', value, 100);
    expect(typeof engine.get(`${own}key`)).toBe('string');
    expect(await keyv.get('key')).toEqual(value);
  });

  it('keeps a value itself when Keyv does not serialize', async () => {
    const engine = newEngine();
    const keyv = make({ store: new KeyvHotset(engine), plain: true });
    const value = { when: new Date(), of: new Map([[1, Symbol.iterator]]), bytes: new Uint8Array(3) };
    await keyv.set('key', value, 100);
    expect(await keyv.get('key')).toBe(value);
    expect(await all(keyv)).toEqual([['key', value]]);
    expect(engine.get(`${own}key`)).toEqual({ value, expires: Date.now() + 100 });
  });

  it('stays within the budget, and says what it refuses', async () => {
    const engine = newEngine({ maxBytes: 20_000 });
    const keyv = make({ store: new KeyvHotset(engine) });
    for (let i = 0; i < 500; i++) {
      expect(await keyv.set(`key ${i}`, 'x'.repeat(100))).toBe(true);
      expect(engine.bytes).toBeLessThanOrEqual(20_000);
    }
    expect(await keyv.get('key 0')).toBeUndefined();
    expect(await keyv.get('key 499')).toHaveLength(100);
    expect(await keyv.set('key 499', 'x'.repeat(30_000))).toBe(false);
    expect(await keyv.get('key 499')).toBeUndefined();
    expect(
      await keyv.setMany([
        { key: 'a', value: 'x'.repeat(30_000) },
        { key: 'b', value: 1 },
      ]),
    ).toEqual([false, true]);
    expect(engine.verify()).toEqual([]);
  });

  it('reports bad input, and stores nothing', async () => {
    const engine = newEngine();
    const keyv = make({ store: new KeyvHotset(engine), namespace: '' });
    const errors = errorsOf(keyv);
    // What the other version does not pass on.
    if (version === 5) expect(await keyv.set('a', 1, '5' as never)).toBe(false);
    else expect(await keyv.set(7 as never, 1)).toBe(false);
    expect(errors).toEqual(['HOTSET_INVALID_ARGUMENT']);
    expect(engine.size).toBe(0);
  });

  it('takes an engine through the adapter only', () => {
    for (const store of [newEngine(), new LoadingCache(newEngine())])
      expect(() => make({ store })).toThrow(
        expect.objectContaining({
          code: 'HOTSET_INVALID_ARGUMENT',
          message: expect.stringContaining('new KeyvHotset(cache)'),
        }),
      );
  });

  it('answers as a map of entries with times would', async () => {
    const key = fc.constantFrom('a', 'b', 'n::a', 'keyv:a', '');
    const ttl = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined });
    const command = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, value: fc.integer(), ttl }),
      fc.record({ do: fc.constant('get' as const), key }),
      fc.record({ do: fc.constant('has' as const), key }),
      fc.record({ do: fc.constant('delete' as const), key }),
      fc.record({ do: fc.constant('clear' as const) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const engine = newEngine();
        const keyv = make({ store: new KeyvHotset(engine), namespace: 'n' });
        // Keyv 6 takes no empty keys, and Keyv 5 no key that begins with its namespace.
        const isTaken = (name: string): boolean => name !== '' && (version === 6 || !name.startsWith('n:'));
        const model = new Map<string, { value: number; until: number }>();
        const held = (name: string): number | undefined => {
          const entry = model.get(name);
          return entry !== undefined && entry.until > Date.now() ? entry.value : undefined;
        };
        for (const step of commands) {
          if ('key' in step && !isTaken(step.key)) continue;
          if (step.do === 'set') {
            await keyv.set(step.key, step.value, step.ttl);
            model.set(step.key, { value: step.value, until: Date.now() + (step.ttl ?? 1e9) });
          } else if (step.do === 'get') expect(await keyv.get(step.key)).toBe(held(step.key));
          else if (step.do === 'has') expect(await keyv.has(step.key)).toBe(held(step.key) !== undefined);
          else if (step.do === 'delete') {
            expect(await keyv.delete(step.key)).toBe(held(step.key) !== undefined);
            model.delete(step.key);
          } else if (step.do === 'clear') {
            await keyv.clear();
            model.clear();
          } else advance(step.ms);
          const expected = [...model.keys()].filter((name) => held(name) !== undefined);
          expect((await all(keyv)).map(([name]) => name)).toEqual(expected.sort());
        }
        expect(engine.verify()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('without Keyv', () => {
  it.each<[string, () => unknown, string]>([
    ['another cache', () => new KeyvHotset(new Map() as never), 'HOTSET_INVALID_ARGUMENT'],
    ['no cache', () => new KeyvHotset(undefined as never), 'HOTSET_INVALID_ARGUMENT'],
    ['null', () => new KeyvHotset(null as never), 'HOTSET_INVALID_ARGUMENT'],
    ['an unknown option', () => new KeyvHotset(newEngine(), { ttl: 5 } as never), 'HOTSET_INVALID_OPTION'],
    ['options that are none', () => new KeyvHotset(newEngine(), 'users' as never), 'HOTSET_INVALID_OPTION'],
    ['a namespace', () => new KeyvHotset(newEngine(), { namespace: 7 as never }), 'HOTSET_INVALID_OPTION'],
    ['load', () => new KeyvHotset(newEngine(), { load: 7 as never }), 'HOTSET_INVALID_OPTION'],
    ['load and an engine', () => new KeyvHotset(newEngine(), { load: () => 1 }), 'HOTSET_INVALID_OPTION'],
    [
      'a namespace that is set',
      () => {
        new KeyvHotset(newEngine()).namespace = 7 as never;
      },
      'HOTSET_INVALID_ARGUMENT',
    ],
  ])('refuses: %s', (_, act, code) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });

  it('takes times until Keyv 5 has taken it, as Keyv 6 would hand them over', async () => {
    const engine = newEngine();
    const adapter = new KeyvHotset(engine);
    expect(adapter.capabilities).toMatchObject({ expires: true, compatible: true });
    await adapter.set('a', 1, Date.now() + 100);
    expect(engine.remainingTtlMs('a')).toBe(100);
    expect(await adapter.set('a', 1, Date.now() - 1)).toBe(true);
    expect(engine.has('a')).toBe(false);
    await adapter.setMany([{ key: 'a', value: 1, expires: Date.now() + 7 }]);
    expect(engine.remainingTtlMs('a')).toBe(7);
    expect(await adapter.deleteMany(['a', 'b'])).toEqual([true, false]);
    expect(adapter.opts).toBeTypeOf('object');
    await adapter.set('a', 1, 100);
    expect(engine.remainingTtlMs('a')).toBe(100);
    expect(await adapter.set('a', 1, -1)).toBe(true);
    expect(engine.has('a')).toBe(false);
  });

  it('checks every entry before it stores one', async () => {
    const engine = newEngine();
    const adapter = new KeyvHotset(engine);
    const good = { key: 'a', value: 1 };
    for (const bad of [
      { key: 7 as never, value: 1 },
      { key: 'b', value: undefined },
      { key: 'b', value: 1, expires: '5' as never },
      { key: 'b', value: 1, ttl: Number.NaN },
      undefined as never,
      null as never,
      7 as never,
    ])
      await expect(adapter.setMany([good, bad])).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(adapter.setMany('ab' as never)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(adapter.getMany('ab' as never)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(adapter.deleteMany(['a', 7 as never])).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
    });
    expect(engine.size).toBe(0);
  });
});
