/**
 * One cache for all threads of a process: what one thread stores, every other reads, without a message.
 *
 *   node worker-threads.mjs
 */

import { once } from 'node:events';
import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads';
import { SharedStore } from 'hotset/shared';

const THREADS = 4;

if (isMainThread) {
  const store = new SharedStore({ maxBytes: '64MiB' });
  store.set('config', { greeting: 'hello' });
  const workers = Array.from(
    { length: THREADS },
    () => new Worker(new URL(import.meta.url), { workerData: { handle: store.handle } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  const answers = [...Array(THREADS).keys()].map((i) => store.get(`answer:${i + 1}`));
  console.log(answers.filter(Boolean).length, 'threads answered');
  console.log(store.stats().hits, 'hits over all threads');
} else {
  const store = SharedStore.open(workerData.handle);
  const { greeting } = store.get('config');
  store.set(`answer:${threadId}`, `${greeting} from thread ${threadId}`, { ttlMs: 60_000 });
}
