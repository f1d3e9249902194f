/**
 * Runs in a process of its own, with --expose-gc: fills an array with the values of one shape, no engine about,
 * and reports as JSON what the engine's estimate of them comes to and what the process holds for them.
 * Arguments: shape, entries.
 */

import { SharedBuffers } from '../../dist/engine/shared-buffers.js';
import { valueBytes, weighObject } from '../../dist/weigh/index.js';
import { growth, settled, steady } from './held.mjs';
import { shapes } from './shapes.mjs';

const [name, entries] = process.argv.slice(2);
const shape = shapes[name];
const count = Number(entries);

/** Returns the estimate. Weighing also flattens a string that was joined, as it does in the engine. */
function fill(array, from, buffers) {
  let bytes = 0;
  for (let i = 0; i < array.length; i++) {
    const value = shape.value(from + i);
    array[i] = value;
    if (typeof value !== 'object' || value === null) bytes += valueBytes(value);
    else {
      const weight = weighObject(value);
      bytes += weight.bytes;
      if (weight.shared !== null) buffers.hold(from + i, weight.shared);
    }
  }
  return bytes + buffers.bytes;
}

/** An array that holds references to anything: one of numbers alone would hold them unboxed. */
function references(length) {
  return new Array(length).fill(null);
}

const WARM_UP = 20_000;

// The same work before: code, feedback and caches are in place when the baseline is taken.
fill(references(WARM_UP), 0, new SharedBuffers());
const array = references(count);
const buffers = new SharedBuffers();
const before = await steady();
const counted = fill(array, WARM_UP, buffers);
const after = await settled();
process.stdout.write(JSON.stringify({ entries: array.length, counted, ...growth(before, after) }));
