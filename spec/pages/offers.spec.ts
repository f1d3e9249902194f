/** A store that is filled from elsewhere: what clients have done meanwhile stays. */

import { describe, expect, it } from 'vitest';
import { LostKeys } from '../../lib/pages/lost-keys.js';
import { dataOf, expectSound, openStore, type TestStore } from './fixture.js';

function opened(options?: Parameters<typeof openStore>[0]): TestStore & { offer(key: string): string } {
  const test = openStore(options);
  test.store.beginOffers();
  return {
    ...test,
    offer: (key) => test.store.offer(test.key(key), dataOf('old'), 50_000, 3),
  };
}

it('stores an item as the newest, with its flags and its time', () => {
  const { store, clock, offer, set, get, key } = opened();
  set('a', 'new');
  expect(offer('b')).toBe('stored');
  expect(Array.from(store.walk('newest-first'), (slot) => store.keyAt(slot))).toEqual(['b', 'a']);
  expect(store.flagsAt(store.peek(key('b')))).toBe(3);
  clock.advance(49_999);
  expect(get('b')).toBe('old');
  clock.advance(1);
  expect(get('b')).toBeUndefined();
  expectSound(store);
});

type Act = (test: TestStore) => unknown;
const write: Act = ({ set }) => set('k', 'new');
const remove: Act = ({ store, key }) => store.delete(key('k'));
const writeBriefly: Act = ({ set, clock }) => {
  set('k', 'new', 10);
  clock.advance(10);
};

describe('never brings back what clients have', () => {
  const cases: readonly [what: string, acts: readonly Act[], value?: string][] = [
    ['written', [write], 'new'],
    ['written, and it has expired', [writeBriefly]],
    ['written, and it was reclaimed', [writeBriefly, ({ store }) => store.sweepExpired(100)]],
    ['written as expired at once', [({ set }) => set('k', 'new', 0)]],
    ['written too large', [({ set }) => set('k', 2 ** 20)]],
    ['deleted, without its being there', [remove]],
    ['written and deleted', [write, remove]],
    ['written and touched away', [write, ({ store, key }) => store.touchAt(store.peek(key('k')), 0)]],
    ['flushed', [({ store }) => store.clear()]],
  ];
  it.each(cases)('%s', (_what, acts, value) => {
    const test = opened();
    for (const act of acts) act(test);
    expect(test.offer('k')).not.toBe('stored');
    expect(test.get('k')).toBe(value);
    expectSound(test.store);
  });

  it('evicted', () => {
    const { store, set, offer, get } = opened({ maxBytes: 256 * 1024 });
    set('k', 'new');
    for (let i = 0; i < 500; i++) set(`more${i}`, 1000);
    expect(get('k')).toBeUndefined();
    expect(offer('k')).toBe('lost');
    expectSound(store);
  });
});

it('tells when everything was removed, and forgets all of it at the end', () => {
  const { store, offer, set } = opened();
  expect(store.hasLostAll).toBe(false);
  store.clear();
  expect(store.hasLostAll).toBe(true);
  store.endOffers();
  expect(store.hasLostAll).toBe(false);
  expect(offer('k')).toBe('stored');
  set('other', 'x');
});

it('LostKeys knows every hash that was added', () => {
  const keys = new LostKeys();
  const hashes = Array.from({ length: 1000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  for (const hash of hashes) keys.add(hash);
  expect(hashes.every((hash) => keys.has(hash))).toBe(true);
  expect(keys.has(12345)).toBe(false);
});
