/** Tags and sliding TTLs come back from a file, and what pretends to be them is refused. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, type DumpedEntry, ManualClock } from '../../lib/index.js';
import { loadSnapshot, saveSnapshot } from '../../lib/snapshot/index.js';
import { entryOf, makePlace, makeShelf, sourceOf } from './fixture.js';

describe('a snapshot', () => {
  it('keeps tags, and what a read sets the TTL to', async () => {
    const { path } = makePlace();
    const clock = new ManualClock(0);
    const options = { clock, ttlFrom: 'read' as const };
    const engine = new CacheEngine<unknown, string>(options);
    const keys = ['plain', 'ł', 7, { key: 'object' }, Buffer.from('bytes')];
    for (const key of keys) engine.set(key, 'value', { ttlMs: 100, tags: ['t', 'ü'] });
    engine.set('untagged', 'value');
    clock.advance(40);
    await saveSnapshot(engine, path, { clock });
    const copy = new CacheEngine<unknown, string>(options);
    expect(await loadSnapshot(copy, path, { clock })).toMatchObject({ entries: 6, stored: 6 });
    expect([...copy.keys({ order: 'oldest-first' })]).toEqual([...keys, 'untagged']);
    expect(copy.getEntry('ł')).toMatchObject({ tags: ['t', 'ü'], remainingTtlMs: 60 });
    copy.get('ł');
    expect(copy.remainingTtlMs('ł')).toBe(100);
    expect([copy.invalidateTags(['ü']), [...copy.keys()], copy.verify()]).toEqual([5, ['untagged'], []]);
  });

  it.each<[string, object]>([
    ['no list', { tags: 'news' }],
    ['an empty text', { tags: [''] }],
    ['a number', { tags: [1] }],
    ['too many', { tags: Array.from({ length: 129 }, (_, i) => `${i}`) }],
    ['a TTL of 0', { tags: ['t'], ttlMs: 0 }],
    ['a TTL that is a text', { ttlMs: '5' }],
  ])('whose tags are %s is refused before anything is stored', async (_, forged) => {
    const { path } = makePlace();
    const entry = { ...entryOf('a', 1), ...forged } as DumpedEntry<string, number>;
    await saveSnapshot(sourceOf([entryOf('first', 1), entry]), path);
    const shelf = makeShelf<string, number>();
    await expect(loadSnapshot(shelf, path)).rejects.toMatchObject({ code: 'HOTSET_DAMAGED_SNAPSHOT' });
    expect(shelf.entries).toEqual([]);
  });
});
