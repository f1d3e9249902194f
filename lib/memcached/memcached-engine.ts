/** Engines whose entries can be opened to the network. */

import { CacheEngine, storeOf } from '../engine/cache-engine.js';
import type { CacheEngineOptions } from '../engine/options.js';
import { invalidArgument } from '../errors.js';
import { type MemcachedEngine, Serving, servingOf } from './item-store.js';
import { type WireValue, wireValueBytes } from './wire-value.js';

/** An engine's options, without those that the wire settles. */
export type MemcachedEngineOptions = Omit<CacheEngineOptions<string, WireValue>, 'sizeOf' | 'trackAccess'>;

/** Whether `createMemcachedEngine` has made it: the values of any other engine are not the wire's. */
export function isMemcachedEngine(engine: unknown): engine is MemcachedEngine {
  return servingOf(engine) !== null;
}

/** Throws `HOTSET_INVALID_ARGUMENT` unless it is one. */
export function checkMemcachedEngine(engine: unknown): void {
  if (!isMemcachedEngine(engine))
    throw invalidArgument(
      'engine',
      'an engine that createMemcachedEngine (hotset/memcached) has made',
      engine,
    );
}

/** Makes an engine for values of bytes: weighed as they are held, with the access times that `stats` shows. */
export function createMemcachedEngine(options: MemcachedEngineOptions = {}): MemcachedEngine {
  const engine = new CacheEngine<string, WireValue>({
    ...options,
    sizeOf: wireValueBytes,
    trackAccess: true,
  });
  storeOf(engine).adapter = new Serving();
  return engine;
}
