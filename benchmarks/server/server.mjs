/** The server against memcached and against bare node:net: CPU time for each operation, and throughput. */

import { runChild } from '../harness/child.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { fixed, table, times } from '../harness/table.mjs';
import { REFERENCE, serverContenders } from './contenders.mjs';
import { startServer } from './process.mjs';

const loadUrl = new URL('./load.mjs', import.meta.url);

const CASES = [
  { command: 'get', pipeline: 1 },
  { command: 'get', pipeline: 16 },
  { command: 'set', pipeline: 1 },
  { command: 'set', pipeline: 16 },
];

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on 'command pipeline'). */
export async function benchServer(options) {
  const all = serverContenders();
  for (const { name, missing } of all)
    if (missing !== null) console.log(`\nServer: ${name} is left out: ${missing}`);
  const present = all.filter(({ missing }) => missing === null);
  const rounds = options.rounds ?? (options.smoke ? 1 : 5);
  const measureMs = options.smoke ? 200 : 2_000;
  const cases = CASES.filter((c) => options.only?.test(`${c.command} ${c.pipeline}`) ?? true);

  console.log(
    `\nServer: 50 connections over loopback, 20 B keys, 100 B values; medians of ${rounds} rounds.`,
  );
  if (process.platform !== 'linux') {
    console.log("Server: left out: CPU time is read from Linux's /proc.");
    return { rounds: 0, cases: [] };
  }
  const results = await inRounds(present, rounds, async (contender) => {
    const server = await startServer(contender.command);
    try {
      const readings = [];
      for (const { command, pipeline } of cases) {
        const check = contender.checked ? 'checked' : 'unchecked';
        const args = [server.port, server.pid, command, pipeline, measureMs, check];
        readings.push(await runChild(loadUrl, args));
      }
      return readings;
    } finally {
      await server.stop();
    }
  });

  return {
    rounds,
    measureMs,
    cases: cases.map((benchCase, index) => {
      const figures = present.map(({ name, version }) => ({ name, version, readings: [] }));
      present.forEach((contender, i) => {
        figures[i].readings = results.get(contender).map((readings) => readings[index]);
      });
      print(benchCase, figures);
      return { ...benchCase, contenders: figures };
    }),
  };
}

function print({ command, pipeline }, figures) {
  const of = (figure, field) => median(figure.readings.map((reading) => reading[field]));
  const reference = figures.find(({ name }) => name === REFERENCE);
  const base = (field) => (reference === undefined ? Number.NaN : of(reference, field));
  const rows = figures.map((figure) => [
    `${figure.name} (${figure.version})`,
    fixed(of(figure, 'usPerOperation'), 2),
    times(of(figure, 'usPerOperation'), base('usPerOperation')),
    fixed(of(figure, 'operationsPerSecond'), 0),
    times(of(figure, 'operationsPerSecond'), base('operationsPerSecond')),
  ]);
  console.log(`\n${command}, pipeline ${pipeline}`);
  console.log(table(['', 'CPU us/op', '/ memcached', 'op/s', '/ memcached'], rows));
}
