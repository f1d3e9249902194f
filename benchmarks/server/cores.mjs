/**
 * All cores: throughput and CPU time of servers with one and with two threads, and of two hotset processes that the client
 * shares its keys out to. The load runs on the same cores. On fewer than four of them it competes with the second thread.
 */

import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, table } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { USUAL } from './cells.mjs';
import { HOTSET, MEMCACHED, presentContenders } from './contenders.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { cpuUs } from './tables.mjs';
import { statistics } from './wire.mjs';

const closedLoopUrl = new URL('./closed-loop.mjs', import.meta.url);

const ROUNDS = 5;
const MEASURE_MS = 1_000;

const DEPLOYMENTS = [
  { title: 'memcached -t 1', server: MEMCACHED, processes: 1, threads: 1 },
  { title: 'memcached -t 2', server: MEMCACHED, processes: 1, threads: 2 },
  { title: 'hotset -t 1', server: HOTSET, processes: 1, threads: 1 },
  { title: 'hotset -t 2', server: HOTSET, processes: 1, threads: 2 },
  { title: 'hotset, 2 processes, sharded by the client', server: HOTSET, processes: 2, threads: 1 },
];
const CELLS = [1, 16].flatMap((pipeline) =>
  ['get', 'set'].map((command) => ({ ...USUAL, command, pipeline })),
);

/**
 * Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a deployment's title), node (the first one runs hotset:
 * threads share a port from Node 22.12 on).
 */
export async function benchCores(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const measureMs = smoke ? 60 : MEASURE_MS;
  const node = options.node?.[0];
  console.log(`\nAll cores: medians of ${counted(rounds, 'round')} of ${measureMs} ms.`);
  const { present, missing } = await presentContenders({});
  const deployments = [];
  for (const deployment of DEPLOYMENTS) {
    const contender = present.find(({ name }) => name === deployment.server);
    if (!CAN_READ_PROCESSES || contender === undefined || only?.test(deployment.title) === false) continue;
    const threads = await threadsOf(contender, deployment, node);
    if (threads === deployment.threads) deployments.push({ ...deployment, readings: CELLS.map(() => []) });
    else missing.push(`${deployment.title} is left out: it serves from ${counted(threads, 'thread')} here`);
  }
  for (const line of missing) console.log(`  ${line}`);
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    await measure(present, rotated(deployments, round), node, measureMs);
  }
  console.log(coresTable({ cells: CELLS, deployments }, table));
  return { rounds, measureMs, missing, node, cells: CELLS, deployments };
}

async function start(contender, { threads }, node) {
  const address = await freeAddress('tcp');
  return startServer(contender.command(address, { threads, node }), address);
}

/** How many threads serve, as the server itself says. */
async function threadsOf(contender, deployment, node) {
  const server = await start(contender, deployment, node);
  try {
    return Number((await statistics(server.address)).threads);
  } finally {
    await server.stop();
  }
}

/** All deployments at once, taking turns in each cell. */
async function measure(contenders, deployments, node, measureMs) {
  const running = new Map();
  try {
    for (const deployment of deployments) {
      const contender = contenders.find(({ name }) => name === deployment.server);
      const servers = [];
      running.set(deployment, servers);
      for (let i = 0; i < deployment.processes; i++) servers.push(await start(contender, deployment, node));
    }
    for (const [i, cell] of CELLS.entries())
      for (const deployment of rotated(deployments, i)) {
        const servers = running.get(deployment);
        const addresses = servers.map(({ address }) => address);
        const pids = servers.flatMap((server) => server.pids);
        const job = { addresses, pids, protocol: 'memcached', cell, measureMs, checked: true };
        deployment.readings[i].push(await runChild(closedLoopUrl, [JSON.stringify(job)]));
      }
  } finally {
    for (const server of [...running.values()].flat()) await server.stop();
  }
}

/** What the bar compares: operations a second, median of the rounds' ratios. */
export function throughputRatio({ cells, deployments }, title, base, wanted) {
  const i = cells.findIndex(wanted);
  const [own, other] = [title, base].map(
    (name) => deployments.find((found) => found.title === name)?.readings[i],
  );
  if (own === undefined || other === undefined) return Number.NaN;
  return median(own.map((reading, round) => perSecond(reading) / perSecond(other[round])));
}

const perSecond = ({ operations, ms }) => (operations * 1000) / ms;

/** Thousands of operations a second, and microseconds of CPU for each. `make(head, rows)`: how a table is written. */
export function coresTable({ cells, deployments }, make) {
  const rows = deployments.map(({ title, readings }) => [
    title,
    ...readings.flatMap((all) => [
      count(Math.round(median(all.map(perSecond)) / 1000)),
      fixed(median(all.map(cpuUs)), 2),
    ]),
  ]);
  const head = [
    'thousands a second, CPU µs for each',
    ...cells.flatMap(({ command, pipeline }) => [`${command}, pipeline ${pipeline}`, '']),
  ];
  return make(head, rows);
}
