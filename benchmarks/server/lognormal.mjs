/**
 * Values of lognormal sizes under churn: a service's gets, and sets of what was missed, at a fixed rate against a full
 * cache. CPU time, latency, hits, items held, resident memory. Servers start fresh in each round and take turns.
 */

import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, ratio, table } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { MEMCACHED, presentContenders } from './contenders.mjs';
import { shownNames } from './labels.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { pairedRatio } from './tables.mjs';
import { statistics } from './wire.mjs';

const cacheAsideUrl = new URL('./cache-aside.mjs', import.meta.url);

const ROUNDS = 5;
const SECONDS = 12;
const MIB = 2 ** 20;
const MEMORY_MEBIBYTES = 1024;
/** So much of the budget is set before anything counts. */
const FILLINGS = 1.3;
/** With the sets of what they miss about 4,600 operations. */
const GETS_PER_SECOND = 3_500;
const SMOKE = { memoryMebibytes: 16, perSecond: 500, seconds: 0.3 };

/** Returns the raw figures. `options`: smoke, rounds, contenders. */
export async function benchLognormal(options) {
  const { smoke } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const { memoryMebibytes, perSecond, seconds } = smoke
    ? SMOKE
    : { memoryMebibytes: MEMORY_MEBIBYTES, perSecond: GETS_PER_SECOND, seconds: SECONDS };
  console.log(
    `\nLognormal sizes at -m ${memoryMebibytes}: medians of ${counted(rounds, 'round')} of ${seconds} s.`,
  );
  const { present, missing } = await presentContenders(options);
  const servers = CAN_READ_PROCESSES
    ? present.filter(({ protocol, isFloor }) => protocol === 'memcached' && !isFloor)
    : [];
  const readings = {};
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const contender of rotated(servers, round)) {
      readings[contender.name] ??= [];
      readings[contender.name].push(await measure(contender, memoryMebibytes, perSecond, seconds));
    }
  }
  const contenders = servers.map(({ name, version }) => ({ name, version }));
  const figures = { rounds, seconds, memoryMebibytes, perSecond, missing, contenders, readings };
  console.log(`\n${lognormalTable(figures, table)}`);
  return figures;
}

async function measure(contender, memoryMebibytes, perSecond, seconds) {
  const address = await freeAddress('tcp');
  const server = await startServer(contender.command(address, { memoryMebibytes }), address);
  try {
    const fillBytes = FILLINGS * memoryMebibytes * MIB;
    const job = { address, pids: server.pids, fillBytes, perSecond, seconds };
    const reading = await runChild(cacheAsideUrl, [JSON.stringify(job)]);
    return { ...reading, items: Number((await statistics(address)).curr_items) };
  } finally {
    await server.stop();
  }
}

/** One row for each server. `make(head, rows)`: how a table is written. */
export function lognormalTable({ contenders, readings }, make) {
  const names = shownNames(contenders);
  const rows = contenders.map(({ name }) => {
    const of = (field) => median(readings[name].map((reading) => reading[field]));
    const over = (field) => ratio(pairedRatio(readings, name, MEMCACHED, (reading) => reading[field]));
    return [
      names[name],
      fixed(of('us'), 1),
      over('us'),
      ...['p50', 'p99', 'p999', 'max'].map((field) => fixed(of(field), 0)),
      over('p999'),
      fixed(median(readings[name].map(({ lateness }) => lateness.p999)), 0),
      count(of('items')),
      over('items'),
      fixed(of('hitRatio'), 3),
      fixed(of('peakBytes') / MIB, 0),
    ];
  });
  const head = [
    '',
    'CPU µs',
    '/ mc',
    'p50 µs',
    'p99',
    'p99.9',
    'longest',
    'p99.9 / mc',
    'sent late, p99.9',
    'items',
    '/ mc',
    'hits',
    'resident MiB, peak',
  ];
  return make(head, rows);
}
