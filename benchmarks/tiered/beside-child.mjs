/**
 * node --expose-gc --min-semi-space-size=128 --max-semi-space-size=128 beside-child.mjs CACHE SOCKET SECONDS
 *
 * One cache with two tiers over Redis, one call at a time. Prints as JSON, for each operation, us of time, us of this process' CPU
 * time, and bytes allocated on the heap: medians of turns. A turn allocates less than the young generation has, which is empty before.
 */

import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { collectGarbage } from '../harness/garbage.mjs';
import { median } from '../harness/statistics.mjs';
import { CACHES } from './caches.mjs';
import { KEYS, newValue } from './parts.mjs';

const [, , name, path, seconds] = process.argv;
const WARM_UP_TURNS = 4;
let fresh = 0;
let loads = 0;

/** The first has all keys in the first tier, the second one key only. */
const whole = await CACHES[name](path, { entries: 2 * KEYS.length });
const narrow = await CACHES[name](path, { entries: 1 });
for (const cache of [whole, narrow]) while (!cache.ready()) await setTimeout(5);

const load = async () => {
  loads++;
  return newValue('loaded');
};

/**
 * operation -> calls of a turn, and what one does.
 *
 * @type {Record<string, [number, (at: number) => Promise<unknown>]>}
 */
const OPERATIONS = {
  'tier-one hit': [10_000, (at) => whole.get(KEYS[at % KEYS.length])],
  'tier-two hit': [500, (at) => narrow.get(KEYS[at % KEYS.length])],
  miss: [500, () => narrow.getOrLoad(`fresh:${process.pid}:${fresh++}`, load)],
  write: [500, (at) => narrow.set(KEYS[at], newValue(KEYS[at]))],
};

for (const key of KEYS) await whole.set(key, newValue(key));
// What the other one hears of these writes is over.
await setTimeout(100);
for (const key of KEYS) await whole.getOrLoad(key, load);
for (const cache of [whole, narrow])
  for (const key of KEYS)
    if (!isDeepStrictEqual(await cache.get(key), newValue(key)))
      throw new Error(`${name} reads something else`);
if (loads > 0) throw new Error(`${name} has lost values`);
await narrow.getOrLoad('once', load);
if (!isDeepStrictEqual(await narrow.getOrLoad('once', load), newValue('loaded')) || loads !== 1)
  throw new Error(`${name} loads twice`);
await narrow.set('once', 'written');
if ((await narrow.get('once')) !== 'written') throw new Error(`${name} does not read what it has written`);

const figures = {};
for (const [operation, [calls, work]] of Object.entries(OPERATIONS)) {
  const turns = [];
  loads = 0;
  const endMs = performance.now() + (Number(seconds) * 1_000) / 4;
  for (let number = 0; number <= WARM_UP_TURNS || performance.now() < endMs; number++) {
    collectGarbage({ type: 'minor' });
    const heap = process.memoryUsage().heapUsed;
    const cpu = process.cpuUsage();
    const beganMs = performance.now();
    for (let at = 0; at < calls; at++) await work(at);
    const us = ((performance.now() - beganMs) * 1_000) / calls;
    const { user, system } = process.cpuUsage(cpu);
    const bytes = (process.memoryUsage().heapUsed - heap) / calls;
    if (number >= WARM_UP_TURNS) turns.push({ us, cpuUs: (user + system) / calls, bytes });
  }
  const of = (field) => median(turns.map((turn) => turn[field]));
  figures[operation] = { us: of('us'), cpuUs: of('cpuUs'), bytes: of('bytes'), turns: turns.length };
  if (operation === 'miss' ? loads === 0 : loads > 0)
    throw new Error(`${name}: ${loads} loads, ${operation}`);
}
console.log(JSON.stringify(figures));
process.exit(0);
