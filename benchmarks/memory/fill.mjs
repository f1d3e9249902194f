/**
 * Runs in a process of its own, with --expose-gc: fills an engine with one shape, then replaces all entries
 * twice over by evicting them, and reports as JSON, at both points, what the engine counts and what the
 * process holds for it. A full cache in use is in the second state, where Map's table keeps deleted entries.
 * Arguments: shape, entries, and further options of the engine as JSON.
 */

import { readFileSync } from 'node:fs';
import { CacheEngine } from '../../dist/index.js';
import { shapes } from './shapes.mjs';

const TURNOVERS = 2;

const [name, entries, options] = process.argv.slice(2);
const shape = shapes[name];
const count = Number(entries);

function emptyEngine(maxEntries) {
  return new CacheEngine({ maxBytes: 2 ** 40, maxEntries, ...JSON.parse(options) });
}

function store(engine, from, to) {
  for (let i = from; i < to; i++) engine.set(shape.key(i), shape.value(i));
}

async function settled() {
  // Backing stores are freed on another thread: collect, wait and collect again.
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { ...process.memoryUsage(), malloc: mallocBytes() };
}

/** Resident bytes of malloc's heap; what malloc maps apart (128 kB and more) is not in it. Linux only. */
function mallocBytes() {
  try {
    const region = readFileSync('/proc/self/smaps', 'utf8').split('[heap]')[1];
    return region === undefined ? 0 : Number(/^Rss:\s+(\d+) kB/m.exec(region)[1]) * 1024;
  } catch {
    return 0;
  }
}

function reading(engine, before, after, hidden) {
  const grown = (field) => after[field] - before[field];
  return {
    entries: engine.size,
    counted: engine.bytes,
    heapUsed: grown('heapUsed'),
    // V8 counts array buffers as external memory: `arrayBuffers` is a part of `external`.
    external: grown('external'),
    hidden,
    held: grown('heapUsed') + grown('external') + hidden,
    rss: grown('rss'),
  };
}

// The same work in small: code, feedback and caches are in place before the baseline is taken.
for (let i = 0; i < 5; i++) {
  const engine = emptyEngine(300);
  store(engine, 0, 600);
  await settled();
}
const before = await settled();
const engine = emptyEngine(count);
store(engine, 0, count);
const afterFilling = await settled();
// What V8 and malloc add to each block outside the heap is in neither `heapUsed` nor `external`. Seen only
// before entries are replaced, because malloc keeps what was freed.
const hidden =
  shape.outside === undefined
    ? 0
    : Math.max(0, afterFilling.malloc - before.malloc - shape.outside * engine.size);
const filled = reading(engine, before, afterFilling, hidden);
store(engine, count, count * (1 + TURNOVERS));
const turnedOver = reading(engine, before, await settled(), hidden);
process.stdout.write(JSON.stringify({ filled, turnedOver }));
