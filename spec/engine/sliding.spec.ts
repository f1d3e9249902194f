/** `ttlFrom: 'read'`: an entry expires once it has not been used for its TTL. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { makeFixture, thrownBy } from './fixture.js';

describe("ttlFrom: 'read'", () => {
  it('lets each read begin the TTL anew, exactly', () => {
    const { engine, clock } = makeFixture({ ttlFrom: 'read', ttlMs: 100 });
    engine.set('a', 1);
    for (let i = 0; i < 10; i++) {
      clock.advance(99);
      expect(engine.get('a')).toBe(1);
      expect(engine.remainingTtlMs('a')).toBe(100);
    }
    clock.advance(100);
    expect([engine.get('a'), engine.stats().expirations]).toEqual([undefined, 1]);
    expect(engine.verify()).toEqual([]);
  });

  it('keeps the TTL of each entry, and never expires one without', () => {
    const { engine, clock } = makeFixture({ ttlFrom: 'read' });
    engine.set('a', 1, { ttlMs: 10 });
    engine.set('b', 2, { ttlMs: 1000 });
    engine.set('c', 3);
    clock.advance(9);
    for (const key of ['a', 'b', 'c']) engine.get(key);
    expect(['a', 'b', 'c'].map((key) => engine.remainingTtlMs(key))).toEqual([10, 1000, Infinity]);
  });

  it('is what get and getOrCompute do, and not peek, has, getEntry, touch without a read, or walks', () => {
    const { engine, clock } = makeFixture({ ttlFrom: 'read', ttlMs: 100 });
    engine.set('a', 1);
    clock.advance(60);
    engine.peek('a');
    engine.has('a');
    engine.getEntry('a');
    expect([...engine.entries(), ...engine.dump()]).toHaveLength(2);
    expect(engine.scanKeys().keys).toEqual(['a']);
    expect(engine.remainingTtlMs('a')).toBe(40);
    engine.getOrCompute('a', () => 2);
    expect(engine.remainingTtlMs('a')).toBe(100);
  });

  it('takes over a TTL that touch sets, and begins anew with update', () => {
    const { engine, clock } = makeFixture({ ttlFrom: 'read', ttlMs: 100 });
    engine.set('a', 1);
    engine.touch('a', 30);
    clock.advance(20);
    engine.get('a');
    expect(engine.remainingTtlMs('a')).toBe(30);
    clock.advance(20);
    engine.update('a', 2);
    expect(engine.remainingTtlMs('a')).toBe(30);
    engine.touch('a', Infinity);
    engine.get('a');
    expect(engine.remainingTtlMs('a')).toBe(Infinity);
  });

  it('lets the unused go when room is needed, and sweeps them', () => {
    const { engine, clock } = makeFixture({ ttlFrom: 'read', ttlMs: 100 });
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    clock.advance(50);
    engine.get('b');
    clock.advance(60);
    expect([engine.sweepExpired(), [...engine.keys()], engine.verify()]).toEqual([2, ['b'], []]);
  });

  it('survives a dump, with what is left and what a read sets', () => {
    const { engine, clock } = makeFixture({ ttlFrom: 'read', ttlMs: 100 });
    engine.set('a', 1);
    clock.advance(40);
    const dump = [...engine.dump()];
    expect(dump).toMatchObject([{ key: 'a', remainingTtlMs: 60, ttlMs: 100 }]);
    const copy = new CacheEngine<string, number>({ ttlFrom: 'read', clock });
    copy.load(dump);
    expect(copy.remainingTtlMs('a')).toBe(60);
    copy.get('a');
    expect(copy.remainingTtlMs('a')).toBe(100);
    const plain = new CacheEngine<string, number>({ clock });
    plain.load(dump);
    plain.get('a');
    expect(plain.remainingTtlMs('a')).toBe(60);
    for (const ttlMs of [0, -1, Number.NaN, '5'])
      expect(() => copy.load([{ key: 'b', value: 1, ttlMs: ttlMs as number }])).toThrow('ttlMs');
  });

  it('counts 9 bytes more for each entry, and takes part in growth', () => {
    const clock = new ManualClock(0);
    const [write, read] = (['write', 'read'] as const).map((ttlFrom) => {
      const engine = new CacheEngine<number, number>({ ttlMs: 5, maxBytes: '64MiB', clock, ttlFrom });
      engine.set(1, 1);
      return engine.getEntry(1)!.bytes;
    });
    expect(read! - write!).toBe(9);
    const engine = new CacheEngine<number, number>({ ttlMs: 1000, clock, ttlFrom: 'read' });
    for (let i = 0; i < 20_000; i++) {
      engine.set(i, i);
      engine.get(i >>> 1);
    }
    clock.advance(999);
    for (let i = 0; i < 20_000; i += 2) engine.get(i);
    clock.advance(1);
    expect(engine.sweepExpired()).toBe(10_000);
    expect([engine.get(0), engine.verify()]).toEqual([0, []]);
  });

  it("is 'write' by default, and nothing but the two", () => {
    const { engine, clock } = makeFixture({ ttlMs: 100, ttlFrom: undefined });
    engine.set('a', 1);
    clock.advance(99);
    engine.get('a');
    clock.advance(1);
    expect(engine.get('a')).toBeUndefined();
    for (const ttlFrom of ['access', null, 1, true]) {
      const error = thrownBy(() => makeFixture({ ttlFrom: ttlFrom as never }));
      expect([error.code, /ttlFrom/.test(error.message)]).toEqual(['HOTSET_INVALID_OPTION', true]);
    }
  });
});
