/** Walks beside other work: they end, and visit no item twice. */

import { expect, it } from 'vitest';
import { randomFrom } from '../tcp/fixture.js';
import { expectSound, openStore, type TestStore } from './fixture.js';

const COUNT = 300;

function filled(): TestStore {
  const test = openStore();
  for (let i = 0; i < COUNT; i++) test.set(`key${i}`, 100);
  return test;
}

it.each(['newest-first', 'oldest-first'] as const)(
  'a walk ends though all it visits is used: %s',
  (order) => {
    const test = filled();
    let visited = 0;
    for (const slot of test.store.walk(order)) {
      test.store.promoteAt(slot);
      expect(++visited).toBeLessThanOrEqual(COUNT);
    }
    expect(visited).toBe(COUNT);
    expectSound(test.store);
  },
);

it.each([1, 2, 3, 4, 5])('walks visit none twice, and all that stays where it is: seed %i', (seed) => {
  const test = filled();
  const random = randomFrom(seed);
  const { store } = test;
  /** What has been used, stored or removed since a walk began may be missed by it. */
  const walks = Array.from({ length: 4 }, (_, i) => ({
    iterator: store.walk(i % 2 === 0 ? 'oldest-first' : 'newest-first'),
    seen: new Set<string>(),
    moved: new Set<string>(),
    isOver: false,
  }));
  for (const { iterator } of walks) iterator.next();
  const seenFirst = [`key0`, `key${COUNT - 1}`];
  for (const [i, { seen }] of walks.entries()) seen.add(seenFirst[i % 2]!);
  let written = 0;
  while (walks.some(({ isOver }) => !isOver)) {
    const number = Math.floor(random() * COUNT);
    const key = random() < 0.3 ? `new${written++}` : `key${number}`;
    const dice = random();
    if (dice < 0.3) store.delete(test.key(key));
    else if (dice < 0.6 || key.startsWith('new')) test.set(key, Math.floor(random() * 200));
    else test.get(key);
    for (const { moved } of walks) moved.add(key);
    const walk = walks[Math.floor(random() * walks.length)]!;
    for (let step = Math.floor(random() * 6); step > 0 && !walk.isOver; step--) {
      const next = walk.iterator.next();
      if (next.done === true) walk.isOver = true;
      else {
        const visited = store.keyAt(next.value);
        expect(walk.seen.has(visited), visited).toBe(false);
        walk.seen.add(visited);
      }
    }
    expectSound(store);
  }
  for (const { seen, moved } of walks)
    for (let i = 0; i < COUNT; i++)
      expect(seen.has(`key${i}`) || moved.has(`key${i}`), `key${i} is visited`).toBe(true);
});
