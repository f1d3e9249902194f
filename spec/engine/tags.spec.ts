/** Tags: entries that are removed together, and what that costs. */

import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine } from '../../lib/index.js';
import { makeFixture, order, thrownBy } from './fixture.js';

describe('tags', () => {
  it('remove every live entry that has one of them, and say how many', () => {
    const { engine, removals, clock } = makeFixture();
    engine.set('a', 1, { tags: ['news', 'page'] });
    engine.set('b', 2, { tags: ['page'] });
    engine.set('c', 3, { tags: ['other'] });
    engine.set('d', 4);
    engine.set('e', 5, { tags: ['page'], ttlMs: 5 });
    clock.advance(5);
    expect(engine.invalidateTags(['page', 'news', 'unknown'])).toBe(2);
    expect(order(engine)).toEqual(['c', 'd']);
    expect(removals.toSorted()).toEqual([
      ['a', 1, 'deleted'],
      ['b', 2, 'deleted'],
      ['e', 5, 'expired'],
    ]);
    expect(engine.stats()).toMatchObject({ deletions: 2, expirations: 1, size: 2 });
    expect([engine.invalidateTags(['page']), engine.invalidateTags([]), engine.verify()]).toEqual([0, 0, []]);
  });

  it('are those of the last write, each once, in the order given; update and touch keep them', () => {
    const { engine } = makeFixture();
    const tags = ['x', 'y', 'x'];
    engine.set('a', 1, { tags });
    tags.push('z');
    expect(engine.getEntry('a')!.tags).toEqual(['x', 'y']);
    engine.update('a', 2);
    engine.touch('a', 100);
    expect(engine.getEntry('a')).toMatchObject({ value: 2, tags: ['x', 'y'] });
    engine.set('a', 3, { tags: ['y'] });
    expect([engine.invalidateTags(['x']), engine.getEntry('a')!.tags]).toEqual([0, ['y']]);
    engine.set('a', 4);
    expect([engine.invalidateTags(['y']), engine.getEntry('a')!.tags]).toEqual([0, []]);
    expect(engine.bytes).toBe(engine.getEntry('a')!.bytes);
  });

  it('come with add, replace, compareAndSet and getOrCompute', () => {
    const { engine } = makeFixture();
    const tags = ['t'];
    engine.add('a', 1, { tags });
    for (const key of ['b', 'c']) engine.set(key, 1);
    engine.replace('b', 1, { tags });
    engine.compareAndSet('c', engine.getEntry('c')!.version, 1, { tags });
    engine.getOrCompute('d', () => 1, { tags });
    expect(engine.invalidateTags(tags)).toBe(4);
  });

  it('are reported to subscribers as deletions', () => {
    const { engine } = makeFixture();
    const changes: unknown[] = [];
    engine.set('a', 1, { tags: ['t'] });
    engine.subscribe('', ({ key, cause }) => changes.push([key, cause]));
    engine.invalidateTags(['t']);
    expect(changes).toEqual([['a', 'deleted']]);
  });

  it('may be used in a listener, which finds a consistent engine', () => {
    const engine: CacheEngine<string, number> = new CacheEngine({
      onRemoval: (key, value) => {
        expect(engine.verify()).toEqual([]);
        if (value < 3) engine.set(key, value + 1, { tags: ['t'] });
      },
    });
    engine.set('a', 1, { tags: ['t'] });
    expect(engine.invalidateTags(['t'])).toBe(1);
    expect([engine.get('a'), engine.invalidateTags(['t']), engine.get('a')]).toEqual([2, 1, 3]);
  });

  it.each([
    ['no array', 'news'],
    ['a number in them', ['a', 7]],
    ['an empty one', ['']],
    ['a long one', ['x'.repeat(257)]],
    ['null', null],
  ])('that are wrong invalidate nothing: %s', (_, tags) => {
    const { engine } = makeFixture();
    engine.set('a', 1, { tags: ['a'] });
    const error = thrownBy(() => engine.invalidateTags(tags as never));
    expect([error.code, engine.size]).toEqual(['HOTSET_INVALID_ARGUMENT', 1]);
    expect(error.message).toContain('tags');
  });

  it('leave nothing behind when the write is refused for another reason', () => {
    const { engine } = makeFixture();
    expect(() => engine.set('a', 1, { tags: ['t'], ttlMs: Number.NaN })).toThrow('ttlMs');
    engine.set('b', 1);
    expect([engine.getEntry('b')!.tags, engine.invalidateTags(['t']), engine.verify()]).toEqual([[], 0, []]);
  });

  it('are not taken by another write that a sizeOf hook makes', () => {
    const engine: CacheEngine<string, number> = new CacheEngine({
      sizeOf: (value, key) => {
        if (key === 'outer') engine.set('inner', 7);
        return value;
      },
    });
    engine.set('outer', 10, { tags: ['t'] });
    expect([engine.getEntry('inner')!.tags, engine.getEntry('outer')!.tags]).toEqual([[], ['t']]);
    expect(engine.getEntry('outer')!.bytes - engine.getEntry('inner')!.bytes).toBe(3);
    expect(engine.verify()).toEqual([]);
  });
});

describe('the budget', () => {
  it('counts tags, and gives their bytes back', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const bare = engine.bytes;
    engine.set('a', 1, { tags: ['t'] });
    const one = engine.bytes;
    expect(one - bare).toBeGreaterThan(150);
    engine.set('a', 1, { tags: ['t', 'u'.repeat(200)] });
    expect(engine.bytes - one).toBeGreaterThan(300);
    engine.set('a', 1);
    expect([engine.bytes, engine.verify()]).toEqual([bare, []]);
  });

  it('refuses an entry that fits only without its tags', () => {
    const { engine } = makeFixture({ maxBytes: 2000 });
    const tags = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(100));
    expect(engine.set('a', 1)).toBe('stored');
    expect(engine.set('a', 1, { tags })).toBe('too-large');
    expect([engine.size, engine.bytes, engine.verify()]).toEqual([0, 0, []]);
    expect(engine.set('a', 1, { tags: ['t'] })).toBe('stored');
  });

  it('evicts for tags, the oldest first', () => {
    const { engine, removals } = makeFixture({ maxBytes: 20_000 });
    for (let i = 0; i < 100; i++) engine.set(`k${i}`, i);
    for (let i = 0; i < 100; i++)
      expect(engine.set(`t${i}`, i, { tags: ['all', `${i}`.padStart(200, '-')] })).toBe('stored');
    expect(engine.bytes).toBeLessThanOrEqual(20_000);
    expect(engine.verify()).toEqual([]);
    expect(removals.slice(0, 100).map(([key]) => key)).toEqual(
      Array.from({ length: 100 }, (_, i) => `k${i}`),
    );
    expect(engine.invalidateTags(['all'])).toBe(
      200 - removals.filter(([, , cause]) => cause === 'evicted').length,
    );
    expect(engine.verify()).toEqual([]);
  });

  it('refuses with evict: false, and keeps the old entry where that is asked for', () => {
    const { engine } = makeFixture({ maxBytes: 9000, evict: false });
    const tags = ['t'.repeat(200)];
    let stored = 0;
    while (engine.set(`k${stored}`, 1) === 'stored') stored++;
    expect(engine.set('k0', 2, { tags, keepRefused: true })).toBe('no-room');
    expect([engine.get('k0'), engine.size, engine.verify()]).toEqual([1, stored, []]);
  });

  it('holds while entries with tags move to other slots', () => {
    const { engine } = makeFixture<string, string>({ maxBytes: '1MiB' });
    for (let i = 0; i < 4000; i++) engine.set(`k${i}`, '', { tags: [`t${i % 7}`] });
    for (let i = 0; i < 4000; i++) if (i % 16 !== 0) engine.delete(`k${i}`);
    engine.set('large', 'x'.repeat(700_000));
    for (let i = 0; i < 4000; i += 16) {
      engine.delete(`k${i}`);
      expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
    }
    expect(engine.verify()).toEqual([]);
  });

  it('weighs no tags where nothing is weighed', () => {
    const { engine } = makeFixture({ maxEntries: 10 });
    engine.set('a', 1, { tags: ['t'] });
    expect([engine.bytes, engine.invalidateTags(['t']), engine.size, engine.verify()]).toEqual([0, 1, 0, []]);
  });
});

describe('an engine with tags', () => {
  it('gives them back when it is cleared', () => {
    const { engine } = makeFixture();
    engine.set('a', 1, { tags: ['t'] });
    engine.clear();
    expect([engine.bytes, engine.invalidateTags(['t']), engine.verify()]).toEqual([0, 0, []]);
  });

  it('dumps and loads them, through JSON too', () => {
    const { engine } = makeFixture();
    engine.set('a', 1, { tags: ['t', 'u'] });
    engine.set('b', 2);
    const copy = new CacheEngine<string, number>();
    copy.load(JSON.parse(JSON.stringify([...engine.dump()])));
    expect([copy.getEntry('a')!.tags, copy.getEntry('b')!.tags]).toEqual([['t', 'u'], []]);
    for (const tags of ['t', [7], [''], Array(129).fill('t')])
      expect(() => copy.load([{ key: 'c', value: 3, tags: tags as string[] }])).toThrow('tags');
    expect([copy.size, copy.invalidateTags(['u']), copy.size]).toEqual([2, 1, 1]);
  });

  it('keeps those of an entry that clients change on the wire', () => {
    const { engine } = makeFixture<string, string>();
    const store = storeOf(engine);
    store.serve({
      encode: (value) => value as string,
      flagsOf: () => 0,
      isKind: () => true,
      decode: (encoded) => encoded as string,
      bytesOf: (encoded) => encoded as string,
    });
    engine.set('a', 'value', { tags: ['t'] });
    store.updateEncoded(store.peekSlot('a'), 'more', false, true);
    store.setEncoded(0, 'b', 'value', Number.POSITIVE_INFINITY, 0, false, ['t']);
    expect([engine.get('a'), engine.getEntry('a')!.tags, engine.getEntry('b')!.tags]).toEqual([
      'more',
      ['t'],
      ['t'],
    ]);
    store.setEncoded(0, 'a', 'value', Number.POSITIVE_INFINITY, 0, false);
    expect([engine.invalidateTags(['t']), order(engine), engine.verify()]).toEqual([1, ['a'], []]);
  });

  it('does work in proportion to the entries of a tag, not to all', () => {
    const { engine } = makeFixture<number, number>({ onRemoval: undefined, maxBytes: '256MiB' });
    for (let i = 0; i < 200_000; i++) engine.set(i, i, i % 1000 === 0 ? { tags: ['few'] } : undefined);
    const visits: number[] = [];
    const store = storeOf(engine);
    const keyAt = store.keyAt.bind(store);
    store.keyAt = (slot) => {
      visits.push(slot);
      return keyAt(slot);
    };
    expect(engine.invalidateTags(['few'])).toBe(200);
    expect(visits.length).toBeLessThan(1000);
    expect(engine.size).toBe(199_800);
  });
});
