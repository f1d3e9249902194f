/**
 * How worker threads of one service may have a cache: name -> `inMain(maxBytes, workers)`, which runs in the main thread and
 * returns what each worker is given, and `inWorker(given)`, which makes the worker's `get` and `set`. Both may be
 * asynchronous where `isAsync`. `missing`: why a way cannot be measured.
 */

import { MessageChannel } from 'node:worker_threads';
import { CacheEngine } from '../../dist/index.js';
import { SharedStore } from '../../dist/shared/index.js';

export const SHARED = 'SharedStore';
export const NO_CACHE = 'no cache';

function cacheOf(maxBytes) {
  const cache = new CacheEngine({ maxBytes });
  return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
}

/** The thread that has the cache serves the others' messages. */
function served({ get, set }) {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ({ id, key, value }) => {
    if (value === undefined) port1.postMessage({ id, value: get(key) });
    else set(key, value);
  });
  return port2;
}

function asker(port) {
  const waiting = new Map();
  let id = 0;
  port.on('message', (reply) => {
    waiting.get(reply.id)(reply.value);
    waiting.delete(reply.id);
  });
  return {
    get: (key) =>
      new Promise((resolve) => {
        waiting.set(++id, resolve);
        port.postMessage({ id, key });
      }),
    set: (key, value) => port.postMessage({ id: 0, key, value }),
  };
}

/** @type {Record<string, { isAsync?: boolean, missing?: string | null, inMain: (maxBytes: number, workers: number) => any, inWorker: (given: any) => any }>} */
export const WAYS = {
  [NO_CACHE]: { inMain: () => [], inWorker: () => ({ get: () => undefined, set: () => {} }) },
  [SHARED]: {
    inMain: (maxBytes, workers) => {
      const store = new SharedStore({ maxBytes });
      return Array.from({ length: workers }, () => store.handle);
    },
    inWorker: (handle) => {
      const store = SharedStore.open(handle);
      return { get: (key) => store.get(key), set: (key, value) => store.set(key, value) };
    },
  },
  'a cache in each thread': {
    inMain: (maxBytes, workers) => Array.from({ length: workers }, () => maxBytes / workers),
    inWorker: cacheOf,
  },
  'messages to the thread that has the cache': {
    isAsync: true,
    inMain: (maxBytes, workers) => {
      const cache = cacheOf(maxBytes);
      return Array.from({ length: workers }, () => served(cache));
    },
    inWorker: asker,
  },
};
