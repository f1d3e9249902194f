/**
 * Several processes, one hotset server beside them, and a near cache in each: a repeated read stays in the process, and
 * what any process changes, all others forget.
 *
 *   node cluster.mjs
 */

import cluster from 'node:cluster';
import { once } from 'node:events';
import { CacheEngine } from 'hotset';
import { HotsetClient } from 'hotset/client';
import { attachWebSocket } from 'hotset/websocket';

const WORKERS = 3;

if (cluster.isPrimary) {
  const endpoint = attachWebSocket(new CacheEngine({ maxBytes: '64MiB' }), { port: 0 });
  const { port } = await endpoint.listen();
  const URL = `ws://127.0.0.1:${port}/`;
  const cache = new HotsetClient(URL);
  await cache.set('price', 10);

  const workers = Array.from({ length: WORKERS }, () => cluster.fork({ URL }));
  await Promise.all(workers.map((worker) => once(worker, 'message'))); // each has read the old price
  await cache.set('price', 11);
  const exits = workers.map((worker) => once(worker, 'exit'));
  await Promise.all(exits);

  cache.close();
  await endpoint.close();
} else {
  const cache = new HotsetClient(process.env.URL, { nearCache: { maxBytes: '8MiB' } });
  const changed = new Promise((resolve) => cache.subscribe({ keys: ['price'] }, resolve).then(ready));

  async function ready() {
    const before = await cache.get('price');
    await cache.get('price'); // from the near cache
    process.send(before);
    await changed;
    console.log(
      `process ${cluster.worker.id}: ${before}, then ${await cache.get('price')}`,
      cache.nearStats().hits > 0,
    );
    cache.close();
    process.disconnect();
  }
}
