/**
 * Two tiers: what a hit of each costs beside what it is made of, how often a fleet loads a key that many miss at once, and caches
 * with two tiers beside each other over one Redis: time, allocations, and what they return while Redis is stopped.
 *
 * Each contender runs in a fresh process, which first proves that it returns what was stored, and gives the median of its turns. Of the
 * rounds the least counts, because what else the machine does only adds: a round may take three times as long as the next.
 */

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../harness/child.mjs';
import { MEMCACHED_BINARY } from '../harness/machine.mjs';
import { readResults } from '../harness/results.mjs';
import { announce, inRounds } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { table } from '../harness/table.mjs';
import { freeAddress } from '../server/addresses.mjs';
import { startServer } from '../server/process.mjs';
import { besideTable, fleetTable, stoppedTable, tierOneTable, tierTwoTable } from './tables.mjs';

const url = (file) => new URL(file, import.meta.url);
const SERVER = url('../workers/server-child.mjs');

const TIER_ONE = [
  'engine.get',
  'getLocal',
  'await engine.get',
  'await get',
  'await getOrLoad',
  'getLocal ?? await getOrLoad',
];
/** `[kind of server, client, way]` */
const TIER_TWO = [
  ['redis', '@redis/client', 'plain'],
  ['redis', '@redis/client', 'tier'],
  ['redis', '@redis/client', 'cache'],
  ['redis', 'ioredis', 'plain'],
  ['redis', 'ioredis', 'tier'],
  ['redis', 'ioredis', 'cache'],
  ['memcached', 'memjs', 'plain'],
  ['memcached', 'memcache', 'plain'],
  ['memcached', 'memcachedTier', 'tier'],
  ['memcached', 'memcachedTier', 'cache'],
  ['hotset', 'HotsetClient', 'plain'],
  ['hotset', 'HotsetClient', 'bytes'],
  ['hotset', 'HotsetClient', 'tier'],
  ['hotset', 'HotsetClient', 'cache'],
];
const FLEETS = [
  ['redis', '@redis/client'],
  ['memcached', 'memcachedTier'],
  ['hotset', 'HotsetClient'],
];
const BESIDE = ['hotset', 'bentocache', 'cacheable'];
const STOPPED = ['hotset', 'hotset, maxStaleMs: 30,000', 'bentocache', 'cacheable'];
const PROCESSES = 4;
const READS_IN_EACH = 250;
/** Of a heap that nothing is collected from in a turn. */
const YOUNG = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];

const PARTS = {
  'tier-one': { make: tierOne, rounds: 5, seconds: 2, show: tierOneTable },
  'tier-two': { make: tierTwo, rounds: 5, seconds: 1.2, show: tierTwoTable },
  fleet: { make: fleet, rounds: 5, show: fleetTable },
  beside: { make: beside, rounds: 3, seconds: 6, show: besideTable },
  stopped: { make: stopped, rounds: 1, show: stoppedTable },
};

/**
 * Returns the raw figures; with `keep` also those of parts that were kept before and are not measured now. `options`: smoke, rounds,
 * only (a RegExp on tier-one, tier-two, fleet, beside, stopped), contenders (a RegExp).
 */
export async function benchTiered(options) {
  const kept = options.keep ? readResults('tiered') : null;
  const results = Object.fromEntries(
    Object.keys(PARTS).flatMap((name) => (kept?.[name] ? [[name, kept[name]]] : [])),
  );
  for (const [name, { make, rounds, seconds, show }] of Object.entries(PARTS)) {
    if (!(options.only?.test(name) ?? true)) continue;
    const plan = {
      rounds: options.smoke ? 1 : (options.rounds ?? rounds),
      seconds: options.smoke ? 0.05 : seconds,
      wants: (contender) => options.contenders?.test(contender) ?? true,
    };
    console.log(`\n${name}`);
    const found = await make(plan);
    if (found.missing !== undefined) {
      console.log(found.missing);
      continue;
    }
    results[name] = { taken: new Date().toISOString(), rounds: plan.rounds, ...found };
    const { head, rows } = show(results[name]);
    console.log(table(head, rows));
  }
  return results;
}

async function tierOne({ rounds, seconds, wants }) {
  const runs = await inRounds(TIER_ONE.filter(wants), rounds, async (way) => {
    const { ns } = await runChild(url('tier-one-child.mjs'), [way, seconds]);
    return ns;
  });
  return { figures: Array.from(runs, ([way, ns]) => ({ way, ns: Math.min(...ns), runs: ns })) };
}

async function tierTwo({ rounds, seconds, wants }) {
  return withServers(['redis', 'memcached', 'hotset'], async (addresses) => {
    const contenders = TIER_TWO.filter(([kind, client, way]) => wants(`${kind} ${client} ${way}`));
    const runs = await inRounds(contenders, rounds, async ([kind, client, way], round) => {
      if (client === TIER_TWO[0][1] && way === 'plain') announce(round, rounds);
      const { us } = await runChild(url('tier-two-child.mjs'), [kind, client, way, addresses[kind], seconds]);
      return us;
    });
    return {
      figures: Array.from(runs, ([[kind, client, way], all]) => ({
        kind,
        client,
        way,
        one: Math.min(...all.map((us) => us[1])),
        sixteen: Math.min(...all.map((us) => us[16])),
        runs: all,
      })),
    };
  });
}

async function fleet({ rounds, wants }) {
  return withServers(['redis', 'memcached', 'hotset'], async (addresses) => {
    const figures = [];
    for (const [kind, client] of FLEETS.filter(([name]) => wants(name))) {
      const children = Array.from({ length: PROCESSES }, () =>
        fork(url('fleet-child.mjs'), [kind, client, addresses[kind], String(READS_IN_EACH)]),
      );
      try {
        await Promise.all(children.map((child) => once(child, 'message')));
        const loads = [];
        for (let round = 0; round < rounds; round++) {
          const answered = children.map((child) => once(child, 'message'));
          for (const child of children) child.send({ key: `missed by all ${round}` });
          const answers = (await Promise.all(answered)).map(([answer]) => answer);
          const loadedBy = new Set(answers.flatMap(({ by }) => by));
          if (loadedBy.size !== 1) throw new Error(`${kind}: values of ${loadedBy.size} processes`);
          loads.push(answers.reduce((sum, answer) => sum + answer.loads, 0));
        }
        figures.push({ kind, loads });
      } finally {
        for (const child of children) child.kill();
      }
    }
    return { processes: PROCESSES, reads: PROCESSES * READS_IN_EACH, figures };
  });
}

async function beside({ rounds, seconds, wants }) {
  return withServers(['redis'], async ({ redis }, admin) => {
    const runs = await inRounds(BESIDE.filter(wants), rounds, async (name, round) => {
      if (name === BESIDE[0]) announce(round, rounds);
      await admin.flush();
      return runChild(url('beside-child.mjs'), [name, redis, seconds], { nodeOptions: YOUNG });
    });
    const figures = Array.from(runs, ([name, all]) => ({
      name,
      operations: Object.fromEntries(
        Object.keys(all[0]).map((operation) => {
          const of = (field) => all.map((run) => run[operation][field]);
          const [us, cpuUs] = [Math.min(...of('us')), Math.min(...of('cpuUs'))];
          return [operation, { us, cpuUs, bytes: median(of('bytes')) }];
        }),
      ),
      runs: all,
    }));
    return { figures };
  });
}

async function stopped({ wants }) {
  if (!(await hasRedis())) return { missing: 'No redis-server here.' };
  const figures = await Promise.all(
    STOPPED.filter(wants).map(async (name) => {
      const directory = mkdtempSync(join(tmpdir(), 'hotset-tiered-'));
      try {
        return {
          name,
          answers: await runChild(url('stopped-child.mjs'), [name, directory], { timeoutMs: 100_000 }),
        };
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }),
  );
  return { figures };
}

/** Calls `measure(addresses, { flush })` with servers of these kinds, and stops them. */
async function withServers(kinds, measure) {
  if (!(await hasRedis())) return { missing: 'No redis-server here.' };
  const addresses = {};
  const stops = [];
  const directory = mkdtempSync(join(tmpdir(), 'hotset-tiered-'));
  try {
    for (const kind of kinds) {
      const address = await freeAddress(kind === 'memcached' ? 'tcp' : 'unix');
      addresses[kind] = kind === 'memcached' ? `127.0.0.1:${address.port}` : address.path;
      const { stop } = await startServer(commandOf(kind, address, directory), address);
      stops.push(stop);
    }
    const flush = async () => {
      const { Redis } = await import('ioredis');
      const client = new Redis({ path: addresses.redis });
      await client.flushall();
      client.disconnect();
    };
    return await measure(addresses, { flush });
  } finally {
    for (const stop of stops) await stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function commandOf(kind, address, directory) {
  if (kind === 'redis')
    return ['redis-server', '--port', 0, '--save', '', '--unixsocket', address.path, '--dir', directory];
  if (kind === 'memcached')
    return [MEMCACHED_BINARY, '-u', 'root', '-U', 0, '-m', 256, '-l', '127.0.0.1', '-p', address.port];
  return [process.execPath, SERVER.pathname, address.path];
}

function hasRedis() {
  return new Promise((resolve) => {
    const child = spawn('redis-server', ['--version'], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
