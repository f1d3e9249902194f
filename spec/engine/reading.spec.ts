/** get, peek, has, getEntry and remainingTtlMs: what they return and what they leave alone. */

import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { makeFixture, order } from './fixture.js';

describe('reading', () => {
  it('get promotes the entry to the newest place', () => {
    const { engine } = makeFixture();
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    engine.get('a');
    expect(order(engine)).toEqual(['b', 'c', 'a']);
  });

  it.each(['peek', 'has', 'getEntry', 'remainingTtlMs'] as const)(
    '%s changes neither the order nor the statistics',
    (method) => {
      const { engine } = makeFixture();
      for (const key of ['a', 'b', 'c']) engine.set(key, 1);
      // Versions take room from the first time that one is asked for.
      engine.getEntry('a');
      const before = engine.stats();
      engine[method]('a');
      engine[method]('absent');
      expect(order(engine)).toEqual(['a', 'b', 'c']);
      expect(engine.stats()).toEqual(before);
    },
  );

  it('nothing is found under an absent key', () => {
    const { engine } = makeFixture();
    expect(engine.get('a')).toBeUndefined();
    expect(engine.peek('a')).toBeUndefined();
    expect(engine.has('a')).toBe(false);
    expect(engine.getEntry('a')).toBeUndefined();
    expect(engine.remainingTtlMs('a')).toBeUndefined();
  });

  it('no way of reading returns an expired entry, though nothing has swept it', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.size).toBe(1);
    expect(engine.has('a')).toBe(false);
    expect(engine.peek('a')).toBeUndefined();
    expect(engine.getEntry('a')).toBeUndefined();
    expect(engine.remainingTtlMs('a')).toBeUndefined();
    expect(engine.size).toBe(1);
    expect(engine.get('a')).toBeUndefined();
  });

  it('get removes an expired entry that it finds and calls the listener', () => {
    const { engine, clock, removals } = makeFixture();
    engine.set('a', 1, { ttlMs: 10 });
    clock.advance(10);
    engine.get('a');
    expect(engine.size).toBe(0);
    expect(removals).toEqual([['a', 1, 'expired']]);
  });

  it('of its slot distinguishes an absent entry (0) from an expired one (-1)', () => {
    const { engine, clock } = makeFixture();
    const store = storeOf(engine);
    engine.set('a', 1, { ttlMs: 10 });
    expect(store.valueAt(store.readSlot('a'))).toBe(1);
    expect(store.keyAt(store.peekSlot('a'))).toBe('a');
    clock.advance(10);
    expect(store.peekSlot('a')).toBe(0);
    expect(store.readSlot('a')).toBe(-1);
    expect(store.readSlot('a')).toBe(0);
    expect(engine.stats()).toMatchObject({ hits: 1, missesExpired: 1, missesAbsent: 1 });
  });

  it('remainingTtlMs counts down and is Infinity for an entry that never expires', () => {
    const { engine, clock } = makeFixture();
    engine.set('never', 1);
    engine.set('soon', 1, { ttlMs: 10 });
    clock.advance(4);
    expect(engine.remainingTtlMs('soon')).toBe(6);
    expect(engine.remainingTtlMs('never')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('getEntry', () => {
  it('has value, weight, flags, version and remaining time', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: 10, flags: 0xffffffff });
    clock.advance(3);
    expect(engine.getEntry('a')).toEqual({
      key: 'a',
      value: 1,
      bytes: engine.bytes,
      flags: 0xffffffff,
      version: expect.any(Number),
      remainingTtlMs: 7,
      tags: [],
      ageMs: undefined,
      idleMs: undefined,
      fetched: undefined,
    });
  });

  it('has age, idle time and whether it was read with trackAccess', () => {
    const { engine, clock } = makeFixture({ trackAccess: true });
    engine.set('a', 1);
    clock.advance(5);
    expect(engine.getEntry('a')).toMatchObject({ ageMs: 5, idleMs: 5, fetched: false });
    engine.get('a');
    clock.advance(2);
    expect(engine.getEntry('a')).toMatchObject({ ageMs: 7, idleMs: 2, fetched: true });
  });

  it('has no age below 0 after the clock has gone back', () => {
    const { engine, clock } = makeFixture({ trackAccess: true });
    engine.set('a', 1);
    clock.advance(-500);
    expect(engine.getEntry('a')).toMatchObject({ ageMs: 0, idleMs: 0 });
    expect([...engine.dump()][0]).toMatchObject({ ageMs: 0, idleMs: 0 });
  });

  it('counts a new value as neither read nor aged', () => {
    const { engine, clock } = makeFixture({ trackAccess: true });
    engine.set('a', 1);
    engine.get('a');
    clock.advance(5);
    engine.set('a', 2);
    expect(engine.getEntry('a')).toMatchObject({ ageMs: 0, idleMs: 0, fetched: false });
  });

  it('keeps access data right while the columns grow and after clear', () => {
    const { engine, clock } = makeFixture<number, number>({ trackAccess: true });
    for (let key = 0; key < 100; key++) {
      engine.set(key, key, { flags: key });
      if (key % 2 === 0) engine.get(key);
      clock.advance(1);
    }
    expect(engine.getEntry(10)).toMatchObject({ ageMs: 90, fetched: true, flags: 10 });
    expect(engine.getEntry(11)).toMatchObject({ ageMs: 89, fetched: false, flags: 11 });
    engine.clear();
    engine.set(10, 1);
    expect(engine.getEntry(10)).toMatchObject({ ageMs: 0, fetched: false, flags: 0 });
  });

  it('numbers the entries that were there before, each with its own version', () => {
    const { engine } = makeFixture();
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    const versions = ['b', 'c', 'a'].map((key) => engine.getEntry(key)!.version);
    engine.set('d', 1);
    versions.push(engine.getEntry('d')!.version);
    expect(new Set(versions).size).toBe(4);
    expect(['b', 'c', 'a', 'd'].map((key) => engine.getEntry(key)!.version)).toEqual(versions);
    expect(engine.verify()).toEqual([]);
  });
});

describe('the clock', () => {
  it('is never read by an engine without TTLs', () => {
    const clock = {
      now(): number {
        throw new Error('the clock was read');
      },
    };
    const engine = new CacheEngine<number, number>({ clock, maxEntries: 5 });
    for (let key = 0; key < 20; key++) engine.set(key, key, { ttlMs: Number.POSITIVE_INFINITY });
    engine.get(19);
    engine.getEntry(19);
    engine.touch(19, Number.POSITIVE_INFINITY, { promote: true });
    engine.add(20, 1);
    engine.replace(20, 2);
    engine.update(20, 3);
    engine.compareAndSet(20, engine.getEntry(20)!.version, 4);
    engine.sweepExpired();
    engine.evictOldest();
    engine.delete(20);
    engine.resize({ maxEntries: 2 });
    expect([...engine.keys()]).toEqual([19, 18]);
    engine.clear();
    expect(engine.verify()).toEqual([]);
  });

  it('is not read for an entry that never expires, even beside one that can', () => {
    let readings = 0;
    const time = new ManualClock(0);
    const clock = {
      now: () => {
        readings++;
        return time.now();
      },
    };
    const engine = new CacheEngine<string, number>({ clock });
    engine.set('mortal', 1, { ttlMs: 10 });
    engine.set('eternal', 1);
    readings = 0;
    engine.get('eternal');
    expect(readings).toBe(0);
  });
});
