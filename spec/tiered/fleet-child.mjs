// One of several processes: a TieredCache over the server that the arguments name. Says how often its loader ran.
// node fleet-child.mjs <memcached|hotset> <address> <reads>

import { HotsetClient } from '../../dist/client/index.js';
import { clientTier } from '../../dist/tiered/client-tier.js';
import { memcachedTier } from '../../dist/tiered/memcached-tier.js';
import { TieredCache } from '../../dist/tiered/tiered-cache.js';

const [kind, address, reads] = process.argv.slice(2);

const client = kind === 'hotset' ? new HotsetClient(address) : null;
const tier = client === null ? memcachedTier(address) : clientTier(client);
const cache = new TieredCache({ tier, ttlMs: 60_000, tierTimeoutMs: 20_000, leaseMs: 20_000 });

process.on('message', async (key) => {
  let loads = 0;
  const load = async () => {
    loads++;
    // Long enough for all the others to have asked.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { loadedBy: process.pid };
  };
  const values = await Promise.all(Array.from({ length: Number(reads) }, () => cache.getOrLoad(key, load)));
  process.send({ loads, loadedBy: [...new Set(values.map(({ loadedBy }) => loadedBy))] });
});

process.on('disconnect', () => process.exit());
await tier.get(['connected'], new AbortController().signal);
process.send('ready');
