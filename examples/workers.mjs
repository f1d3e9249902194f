/**
 * A web service in several processes, one hotset server beside them on a Unix socket, and a near cache in each: one loads for all,
 * a repeated read stays in its process, and what any process changes, all others forget.
 *
 *   npm install hotset ws
 *   node workers.mjs                       node:cluster: this process serves the cache, and its workers the web
 *   pm2 start ecosystem.config.cjs         PM2: the same program, one process as the cache and a cluster as the web
 *   curl localhost:3000/prices/7; curl -X PUT -d 12 localhost:3000/prices/7
 */

import cluster from 'node:cluster';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheEngine } from 'hotset';
import { HotsetClient } from 'hotset/client';
import { attachWebSocket } from 'hotset/websocket';

const { ROLE, PORT = '3000', WORKERS = '2' } = process.env;
const SOCKET = process.env.CACHE_SOCKET ?? join(tmpdir(), `hotset-${process.getuid?.() ?? 'cache'}.sock`);

if (ROLE === 'cache') await serveCache();
else if (ROLE === 'web' || cluster.isWorker) await serveWeb();
else {
  await serveCache();
  for (let i = 0; i < Number(WORKERS); i++) cluster.fork();
  cluster.on('exit', (_worker, code, signal) => {
    if (code !== 0 && signal !== 'SIGTERM') cluster.fork(); // one that has crashed; its near cache was a copy
  });
}

async function serveCache() {
  const server = createServer();
  const endpoint = attachWebSocket(new CacheEngine({ maxBytes: '256MiB' }), { server, path: '/ws' });
  rmSync(SOCKET, { force: true }); // of a process that was killed
  process.umask(0o077); // for this user only
  server.listen(SOCKET);
  await once(server, 'listening');
  process.once('SIGTERM', async () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker.kill();
    await endpoint.close({ forceAfterMs: 5000 });
    server.close();
  });
}

async function serveWeb() {
  const cache = new HotsetClient(`ws+unix:${SOCKET}:/ws`, {
    nearCache: { maxBytes: '32MiB' },
    timeoutMs: 200,
  });
  let loads = 0;

  const server = createServer(async (request, response) => {
    try {
      const key = /^\/(prices\/\d+)$/.exec(request.url)?.[1];
      if (key === undefined) return void response.writeHead(404).end();
      if (request.method === 'PUT') {
        const price = Number(Buffer.concat(await request.toArray()));
        await cache.set(key, price); // after the database
        return void response.end('stored\n');
      }
      const hitsBefore = cache.nearStats().hits;
      const price = (await readPrice(key)) ?? (await loadPrice(key));
      const near = cache.nearStats().hits > hitsBefore;
      response.end(`${JSON.stringify({ price, near, loads, process: process.pid })}\n`);
    } catch (error) {
      response.writeHead(500).end(`${error.message}\n`);
    }
  });

  /** While the cache cannot be reached, the database serves. */
  async function readPrice(key) {
    try {
      return await cache.get(key);
    } catch {
      return undefined;
    }
  }

  async function loadPrice(key) {
    loads++;
    const price = 10; // the database's answer
    await cache.add(key, price, { ttlMs: 60_000 }).catch(() => {}); // what another process has written meanwhile is newer
    return price;
  }

  server.listen(PORT);
  await once(server, 'listening');
  console.log(`process ${process.pid} serves http://localhost:${server.address().port}`);
  process.once('SIGTERM', () => {
    server.close();
    server.closeIdleConnections();
    cache.close();
    cluster.worker?.disconnect();
  });
}
