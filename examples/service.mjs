/**
 * A service that answers from a cache, refreshes stale values in the background, and is warm again after a restart.
 *
 *   PORT=8080 SNAPSHOT=./users.snapshot node service.mjs
 *   curl http://127.0.0.1:8080/users/7
 */

import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheEngine } from 'hotset';
import { LoadingCache } from 'hotset/loading';
import { loadSnapshot, saveSnapshot } from 'hotset/snapshot';

const { PORT = '8080', SNAPSHOT = 'users.snapshot' } = process.env;

/** Stands for a database. */
let loads = 0;
async function loadUser(id) {
  loads += 1;
  await sleep(20);
  return id > 1000 ? undefined : { id, name: `user ${id}` };
}

const users = new LoadingCache(new CacheEngine({ maxBytes: '64MiB' }), {
  load: loadUser,
  ttlMs: 60_000, // fresh for a minute,
  staleMs: 30_000, // then still the answer while one refresh runs,
  staleOnErrorMs: 600_000, // and for ten minutes when the database is down
  missTtlMs: 5_000,
  flightTimeoutMs: 2_000,
  onError: (error, id) => console.error('user', id, error),
});

try {
  const { stored, expired } = await loadSnapshot(users.engine, SNAPSHOT);
  console.log(`warm start: ${stored} users, ${expired} expired meanwhile`);
} catch (error) {
  if (error.code !== 'ENOENT') console.warn('cold start:', error.message);
}

const server = createServer(async (request, response) => {
  const [, id] = /^\/users\/(\d+)$/.exec(request.url) ?? [];
  const user = id && (await users.get(Number(id)).catch(() => null));
  response.setHeader('content-type', 'application/json');
  response.statusCode = user ? 200 : user === null ? 503 : 404;
  response.end(JSON.stringify({ user, loads, hitRatio: users.engine.stats().hitRatio }));
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () =>
    server.close(async () => {
      const { entries } = await saveSnapshot(users.engine, SNAPSHOT);
      console.log(`saved ${entries} users`);
    }),
  );
