/** set, add, replace, compareAndSet, update and touch: when they store, and what they keep. */

import { describe, expect, it } from 'vitest';
import type { CacheEngine } from '../../lib/index.js';
import { makeFixture, order, thrownBy } from './fixture.js';

const versionOf = (engine: CacheEngine<string, number>, key: string): number =>
  Number(engine.getEntry(key)!.version);

describe('set', () => {
  it('stores, and replaces the value, flags and time of what was there', () => {
    const { engine, removals } = makeFixture();
    expect(engine.set('a', 1, { ttlMs: 10, flags: 7 })).toBe('stored');
    expect(engine.set('a', 2)).toBe('stored');
    expect(engine.getEntry('a')).toMatchObject({
      value: 2,
      flags: 0,
      remainingTtlMs: Number.POSITIVE_INFINITY,
    });
    expect(removals).toEqual([['a', 1, 'replaced']]);
  });

  it('makes the entry the newest', () => {
    const { engine } = makeFixture();
    for (const key of ['a', 'b', 'a']) engine.set(key, 1);
    expect(order(engine)).toEqual(['b', 'a']);
  });

  it('reports that a replaced entry had expired', () => {
    const { engine, clock, removals } = makeFixture();
    engine.set('a', 1, { ttlMs: 10 });
    clock.advance(10);
    engine.set('a', 2);
    expect(removals).toEqual([['a', 1, 'expired']]);
    expect(engine.stats().expirations).toBe(1);
  });

  it.each([-1, 0.5, 2 ** 32, Number.NaN, '1', null])('refuses flags of %s, naming them', (flags) => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const error = thrownBy(() => engine.set('a', 2, { flags: flags as number }));
    expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(error.message).toContain('flags');
    expect(engine.peek('a')).toBe(1);
  });
});

describe('add', () => {
  it('stores only where there is no live entry', () => {
    const { engine, clock } = makeFixture();
    expect(engine.add('a', 1, { ttlMs: 10 })).toBe('stored');
    expect(engine.add('a', 2)).toBe('exists');
    expect(engine.peek('a')).toBe(1);
    clock.advance(10);
    expect(engine.add('a', 3)).toBe('stored');
    expect(engine.peek('a')).toBe(3);
  });

  it('does not promote what it finds', () => {
    const { engine } = makeFixture();
    for (const key of ['a', 'b']) engine.set(key, 1);
    engine.add('a', 2);
    expect(order(engine)).toEqual(['a', 'b']);
  });
});

describe('replace', () => {
  it('stores only where there is a live entry', () => {
    const { engine, clock } = makeFixture();
    expect(engine.replace('a', 1)).toBe('not-found');
    expect(engine.has('a')).toBe(false);
    engine.set('a', 1, { ttlMs: 10 });
    expect(engine.replace('a', 2, { ttlMs: 10 })).toBe('stored');
    clock.advance(10);
    expect(engine.replace('a', 3)).toBe('not-found');
  });
});

describe('compareAndSet', () => {
  it('stores only under the version that was read', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const version = versionOf(engine, 'a');
    expect(engine.compareAndSet('a', version, 2)).toBe('stored');
    expect(engine.compareAndSet('a', version, 3)).toBe('exists');
    expect(engine.peek('a')).toBe(2);
  });

  it('finds nothing under an absent or expired key', () => {
    const { engine, clock } = makeFixture();
    expect(engine.compareAndSet('a', 1, 1)).toBe('not-found');
    engine.set('a', 1, { ttlMs: 10 });
    const version = versionOf(engine, 'a');
    clock.advance(10);
    expect(engine.compareAndSet('a', version, 2)).toBe('not-found');
  });

  it('sees a new version after every kind of write', () => {
    const { engine } = makeFixture();
    engine.set('a', 0);
    const writes = [
      () => engine.set('a', 1),
      () => engine.replace('a', 1),
      () => engine.update('a', 1),
      () => engine.compareAndSet('a', versionOf(engine, 'a'), 1),
      () => engine.delete('a') && engine.add('a', 1),
    ];
    const versions = new Set([versionOf(engine, 'a')]);
    for (const write of writes) {
      write();
      versions.add(versionOf(engine, 'a'));
    }
    expect(versions.size).toBe(writes.length + 1);
  });

  it('sees no new version after a read, a touch or a write elsewhere', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const version = versionOf(engine, 'a');
    engine.get('a');
    engine.touch('a', 100, { promote: true });
    engine.set('b', 1);
    expect(versionOf(engine, 'a')).toBe(version);
  });

  it('never meets an old version again after clear', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const version = versionOf(engine, 'a');
    engine.clear();
    engine.set('a', 1);
    expect(engine.compareAndSet('a', version, 2)).toBe('exists');
  });
});

describe('update', () => {
  it('gives a new value and keeps flags and time of expiry', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: 10, flags: 7 });
    clock.advance(4);
    expect(engine.update('a', 2)).toBe('stored');
    expect(engine.getEntry('a')).toMatchObject({ value: 2, flags: 7, remainingTtlMs: 6 });
  });

  it('does not take up the default TTL of the engine', () => {
    const { engine } = makeFixture({ ttlMs: 100 });
    engine.set('a', 1, { ttlMs: Number.POSITIVE_INFINITY });
    engine.update('a', 2);
    expect(engine.remainingTtlMs('a')).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds nothing under an absent or expired key', () => {
    const { engine, clock } = makeFixture();
    expect(engine.update('a', 1)).toBe('not-found');
    engine.set('a', 1, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.update('a', 2)).toBe('not-found');
  });
});

describe('touch', () => {
  it('counts the new time from now and changes nothing else', () => {
    const { engine, clock, removals } = makeFixture();
    engine.set('a', 1, { ttlMs: 10, flags: 7 });
    engine.set('b', 1);
    const { version } = engine.getEntry('a')!;
    clock.advance(5);
    expect(engine.touch('a', 50)).toBe(true);
    expect(engine.getEntry('a')).toMatchObject({ value: 1, flags: 7, version, remainingTtlMs: 50 });
    expect(order(engine)).toEqual(['a', 'b']);
    expect(removals).toEqual([]);
  });

  it('promotes on request', () => {
    const { engine } = makeFixture();
    for (const key of ['a', 'b']) engine.set(key, 1);
    engine.touch('a', 50, { promote: true });
    expect(order(engine)).toEqual(['b', 'a']);
  });

  it('gives and takes away mortality', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1);
    engine.touch('a', 10);
    engine.touch('a', Number.POSITIVE_INFINITY);
    clock.advance(10);
    expect(engine.has('a')).toBe(true);
    engine.touch('a', 0);
    expect(engine.has('a')).toBe(false);
  });

  it('is false for an absent or expired key, and does not raise the dead', () => {
    const { engine, clock } = makeFixture();
    expect(engine.touch('a', 10)).toBe(false);
    engine.set('a', 1, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.touch('a', 10)).toBe(false);
    expect(engine.has('a')).toBe(false);
  });
});

describe('an option that does not exist', () => {
  it.each([{ ttl: 5 }, { TTL: 5 }, { flag: 1 }])('%j is refused, and nothing is stored', (options) => {
    const { engine } = makeFixture();
    for (const method of ['set', 'add'] as const)
      expect(() => engine[method]('a', 1, options as object)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
    expect(engine.size).toBe(0);
  });
});
