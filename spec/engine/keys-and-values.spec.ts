/** Any key and any value is an ordinary one. */

import { describe, expect, it } from 'vitest';
import { makeFixture } from './fixture.js';

const object = {};
const symbol = Symbol('key');

const keys: [string, unknown][] = [
  ["''", ''],
  ['0', 0],
  ['NaN', Number.NaN],
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['a symbol', symbol],
  ['an object', object],
  ['a bigint', 0n],
  ["'toString'", 'toString'],
  ["'__proto__'", '__proto__'],
  ["'0'", '0'],
  ["'undefined'", 'undefined'],
];

const values: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['NaN', Number.NaN],
  ['0', 0],
  ["''", ''],
  ['false', false],
];

describe('keys', () => {
  it.each(keys)('%s is absent before, found after set, and gone after delete', (_, key) => {
    const { engine } = makeFixture<unknown, number>();
    expect(engine.has(key)).toBe(false);
    engine.set(key, 1);
    expect(engine.get(key)).toBe(1);
    expect([...engine.keys()]).toEqual([key]);
    expect(engine.verify()).toEqual([]);
    expect(engine.delete(key)).toBe(true);
    expect(engine.delete(key)).toBe(false);
    expect(engine.verify()).toEqual([]);
  });

  it('all of them live side by side', () => {
    const { engine } = makeFixture<unknown, number>();
    keys.forEach(([, key], i) => {
      engine.set(key, i);
    });
    expect(engine.size).toBe(keys.length);
    keys.forEach(([, key], i) => {
      expect(engine.get(key)).toBe(i);
    });
    expect(engine.verify()).toEqual([]);
  });

  it('0 and -0 are the same key, as in a Map', () => {
    const { engine } = makeFixture<number, number>();
    engine.set(-0, 1);
    expect(Object.is(engine.keys().next().value, 0)).toBe(true);
    engine.set(0, 2);
    expect(engine.get(-0)).toBe(2);
    expect(engine.size).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it('equal objects are different keys', () => {
    const { engine } = makeFixture<object, number>();
    engine.set({}, 1);
    engine.set({}, 2);
    expect(engine.size).toBe(2);
  });
});

describe('values', () => {
  it.each(values)('%s is held, found and evicted like any other', (_, value) => {
    const { engine, removals } = makeFixture<string, unknown>({ maxEntries: 1 });
    expect(engine.add('a', value)).toBe('stored');
    expect(engine.has('a')).toBe(true);
    expect(engine.add('a', 1)).toBe('exists');
    expect(engine.get('a')).toBe(value);
    expect(engine.peek('a')).toBe(value);
    expect(engine.getEntry('a')?.value).toBe(value);
    expect(engine.stats()).toMatchObject({ hits: 1, misses: 0 });
    expect(engine.replace('a', value)).toBe('stored');
    expect(engine.update('a', value)).toBe('stored');
    engine.set('b', 1);
    expect(removals).toEqual([
      ['a', value, 'replaced'],
      ['a', value, 'replaced'],
      ['a', value, 'evicted'],
    ]);
    expect(engine.verify()).toEqual([]);
  });

  it('undefined under key undefined is held, and evictOldest returns it', () => {
    const { engine } = makeFixture<undefined, undefined>();
    engine.set(undefined, undefined);
    expect(engine.has(undefined)).toBe(true);
    expect(engine.verify()).toEqual([]);
    expect(engine.evictOldest()).toEqual([undefined, undefined]);
    expect(engine.evictOldest()).toBeUndefined();
  });
});
