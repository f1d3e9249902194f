/**
 * Runs in a process of its own, with --expose-gc: fills an engine with one shape, then replaces all entries
 * twice over by evicting them, and reports as JSON, at both points, what the engine counts and what the
 * process holds for it. A full cache in use is in the second state, where Map's table keeps deleted entries.
 * Arguments: shape, entries, and further options of the engine as JSON.
 */

import { CacheEngine } from '../../dist/index.js';
import { growth, settled, steady } from './held.mjs';
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

function reading(engine, before, after) {
  return { entries: engine.size, counted: engine.bytes, ...growth(before, after) };
}

// The same work in small: code, feedback and caches are in place before the baseline is taken.
for (let i = 0; i < 5; i++) {
  const engine = emptyEngine(300);
  store(engine, 0, 600);
}
const before = await steady();
const engine = emptyEngine(count);
store(engine, 0, count);
const filled = reading(engine, before, await settled());
store(engine, count, count * (1 + TURNOVERS));
const turnedOver = reading(engine, before, await settled());
process.stdout.write(JSON.stringify({ filled, turnedOver }));
