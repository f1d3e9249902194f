/** The longest single calls while a cache grows and turns over, and when everything in it expires at once. */

import os from 'node:os';
import {
  BARE_MAP,
  contenders,
  FIFO_MAP,
  HOTSET,
  HOTSET_PLAIN,
  LRU_CACHE,
  LRU_CACHE_PLAIN,
  NO_CACHE,
} from '../caches/index.mjs';
import { runChild } from '../harness/child.mjs';
import { contenderInfo } from '../harness/contender-info.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { count, counted, table } from '../harness/table.mjs';
import { scenarios } from './expiry-scenarios.mjs';
import { expiryTable, growthTable } from './tables.mjs';

const growthUrl = new URL('./growth-child.mjs', import.meta.url);
const expiryUrl = new URL('./expiry-child.mjs', import.meta.url);
const NAMES = [NO_CACHE, BARE_MAP, FIFO_MAP, HOTSET_PLAIN, HOTSET, LRU_CACHE_PLAIN, LRU_CACHE];
const PHASES = { growth: 'growing from empty', churn: 'each set evicting' };
const CHILD_MS = 300_000;
const heapMiB = Math.floor((os.totalmem() / 2 ** 20) * 0.7);

/**
 * Returns the raw figures. `options`: smoke, full, rounds, contenders, only (a RegExp on 'growth 100000' and
 * 'expiry').
 */
export async function benchPauses(options) {
  const sizes = options.smoke ? [20_000] : [100_000, 1_000_000, ...(options.full ? [10_000_000] : [])];
  const rounds = options.rounds ?? (options.smoke ? 1 : 3);
  console.log(`\nPauses: every single call timed, milliseconds; medians of ${counted(rounds, 'round')}.`);
  const { info, missing } = await contenderInfo(NAMES, options.contenders, [NO_CACHE]);
  const growth = [];
  for (const entries of sizes) {
    if (!(options.only?.test(`growth ${entries}`) ?? true)) continue;
    const results = await inRounds(Object.keys(info), rounds, (name) =>
      runChild(growthUrl, [name, entries], {
        nodeOptions: [`--max-old-space-size=${heapMiB}`],
        timeoutMs: CHILD_MS,
      }),
    );
    growth.push({ entries, readings: Object.fromEntries(results) });
    for (const [phase, title] of Object.entries(PHASES))
      print(`${count(entries)} entries, ${title}`, growthTable({ growth }, phase, entries));
  }
  const expiry = (options.only?.test('expiry') ?? true) ? await massExpiry(options) : undefined;
  return { rounds, heapMiB, contenders: info, missing, growth, ...(expiry === undefined ? {} : { expiry }) };
}

async function massExpiry(options) {
  const entries = options.smoke ? 20_000 : 1_000_000;
  const ttlMs = options.smoke ? 200 : 3_000;
  const rounds = options.rounds ?? (options.smoke ? 1 : 2);
  const { info } = await contenderInfo(Object.keys(contenders), options.contenders);
  const names = Object.keys(scenarios).filter((name) => info[scenarios[name].contender] !== undefined);
  const results = await inRounds(names, rounds, (name) =>
    runChild(expiryUrl, [name, entries, ttlMs], { timeoutMs: CHILD_MS }),
  );
  const expiry = { entries, ttlMs, rounds, readings: Object.fromEntries(results) };
  print(`${count(entries)} entries expire in the same second`, expiryTable({ expiry }));
  return expiry;
}

function print(title, { head, rows }) {
  console.log(`\n${title}`);
  console.log(table(head, rows));
}
