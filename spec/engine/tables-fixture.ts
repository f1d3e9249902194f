/** Tables of an engine, handled as the engine does it. */

import { expect } from 'vitest';
import type { Direction } from '../../lib/engine/recency-list.js';
import { EntryTables, type TableLayout } from '../../lib/engine/tables.js';

export type Tables = EntryTables<unknown, number>;

export const NEVER: number = Number.POSITIVE_INFINITY;

export function makeTables(layout: TableLayout, keepsAccess = false): Tables {
  return new EntryTables<unknown, number>({ slackBytes: 0, overheadBytes: 0 }, keepsAccess, layout);
}

/** As an engine does it. */
export function insert(tables: Tables, key: unknown, value = 0): void {
  tables.insert(tables.placeFor(key), key, value);
}

export function promote(tables: Tables, key: unknown): void {
  const table = tables.holding(key);
  tables.promote(table, table.find(key));
}

export function remove(tables: Tables, key: unknown): void {
  const table = tables.holding(key);
  tables.remove(table, table.find(key));
}

export function schedule(tables: Tables, key: unknown, expiresAtMs: number): void {
  const table = tables.holding(key);
  tables.schedule(table, table.find(key), expiresAtMs, 0);
}

export function filled(layout: TableLayout, count: number): Tables {
  const tables = makeTables(layout);
  for (let key = 0; key < count; key++) insert(tables, key, key);
  return tables;
}

export function keyAt(tables: Tables, entry: number): unknown {
  return tables.tableOf(entry).keys[tables.slotOf(entry)];
}

export function order(tables: Tables, direction: Direction = 'oldest-first'): unknown[] {
  return [...tables.walk(direction)].map((entry) => keyAt(tables, entry));
}

/** How many entries each table holds, the root first. */
export function sizes(tables: Tables): number[] {
  return tables.all().map((table) => table.size);
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Takes the oldest of all until nothing is left. */
export function drainedByEviction(tables: Tables): unknown[] {
  const keys: unknown[] = [];
  while (tables.size > 0) {
    const table = tables.tableOfOldest();
    keys.push(table.keys[table.oldest]);
    tables.remove(table, table.oldest);
  }
  return keys;
}

/** Entries that a sweep takes, and how many it looked at. */
export function sweep(tables: Tables, now: number, limit: number): unknown[] {
  const keys: unknown[] = [];
  const expired = tables.sweep(now, limit, (table, slot) => {
    keys.push(table.keys[slot]);
    tables.remove(table, slot);
  });
  expect(expired).toBe(keys.length);
  return keys;
}
