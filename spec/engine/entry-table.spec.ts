/** The entry table on its own, with an index that spills over several Maps; and its verify on damage. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryTable } from '../../lib/engine/entry-table.js';

function insert<K, V>(table: EntryTable<K, V>, key: K, value: V): number {
  if (table.full) table.grow();
  return table.insert(key, value);
}

function filled(count: number, mapMaxEntries?: number): EntryTable<number, string> {
  const table = new EntryTable<number, string>(mapMaxEntries);
  for (let key = 0; key < count; key++) insert(table, key, `${key}`);
  return table;
}

describe('the entry table', () => {
  it('gives slots from 1, and 0 for an absent key', () => {
    const table = new EntryTable<string, number>();
    expect(table.find('a')).toBe(0);
    expect(table.insert('a', 1)).toBe(1);
    expect(table.insert('b', 2)).toBe(2);
    expect(table.find('b')).toBe(2);
    expect(table.values[2]).toBe(2);
  });

  it('uses freed slots again before fresh ones, and never slot 0', () => {
    const table = filled(5);
    table.remove(2);
    table.remove(4);
    expect(new Set([insert(table, 10, ''), insert(table, 11, '')])).toEqual(new Set([2, 4]));
    expect(insert(table, 12, '')).toBe(6);
    expect(table.verify()).toEqual([]);
  });

  it('lets go of keys and values that are removed', () => {
    const table = filled(3);
    table.remove(2);
    expect([table.keys[2], table.values[2]]).toEqual([undefined, undefined]);
  });

  it('keeps all columns when it grows', () => {
    const table = filled(15);
    table.needFlags()[3] = 7;
    table.needVersions()[3] = 2 ** 52;
    table.needAccess();
    table.storedAt![3] = -1.5;
    table.usedAt![3] = 9;
    table.fetched![3] = 1;
    table.bytes[3] = 5e9;
    expect(table.full).toBe(true);
    table.grow();
    expect(table.full).toBe(false);
    const columns = [table.flags, table.versions, table.storedAt, table.usedAt, table.fetched, table.bytes];
    expect(columns.map((column) => column![3])).toEqual([7, 2 ** 52, -1.5, 9, 1, 5e9]);
    expect(columns.map((column) => column!.length)).toEqual(Array(6).fill(table.capacity));
  });

  it('has only the columns that somebody needed, also after reset', () => {
    const table = filled(100);
    expect([table.flags, table.versions, table.storedAt]).toEqual([null, null, null]);
    table.needFlags()[1] = 9;
    table.reset();
    expect(table).toMatchObject({ size: 0, capacity: 16, versions: null });
    expect(table.flags).toEqual(new Uint32Array(16));
    expect(table.find(5)).toBe(0);
    expect(table.verify()).toEqual([]);
  });

  it('says that it changed after each insertion, removal and reset', () => {
    const table = new EntryTable<string, number>();
    const seen = new Set([table.changes]);
    for (const change of [() => table.insert('a', 1), () => table.remove(1), () => table.reset()]) {
      change();
      seen.add(table.changes);
    }
    table.find('a');
    expect(seen.size).toBe(4);
    expect(seen.has(table.changes)).toBe(true);
  });
});

describe('an index over several Maps', () => {
  it.each([1, 3, 10])('of %d entries each finds, removes and verifies like one', (mapMaxEntries) => {
    const table = filled(31, mapMaxEntries);
    for (let key = 0; key < 31; key++) expect(table.values[table.find(key)]).toBe(`${key}`);
    for (let key = 0; key < 31; key += 2) table.remove(table.find(key));
    expect(table.size).toBe(15);
    for (let key = 0; key < 31; key++) expect(table.find(key) !== 0).toBe(key % 2 === 1);
    expect(table.verify()).toEqual([]);
    for (let key = 0; key < 31; key += 2) insert(table, key, `${key} again`);
    for (let key = 0; key < 31; key += 2) expect(table.values[table.find(key)]).toBe(`${key} again`);
    expect(table.verify()).toEqual([]);
    table.reset();
    expect(table.find(30)).toBe(0);
    expect(table.verify()).toEqual([]);
  });

  it('agrees with one Map over random insertions and removals', () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom('', Number.NaN, null, undefined));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(key, { maxLength: 200, size: 'max' }),
        (max, keys) => {
          const table = new EntryTable<unknown, number>(max);
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
          expect(table.verify()).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('EntryTable.verify finds', () => {
  it.each<[string, (table: EntryTable<number, string>) => void]>([
    ['a wrong size', (table) => table.size++],
    ['a key that is not the index’s', (table) => table.keys.splice(2, 1, 999)],
    ['a lost key', (table) => table.keys.splice(2, 1, undefined)],
    ['a value that a removed entry left behind', (table) => table.values.splice(3, 1, 'left')],
    ['a key that a removed entry left behind', (table) => table.keys.splice(3, 1, 3)],
    [
      'a slot that is freed twice',
      (table) => {
        table.remove(3);
        table.size++;
      },
    ],
  ])('%s', (_, damage) => {
    const table = filled(6, 4);
    table.remove(3);
    expect(table.verify()).toEqual([]);
    damage(table);
    expect(table.verify()).not.toEqual([]);
  });
});
