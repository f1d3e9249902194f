/** Checks the whole structure of an engine against itself. O(n), for tests and for the suspicious. */

import type { Budget } from './budget.js';
import type { PinnedMemory } from './pinned-memory.js';
import type { EntryTables } from './tables.js';

/** What is inconsistent, one sentence each; empty when all is well. */
export function verifyParts<K, V>(
  tables: EntryTables<K, V>,
  budget: Budget,
  pinned: PinnedMemory<K> | null,
): string[] {
  const problems = [...tables.verify(), ...(pinned?.verify() ?? [])];
  // Broken links would not let a walk end.
  if (problems.length > 0) return problems;

  let contentBytes = 0;
  const versions = new Set<number | bigint>();
  for (const entry of tables.walk('oldest-first')) {
    const table = tables.tableOf(entry);
    const slot = tables.slotOf(entry);
    contentBytes += table.bytes[slot]!;
    if (!budget.weighs && table.bytes[slot] !== 0)
      problems.push(`entry ${entry} counts bytes in an engine that does not weigh`);
    if (tables.numbersWrites) versions.add(table.versionOf(slot));
  }
  if (contentBytes !== budget.contentBytes)
    problems.push(`entries sum to ${contentBytes} bytes, the engine counts ${budget.contentBytes}`);
  const slackBytes = tables.all().reduce((sum, table) => sum + (table.slack?.bytes ?? 0), pinned?.bytes ?? 0);
  if (slackBytes !== budget.slackBytes)
    problems.push(`the tables' slack is ${slackBytes} bytes, the engine counts ${budget.slackBytes}`);
  if (budget.bytes(tables.size) > budget.maxBytes)
    problems.push(`${budget.bytes(tables.size)} bytes exceed the budget of ${budget.maxBytes}`);
  if (tables.size > budget.maxEntries)
    problems.push(`${tables.size} entries exceed the limit of ${budget.maxEntries}`);
  if (tables.numbersWrites && !tables.givesVersions && versions.size !== tables.size)
    problems.push('two entries have the same version');
  return problems;
}
