/** node fleet-child.mjs KIND CLIENT ADDRESS READS: one of several processes that miss one key at the same time. */

import { setTimeout } from 'node:timers/promises';
import { TieredCache } from '../../dist/tiered/index.js';
import { CLIENTS, TTL_MS } from './parts.mjs';

const [, , kind, name, address, reads] = process.argv;
const { tier } = await CLIENTS[kind][name](address);
const cache = new TieredCache({ tier, ttlMs: TTL_MS, leaseMs: 20_000, tierTimeoutMs: 20_000 });

process.on('message', async ({ key }) => {
  let loads = 0;
  const load = async () => {
    loads++;
    // As a database does: long enough for all the others to have asked.
    await setTimeout(100);
    return { loadedBy: process.pid };
  };
  const values = await Promise.all(Array.from({ length: Number(reads) }, () => cache.getOrLoad(key, load)));
  process.send?.({ answers: values.length, loads, by: [...new Set(values.map(({ loadedBy }) => loadedBy))] });
});
process.on('disconnect', () => process.exit());
await tier.get(['connected'], new AbortController().signal);
process.send?.({ ready: true });
