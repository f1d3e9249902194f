/** Real traces in the process: the engine has exactly the hits of an exact LRU. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { keysOf, TRACES, traceSkip } from './traces.js';

describe.skipIf(traceSkip !== undefined)('real traces in the process', () => {
  for (const trace of TRACES) {
    it(`${trace.name}: ${trace.hits.length} capacities`, () => {
      const keys = keysOf(trace);
      for (const [capacity, expectedHits] of trace.hits) {
        const engine = new CacheEngine<number, number>({ maxEntries: capacity });
        let hits = 0;
        for (const key of keys) {
          if (engine.get(key) === undefined) engine.set(key, key);
          else hits++;
        }
        expect(hits, `capacity ${capacity}`).toBe(expectedHits);
        expect(engine.stats().hits).toBe(expectedHits);
        expect(engine.size).toBe(capacity);
        expect(engine.verify()).toEqual([]);
      }
    });
  }
});
