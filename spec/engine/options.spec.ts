/** Options: every bad value is refused by name, and none is silently a default. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, type CacheEngineOptions } from '../../lib/index.js';
import { thrownBy } from './fixture.js';

const make = (options: unknown): CacheEngine<string, number> =>
  new CacheEngine(options as CacheEngineOptions<string, number>);

const NOT_LIMITS = [0, -1, 1.5, Number.NaN, -Infinity, 2 ** 53, '100', '', null, true, 100n, {}, [], () => 1];
const NOT_SIZES = NOT_LIMITS.concat('0b', '-1MiB', '64', '0%', '101%', 'NaN', '1e3MB', '64 MiB ');
const NOT_TTLS = [0, -1, Number.NaN, -Infinity, '100', null, true, 100n, {}, []];
const NOT_CLOCKS = [null, 0, 'now', {}, { now: 0 }, () => 0];
const NOT_FUNCTIONS = [null, 0, 'f', {}, [], true];
const NOT_BOOLEANS = [null, 0, 1, 'true', '', {}, []];

const bad: [name: string, takes: string, values: unknown[]][] = [
  ['maxBytes', "a whole number of bytes from 1, Infinity, a size such as '64MiB'", NOT_SIZES],
  ['maxEntries', 'a whole number from 1, or Infinity', NOT_LIMITS],
  ['maxEntryBytes', "a whole number of bytes from 1, Infinity, a size such as '64MiB'", NOT_SIZES],
  ['ttlMs', 'milliseconds, more than 0', NOT_TTLS],
  ['clock', 'an object with a now() method', NOT_CLOCKS],
  ['sizeOf', 'a function', NOT_FUNCTIONS],
  ['onRemoval', 'a function', NOT_FUNCTIONS],
  ['trackAccess', 'true or false', NOT_BOOLEANS],
  ['evict', 'true or false', NOT_BOOLEANS],
];

describe('options', () => {
  it.each(bad.flatMap(([name, takes, values]) => values.map((value) => ({ name, takes, value }))))(
    '$name refuses $value and says what it takes',
    ({ name, takes, value }) => {
      const error = thrownBy(() => make({ [name]: value }));
      expect(error.code).toBe('HOTSET_INVALID_OPTION');
      expect(error.message).toMatch(new RegExp(`^${name} takes `));
      expect(error.message).toContain(takes);
      expect(error.message.length).toBeLessThan(220);
    },
  );

  it.each(bad.map(([name]) => name))('%s may be undefined, which is its default', (name) => {
    expect(make({ [name]: undefined }).stats()).toEqual(new CacheEngine().stats());
  });

  it.each(['maxbytes', 'max', 'maxSize', 'ttl', 'toString', '__proto__x', ''])(
    'there is no option %j, and the error names it and those that exist',
    (name) => {
      const error = thrownBy(() => make({ [name]: 1 }));
      expect(error.code).toBe('HOTSET_INVALID_OPTION');
      expect(error.message).toContain(JSON.stringify(name));
      for (const [known] of bad) expect(error.message).toContain(known);
    },
  );

  it.each([null, 5, 'options', () => 1])('they are an object, not %s', (options) => {
    expect(thrownBy(() => make(options))).toMatchObject({
      code: 'HOTSET_INVALID_OPTION',
      message: expect.stringContaining('options takes an object'),
    });
  });

  it('sizes may be written as people do', () => {
    const engine = make({ maxBytes: '1.5kB', maxEntryBytes: '1 KiB', sizeOf: (n: number) => n });
    expect(engine.maxBytes).toBe(1500);
    expect([engine.set('a', 1000), engine.set('a', 500)]).toEqual(['too-large', 'stored']);
    engine.resize({ maxBytes: '2KiB' });
    expect(engine.maxBytes).toBe(2048);
    expect(make({ maxBytes: '1%' }).maxBytes).toBeGreaterThan(1e5);
  });

  it('the smallest limits are taken', () => {
    const engine = make({ maxBytes: 1, maxEntries: 1, maxEntryBytes: 1, ttlMs: Number.MIN_VALUE });
    expect(engine).toMatchObject({ maxBytes: 1, maxEntries: 1 });
    expect(engine.set('a', 1)).toBe('too-large');
  });
});

describe('Infinity', () => {
  it('as maxBytes needs a finite maxEntries', () => {
    for (const options of [{ maxBytes: Infinity }, { maxBytes: Infinity, maxEntries: Infinity }]) {
      const error = thrownBy(() => make(options));
      expect(error.code).toBe('HOTSET_INVALID_OPTION');
      expect(error.message).toContain('maxBytes');
      expect(error.message).toContain('maxEntries');
    }
    expect(make({ maxBytes: Infinity, maxEntries: 10 }).maxBytes).toBe(Infinity);
  });

  it('is no bound as maxEntries and maxEntryBytes, and never as ttlMs', () => {
    const engine = make({ maxEntries: Infinity, maxEntryBytes: Infinity, ttlMs: Infinity });
    engine.set('a', 1);
    expect(engine.remainingTtlMs('a')).toBe(Infinity);
    expect(engine.stats().maxEntries).toBe(Infinity);
  });

  it('as maxBytes still weighs for a finite maxEntryBytes', () => {
    const engine = make({
      maxBytes: Infinity,
      maxEntries: 10,
      maxEntryBytes: 1000,
      sizeOf: (n: number) => n,
    });
    engine.set('a', 500);
    expect(engine.bytes).toBeGreaterThan(500);
    expect(engine.verify()).toEqual([]);
  });
});
