/**
 * Client-side caches in @redis/client, on the same traffic against one redis-server: hits, CPU time of the client, and what
 * its process holds. Another client writes, and the server invalidates. Each contender runs in a fresh process.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { table } from '../harness/table.mjs';
import { summed } from './http-cache.mjs';
import { redisTable } from './tables.mjs';

const childUrl = new URL('./redis-cache-child.mjs', import.meta.url);
const ROUNDS = 3;
const CONTENDERS = ['hotset/redis', 'BasicClientSideCache', 'no cache'];
/** `entries`: the budget over 800 bytes, what values of 660 bytes on average take with their keys. */
const TRAFFIC = { keys: 100_000, exponent: 0.9, reads: 60_000, budget: 8 * 2 ** 20, entries: 10_500 };
const SMOKE = { ...TRAFFIC, keys: 500, reads: 500, entries: 100 };

/** Returns the raw figures. `options`: smoke, rounds, contenders (a RegExp), only (a RegExp on texts or hashes). */
export async function benchRedisCache(options) {
  const rounds = options.smoke ? 1 : (options.rounds ?? ROUNDS);
  const traffic = options.smoke ? SMOKE : TRAFFIC;
  const contenders = CONTENDERS.filter((name) => options.contenders?.test(name) ?? true);
  const kinds = ['texts', 'hashes'].filter((kind) => options.only?.test(kind) ?? true);
  const directory = mkdtempSync(join(tmpdir(), 'hotset-redis-'));
  const path = join(directory, 'socket');
  const server = await startServer(['--unixsocket', path, '--dir', directory]);
  if (server === null) {
    console.log('\nNo redis-server here.');
    return { missing: true };
  }
  const runs = [];
  try {
    for (let round = 0; round < rounds; round++) {
      announce(round, rounds);
      for (const kind of kinds)
        for (const name of rotated(contenders, round)) {
          const args = [name, path, kind, JSON.stringify(traffic)];
          const figures = await runChild(childUrl, args, { nodeOptions: ['--expose-gc'] });
          runs.push({ name, library: kind, ...figures });
        }
    }
  } finally {
    server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
  const figures = summed(runs);
  console.log('\nReads of one client');
  const { head, rows } = redisTable({ figures });
  console.log(table(head, rows));
  return { rounds, traffic, figures, runs };
}

/** Null where there is none. */
function startServer(flags) {
  const server = spawn('redis-server', ['--port', '0', '--save', '', '--appendonly', 'no', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    server.on('error', () => resolve(null));
    server.stdout.on('data', (text) => {
      if (/ready to accept/i.test(`${text}`)) resolve(server);
    });
  });
}
