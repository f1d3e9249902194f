/** Random operations on many tables, with walks under way, and on an array: the order is one and the same. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Direction } from '../../lib/engine/recency-list.js';
import type { TableLayout } from '../../lib/engine/tables.js';
import {
  drainedByEviction,
  keyAt,
  makeTables,
  NEVER,
  order,
  promote,
  remove,
  schedule,
  sweep,
} from '../engine/tables-fixture.js';

interface Model {
  key: number;
  value: number;
  flags: number;
  expiresAt: number;
}

const step = fc.record({
  what: fc.constantFrom(
    ...['insert', 'insert', 'insert', 'insert', 'promote', 'promote', 'remove', 'schedule', 'schedule'],
    ...['evict', 'sweep', 'open', 'advance', 'advance', 'advance', 'close', 'reset'],
  ),
  key: fc.nat({ max: 40 }),
  ms: fc.constantFrom(0, 1, 64, 100, 5000, NEVER),
  limit: fc.constantFrom(0, 1, 3, NEVER),
  direction: fc.constantFrom<Direction>('newest-first', 'oldest-first'),
  rare: fc.nat({ max: 30 }),
});

describe('many tables', () => {
  it.each<TableLayout>([
    { singleMaxEntries: 0, tables: 1 },
    { singleMaxEntries: 3, tables: 4 },
    { singleMaxEntries: 12, tables: 2 },
    { singleMaxEntries: 25, tables: 16 },
    { singleMaxEntries: 1000, tables: 4 },
  ])('have one order, that of an array on which the same was done (%o)', (layout) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 150, size: 'max' }), (steps) => {
        const tables = makeTables(layout);
        let model: Model[] = [];
        let now = 0;
        let value = 0;
        /** What a walk under way must visit, in this order, and what it may. */
        let walk: { entries: Generator<number>; must: number[]; visited: number[] } | null = null;
        const moved = (key: number): void => {
          if (walk !== null) walk.must = walk.must.filter((each) => each !== key);
        };
        const finish = (): void => {
          if (walk === null) return;
          for (const entry of walk.entries) walk.visited.push(keyAt(tables, entry) as number);
          expect(new Set(walk.visited).size).toBe(walk.visited.length);
          const { must, visited } = walk;
          expect(visited.filter((key) => must.includes(key))).toEqual(must);
          walk = null;
        };
        for (const { what, key, ms, limit, direction, rare } of steps) {
          const entry = model.find((each) => each.key === key);
          if (what === 'insert' && entry === undefined) {
            const table = tables.placeFor(key);
            const slot = tables.insert(table, key, ++value);
            const flags = value % 3;
            if (flags !== 0 || table.flags !== null) table.needFlags()[slot] = flags;
            model.push({ key, value, flags, expiresAt: NEVER });
            moved(key);
          } else if (what === 'promote' && entry !== undefined) {
            promote(tables, key);
            model = [...model.filter((each) => each !== entry), entry];
            moved(key);
          } else if (what === 'remove' && entry !== undefined) {
            remove(tables, key);
            model = model.filter((each) => each !== entry);
            moved(key);
          } else if (what === 'schedule' && entry !== undefined) {
            entry.expiresAt = now + ms;
            schedule(tables, key, now + ms);
          } else if (what === 'evict' && model.length > 0) {
            const table = tables.tableOfOldest();
            expect(table.keys[table.oldest]).toBe(model[0]!.key);
            tables.remove(table, table.oldest);
            moved(model.shift()!.key);
          } else if (what === 'sweep') {
            now += ms === NEVER ? 0 : ms;
            const taken = sweep(tables, now, limit) as number[];
            const due = model.filter((each) => each.expiresAt <= now).map((each) => each.key);
            expect(taken.filter((each) => !due.includes(each))).toEqual([]);
            if (limit === NEVER) expect(taken.length).toBe(due.length);
            else expect(taken.length).toBeLessThanOrEqual(limit);
            if (taken.length < due.length) expect(tables.mayHaveDue(now)).toBe(true);
            model = model.filter((each) => !taken.includes(each.key));
            for (const each of taken) moved(each);
          } else if (what === 'open') {
            finish();
            const must = model.map((each) => each.key);
            if (direction === 'newest-first') must.reverse();
            walk = { entries: tables.walk(direction), must, visited: [] };
            const first = walk.entries.next();
            if (first.done !== true) walk.visited.push(keyAt(tables, first.value) as number);
          } else if (what === 'advance' && walk !== null) {
            const next = walk.entries.next();
            if (next.done === true) continue;
            const visited = keyAt(tables, next.value) as number;
            expect(model.some((each) => each.key === visited)).toBe(true);
            walk.visited.push(visited);
          } else if (what === 'close') {
            finish();
          } else if (what === 'reset' && rare === 0) {
            if (walk !== null) walk.must = walk.must.filter((each) => walk!.visited.includes(each));
            tables.reset();
            model = [];
          }
          expect(tables.size).toBe(model.length);
          expect(order(tables)).toEqual(model.map((each) => each.key));
          expect(order(tables, 'newest-first')).toEqual(model.map((each) => each.key).reverse());
        }
        finish();
        expect(tables.verify()).toEqual([]);
        for (const { key, value, flags, expiresAt } of model) {
          const table = tables.holding(key);
          const slot = table.find(key);
          const held = [table.values[slot], table.flags?.[slot] ?? 0, table.expiry?.expiresAt[slot] ?? NEVER];
          expect(held).toEqual([value, flags, expiresAt]);
        }
        expect(drainedByEviction(tables)).toEqual(model.map((each) => each.key));
      }),
      { numRuns: 60 },
    );
  });
});
