/** Checks the whole structure of an engine against itself. O(n), for tests and for the suspicious. */

import type { EntryTable } from './entry-table.js';
import type { ExpiryWheel } from './expiry.js';
import type { RecencyList } from './recency-list.js';

export interface Parts<K, V> {
  readonly table: EntryTable<K, V>;
  readonly list: RecencyList;
  readonly expiry: ExpiryWheel | null;
  readonly bytes: number;
  /** Of `bytes`, what keys and values take. */
  readonly contentBytes: number;
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** False when the engine has no byte limits. */
  readonly weighs: boolean;
}

/** What is inconsistent, one sentence each; empty when all is well. */
export function verifyParts<K, V>(parts: Parts<K, V>): string[] {
  const { table, list, expiry } = parts;
  const problems = table.verify();

  const linked = new Set<number>();
  for (let slot = list.newest; slot !== 0; slot = list.older[slot]!) {
    if (linked.has(slot)) return [...problems, `the list visits slot ${slot} twice`];
    linked.add(slot);
    if (list.newer[list.older[slot]!] !== slot)
      problems.push(`the list's links around slot ${slot} disagree`);
    if (table.find(table.keys[slot] as K) !== slot) problems.push(`slot ${slot} is linked but not indexed`);
  }
  if (linked.size !== table.size)
    problems.push(`the list has ${linked.size} entries, the table ${table.size}`);

  let sum = 0;
  for (const slot of linked) {
    const bytes = table.bytes[slot]!;
    sum += bytes;
    if (!parts.weighs && bytes !== 0)
      problems.push(`slot ${slot} counts bytes in an engine that does not weigh`);
  }
  if (sum !== parts.contentBytes)
    problems.push(`entries sum to ${sum} bytes, the engine counts ${parts.contentBytes}`);
  if (parts.bytes > parts.maxBytes)
    problems.push(`${parts.bytes} bytes exceed the budget of ${parts.maxBytes}`);
  if (table.size > parts.maxEntries)
    problems.push(`${table.size} entries exceed the limit of ${parts.maxEntries}`);

  if (expiry !== null) problems.push(...expiry.verify(linked));
  if (table.versions !== null) {
    const versions = new Set([...linked].map((slot) => table.versions![slot]));
    if (versions.size !== linked.size) problems.push('two entries have the same version');
  }
  return problems;
}
