/** The entry table on its own: slots, columns and growth; and its verify on damage. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryTable, MAX_TABLE_SLOTS } from '../../lib/engine/entry-table.js';

function makeTable<K, V>(base = 0): EntryTable<K, V> {
  return new EntryTable<K, V>({ slackBytes: 0 }, base);
}

/** Inserts as the newest. */
function insert<K, V>(table: EntryTable<K, V>, key: K, value: V): number {
  const slot = table.insert(key, value);
  table.linkNewest(slot);
  return slot;
}

function filled(count: number, base = 0): EntryTable<number, string> {
  const table = makeTable<number, string>(base);
  for (let key = 0; key < count; key++) insert(table, key, `${key}`);
  return table;
}

function order<K, V>(table: EntryTable<K, V>): (K | undefined)[] {
  const keys: (K | undefined)[] = [];
  for (let slot = table.oldest; slot !== 0; slot = table.newerThan(slot)) keys.push(table.keys[slot]);
  return keys;
}

describe('the entry table', () => {
  it('gives slots from 1, and 0 for an absent key', () => {
    const table = makeTable<string, number>();
    expect(table.find('a')).toBe(0);
    expect(insert(table, 'a', 1)).toBe(1);
    expect(insert(table, 'b', 2)).toBe(2);
    expect(table.find('b')).toBe(2);
    expect(table.values[2]).toBe(2);
  });

  it('uses freed slots again before fresh ones, and never slot 0', () => {
    const table = filled(5);
    table.remove(2);
    table.remove(4);
    expect(new Set([insert(table, 10, ''), insert(table, 11, '')])).toEqual(new Set([2, 4]));
    expect(insert(table, 12, '')).toBe(6);
    expect(order(table)).toEqual([0, 2, 4, 10, 11, 12]);
    expect(table.verify()).toEqual([]);
  });

  it('lets go of keys and values that are removed', () => {
    const table = filled(3);
    table.remove(2);
    expect([table.keys[2], table.values[2]]).toEqual([undefined, undefined]);
  });

  it('keeps all columns when it grows, and grows by itself', () => {
    const table = filled(15, MAX_TABLE_SLOTS);
    table.needFlags()[3] = 7;
    table.needVersions();
    table.setVersion(3, 2 ** 52 + 9);
    table.needAccess();
    table.times!.set(3, -1.5, 9);
    table.marks![3] = 1;
    table.stamps![3] = -8;
    table.setBytes(3, 5e9);
    table.needExpiry(0).schedule(3, 1000);
    expect(table.capacity).toBe(16);
    insert(table, 15, '15');
    const { flags, versions, versionHighs, times, marks, stamps, bytes, expiry } = table;
    const columns = [flags, versions, versionHighs, marks, stamps, bytes, expiry!.expiresAt];
    expect(table.capacity).toBeGreaterThan(16);
    expect(columns.map((column) => column![3])).toEqual([7, 9, 2 ** 20, 1, -8, 5e9, 1000]);
    expect([table.versionOf(3), times!.storedAt(3), times!.usedAt(3)]).toEqual([2 ** 52 + 9, -1.5, 9]);
    const all = [...columns, table.keys, table.values, table.newer, table.older];
    expect(all.map((column) => column!.length)).toEqual(all.map(() => table.capacity));
    expect(order(table)).toEqual(Array.from({ length: 16 }, (_, key) => key));
    expect(table.verify()).toEqual([]);
  });

  it('has only the columns that somebody needed', () => {
    const alone = filled(100);
    const { flags, versions, versionHighs, times, marks, expiry, stamps } = alone;
    expect([flags, versions, versionHighs, times, marks, expiry, stamps]).toEqual(Array(7).fill(null));
    expect(filled(1, MAX_TABLE_SLOTS).stamps).not.toBeNull();
  });

  it('widens its bytes to 64 bits when an entry needs them, and keeps what was there', () => {
    const table = filled(3);
    table.setBytes(1, 2 ** 32 - 1);
    expect(table.bytes).toBeInstanceOf(Uint32Array);
    table.setBytes(2, 2 ** 32);
    table.setBytes(3, Number.MAX_SAFE_INTEGER);
    expect([...table.bytes].slice(1, 4)).toEqual([2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]);
  });

  it.each([0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n])(
    'holds version %d',
    (version) => {
      const table = filled(2);
      table.needVersions();
      table.setVersion(1, version);
      table.setVersion(2, 7);
      expect([table.versionOf(1), table.versionOf(2)]).toEqual([version, 7]);
      expect(table.versionHighs === null).toBe(version < 2 ** 32);
      table.setVersion(1, 1);
      expect(table.versionOf(1)).toBe(1);
    },
  );

  it('takes a removed entry out of the order and of the wheel as well', () => {
    const table = filled(3);
    table.needExpiry(0).schedule(2, 1000);
    table.remove(2);
    expect(order(table)).toEqual([0, 2]);
    expect(table.expiry!.count).toBe(0);
    expect(table.verify()).toEqual([]);
  });

  it('gives the slot of an entry to another key, as the newest', () => {
    const table = filled(4);
    table.reuse(table.find(1), 9, 'nine');
    expect([table.find(1), table.find(9), table.values[2]]).toEqual([0, 2, 'nine']);
    expect(order(table)).toEqual([0, 2, 3, 9]);
    expect(table.size).toBe(4);
    expect(table.verify()).toEqual([]);
  });

  it('adds its slack to the total, and takes it out when it is thrown away', () => {
    const total = { slackBytes: 100 };
    const table = new EntryTable<number, number>(total, MAX_TABLE_SLOTS);
    for (let key = 0; key < 1000; key++) insert(table, key, key);
    expect(table.slack!.bytes).toBeGreaterThan(0);
    expect(total.slackBytes).toBe(100 + table.slack!.bytes);
    table.discard();
    expect(total.slackBytes).toBe(100);
  });

  it('counts no slack where nothing is weighed', () => {
    const table = new EntryTable<number, number>(null);
    for (let key = 0; key < 1000; key++) insert(table, key, key);
    for (let key = 0; key < 1000; key++) table.remove(table.find(key));
    expect(table.slack).toBeNull();
    expect(table.verify()).toEqual([]);
    expect(() => table.discard()).not.toThrow();
  });

  it('ends walks under way when it is thrown away', () => {
    const table = filled(3);
    const cursor = table.openCursor('oldest-first');
    table.advance(cursor);
    table.discard();
    expect(table.advance(cursor)).toBe(0);
  });

  it('agrees with a Map over random insertions and removals', () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom('', Number.NaN, null, undefined, -0),
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200, size: 'max' }), (keys) => {
        const table = makeTable<unknown, number>();
        const model = new Map<unknown, number>();
        keys.forEach((each, i) => {
          const slot = table.find(each);
          expect(slot === 0 ? undefined : table.values[slot]).toBe(model.get(each));
          if (model.delete(each)) table.remove(slot);
          else {
            insert(table, each, i);
            model.set(each, i);
          }
        });
        expect(table.size).toBe(model.size);
        for (const [each, value] of model) expect(table.values[table.find(each)]).toBe(value);
        expect([...order(table)].map((each) => (each === 0 ? 0 : each))).toEqual([...model.keys()]);
        expect(table.verify()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('EntryTable.verify finds', () => {
  it.each<[string, RegExp, (table: EntryTable<number, string>) => void]>([
    ['a wrong size', /the table 6 entries/, (table) => table.size++],
    ['a key that is not the index’s', /another key than its index/, (table) => table.keys.splice(2, 1, 999)],
    ['a lost key', /another key than its index/, (table) => table.keys.splice(2, 1, undefined)],
    [
      'a value that a removed entry left behind',
      /free slot 3 still/,
      (table) => table.values.splice(3, 1, 'left'),
    ],
    ['a key that a removed entry left behind', /free slot 3 still/, (table) => table.keys.splice(3, 1, 3)],
    [
      'a slot that is freed twice',
      /a slot is free twice|slots in use/,
      (table) => {
        table.remove(3);
        table.size++;
      },
    ],
    [
      'a free slot that was lost',
      /6 slots in use, but 4 hold an entry and 1 are free/,
      (table) => {
        table.remove(5);
        table.newer[5] = 0;
      },
    ],
    ['an entry outside the order', /the list has 4 entries, the table 5/, (table) => table.unlink(2)],
    [
      'an entry that was inserted but never linked',
      /the list has 5 entries, the table 6/,
      (table) => table.insert(60, ''),
    ],
    ['a removed entry that was linked again', /linked but not indexed/, (table) => table.linkNewest(3)],
    ['a link that leads elsewhere', /links around slot|visits slot/, (table) => table.older.fill(6, 5, 6)],
    ['damage in the wheel', /the count is 1/, (table) => table.needExpiry(0).count++],
  ])('%s', (_, message, damage) => {
    const table = filled(6);
    table.remove(3);
    expect(table.verify()).toEqual([]);
    damage(table);
    expect(table.verify().join('\n')).toMatch(message);
  });
});
