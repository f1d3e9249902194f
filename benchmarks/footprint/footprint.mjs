/** Bytes for each small entry, in every contender. */

import os from 'node:os';
import { contenders, FIFO_MAP, NO_CACHE } from '../caches/index.mjs';
import { runChild } from '../harness/child.mjs';
import { contenderInfo } from '../harness/contender-info.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { count, table } from '../harness/table.mjs';
import { FOOTPRINT_SHAPES } from './shapes.mjs';
import { footprintTable } from './tables.mjs';
import { TWO_ARRAYS } from './two-arrays.mjs';

const childUrl = new URL('./fill-child.mjs', import.meta.url);
/** Nothing, and a ring that is two arrays already. */
const LEFT_OUT = [NO_CACHE, FIFO_MAP];
const CHILD_MS = 120_000;
const heapMiB = Math.floor((os.totalmem() / 2 ** 20) * 0.5);

/** Returns the raw figures. `options`: smoke, rounds, contenders. One round: bytes hardly differ. */
export async function benchFootprint(options) {
  const sizes = options.smoke ? [10_000] : [100_000, 1_000_000];
  const shapes = options.smoke ? ['integers'] : Object.keys(FOOTPRINT_SHAPES);
  const rounds = options.rounds ?? 1;
  console.log('\nFootprint: bytes for each entry: heapUsed + external, after forced collections.');
  const wanted = Object.keys(contenders).filter((name) => !LEFT_OUT.includes(name));
  const { info, missing } = await contenderInfo(wanted, options.contenders);
  const figures = [];
  for (const entries of sizes)
    for (const shape of shapes) {
      const results = await inRounds([TWO_ARRAYS, ...Object.keys(info)], rounds, (name) =>
        runChild(childUrl, [name, shape, entries], {
          nodeOptions: ['--expose-gc', `--max-old-space-size=${heapMiB}`],
          timeoutMs: CHILD_MS,
        }),
      );
      const figure = { entries, shape, readings: Object.fromEntries(results) };
      figures.push(figure);
      const { head, rows } = footprintTable(figure, info);
      console.log(`\n${count(entries)} entries, short string keys, ${FOOTPRINT_SHAPES[shape].title}`);
      console.log(table(head, rows));
    }
  return { rounds, heapMiB, contenders: info, missing, cases: figures };
}
