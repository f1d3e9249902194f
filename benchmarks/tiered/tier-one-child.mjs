/**
 * node tier-one-child.mjs WAY SECONDS
 *
 * Hits of the first tier, 1,000 keys, in turns of 20,000 reads. Prints as JSON ns for each read, the median of the turns.
 */

import { isDeepStrictEqual } from 'node:util';
import { CacheEngine } from '../../dist/index.js';
import { TieredCache } from '../../dist/tiered/index.js';
import { median } from '../harness/statistics.mjs';
import { KEYS, newValue, signs, TTL_MS } from './parts.mjs';

const [, , way, seconds] = process.argv;
const READS = 20_000;
const WARM_UP_TURNS = 20;
const load = () => newValue('none');
const none = {
  name: 'none',
  get: async () => new Map(),
  set: async () => {},
  delete: async () => {},
  deletePrefix: async () => {},
};
const makeEngine = () => new CacheEngine({ maxBytes: '64MiB' });
/** All windows are in use. */
const makeCache = () =>
  new TieredCache({
    tier: none,
    source: signs,
    ttlMs: TTL_MS,
    staleMs: 1_000,
    graceMs: 10_000,
    refreshAheadMs: 100,
  });

/** way -> `[fill, read, whether it is awaited]`. */
const WAYS = {
  'engine.get': () => bare(false),
  'await engine.get': () => bare(true),
  getLocal: () => tiered((cache, key) => cache.getLocal(key), false),
  'await get': () => tiered((cache, key) => cache.get(key), true),
  'await getOrLoad': () => tiered((cache, key) => cache.getOrLoad(key, load), true),
  'getLocal ?? await getOrLoad': () =>
    tiered((cache, key) => cache.getLocal(key) ?? cache.getOrLoad(key, load), false),
};

function bare(isAwaited) {
  const engine = makeEngine();
  const set = (key, value) => engine.set(key, value, { ttlMs: TTL_MS });
  return { set, read: (key) => engine.get(key), isAwaited };
}

function tiered(read, isAwaited) {
  const cache = makeCache();
  return { set: (key, value) => cache.set(key, value), read: (key) => read(cache, key), isAwaited };
}

const { set, read, isAwaited } = WAYS[way]();
for (const key of KEYS) await set(key, newValue(key));
for (const key of KEYS)
  if (!isDeepStrictEqual(await read(key), newValue(key))) throw new Error(`${way} reads something else`);

function turn() {
  for (let at = 0; at < READS; at++) if (read(KEYS[at % 1_000]) === undefined) throw new Error('a miss');
}
async function awaitedTurn() {
  for (let at = 0; at < READS; at++)
    if ((await read(KEYS[at % 1_000])) === undefined) throw new Error('a miss');
}

const times = [];
const endMs = performance.now() + Number(seconds) * 1_000;
for (let turns = 0; turns <= WARM_UP_TURNS || performance.now() < endMs; turns++) {
  const beganMs = performance.now();
  if (isAwaited) await awaitedTurn();
  else turn();
  if (turns >= WARM_UP_TURNS) times.push(((performance.now() - beganMs) * 1e6) / READS);
}
console.log(JSON.stringify({ ns: median(times) }));
process.exit(0);
