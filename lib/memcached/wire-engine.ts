/** Engines whose entries can be opened to the network. */

import { CacheEngine } from '../engine/cache-engine.js';
import type { CacheEngineOptions } from '../engine/options.js';
import type { WireEngine } from './item-store.js';
import { type WireValue, wireValueBytes } from './wire-value.js';

/** An engine's options, without those that the wire settles. */
export type WireEngineOptions = Omit<CacheEngineOptions<string, WireValue>, 'sizeOf' | 'trackAccess'>;

/** Makes an engine for values of bytes: weighed as they are held, with the access times that `stats` shows. */
export function createWireEngine(options: WireEngineOptions = {}): WireEngine {
  return new CacheEngine<string, WireValue>({ ...options, sizeOf: wireValueBytes, trackAccess: true });
}
