/**
 * What a write costs with subscribers. First a `set` in the process, with the telling of it at the end of its turn: the
 * clients' outlets take what they are sent and throw it away, so that it is hotset.v1 alone that is measured. Then a `set` over
 * TCP that a server tells to real WebSockets, at a steady rate: all that it costs. A fresh process for each reading.
 */

import { runChild } from '../harness/child.mjs';
import { announce, inRounds } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, short, table } from '../harness/table.mjs';
import { CAN_READ_PROCESSES } from '../server/process-figures.mjs';
import { startBoth } from './both-ports.mjs';

const toldUrl = new URL('./told-child.mjs', import.meta.url);
const childUrl = new URL('./subscribers-child.mjs', import.meta.url);

const ROUNDS = 5;
const SUBSCRIBERS = [0, 1, 100, 1000];
const SETS_PER_TURN = [1, 100];
/** What they have asked for: of the keys that are written all begin with `user:`. */
const PREFIXES = { others: 'item:', 'the same': 'user:', 'one each': 'user:#' };
const MEASURE_MS = 800;
/** Spaced out, so that each is told alone, and few enough for a thousand to be told of each. */
const SETS_PER_SECOND = { 0: 500, 1: 500, 100: 250, 1000: 50 };
const TOLD_ROUNDS = 3;
const TOLD_MS = 4000;

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
  const told = await toldOverSockets(Math.min(rounds, TOLD_ROUNDS), smoke ? 200 : TOLD_MS);
  const all = { rounds, cells: figures, told };
  console.log(`\n${subscribersTable(all, table)}`);
  return all;
}

/** For each number of subscribers, what a set over TCP costs the server in all. */
async function toldOverSockets(rounds, measureMs) {
  if (!CAN_READ_PROCESSES) return [];
  const readings = await inRounds(SUBSCRIBERS, rounds, async (subscribers) => {
    const { tcp, http, server } = await startBoth();
    try {
      const job = {
        tcp,
        http,
        pids: server.pids,
        subscribers,
        setsPerSecond: SETS_PER_SECOND[subscribers],
        measureMs,
      };
      return await runChild(toldUrl, [JSON.stringify(job)]);
    } finally {
      await server.stop();
    }
  });
  return SUBSCRIBERS.map((subscribers) => ({ subscribers, readings: readings.get(subscribers) }));
}

/** CPU microseconds of a set and its telling, by the number of subscribers. */
export function subscribersTable({ cells: figures, told }, print) {
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
  if (told.length > 0)
    rows.push([
      'over TCP, told over WebSockets',
      ...told.map(({ readings }) => short(median(readings.map(({ us }) => us)))),
    ]);
  return print(['CPU us for each set', ...SUBSCRIBERS.map((subscribers) => count(subscribers))], rows);
}
