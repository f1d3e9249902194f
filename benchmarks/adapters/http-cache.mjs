/**
 * Caches of responses beneath undici's interceptor, on the same traffic: hits, CPU time, and what the process holds. Each
 * contender asks from a fresh process; the server is in this one.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { table } from '../harness/table.mjs';
import { lognormal, seededRandom } from '../workloads/random.mjs';
import { storeTable, trafficTable } from './tables.mjs';

const childUrl = new URL('./http-cache-child.mjs', import.meta.url);
const ROUNDS = 3;
const HOTSET = 'hotset/undici';
const CONTENDERS = [HOTSET, "undici's MemoryCacheStore", 'no store'];
const TRAFFIC = { urls: 20_000, exponent: 0.9, requests: 16_000, atOnce: 16, budget: 32 * 2 ** 20 };
const SMOKE = { ...TRAFFIC, urls: 200, requests: 300, budget: 2 ** 20 };
/** Bodies: most are small, some are a hundred times larger. */
const SIZES = [6_000, 1.3, [200, 1_000_000]];

/** Returns the raw figures. `options`: smoke, rounds, contenders (a RegExp), node (further binaries). */
export async function benchHttpCache(options) {
  const rounds = options.smoke ? 1 : (options.rounds ?? ROUNDS);
  const traffic = options.smoke ? SMOKE : TRAFFIC;
  const contenders = CONTENDERS.filter((name) => options.contenders?.test(name) ?? true);
  const server = startServer(traffic.urls);
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const runs = [];
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const node of [process.execPath, ...(options.node ?? [])])
      for (const name of rotated(contenders, round)) {
        const args = [name, origin, JSON.stringify(traffic)];
        runs.push({ name, ...(await runChild(childUrl, args, { node, nodeOptions: ['--expose-gc'] })) });
      }
  }
  server.close();
  server.closeAllConnections();
  const figures = summed(runs);
  console.log('\nResponses through the interceptor');
  const { head, rows } = trafficTable({ figures });
  console.log(table(head, rows));
  const alone = storeTable({ figures });
  console.log(`\n${table(alone.head, alone.rows)}`);
  return { rounds, traffic, figures, runs };
}

/** Medians over rounds, by contender, library and Node. */
export function summed(runs) {
  const groups = new Map();
  for (const run of runs) {
    const group = [run.name, run.library, run.node].join();
    groups.set(group, [...(groups.get(group) ?? []), run]);
  }
  return Array.from(groups.values(), (own) => ({
    ...own[0],
    ...Object.fromEntries(
      Object.keys(own[0])
        .filter((field) => typeof own[0][field] === 'number')
        .map((field) => [field, median(own.map((run) => run[field]))]),
    ),
  }));
}

function startServer(urls) {
  const random = seededRandom(1);
  const draw = lognormal(...SIZES, random);
  const sizes = Array.from({ length: urls }, draw);
  const bytes = Buffer.alloc(1_000_000, 'body ');
  return createServer((message, response) => {
    const index = Number(message.url?.slice(1));
    response.writeHead(200, {
      'cache-control': 'public, max-age=3600',
      'content-type': 'application/json; charset=utf-8',
      'content-length': sizes[index],
      etag: `"${index}-${sizes[index]}"`,
      vary: 'accept-encoding',
      'x-request-id': `${index}`.padStart(32, '0'),
    });
    response.end(bytes.subarray(0, sizes[index]));
  }).listen(0, '127.0.0.1');
}
