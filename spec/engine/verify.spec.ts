/** verifyParts finds damage in each part and between the parts. */

import { describe, expect, it } from 'vitest';
import { Budget } from '../../lib/engine/budget.js';
import type { EntryTable } from '../../lib/engine/entry-table.js';
import { ExpiryWheel } from '../../lib/engine/expiry.js';
import { EntryTables } from '../../lib/engine/tables.js';
import { verifyParts } from '../../lib/engine/verify.js';

interface Parts {
  readonly budget: Budget;
  readonly tables: EntryTables<string, number>;
  /** Of entry `key`, or the one that holds the first entries. */
  table(key?: string): EntryTable<string, number>;
  slot(key: string): number;
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/**
 * Entries of 10 bytes, the third of which expires at 1000. In many tables `a` is still in the root, which a
 * walk keeps from being drained, and the rest is spread.
 */
function soundParts(many: boolean): Parts {
  const budget = new Budget({ maxBytes: 200, maxEntries: 10, maxEntryBytes: 50 });
  const tables = new EntryTables<string, number>(
    budget.weighs ? budget : null,
    false,
    many ? { singleMaxEntries: 0, tables: 2 } : undefined,
  );
  tables.needVersions();
  let version = 0;
  for (const key of KEYS) {
    const table = tables.placeFor(key);
    const slot = tables.insert(table, key, 1);
    table.setBytes(slot, 10);
    table.versions![slot] = ++version;
    budget.contentBytes += 10;
    if (key === 'c') tables.schedule(table, slot, 1000, 0);
    if (key === 'a') tables.walk('newest-first').next();
  }
  const numberOf = (key: string): number => tables.find(key);
  return {
    budget,
    tables,
    table: (key = 'a') => tables.tableOf(numberOf(key)),
    slot: (key) => tables.slotOf(numberOf(key)),
  };
}

type Damage = [found: string, message: RegExp, damage: (parts: Parts) => void];

const damages: Damage[] = [
  ['a wrong sum of bytes', /sum to 60 bytes, the engine counts 61/, ({ budget }) => budget.contentBytes++],
  ['a wrong weight', /sum to 61 bytes/, (parts) => parts.table('b').bytes[parts.slot('b')]!++],
  [
    'NaN bytes',
    /sum to NaN bytes/,
    (parts) => {
      parts.table('b').setBytes(parts.slot('b'), 2 ** 33);
      parts.table('b').bytes[parts.slot('b')] = Number.NaN;
    },
  ],
  ['a wrong sum of slack', /the tables' slack is \d+ bytes, the engine/, ({ budget }) => budget.slackBytes++],
  [
    'an exceeded budget',
    /exceed the budget of 39/,
    ({ budget }) => {
      budget.maxBytes = 39;
    },
  ],
  [
    'too many entries',
    /6 entries exceed the limit of 3/,
    ({ budget }) => {
      budget.maxEntries = 3;
    },
  ],
  ['an entry that is not in the list', /the list has \d entries/, (parts) => parts.table().unlink(1)],
  [
    'an entry that is only in the list',
    /linked but not indexed/,
    (parts) => {
      const table = parts.table('b');
      const slot = parts.slot('b');
      parts.tables.remove(table, slot);
      table.linkOldest(slot);
    },
  ],
  [
    'a cut link',
    /the list/,
    (parts) => {
      const table = parts.table('f');
      table.older[table.newest] = 0;
    },
  ],
  [
    'links that disagree',
    /links around slot/,
    (parts) => {
      const table = parts.table('f');
      table.older[table.newerThan(table.oldest)] = 77;
    },
  ],
  [
    'an expiry of no entry',
    /scheduled but holds no entry/,
    (parts) => parts.table('c').needExpiry(0).schedule(9, 50),
  ],
  [
    'two entries with one version',
    /same version/,
    (parts) => {
      parts.table('b').versions![parts.slot('b')] = 1;
    },
  ],
  ['a damaged table', /the table \d entries/, (parts) => parts.table().size++],
  [
    'a wrong total of entries',
    /the tables hold 6 entries, the engine counts 7/,
    ({ tables }) => tables.size++,
  ],
];

const damagesOfMany: Damage[] = [
  [
    'a stamp out of order',
    /stamp -?\d+ is out of order/,
    (parts) => {
      const table = parts.table('f');
      table.stamps![table.oldest] = table.stamps![table.newest]!;
    },
  ],
  [
    'a stamp that is yet to be given',
    /stamp 99 is out of order/,
    (parts) => {
      parts.table('f').stamps![parts.slot('f')] = 99;
    },
  ],
  [
    'a stamp given twice',
    /stamp \d was given twice/,
    (parts) => {
      const [one, other] = parts.tables.all().slice(1) as [
        EntryTable<string, number>,
        EntryTable<string, number>,
      ];
      const [lower, higher] =
        one.stamps![one.newest]! < other.stamps![other.newest]! ? [one, other] : [other, one];
      higher.stamps![higher.newest] = lower.stamps![lower.newest]!;
      // Keep the order within the table, so that only the other table's stamp can be noticed.
      for (let slot = higher.older[higher.newest]!, i = 1; slot !== 0; slot = higher.older[slot]!, i++)
        higher.stamps![slot] = -1000 - i;
    },
  ],
  [
    'an entry in a table that is not its own',
    /is in table \d, which is not its own/,
    (parts) => {
      const home = parts.table('f');
      const other = parts.tables.all().find((table) => table.stamps !== null && table !== home)!;
      const slot = home.newest;
      const key = home.keys[slot]!;
      home.remove(slot);
      const moved = other.insert(key, 1);
      other.linkNewest(moved);
      other.stamps![moved] = KEYS.length + 10;
    },
  ],
];

describe.each([
  ['one table', false],
  ['many tables', true],
])('verifyParts of %s', (_, many) => {
  it('finds nothing wrong with sound parts', () => {
    const { tables, budget } = soundParts(many);
    expect(verifyParts(tables, budget, null)).toEqual([]);
    expect(tables.single === null).toBe(many);
    expect(new Set(KEYS.map((key) => tables.find(key))).size).toBe(KEYS.length);
  });

  it.each(many ? [...damages, ...damagesOfMany] : damages)('finds %s', (_, message, damage) => {
    const parts = soundParts(many);
    damage(parts);
    expect(verifyParts(parts.tables, parts.budget, null).join('\n')).toMatch(message);
  });

  it('finds a list that goes round', () => {
    const { tables, budget, table } = soundParts(many);
    const { newer, older, newest, oldest } = table('f');
    newer[older[newest]!] = oldest;
    expect(verifyParts(tables, budget, null).join('\n')).toMatch(/visits slot \d twice/);
  });

  it('finds weights where nothing is weighed', () => {
    const { tables } = soundParts(many);
    const unweighed = new Budget({ maxBytes: Infinity, maxEntries: 10, maxEntryBytes: Infinity });
    unweighed.contentBytes = 60;
    expect(verifyParts(tables, unweighed, null).join('\n')).toMatch(/does not weigh/);
  });

  it('needs no versions where there are none', () => {
    const tables = new EntryTables<string, number>(null, false);
    tables.insert(tables.placeFor('a'), 'a', 1);
    tables.insert(tables.placeFor('b'), 'b', 1);
    const budget = new Budget({ maxBytes: Infinity, maxEntries: 10, maxEntryBytes: Infinity });
    expect(verifyParts(tables, budget, null)).toEqual([]);
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
