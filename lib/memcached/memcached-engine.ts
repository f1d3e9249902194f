/** Interim: specs still make engines with it. */

import { CacheEngine } from '../engine/cache-engine.js';
import type { CacheEngineOptions } from '../engine/options.js';

export function createMemcachedEngine(
  options: CacheEngineOptions<string, unknown> = {},
): CacheEngine<string, unknown> {
  return new CacheEngine<string, unknown>(options);
}
