/**
 * node tier-two-child.mjs KIND CLIENT WAY ADDRESS SECONDS
 *
 * Hits of the second tier by one client: its own `get` (WAY `plain`, or `bytes`), `tier.get` (`tier`), or a TieredCache whose first tier holds one
 * entry (`cache`). 1,000 texts of 1 kB, one at a time and 16 at once. Prints us for each read as JSON.
 */

import { CacheEngine } from '../../dist/index.js';
import { TieredCache } from '../../dist/tiered/index.js';
import { median } from '../harness/statistics.mjs';
import { CLIENTS, KEYS, signs, TTL_MS } from './parts.mjs';

const [, , kind, name, way, address, seconds] = process.argv;
const READS = 1_000;
const WARM_UP_TURNS = 3;
const { signal } = new AbortController();
const textOf = (key) => `${key} ${'x'.repeat(1_000 - key.length - 1)}`;
const { tier, plain, bytes } = await CLIENTS[kind][name](address);

/** way -> `set(key, text)` and `get(key)`, whose answer `text(answer)` is the text of. */
const WAYS = {
  plain: () => ({ ...plain, text: (answer) => answer }),
  bytes: () => ({ ...bytes, text: (answer) => Buffer.from(answer).toString() }),
  tier: () => ({
    set: (key, text) => tier.set(new Map([[key, { bytes: Buffer.from(text), ttlMs: TTL_MS }]]), signal),
    get: async (key) => (await tier.get([key], signal)).get(key)?.bytes,
    text: (bytes) => Buffer.from(bytes).toString(),
  }),
  cache: () => {
    const cache = new TieredCache({
      tier,
      source: signs,
      engine: new CacheEngine({ maxEntries: 1 }),
      ttlMs: TTL_MS,
    });
    return {
      set: (key, text) => cache.set(key, text),
      get: (key) => cache.get(key),
      text: (answer) => answer,
    };
  },
};
const { set, get, text } = WAYS[way]();
for (const key of KEYS) await set(key, textOf(key));
for (const key of KEYS)
  if (text(await get(key)) !== textOf(key)) throw new Error(`${name}, ${way}: reads something else`);

async function turn(atOnce) {
  let left = READS;
  const beganMs = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) if ((await get(KEYS[left])) === undefined) throw new Error('a miss');
    }),
  );
  return ((performance.now() - beganMs) * 1_000) / READS;
}

const us = {};
for (const atOnce of [1, 16]) {
  const times = [];
  const endMs = performance.now() + (Number(seconds) * 1_000) / 2;
  for (let turns = 0; turns <= WARM_UP_TURNS || performance.now() < endMs; turns++) {
    const taken = await turn(atOnce);
    if (turns >= WARM_UP_TURNS) times.push(taken);
  }
  us[atOnce] = median(times);
}
console.log(JSON.stringify({ us }));
process.exit(0);
