/** Engines whose entries can be opened to the network. */

import { CacheEngine } from '../engine/cache-engine.js';
import type { CacheEngineOptions } from '../engine/options.js';
import type { WireEngine } from './item-store.js';
import { type WireValue, wireValueBytes } from './wire-value.js';

/** An engine's options, without those that the wire settles. */
export type WireEngineOptions = Omit<CacheEngineOptions<string, WireValue>, 'sizeOf' | 'trackAccess'>;

const WIRE_ENGINES = new WeakSet<object>();

/** Whether `createWireEngine` has made it: the values of any other engine are not the wire's. */
export function isWireEngine(engine: unknown): engine is WireEngine {
  return typeof engine === 'object' && engine !== null && WIRE_ENGINES.has(engine);
}

/** Makes an engine for values of bytes: weighed as they are held, with the access times that `stats` shows. */
export function createWireEngine(options: WireEngineOptions = {}): WireEngine {
  const engine = new CacheEngine<string, WireValue>({
    ...options,
    sizeOf: wireValueBytes,
    trackAccess: true,
  });
  WIRE_ENGINES.add(engine);
  return engine;
}
