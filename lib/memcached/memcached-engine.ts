/** Engines whose entries can be opened to the network. */

import { CacheEngine, storeOf } from '../engine/cache-engine.js';
import type { CacheEngineOptions } from '../engine/options.js';
import { EngineItems } from './engine-items.js';
import type { MemcachedEngine } from './item-store.js';
import { type WireValue, wireValueBytes } from './wire-value.js';

/** An engine's options, without those that the wire settles. */
export type MemcachedEngineOptions = Omit<CacheEngineOptions<string, WireValue>, 'sizeOf' | 'trackAccess'>;

/** Makes an engine for values of bytes: weighed as they are held, with the access times that `stats` shows. */
export function createMemcachedEngine(options: MemcachedEngineOptions = {}): MemcachedEngine {
  const engine = new CacheEngine<string, WireValue>({
    ...options,
    sizeOf: wireValueBytes,
    trackAccess: true,
  });
  storeOf(engine).adapter = new EngineItems(engine);
  return engine;
}
