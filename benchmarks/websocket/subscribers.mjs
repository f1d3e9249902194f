/**
 * What a write costs with subscribers. First a `set` in the process, with its notifications at the end of the turn: the
 * clients' sinks discard what they are sent, so that only hotset.v1 is measured. Then a `set` over TCP that a server
 * reports over real WebSockets, at a steady rate: all that it costs. A fresh process for each reading.
 */

import { runChild } from '../harness/child.mjs';
import { announce, inRounds } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, short, table } from '../harness/table.mjs';
import { CAN_READ_PROCESSES } from '../server/process-figures.mjs';
import { startBoth } from './both-ports.mjs';

const notificationsUrl = new URL('./notifications-child.mjs', import.meta.url);
const childUrl = new URL('./subscribers-child.mjs', import.meta.url);

const ROUNDS = 5;
const SUBSCRIBERS = [0, 1, 100, 1000];
const SETS_PER_TURN = [1, 100];
/** What they have asked for: of the keys that are written all begin with `user:`. */
const PREFIXES = { others: 'item:', 'the same': 'user:', 'one each': 'user:#' };
const MEASURE_MS = 800;
/** Spaced out, so that each goes out alone, and few enough for a thousand subscribers to receive each. */
const SETS_PER_SECOND = { 0: 500, 1: 500, 100: 250, 1000: 50 };
const SOCKET_ROUNDS = 3;
const SOCKET_MS = 4000;

/** Returns the raw figures. `options`: smoke, rounds. */
export async function benchSubscribers(options) {
  const { smoke } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const counts = smoke ? SUBSCRIBERS.slice(0, 2) : SUBSCRIBERS;
  const cells = [];
  for (const setsPerTurn of SETS_PER_TURN)
    for (const [asked, prefix] of Object.entries(PREFIXES))
      for (const subscribers of counts) cells.push({ setsPerTurn, asked, prefix, subscribers });

  console.log(
    `\nSubscribers: µs of CPU time for each set and its notifications, medians of ${counted(rounds, 'round')}.`,
  );
  let announced = -1;
  const readings = await inRounds(cells, rounds, (cell, round) => {
    if (round !== announced) announce(round, rounds);
    announced = round;
    return runChild(childUrl, [cell.subscribers, cell.prefix, cell.setsPerTurn, smoke ? 20 : MEASURE_MS]);
  });
  const figures = cells.map((cell) => ({ ...cell, readings: readings.get(cell) }));
  const notified = await notifiedOverSockets(
    counts,
    Math.min(rounds, SOCKET_ROUNDS),
    smoke ? 200 : SOCKET_MS,
  );
  const all = { rounds, cells: figures, notified };
  console.log(`\n${subscribersTable(all, table)}`);
  return all;
}

/** For each number of subscribers, what a set over TCP costs the server in all. */
async function notifiedOverSockets(counts, rounds, measureMs) {
  if (!CAN_READ_PROCESSES) return [];
  const readings = await inRounds(counts, rounds, async (subscribers) => {
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
      return await runChild(notificationsUrl, [JSON.stringify(job)]);
    } finally {
      await server.stop();
    }
  });
  return counts.map((subscribers) => ({ subscribers, readings: readings.get(subscribers) }));
}

/** CPU microseconds of a set and its notifications, by the number of subscribers. */
export function subscribersTable({ cells: figures, notified }, print) {
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
  if (notified.length > 0)
    rows.push([
      'over TCP, reported over WebSockets',
      ...notified.map(({ readings }) => short(median(readings.map(({ us }) => us)))),
    ]);
  const counts = [...new Set(figures.map(({ subscribers }) => subscribers))];
  return print(['CPU us for each set', ...counts.map(count)], rows);
}
