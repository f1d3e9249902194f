/** The built store in real threads. */

import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { SharedStore } from '../../lib/shared/index.js';
import { randomFrom } from '../model/random.js';

const THREADS = 8;
const SECONDS = Number(process.env.HOTSET_STRESS_SECONDS ?? 3);
const KEYS = 2000;
const WORKER = join(import.meta.dirname, 'stress-worker.mjs');

interface Counts {
  readonly reads: number;
  readonly hits: number;
  readonly writes: number;
}

/** A thread that begins with `begin(start)`, and works for so long. */
function newThread(store: SharedStore, seed: number, start: Int32Array, ms: number): Worker {
  return new Worker(WORKER, { workerData: { handle: store.handle, seed, start, ms, keys: KEYS } });
}

function newStart(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

function begin(start: Int32Array): void {
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
}

it(`takes what ${THREADS} threads do at once: nothing torn, structure whole`, async () => {
  const store = new SharedStore({ maxBytes: 4 * 2 ** 20, shards: 4 });
  const start = newStart();
  const threads = Array.from({ length: THREADS }, (_, i) => newThread(store, i + 1, start, SECONDS * 1000));
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  const ends = Promise.all(threads.map((thread) => once(thread, 'message')));
  begin(start);
  const counts = (await ends).map(([result]) => result as Counts);
  await Promise.all(threads.map((thread) => thread.terminate()));
  expect(store.verify()).toEqual([]);
  const reads = counts.reduce((sum, each) => sum + each.reads, 0);
  const hits = counts.reduce((sum, each) => sum + each.hits, 0);
  expect(store.stats()).toMatchObject({ hits, misses: reads - hits });
  for (const { writes } of counts) expect(writes).toBeGreaterThan(0);
});

it('goes on when threads are terminated in the middle of anything', async () => {
  const store = new SharedStore({ maxBytes: 4 * 2 ** 20, shards: 2 });
  const random = randomFrom(7);
  const endsAtMs = Date.now() + SECONDS * 1000;
  const failures: unknown[] = [];
  let terminated = 0;
  await Promise.all(
    Array.from({ length: 4 }, async (_, i) => {
      while (Date.now() < endsAtMs) {
        const begun = newStart();
        begin(begun);
        const worker = newThread(store, random(1e9), begun, 60_000);
        worker.on('error', (error) => failures.push(error));
        await once(worker, 'message');
        await new Promise((resolve) => setTimeout(resolve, random(50) + i));
        await worker.terminate();
        terminated++;
      }
    }),
  );
  expect(failures).toEqual([]);
  expect(terminated).toBeGreaterThan(3);
  // Whatever was left half-done is empty now.
  store.set('key', 'value');
  expect(store.get('key')).toBe('value');
  expect(store.verify()).toEqual([]);
  for (let i = 0; i < KEYS; i++) {
    const value = store.get(`key-${i}`) as string | undefined;
    if (value !== undefined) expect(value.split(' ')[1]).toBe(`key-${i}`);
  }
});
