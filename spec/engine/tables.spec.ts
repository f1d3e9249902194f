/** Many tables as one: how entries move between them, and what the move keeps. */

import { describe, expect, it } from 'vitest';
import type { Direction } from '../../lib/engine/recency-list.js';
import { EntryTables } from '../../lib/engine/tables.js';
import {
  drainedByEviction,
  filled,
  insert,
  keyAt,
  makeTables,
  NEVER,
  numbers,
  order,
  promote,
  remove,
  schedule,
  sizes,
  sweep,
  type Tables,
} from './tables-fixture.js';

describe('the move from one table to many', () => {
  it('happens at the insertion after the single table is full', () => {
    const tables = filled({ singleMaxEntries: 30, tables: 4 }, 31);
    expect(tables.single).not.toBeNull();
    insert(tables, 31);
    expect(tables.single).toBeNull();
    expect(tables.all()).toHaveLength(5);
    expect(order(tables)).toEqual(numbers(0, 32));
    expect(tables.verify()).toEqual([]);
  });

  it('drains the root eight at a time, newest first, and leaves the order as it is', () => {
    const tables = filled({ singleMaxEntries: 40, tables: 4 }, 41);
    for (let key = 41, left = 33; key < 60; key++, left = Math.max(0, left - 8)) {
      insert(tables, key, key);
      expect(sizes(tables)[0]).toBe(left);
      expect(order(tables)).toEqual(numbers(0, key + 1));
      expect(order(tables, 'newest-first')).toEqual(numbers(0, key + 1).reverse());
      if (left > 0) expect(tables.tableOfOldest()).toBe(tables.all()[0]);
      expect(tables.verify()).toEqual([]);
    }
    expect(drainedByEviction(tables)).toEqual(numbers(0, 60));
  });

  it('takes all that an entry has along', () => {
    const tables = makeTables({ singleMaxEntries: 0, tables: 1 }, true);
    tables.needVersions();
    insert(tables, 'a', 1);
    const { single } = tables;
    single!.needFlags()[1] = 7;
    single!.setVersion(1, 2 ** 40);
    single!.times!.set(1, 11, 12);
    single!.marks![1] = 1;
    single!.setBytes(1, 5e9);
    schedule(tables, 'a', 1000);
    insert(tables, 'b', 2);
    const home = tables.all()[1]!;
    const { flags, times, marks, bytes, expiry, values } = home;
    const slot = tables.slotOf(tables.find('a'));
    const columns = [flags, marks, bytes, expiry!.expiresAt, values];
    expect(columns.map((column) => column![slot])).toEqual([7, 1, 5e9, 1000, 1]);
    expect([home.versionOf(slot), times!.storedAt(slot), times!.usedAt(slot)]).toEqual([2 ** 40, 11, 12]);
    expect(tables.all()[0]!.expiry!.count).toBe(0);
    expect(tables.verify()).toEqual([]);
  });

  // Awaits a fix: the column `flags` of a table keeps what a removed entry had, and the move does not write a 0.
  it('gives an entry without flags none that another one had', () => {
    const tables = filled({ singleMaxEntries: 19, tables: 1 }, 20);
    insert(tables, 'x');
    const home = tables.all()[1]!;
    home.needFlags()[home.find('x')] = 7;
    remove(tables, 'x');
    promote(tables, 0);
    expect(home.flags![home.find(0)]).toBe(0);
  });

  it('waits while a walk is under way, and goes on after it', () => {
    const tables = filled({ singleMaxEntries: 19, tables: 4 }, 20);
    const walk = tables.walk('newest-first');
    const visited = [walk.next().value];
    for (let key = 20; key < 30; key++) insert(tables, key);
    expect(sizes(tables)[0]).toBe(20);
    for (const entry of walk) visited.push(entry);
    expect(visited).toEqual(numbers(1, 21).reverse());
    insert(tables, 30);
    expect(sizes(tables)[0]).toBe(12);
    expect(order(tables)).toEqual(numbers(0, 31));
    expect(tables.verify()).toEqual([]);
  });

  it.each<Direction>(['newest-first', 'oldest-first'])(
    'waits for a walk over many as well (%s)',
    (direction) => {
      const tables = filled({ singleMaxEntries: 19, tables: 4 }, 21);
      const expected = order(tables, direction);
      const walk = tables.walk(direction);
      const visited = [keyAt(tables, walk.next().value!)];
      insert(tables, 21);
      insert(tables, 22);
      for (const entry of walk) visited.push(keyAt(tables, entry));
      expect(visited).toEqual(expected);
    },
  );

  // Awaits a fix: the walk has cursors for no table but the root, and then meets the others.
  it('does not end a walk from the oldest that began before it', () => {
    const tables = filled({ singleMaxEntries: 2, tables: 4 }, 3);
    const walk = tables.walk('oldest-first');
    walk.next();
    insert(tables, 3);
    expect([...walk]).toEqual([2, 3]);
  });
});

describe('an entry of the root that is promoted', () => {
  const layout = { singleMaxEntries: 19, tables: 4 };

  it('leaves it for its own table, as the newest of all', () => {
    const tables = filled(layout, 21);
    for (const key of [0, 5, 20, 11]) {
      const before = sizes(tables)[0]!;
      const wasInRoot = tables.holding(key) === tables.all()[0];
      promote(tables, key);
      expect(sizes(tables)[0]).toBe(before - (wasInRoot ? 1 : 0));
      expect(order(tables).at(-1)).toBe(key);
      expect(tables.verify()).toEqual([]);
    }
    const untouched = numbers(0, 21).filter((key) => ![0, 5, 20, 11].includes(key));
    expect(drainedByEviction(tables)).toEqual([...untouched, 0, 5, 20, 11]);
  });

  it('has a number that says where it is now', () => {
    const tables = filled(layout, 21);
    const before = tables.find(0);
    const root = tables.holding(0);
    const after = tables.promote(root, root.find(0));
    expect(after).not.toBe(before);
    expect(tables.find(0)).toBe(after);
    expect([keyAt(tables, after), tables.tableOf(after).values[tables.slotOf(after)]]).toEqual([0, 0]);
  });

  it('may be the last one there: eviction then goes on with the many', () => {
    const tables = filled({ singleMaxEntries: 2, tables: 4 }, 3);
    const walk = tables.walk('newest-first');
    walk.next();
    insert(tables, 3);
    for (const key of [0, 1, 2]) promote(tables, key);
    walk.return();
    expect(sizes(tables)[0]).toBe(0);
    expect(drainedByEviction(tables)).toEqual([3, 0, 1, 2]);
  });
});

describe('numbers of entries', () => {
  it('are distinct over all tables, and lead back to the entry', () => {
    const tables = filled({ singleMaxEntries: 20, tables: 8 }, 200);
    const seen = new Set(numbers(0, 200).map((key) => tables.find(key)));
    expect(seen.size).toBe(200);
    expect(seen.has(0)).toBe(false);
    for (const key of numbers(0, 200)) expect(keyAt(tables, tables.find(key))).toBe(key);
    expect(tables.find(200)).toBe(0);
  });

  it('are small integers, with all the tables that there can be', () => {
    const tables = filled({ singleMaxEntries: 1, tables: 256 }, 5000);
    expect(Math.max(...[...tables.walk('newest-first')])).toBeLessThan(2 ** 31);
    expect(tables.verify()).toEqual([]);
  });
});

describe('keys without a hash', () => {
  it('share one table, and are told apart there', () => {
    const tables = makeTables({ singleMaxEntries: 2, tables: 4 });
    const keys = [
      {},
      {},
      [],
      () => 1,
      Symbol('a'),
      Symbol('a'),
      Symbol.for('b'),
      null,
      undefined,
      new Date(0),
      /x/,
    ];
    for (const [i, key] of keys.entries()) insert(tables, key, i);
    for (let i = 0; i < 4; i++) insert(tables, `filler ${i}`);
    expect(sizes(tables)[0]).toBe(0);
    expect(new Set(keys.map((key) => tables.holding(key))).size).toBe(1);
    for (const [i, key] of keys.entries())
      expect(tables.holding(key).values[tables.holding(key).find(key)]).toBe(i);
    expect(tables.verify()).toEqual([]);
  });
});

describe('a sweep over many tables', () => {
  const layout = { singleMaxEntries: 19, tables: 8 };

  /** 200 entries, one in two of which expires at 1000; in the root some as well. */
  function mortal(): Tables {
    const tables = filled(layout, 20);
    const walk = tables.walk('newest-first');
    walk.next();
    for (let key = 20; key < 200; key++) insert(tables, key);
    for (let key = 0; key < 200; key++) schedule(tables, key, key % 2 === 0 ? 1000 : 1e6);
    walk.return();
    expect(sizes(tables)[0]).toBe(20);
    return tables;
  }

  it('takes all that is due, and no other', () => {
    const tables = mortal();
    expect(sweep(tables, 999, NEVER)).toEqual([]);
    expect(new Set(sweep(tables, 1000, NEVER))).toEqual(
      new Set(numbers(0, 200).filter((key) => key % 2 === 0)),
    );
    expect(tables.mayHaveDue(1000)).toBe(false);
    expect(order(tables)).toEqual(numbers(0, 200).filter((key) => key % 2 === 1));
    expect(sweep(tables, 1e6, NEVER)).toHaveLength(100);
    expect([tables.size, tables.canExpire]).toEqual([0, false]);
  });

  it.each([0, 1, 3, 64])(
    'looks at %d entries at most, and is complete when it has gone on long enough',
    (limit) => {
      const tables = mortal();
      const taken: unknown[] = [];
      for (let calls = 0; tables.mayHaveDue(1000); calls++) {
        const now = sweep(tables, 1000, limit);
        expect(now.length).toBeLessThanOrEqual(limit);
        taken.push(...now);
        expect(tables.verify()).toEqual([]);
        if (limit === 0) break;
        if (calls > 400 / limit) throw new Error('the sweep does not end');
      }
      expect(new Set(taken).size).toBe(limit === 0 ? 0 : 100);
    },
  );

  it('knows the next time of all, also of entries that have moved', () => {
    const tables = filled({ singleMaxEntries: 19, tables: 8 }, 20);
    schedule(tables, 3, 700);
    promote(tables, 3);
    insert(tables, 20);
    promote(tables, 3);
    expect([tables.mayHaveDue(699), tables.mayHaveDue(700)]).toEqual([false, true]);
    expect(sweep(tables, 700, NEVER)).toEqual([3]);
    expect(tables.canExpire).toBe(false);
  });

  it('leaves out what was put off, until its time', () => {
    const tables = mortal();
    for (let key = 0; key < 200; key += 2) schedule(tables, key, 5000);
    expect(sweep(tables, 1000, NEVER)).toEqual([]);
    expect(sweep(tables, 4999, NEVER)).toEqual([]);
    expect(sweep(tables, 5000, NEVER)).toHaveLength(100);
  });
});

describe('reset and recycle', () => {
  it('make one small table of many', () => {
    for (const end of ['reset', 'recycle'] as const) {
      const total = { slackBytes: 0, overheadBytes: 0 };
      const tables = new EntryTables<unknown, number>(total, true, { singleMaxEntries: 5, tables: 4 });
      tables.needVersions();
      for (let key = 0; key < 2000; key++) insert(tables, key);
      for (let key = 0; end === 'recycle' && key < 2000; key++) remove(tables, key);
      tables[end]();
      expect(tables.single).not.toBeNull();
      expect(tables).toMatchObject({ size: 0, numbersWrites: true });
      expect(tables.single).toMatchObject({ capacity: 16, size: 0 });
      expect(tables.single!.versions).toHaveLength(16);
      expect(tables.single!.times).not.toBeNull();
      expect(total.slackBytes).toBe(0);
      for (let key = 0; key < 20; key++) insert(tables, key);
      expect(order(tables)).toEqual(numbers(0, 20));
      expect(tables.verify()).toEqual([]);
    }
  });

  it('recycle keeps a single small table, and drops a large one', () => {
    const small = filled({ singleMaxEntries: 1e5, tables: 4 }, 100);
    for (const key of numbers(0, 100)) remove(small, key);
    const { single } = small;
    small.recycle();
    expect(small.single).toBe(single);
    const large = filled({ singleMaxEntries: 1e5, tables: 4 }, 2000);
    for (const key of numbers(0, 2000)) remove(large, key);
    large.recycle();
    expect(large.single!.capacity).toBe(16);
  });

  it.each<Direction>(['newest-first', 'oldest-first'])('end walks under way (%s)', (direction) => {
    for (const count of [5, 50]) {
      const tables = filled({ singleMaxEntries: 19, tables: 4 }, count);
      const walk = tables.walk(direction);
      walk.next();
      tables.reset();
      for (let key = 0; key < 50; key++) insert(tables, key);
      expect([...walk]).toEqual([]);
      expect(tables.verify()).toEqual([]);
    }
  });
});
