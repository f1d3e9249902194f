/**
 * A thread that reads and writes a shared store as fast as it can. Each value says what it is: its key, a number, and a sum of
 * its own characters, so that a torn one shows.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { SharedStore } from '../../dist/shared/index.js';

const { handle, seed, start, keys, ms } = workerData;
const store = SharedStore.open(handle);
let state = seed;

function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 1) / 2 ** 31) * below);
}

function sumOf(text) {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
  return sum;
}

function valueFor(key) {
  const size = random(20) === 0 ? random(20_000) : random(300);
  const body = `${key} ${random(1e6)} ${String.fromCharCode(97 + random(26)).repeat(size)}`;
  return `${sumOf(body)} ${body}`;
}

function check(key, value) {
  const space = value.indexOf(' ');
  const body = value.slice(space + 1);
  if (Number(value.slice(0, space)) !== sumOf(body) || !body.startsWith(`${key} `))
    throw new Error(`the value under ${key} is torn: ${value.slice(0, 80)}`);
}

// All begin at once.
parentPort.postMessage('ready');
Atomics.wait(start, 0, 0);
const endsAtMs = Date.now() + ms;
const counts = { reads: 0, hits: 0, writes: 0 };
while (Date.now() < endsAtMs) {
  for (let round = 0; round < 200; round++) {
    const key = `key-${random(keys)}`;
    const action = random(10);
    if (action < 6) {
      counts.reads++;
      const value = store.get(key);
      if (value === undefined) continue;
      counts.hits++;
      check(key, value);
    } else if (action < 9) {
      counts.writes++;
      store.set(key, valueFor(key), random(10) === 0 ? { ttlMs: 1 + random(50) } : {});
    } else if (random(2000) === 0) store.clear();
    else store.delete(key);
  }
}
parentPort.postMessage(counts);
