/** What the stores of a suite are over, by the name in the environment: `store()` makes an adapter over the same cache. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { CacheEngine } from 'hotset';
import { HotsetClient } from 'hotset/client';
import { KeyvHotset } from 'hotset/keyv';
import { LoadingCache } from 'hotset/loading';
import { attachWebSocket } from 'hotset/websocket';

const keyv = await import(process.env.HOTSET_KEYV);
const engine = new CacheEngine({ maxBytes: '16MiB' });

async function connected() {
  const server = createServer();
  attachWebSocket(engine, { server, path: '/ws' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new HotsetClient(`ws://127.0.0.1:${server.address().port}/ws`, { nearCache: {} });
}

const STORES = {
  engine: () => () => new KeyvHotset(engine),
  loading: () => {
    const cache = new LoadingCache(engine);
    return () => new KeyvHotset(cache);
  },
  client: async () => {
    const client = await connected();
    return () => new KeyvHotset(client);
  },
  // Keyv 6's own, for what no store can pass.
  memory: () => {
    const map = new Map();
    return () => Object.assign(new keyv.KeyvMemoryAdapter(map), { opts: {} });
  },
};

export const store = await STORES[process.env.HOTSET_STORE]();
export const { Keyv } = keyv;
