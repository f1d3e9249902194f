/**
 * Several processes of one service on one machine, on the same traffic: each with a cache of its own, with a hotset server
 * beside them, and with a redis-server beside them, both on a Unix socket. What a request costs all processes together, how
 * often the database is asked, and how much of the hot set is out of date in some process at the end.
 *
 * The database is this process: it counts what is loaded and updated, and knows the last version of each key.
 */

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { table } from '../harness/table.mjs';
import { cpuMs } from '../server/process-figures.mjs';
import { workersTable } from './tables.mjs';

const workerUrl = new URL('./worker-child.mjs', import.meta.url);
const serverUrl = new URL('./server-child.mjs', import.meta.url);
const ROUNDS = 3;
const PROCESSES = 3;
/** Contender -> the server beside the processes. */
const CONTENDERS = {
  'each process alone': null,
  'hotset, near caches': 'hotset',
  'hotset, no near caches': 'hotset',
  'Redis, hotset/redis in each': 'redis',
  Redis: 'redis',
};
/**
 * Requests of each process: the first `warmUp` are not measured, only their loads are counted. Of `updateEvery` requests one is an
 * update. `hot`: keys that are looked at in the end.
 */
const TRAFFIC = {
  keys: 10_000,
  exponent: 1,
  warmUp: 30_000,
  requests: 40_000,
  updateEvery: 50,
  hot: 1000,
  loadMs: 2,
};
const SMOKE = { ...TRAFFIC, keys: 500, warmUp: 100, requests: 500, hot: 50 };

/** Returns the raw figures. `options`: smoke, rounds, contenders (a RegExp). */
export async function benchWorkers(options) {
  const rounds = options.smoke ? 1 : (options.rounds ?? ROUNDS);
  const traffic = options.smoke ? SMOKE : TRAFFIC;
  const names = Object.keys(CONTENDERS).filter((name) => options.contenders?.test(name) ?? true);
  const runs = [];
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const name of rotated(names, round)) {
      const figures = await run(name, traffic);
      if (figures !== null) runs.push({ name, ...figures });
    }
  }
  const figures = names.flatMap((name) => summed(name, runs));
  console.log(`\n${PROCESSES} processes, ${traffic.requests} requests each`);
  const { head, rows } = workersTable({ figures });
  console.log(table(head, rows));
  return { rounds, processes: PROCESSES, traffic, figures, runs };
}

function summed(name, runs) {
  const own = runs.filter((run) => run.name === name);
  if (own.length === 0) return [];
  const middle = (field) => median(own.map((run) => run[field]));
  return [
    {
      name,
      cpuUs: middle('cpuUs'),
      serverCpuUs: middle('serverCpuUs'),
      perSecond: middle('perSecond'),
      loads: middle('loads'),
      staleShare: middle('staleShare'),
    },
  ];
}

/** Null where the server is missing. */
async function run(name, traffic) {
  const directory = mkdtempSync(join(tmpdir(), 'hotset-workers-'));
  const path = join(directory, 'socket');
  const server = await startServer(CONTENDERS[name], path, directory);
  if (server === undefined) {
    console.log(`No redis-server here: ${name} is left out.`);
    return null;
  }
  const database = new Database(traffic);
  const workers = Array.from({ length: PROCESSES }, (_, i) =>
    fork(workerUrl, [name, path, JSON.stringify({ ...traffic, seed: i + 1 })], { serialization: 'advanced' }),
  );
  try {
    await Promise.all(workers.map((worker) => said(worker, 'ready')));
    for (const worker of workers) database.serve(worker);
    const warm = Promise.all(workers.map((worker) => said(worker, 'done')));
    for (const worker of workers) worker.send({ go: traffic.warmUp });
    await warm;
    const serverBefore = server === null ? 0 : cpuMs([server.pid]).total;
    const done = Promise.all(workers.map((worker) => said(worker, 'done')));
    for (const worker of workers) worker.send({ go: traffic.requests });
    const results = await done;
    const serverCpuUs = server === null ? 0 : (cpuMs([server.pid]).total - serverBefore) * 1000;
    const { loads } = database;
    let stale = 0;
    for (const worker of workers) {
      const checked = said(worker, 'versions');
      worker.send({ check: true });
      const { versions } = await checked;
      stale += versions.filter(
        (version, key) => version !== null && version !== database.versionOf(key),
      ).length;
    }
    const requests = traffic.requests * PROCESSES;
    const cpuUs = results.reduce((sum, { cpu }) => sum + cpu, 0) + serverCpuUs;
    return {
      cpuUs: cpuUs / requests,
      serverCpuUs: serverCpuUs / requests,
      perSecond: results.reduce((sum, { seconds }) => sum + traffic.requests / seconds, 0),
      loads,
      staleShare: stale / (traffic.hot * PROCESSES),
    };
  } finally {
    for (const worker of workers) worker.kill();
    server?.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The next message that has this name in it. */
async function said(worker, name) {
  for (;;) {
    const [message] = await once(worker, 'message');
    if (name in message) return message;
  }
}

/** Null where none is needed, undefined where it is missing. */
async function startServer(kind, path, directory) {
  if (kind === null) return null;
  if (kind === 'hotset') {
    const server = fork(serverUrl, [path]);
    await said(server, 'ready');
    return server;
  }
  const flags = ['--port', '0', '--save', '', '--appendonly', 'no', '--unixsocket', path, '--dir', directory];
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  return await new Promise((resolve) => {
    server.on('error', () => resolve(undefined));
    server.stdout.on('data', (text) => {
      if (/ready to accept/i.test(`${text}`)) resolve(server);
    });
  });
}

class Database {
  loads = 0;
  #versions;
  #loadMs;

  constructor({ keys, loadMs }) {
    this.#versions = new Uint32Array(keys);
    this.#loadMs = loadMs;
  }

  versionOf(key) {
    return this.#versions[key];
  }

  serve(worker) {
    worker.on('message', ({ id, load, update }) => {
      if (id === undefined) return;
      if (load !== undefined) this.loads++;
      else this.#versions[update]++;
      const version = this.#versions[load ?? update];
      setTimeout(() => worker.connected && worker.send({ id, version }), this.#loadMs);
    });
  }
}
