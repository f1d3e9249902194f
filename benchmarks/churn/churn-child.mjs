/**
 * Runs in a process of its own, with --expose-gc: sets fresh values under new keys, far more than the budget holds, and
 * reports as JSON what the process took at most, and what it holds after collection.
 * Arguments: contender, shape, bytes of the budget, bytes to set.
 */

import { setImmediate } from 'node:timers/promises';
import { growth, settled } from '../memory/held.mjs';
import { churnContenders } from './contenders.mjs';
import { CHURN_SHAPES } from './values.mjs';

/** Between two turns of the event loop, as between the requests of a service. */
const TURN_BYTES = 100_000;

const [name, shapeName, budgetText, totalText] = process.argv.slice(2);
const { bytes, value } = CHURN_SHAPES[shapeName];
const cache = await churnContenders[name](Number(budgetText));
const count = Math.ceil(Number(totalText) / bytes);
const inTurn = Math.ceil(TURN_BYTES / bytes);

const before = await settled();
for (let i = 0; i < count; i++) {
  cache.set(`key:${1_000_000 + i}`, value(i));
  if (i % inTurn === 0) await setImmediate();
}
// Taken before anything is collected by hand; kilobytes.
const peak = process.resourceUsage().maxRSS * 1024;
const after = await settled();
process.stdout.write(
  JSON.stringify({
    sets: count,
    entries: cache.size ?? 0,
    counted: cache.bytes ?? cache.calculatedSize ?? 0,
    started: before.rss,
    peak,
    held: growth(before, after).held,
    residentAfter: after.rss,
  }),
);
