/** Options of methods: a name that does not exist, or a value that makes no sense, is refused by name, and nothing happens. */

import { describe, expect, it } from 'vitest';
import type { CacheEngine } from '../../lib/index.js';
import { makeFixture, thrownBy } from './fixture.js';

type Engine = CacheEngine<string, number>;
type Call = (engine: Engine, options: never) => unknown;

const storing: [string, Call][] = [
  ['set', (engine, options) => engine.set('a', 2, options)],
  ['add', (engine, options) => engine.add('new', 2, options)],
  ['replace', (engine, options) => engine.replace('a', 2, options)],
  [
    'compareAndSet',
    (engine, options) => engine.compareAndSet('a', engine.getEntry('a')!.version, 2, options),
  ],
];
const others: [string, Call][] = [
  ['update', (engine, options) => engine.update('a', 2, options)],
  ['touch', (engine, options) => engine.touch('a', 5, options)],
  ['resize', (engine, options) => engine.resize(options)],
  ['keys', (engine, options) => engine.keys(options).next()],
  ['values', (engine, options) => engine.values(options).next()],
  ['entries', (engine, options) => engine.entries(options).next()],
  ['scanKeys', (engine, options) => engine.scanKeys(options)],
];

const refused: [method: string, options: unknown, call: Call, name: string][] = [
  ...storing.flatMap(([method, call]) =>
    (
      [
        [{ ttlMs: 5, keepRefusd: true }, 'keepRefusd'],
        [{ ttl: 5 }, 'ttl'],
        [{ expires: 1 }, 'expires'],
        [{ keepRefused: 1 }, 'keepRefused'],
        [{ keepRefused: null }, 'keepRefused'],
        [{ flags: 1n }, 'flags'],
        [{ flags: -0.5 }, 'flags'],
        [{ ttlMs: '5' }, 'ttlMs'],
        [{ ttlMs: 5n }, 'ttlMs'],
        [{ ttlMs: null }, 'ttlMs'],
        [{ bytes: -1 }, 'bytes'],
        [{ bytes: Number.POSITIVE_INFINITY }, 'bytes'],
        [{ bytes: '7' }, 'bytes'],
        [{ tags: 'news' }, 'tags'],
        [{ tags: [''] }, 'tags'],
        [{ tags: [7] }, 'tags'],
        [{ tags: ['x'.repeat(257)] }, 'tags'],
        [{ tags: Array.from({ length: 129 }, (_, i) => `t${i}`) }, 'tags'],
        [{ tags: ['good'], ttlMs: Number.NaN }, 'ttlMs'],
        [null, 'options'],
        [7, 'options'],
        ['ttlMs', 'options'],
      ] as [unknown, string][]
    ).map(([options, name]): [string, unknown, Call, string] => [method, options, call, name]),
  ),
  ...others.flatMap(([method, call]) =>
    (
      [
        [{ promte: true }, 'promte'],
        [{ ttlMs: 10 }, 'ttlMs'],
        [{ direction: 'oldest-first' }, 'direction'],
        [null, 'options'],
        [5, 'options'],
      ] as [unknown, string][]
    ).map(([options, name]): [string, unknown, Call, string] => [method, options, call, name]),
  ),
  ['touch', { promote: 1 }, others[1]![1], 'promote'],
  ['update', { keepRefused: 'yes' }, others[0]![1], 'keepRefused'],
  ['keys', { order: 'oldest' }, others[3]![1], 'order'],
  ['keys', { order: null }, others[3]![1], 'order'],
  ['keys', { prefix: 7 }, others[3]![1], 'prefix'],
  ['scanKeys', { prefix: null }, others[6]![1], 'prefix'],
  ['scanKeys', { limit: 0 }, others[6]![1], 'limit'],
  ['scanKeys', { limit: 1.5 }, others[6]![1], 'limit'],
  ['scanKeys', { cursor: 0 }, others[6]![1], 'cursor'],
  ['scanKeys', { cursor: '3' }, others[6]![1], 'cursor'],
  ['scanKeys', { cursor: null }, others[6]![1], 'cursor'],
];

describe('options of methods', () => {
  it.each(refused)('of %s: %o is refused', (_, options, call, name) => {
    const { engine, removals } = makeFixture();
    engine.set('a', 1, { ttlMs: 100, flags: 7 });
    const { version } = engine.getEntry('a')!;
    const error = thrownBy(() => call(engine, options as never));
    expect(['HOTSET_INVALID_OPTION', 'HOTSET_INVALID_ARGUMENT']).toContain(error.code);
    if (name !== 'options') expect(error.message).toContain(name);
    expect(engine.getEntry('a')).toMatchObject({ value: 1, flags: 7, remainingTtlMs: 100, version });
    expect([engine.size, removals, engine.verify()]).toEqual([1, [], []]);
  });

  it.each([...storing, ...others])('of %s may be empty', (_, call) => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    call(engine, {} as never);
    expect([engine.has('a'), engine.verify()]).toEqual([true, []]);
  });

  it('that are undefined mean the default', () => {
    const { engine } = makeFixture({ ttlMs: 50, maxEntries: undefined, trackAccess: undefined });
    engine.set('a', 1, {
      ttlMs: undefined,
      flags: undefined,
      keepRefused: undefined,
      bytes: undefined,
      tags: undefined,
    });
    engine.touch('a', 40, { promote: undefined });
    engine.resize({ maxBytes: undefined, maxEntries: undefined });
    expect([...engine.keys({ order: undefined })]).toEqual(['a']);
    expect(engine.remainingTtlMs('a')).toBe(40);
  });
});

describe('options of a call that stores nothing', () => {
  it('are checked all the same', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const bad = { ttl: 5 } as object;
    const calls = [
      () => engine.add('a', 2, bad),
      () => engine.replace('b', 2, bad),
      () => engine.compareAndSet('a', -1, 2, bad),
      () => engine.compareAndSet('b', 1, 2, bad),
    ];
    for (const call of calls)
      expect(call).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }));
    expect([...engine.entries()]).toEqual([['a', 1]]);
  });
});
