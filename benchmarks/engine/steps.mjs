/**
 * What is done with each key of a workload. `makeSteps` closes over one cache, so that in a process with one
 * contender every call in here has one target. Each step works through numbers[from..to) and returns its hits.
 */

import { values } from '../workloads/keys.mjs';

/** Calls to the cache for each number. */
export const OPERATIONS = { get: 1, set: 1, 'read-through': 1, 'delete-set': 2, 'ttl-churn': 4 };

export function makeSteps(cache, keyOf) {
  return {
    get(numbers, from, to) {
      let hits = 0;
      for (let i = from; i < to; i++) if (cache.get(keyOf(numbers[i])) !== undefined) hits++;
      return hits;
    },
    set(numbers, from, to) {
      for (let i = from; i < to; i++) cache.set(keyOf(numbers[i]), values[i & 63]);
      return 0;
    },
    // A read that misses and stores counts as one operation: how often that is, is what the cache is for.
    'read-through'(numbers, from, to) {
      let hits = 0;
      for (let i = from; i < to; i++) {
        const key = keyOf(numbers[i]);
        if (cache.get(key) !== undefined) hits++;
        else cache.set(key, values[i & 63]);
      }
      return hits;
    },
    'delete-set'(numbers, from, to) {
      for (let i = from; i < to; i++) {
        const key = keyOf(numbers[i]);
        cache.delete(key);
        cache.set(key, values[i & 63]);
      }
      return 0;
    },
    /** One wave: every key is read and found expired, stored, and read twice more. */
    'ttl-churn'(numbers, from, to) {
      let hits = 0;
      for (let i = from; i < to; i++) {
        const key = keyOf(numbers[i]);
        if (cache.get(key) !== undefined) hits++;
        cache.set(key, values[i & 63]);
      }
      for (let pass = 0; pass < 2; pass++)
        for (let i = from; i < to; i++) if (cache.get(keyOf(numbers[i])) !== undefined) hits++;
      return hits;
    },
  };
}
