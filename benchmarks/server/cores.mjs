/**
 * What several processes cost: one server; two, with the keys shared out by the client; and two behind twemproxy, which
 * shares them out for a client that cannot. CPU time of all server processes together, for each operation; on
 * a machine of few cores they and the load compete, so throughput says little and is not shown.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { counted, fixed, table, times } from '../harness/table.mjs';
import { accepts, freeAddress, scratch } from './addresses.mjs';
import { USUAL } from './cells.mjs';
import { HOTSET, MEMCACHED, presentContenders } from './contenders.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';

const closedLoopUrl = new URL('./closed-loop.mjs', import.meta.url);

const ROUNDS = 3;
const MEASURE_MS = 1_000;

const DEPLOYMENTS = [
  { title: 'hotset, 1 process', server: HOTSET, processes: 1 },
  { title: 'hotset, 2 processes, sharded by the client', server: HOTSET, processes: 2 },
  { title: 'hotset, 2 processes behind twemproxy', server: HOTSET, processes: 2, proxy: true },
  { title: 'memcached -t 1', server: MEMCACHED, processes: 1 },
  { title: 'memcached -t 2', server: MEMCACHED, processes: 1, threads: 2 },
  { title: 'memcached -t 1, 2 processes behind twemproxy', server: MEMCACHED, processes: 2, proxy: true },
];
const CELLS = [1, 16].flatMap((pipeline) =>
  ['get', 'set'].map((command) => ({ ...USUAL, command, pipeline })),
);

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a deployment's title), memcached. */
export async function benchCores(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const measureMs = smoke ? 60 : MEASURE_MS;
  console.log(`\nSeveral processes: medians of ${counted(rounds, 'round')} of ${measureMs} ms.`);
  const { present, missing } = presentContenders({ memcached: options.memcached });
  const hasProxy = twemproxyVersion() !== null;
  if (!hasProxy)
    missing.push('twemproxy is left out: nutcracker does not run here (apt-get install nutcracker)');
  const deployments = DEPLOYMENTS.filter(
    ({ title, server, proxy }) =>
      CAN_READ_PROCESSES &&
      (only?.test(title) ?? true) &&
      (hasProxy || proxy !== true) &&
      present.some(({ name }) => name === server),
  ).map((deployment) => ({ ...deployment, readings: CELLS.map(() => []) }));
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const deployment of rotated(deployments, round)) {
      const contender = present.find(({ name }) => name === deployment.server);
      const readings = await measure(contender, deployment, measureMs);
      readings.forEach((reading, i) => {
        deployment.readings[i].push(reading);
      });
    }
  }
  console.log(coresTable({ cells: CELLS, deployments }, table));
  return { rounds, measureMs, missing, twemproxy: twemproxyVersion(), cells: CELLS, deployments };
}

async function measure(contender, { processes, threads, proxy }, measureMs) {
  const servers = [];
  for (let i = 0; i < processes; i++) {
    const address = await freeAddress('tcp');
    servers.push(await startServer(contender.command(address, { threads }), address));
  }
  let addresses = servers.map(({ address }) => address);
  let stopProxy = async () => {};
  const pids = servers.flatMap((server) => server.pids);
  if (proxy) {
    const started = await startTwemproxy(addresses);
    addresses = [started.address];
    pids.push(started.pid);
    stopProxy = started.stop;
  }
  try {
    const readings = [];
    for (const cell of CELLS) {
      const job = { addresses, pids, protocol: contender.protocol, cell, measureMs, checked: true };
      readings.push(await runChild(closedLoopUrl, [JSON.stringify(job)]));
    }
    return readings;
  } finally {
    await stopProxy();
    for (const server of servers) await server.stop();
  }
}

async function startTwemproxy(servers) {
  const address = await freeAddress('tcp');
  const statistics = await freeAddress('tcp');
  const file = join(scratch(), 'nutcracker.yml');
  const lines = servers.map(({ port }, i) => `    - 127.0.0.1:${port}:1 server${i}`);
  writeFileSync(
    file,
    `pool:\n  listen: 127.0.0.1:${address.port}\n  hash: fnv1a_64\n  distribution: ketama\n  timeout: 2000\n  servers:\n${lines.join('\n')}\n`,
  );
  const child = spawn('nutcracker', ['-c', file, '-s', `${statistics.port}`, '-m', '16384'], {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  while (!(await accepts(address))) await new Promise((resolve) => setTimeout(resolve, 20));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { address, pid: child.pid, stop };
}

function twemproxyVersion() {
  try {
    return (
      execFileSync('sh', ['-c', 'nutcracker -V 2>&1'], { encoding: 'utf8' }).match(/nutcracker-(\S+)/)?.[1] ??
      null
    );
  } catch {
    return null;
  }
}

/** Microseconds of CPU for each operation. `make(head, rows)`: how a table is written. */
export function coresTable({ cells, deployments }, make) {
  const us = ({ readings }, i) => median(readings[i].map(({ userUs, systemUs }) => userUs + systemUs));
  const base = deployments.find(({ server, processes }) => server === HOTSET && processes === 1);
  const rows = deployments.map((deployment) => [
    deployment.title,
    ...cells.flatMap((_, i) => [
      fixed(us(deployment, i), 2),
      base === undefined ? '-' : times(us(deployment, i), us(base, i)),
    ]),
  ]);
  const head = [
    'CPU us for each operation',
    ...cells.flatMap(({ command, pipeline }) => [`${command}, pipeline ${pipeline}`, '']),
  ];
  return make(head, rows);
}
