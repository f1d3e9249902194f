/**
 * Runs in a process of its own, with --expose-gc: fills one contender, then replaces all entries once by new ones,
 * and prints as JSON what the process holds for it at both points, in bytes for each entry.
 * Arguments: contender (or 'two arrays'), shape, entries.
 *
 * What is held is heapUsed + external; V8 counts array buffers as external, so they are in it. For contenders without
 * a bound the old key is deleted by hand.
 */

import { loadContender } from '../caches/index.mjs';
import { collectGarbage } from '../harness/garbage.mjs';
import { keyKinds } from '../workloads/keys.mjs';
import { FOOTPRINT_SHAPES } from './shapes.mjs';
import { TWO_ARRAYS, TwoArrays } from './two-arrays.mjs';

/** For each of the two steps. Filling a million small entries takes a second or two. */
const FILL_MS = 10_000;
const CHUNK = 1_000;
const WARMUP_ENTRIES = 2_000;

const [name, shapeName, entryText] = process.argv.slice(2);
const entries = Number(entryText);
/** @type {any} */
const contender =
  name === TWO_ARRAYS
    ? { create: (count) => new TwoArrays(count), unbounded: false }
    : await loadContender(name);
const { value } = FOOTPRINT_SHAPES[shapeName];
const keyOf = keyKinds.short(entries);

function created(count) {
  return contender.create(count, { key: keyOf(0), value: value(0) });
}

/** Whether it was done in time. */
function store(cache, from, to, room) {
  const end = performance.now() + FILL_MS;
  for (let i = from; i < to; i++) {
    cache.set(keyOf(i), value(i));
    if (contender.unbounded && i >= room) cache.delete(keyOf(i - room));
    if (i % CHUNK === 0 && performance.now() > end) return false;
  }
  return true;
}

async function held() {
  // Backing stores are freed on another thread: collect, wait and collect again.
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// The same work in small: code, feedback and caches are in place before the baseline is taken.
for (let i = 0; i < 3; i++) store(created(WARMUP_ENTRIES), 0, WARMUP_ENTRIES * 2, WARMUP_ENTRIES);
await held();
const before = await held();
const cache = created(entries);
const each = async () => Number((((await held()) - before) / entries).toPrecision(5));
/** @type {Record<string, number>} */
const figures = {};
if (store(cache, 0, entries, entries)) {
  figures.grown = await each();
  // What an engine with a byte budget says itself.
  if (typeof cache.bytes === 'number' && cache.bytes > 0) figures.counted = cache.bytes / entries;
  if (store(cache, entries, entries * 2, entries)) figures.turnedOver = await each();
}
// Keeps the cache alive until here.
figures.entries = cache.size ?? entries;
process.stdout.write(JSON.stringify(figures), () => process.exit());
