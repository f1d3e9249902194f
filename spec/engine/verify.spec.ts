/** verifyParts finds damage in each part and between the parts. */

import { describe, expect, it } from 'vitest';
import { EntryTable } from '../../lib/engine/entry-table.js';
import { ExpiryWheel } from '../../lib/engine/expiry.js';
import { RecencyList } from '../../lib/engine/recency-list.js';
import { type Parts, verifyParts } from '../../lib/engine/verify.js';

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

/** Four entries of 10 bytes, the third of which expires at 1000. */
function soundParts(): Mutable<Parts<string, number>> & { expiry: ExpiryWheel } {
  const table = new EntryTable<string, number>();
  const list = new RecencyList(table.capacity);
  const expiry = new ExpiryWheel(table.capacity, 0);
  for (const key of ['a', 'b', 'c', 'd']) {
    const slot = table.insert(key, 1);
    table.bytes[slot] = 10;
    table.needVersions()[slot] = slot;
    list.add(slot);
  }
  expiry.schedule(3, 1000);
  return { table, list, expiry, bytes: 40, contentBytes: 40, maxBytes: 100, maxEntries: 10, weighs: true };
}

describe('verifyParts', () => {
  it('finds nothing wrong with sound parts', () => {
    expect(verifyParts(soundParts())).toEqual([]);
    expect(verifyParts({ ...soundParts(), expiry: null })).toEqual([]);
  });

  it.each<[string, RegExp, (parts: ReturnType<typeof soundParts>) => void]>([
    ['a wrong sum of bytes', /sum to 40 bytes/, (parts) => parts.contentBytes++],
    ['a wrong weight', /sum to 41 bytes/, (parts) => parts.table.bytes[2]!++],
    [
      'NaN bytes',
      /sum to NaN bytes/,
      (parts) => {
        parts.table.bytes[2] = Number.NaN;
      },
    ],
    [
      'an exceeded budget',
      /exceed the budget of 39/,
      (parts) => {
        parts.maxBytes = 39;
      },
    ],
    [
      'too many entries',
      /exceed the limit of 3/,
      (parts) => {
        parts.maxEntries = 3;
      },
    ],
    [
      'weights where nothing is weighed',
      /does not weigh/,
      (parts) => {
        parts.weighs = false;
      },
    ],
    ['an entry that is not in the list', /the list has 3 entries/, (parts) => parts.list.remove(2)],
    ['an entry that is only in the list', /linked but not indexed/, (parts) => parts.table.remove(2)],
    [
      'a cut link',
      /the list/,
      (parts) => {
        parts.list.older[3] = 0;
      },
    ],
    [
      'links that disagree',
      /links around slot/,
      (parts) => {
        parts.list.newer[2] = 4;
      },
    ],
    [
      'a list that goes round',
      /visits slot \d twice/,
      (parts) => {
        parts.list.older[1] = 3;
      },
    ],
    ['an expiry of no entry', /scheduled but holds no entry/, (parts) => parts.expiry.schedule(9, 50)],
    [
      'two entries with one version',
      /same version/,
      (parts) => {
        parts.table.versions![2] = 1;
      },
    ],
    ['a damaged table', /the table 5 entries/, (parts) => parts.table.size++],
  ])('finds %s', (_, message, damage) => {
    const parts = soundParts();
    damage(parts);
    expect(verifyParts(parts).join('\n')).toMatch(message);
  });
});

describe('ExpiryWheel.verify', () => {
  it.each<[string, RegExp, (wheel: ExpiryWheel, live: Set<number>) => void]>([
    ['a wrong count', /the count is 3/, (wheel) => wheel.count++],
    [
      'a time without a place',
      /has a time but no place/,
      (wheel) => {
        wheel.expiresAt[4] = 500;
      },
    ],
    [
      'a place without a time',
      /has a time but no place/,
      (wheel) => {
        wheel.expiresAt[1] = Number.POSITIVE_INFINITY;
      },
    ],
    [
      'a time that the wheel does not expect yet',
      /before the next due time/,
      (wheel) => {
        wheel.expiresAt[1] = 5;
      },
    ],
    ['a slot of no entry', /holds no entry/, (_, live) => live.delete(1)],
    ['more slots than entries', /more slots are scheduled/, (_, live) => live.clear()],
    [
      'a sweep whose callback does not cancel by the rules',
      /the count is 1/,
      (wheel) => {
        wheel.sweep(100, 1, (slot) => wheel.cancel(slot));
        wheel.schedule(1, 100);
        wheel.count--;
      },
    ],
  ])('finds %s', (_, message, damage) => {
    const wheel = new ExpiryWheel(16, 0);
    wheel.schedule(1, 100);
    wheel.schedule(2, 1e9);
    const live = new Set([1, 2, 3, 4]);
    expect(wheel.verify(live)).toEqual([]);
    damage(wheel, live);
    expect(wheel.verify(live).join('\n')).toMatch(message);
  });
});
