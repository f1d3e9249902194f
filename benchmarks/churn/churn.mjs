/**
 * A budget in bytes bounds what a cache holds, not what the process takes: what was evicted stays in memory until the
 * collector comes. So: what does the process take at most while values turn over, and what is held after collection?
 */

import { runChild } from '../harness/child.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { table } from '../harness/table.mjs';
import { churnContenders, NOTHING } from './contenders.mjs';
import { churnTable } from './tables.mjs';
import { CHURN_SHAPES } from './values.mjs';

const childUrl = new URL('./churn-child.mjs', import.meta.url);
const MIB = 2 ** 20;
const BUDGET = 64 * MIB;
const TOTAL = 300e6;
const SMOKE_SCALE = 1 / 16;
/** What a limit on the old generation leaves beside the budget, and what Node itself needs at least. */
const HEAP_BUDGETS = 2.5;
const LEAST_HEAP_MIB = 64;

/** What makes the collector come sooner. Without a flag, Node's defaults, which depend on its version. */
function flagsFor(budget) {
  const heapMiB = Math.max(LEAST_HEAP_MIB, (budget / MIB) * HEAP_BUDGETS);
  return ['', '--max-semi-space-size=2', `--max-old-space-size=${heapMiB}`, '--optimize-for-size'];
}

/** Returns the raw figures. `options`: smoke, rounds, only (on the shape's name), contenders (RegExps). */
export async function benchChurn(options) {
  const rounds = options.rounds ?? (options.smoke ? 1 : 3);
  const scale = options.smoke ? SMOKE_SCALE : 1;
  const budget = BUDGET * scale;
  const total = TOTAL * scale;
  const shapes = Object.keys(CHURN_SHAPES).filter((name) => options.only?.test(name) ?? true);
  const names = Object.keys(churnContenders).filter((name) => options.contenders?.test(name) ?? true);
  const runs = names.flatMap((name) =>
    (name === NOTHING ? [''] : flagsFor(budget)).map((flag) => ({ name, flag })),
  );
  const cases = [];
  for (const shape of options.smoke ? shapes.slice(0, 1) : shapes) {
    const results = await inRounds(runs, rounds, ({ name, flag }) =>
      runChild(childUrl, [name, shape, budget, total], {
        nodeOptions: ['--expose-gc', ...(flag === '' ? [] : [flag])],
      }),
    );
    cases.push({
      shape,
      runs: [...results].map(([{ name, flag }, readings]) => ({ name, flag, readings })),
    });
  }
  const content = { rounds, budget, total, cases };
  console.log(
    `\nChurn: ${Math.round(total / 1e6)} MB of values through a budget of ${Math.round(budget / MIB)} MiB.`,
  );
  for (const figure of cases) {
    const { head, rows } = churnTable(content, figure);
    console.log(`\n${figure.shape}`);
    console.log(table(head, rows));
  }
  return content;
}
