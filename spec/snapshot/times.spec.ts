/** Times to live and ages go on while no process runs. */

import { describe, expect, it } from 'vitest';
import { type DumpedEntry, ManualClock } from '../../lib/index.js';
import { loadSnapshot, saveSnapshot } from '../../lib/snapshot/index.js';
import { makeEngine, makePlace, makeShelf, sourceOf } from './fixture.js';

const SAVED_AT = 1_700_000_000_000;

function entry(key: string, remainingTtlMs: number): DumpedEntry<string, number> {
  return { key, value: 1, flags: 3, remainingTtlMs, ageMs: 500, idleMs: 200, fetched: true };
}

async function loadedAfter(passedMs: number, entries: DumpedEntry<string, number>[]) {
  const { path } = makePlace();
  const shelf = makeShelf<string, number>();
  await saveSnapshot(sourceOf(entries), path, { clock: new ManualClock(SAVED_AT) });
  const result = await loadSnapshot(shelf, path, { clock: new ManualClock(SAVED_AT + passedMs) });
  return { entries: shelf.entries, result };
}

describe('the time between saving and loading', () => {
  it('is taken from times to live, and added to ages', async () => {
    const { entries } = await loadedAfter(1000, [entry('a', 1001), entry('b', Number.POSITIVE_INFINITY)]);
    expect(entries).toEqual([
      { key: 'a', value: 1, flags: 3, remainingTtlMs: 1, ageMs: 1500, idleMs: 1200, fetched: true },
      {
        key: 'b',
        value: 1,
        flags: 3,
        remainingTtlMs: Number.POSITIVE_INFINITY,
        ageMs: 1500,
        idleMs: 1200,
        fetched: true,
      },
    ]);
  });

  it('leaves out what has expired, to the millisecond', async () => {
    const { entries, result } = await loadedAfter(1000, [
      entry('a', 999),
      entry('b', 1000),
      entry('c', 1001),
    ]);
    expect(entries.map(({ key }) => key)).toEqual(['c']);
    expect(result).toEqual({ entries: 3, stored: 1, expired: 2, savedAtMs: SAVED_AT });
  });

  it('counts as none when the clock has gone back', async () => {
    const { entries } = await loadedAfter(-50_000, [entry('a', 10)]);
    expect(entries).toEqual([entry('a', 10)]);
  });

  it('is wall-clock time, whatever the clocks of the engines show', async () => {
    const { path } = makePlace();
    const before = makeEngine<string, number>({ clock: new ManualClock(9e9) });
    before.set('a', 1, { ttlMs: 5000 });
    await saveSnapshot(before, path, { clock: new ManualClock(SAVED_AT) });
    const after = makeEngine<string, number>({ clock: new ManualClock(-7) });
    await loadSnapshot(after, path, { clock: new ManualClock(SAVED_AT + 4000) });
    expect(after.remainingTtlMs('a')).toBe(1000);
  });
});

it('entries without access times come back without them', async () => {
  const { path } = makePlace();
  const plain = { key: 'a', value: 1, flags: 0, remainingTtlMs: 5 };
  const shelf = makeShelf();
  const clock = new ManualClock(SAVED_AT);
  await saveSnapshot(sourceOf([plain]), path, { clock });
  await loadSnapshot(shelf, path, { clock });
  expect(shelf.entries).toStrictEqual([plain]);
});

it('an entry that has never been read comes back as such', async () => {
  const { path } = makePlace();
  const unread = { ...entry('a', 5), fetched: false };
  const shelf = makeShelf();
  const clock = new ManualClock(SAVED_AT);
  await saveSnapshot(sourceOf([unread]), path, { clock });
  await loadSnapshot(shelf, path, { clock });
  expect(shelf.entries).toStrictEqual([unread]);
});

it('counts from one moment for all entries, however long saving takes', async () => {
  const { path } = makePlace();
  const clock = new ManualClock(SAVED_AT);
  // Blocks of their own, with 10 s between the two.
  const big = 'x'.repeat(300_000);
  function* slow(): Generator<DumpedEntry<string, string>> {
    const times = { flags: 0, remainingTtlMs: 60_000, ageMs: 0, idleMs: 0, fetched: false };
    yield { key: 'first', value: big, ...times };
    clock.advance(10_000);
    yield { key: 'between', value: big, ...times };
    yield { key: 'second', value: big, ...times };
  }
  await saveSnapshot({ dump: slow }, path, { clock });
  const shelf = makeShelf<string, string>();
  await loadSnapshot(shelf, path, { clock });
  const left = new Map(shelf.entries.map((loaded) => [loaded.key, loaded]));
  expect(left.get('first')).toMatchObject({ remainingTtlMs: 50_000, ageMs: 10_000 });
  // When it was dumped, ten seconds after saving began, it had 60 s to live and was new.
  expect(left.get('second')).toMatchObject({ remainingTtlMs: 60_000, ageMs: 0 });
});

it('an engine that tracks access comes back with ages that have gone on', async () => {
  const { path } = makePlace();
  const clock = new ManualClock(1000);
  const engine = makeEngine<string, number>({ clock, trackAccess: true });
  engine.set('read', 1, { ttlMs: 60_000, flags: 7 });
  engine.set('unread', 2);
  clock.advance(300);
  engine.get('read');
  clock.advance(200);
  const wall = new ManualClock(SAVED_AT);
  await saveSnapshot(engine, path, { clock: wall });
  wall.advance(10_000);
  const next = makeEngine<string, number>({ clock: new ManualClock(77), trackAccess: true });
  await loadSnapshot(next, path, { clock: wall });
  expect([...next.dump()]).toEqual([
    {
      key: 'unread',
      value: 2,
      flags: 0,
      remainingTtlMs: Number.POSITIVE_INFINITY,
      ageMs: 10_500,
      idleMs: 10_500,
      fetched: false,
    },
    { key: 'read', value: 1, flags: 7, remainingTtlMs: 49_500, ageMs: 10_500, idleMs: 10_200, fetched: true },
  ]);
});
