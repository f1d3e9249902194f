/** What an operation costs from a thousand entries to ten million. */

import os from 'node:os';
import { BARE_MAP, FIFO_MAP, HOTSET, HOTSET_PLAIN, LRU_CACHE, NO_CACHE } from '../caches/index.mjs';
import { runChild } from '../harness/child.mjs';
import { contenderInfo } from '../harness/contender-info.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { count, counted, table } from '../harness/table.mjs';
import { SCALE_OPERATIONS, scaleTable } from './tables.mjs';

const childUrl = new URL('./grown.mjs', import.meta.url);
const NAMES = [NO_CACHE, BARE_MAP, FIFO_MAP, HOTSET_PLAIN, HOTSET, LRU_CACHE];
const KEY_KINDS = ['integer', 'short'];
const CHILD_MS = 300_000;
/** The same for all sizes: the collector paces itself by it. */
const heapMiB = Math.floor((os.totalmem() / 2 ** 20) * 0.7);

/** Returns the raw figures. `options`: smoke, full, rounds, only (on 'insert integer 1000'), contenders. */
export async function benchScale(options) {
  const sizes = options.smoke
    ? [1_000, 10_000]
    : [1_000, 10_000, 100_000, 1_000_000, ...(options.full ? [10_000_000] : [])];
  const rounds = options.rounds ?? (options.smoke ? 1 : 3);
  const measureMs = options.smoke ? 8 : 150;
  console.log(
    `\nScale: a fresh process for each contender, kind of key and size; medians of ${counted(rounds, 'round')}.`,
  );
  const { info, missing } = await contenderInfo(NAMES, options.contenders, [NO_CACHE]);

  const figures = [];
  for (const keyKind of KEY_KINDS) {
    for (const entries of sizes) {
      const wanted = Object.keys(SCALE_OPERATIONS).some(
        (operation) => options.only?.test(`${operation} ${keyKind} ${entries}`) ?? true,
      );
      if (!wanted) continue;
      const results = await inRounds(Object.keys(info), rounds, (name) =>
        runChild(childUrl, [name, keyKind, entries, measureMs], {
          nodeOptions: [`--max-old-space-size=${heapMiB}`],
          timeoutMs: CHILD_MS,
        }),
      );
      figures.push({ keyKind, entries, readings: Object.fromEntries(results) });
      process.stderr.write(`  ${keyKind} keys, ${count(entries)} entries: done\n`);
    }
  }
  const content = { rounds, measureMs, heapMiB, contenders: info, missing, cases: figures };
  for (const operation of Object.keys(SCALE_OPERATIONS))
    for (const keyKind of KEY_KINDS) {
      const { head, rows } = scaleTable(content, operation, keyKind);
      console.log(`\n${SCALE_OPERATIONS[operation]}, ${keyKind} keys: net ns by entries`);
      console.log(table(head, rows));
    }
  return content;
}
