/**
 * What a write costs with subscribers: a `set` in the process, with the telling of it at the end of its turn. The clients'
 * outlets take what they are sent and throw it away, so that it is hotset.v1 alone that is measured, and not ws nor the
 * operating system. A fresh process for each reading.
 */

import { runChild } from '../harness/child.mjs';
import { announce, inRounds } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, short, table } from '../harness/table.mjs';

const childUrl = new URL('./subscribers-child.mjs', import.meta.url);

const ROUNDS = 5;
const SUBSCRIBERS = [0, 1, 100, 1000];
const SETS_PER_TURN = [1, 100];
/** What they have asked for: of the keys that are written all begin with `user:`. */
const PREFIXES = { others: 'item:', 'the same': 'user:', 'one each': 'user:#' };
const MEASURE_MS = 800;

/** Returns the raw figures. `options`: smoke, rounds. */
export async function benchSubscribers(options) {
  const { smoke } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const cells = [];
  for (const setsPerTurn of SETS_PER_TURN)
    for (const [asked, prefix] of Object.entries(PREFIXES))
      for (const subscribers of SUBSCRIBERS) cells.push({ setsPerTurn, asked, prefix, subscribers });

  console.log(
    `\nSubscribers: µs of CPU time for each set and its telling, medians of ${counted(rounds, 'round')}.`,
  );
  let announced = -1;
  const readings = await inRounds(cells, rounds, (cell, round) => {
    if (round !== announced) announce(round, rounds);
    announced = round;
    return runChild(childUrl, [cell.subscribers, cell.prefix, cell.setsPerTurn, smoke ? 20 : MEASURE_MS]);
  });
  const figures = cells.map((cell) => ({ ...cell, readings: readings.get(cell) }));
  console.log(`\n${subscribersTable({ cells: figures }, table)}`);
  return { rounds, cells: figures };
}

/** CPU microseconds of a set and its telling, by the number of subscribers. */
export function subscribersTable({ cells: figures }, print) {
  const microseconds = ({ readings }) => median(readings.map(({ ns }) => ns)) / 1000;
  const rows = [];
  for (const setsPerTurn of SETS_PER_TURN)
    for (const asked of Object.keys(PREFIXES)) {
      const row = figures.filter((figure) => figure.setsPerTurn === setsPerTurn && figure.asked === asked);
      rows.push([
        `${counted(setsPerTurn, 'set')} a turn, who asked for ${asked}`,
        ...row.map((figure) => short(microseconds(figure))),
      ]);
    }
  return print(['CPU us for each set', ...SUBSCRIBERS.map((subscribers) => count(subscribers))], rows);
}
