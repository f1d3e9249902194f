/**
 * Workloads. Each is made for a cache that holds `entries` entries and says which keys it uses:
 * `keys`     how many different keys there are
 * `filled`   how many of them, from 0, are stored before
 * `numbers`  the keys of one batch, in order; batches follow each other round and round
 * `step`     what is done with each key: 'get', 'set' or 'read-through' (get, and set on a miss)
 */

import { seededRandom, shuffled, zipf } from './random.mjs';

const SEED = 0x407537;
const ZIPF_EXPONENT = 1;

export const workloads = {
  hit: (entries) => ({
    keys: entries,
    filled: entries,
    numbers: shuffled(entries, seededRandom(SEED)),
    step: 'get',
  }),
  miss: (entries) => ({
    keys: entries * 2,
    filled: entries,
    numbers: shuffled(entries, seededRandom(SEED)).map((i) => entries + i),
    step: 'get',
  }),
  update: (entries) => ({
    keys: entries,
    filled: entries,
    numbers: shuffled(entries, seededRandom(SEED)),
    step: 'set',
  }),
  // Twice as many keys as room, in a circle: the key to be stored was always evicted half a circle ago.
  insert: (entries) => ({
    keys: entries * 2,
    filled: entries * 2,
    numbers: Uint32Array.from({ length: entries * 2 }, (_, i) => i),
    step: 'set',
  }),
  mixed: (entries) => {
    const random = seededRandom(SEED);
    const names = shuffled(entries * 4, random);
    const rank = zipf(entries * 4, ZIPF_EXPONENT, random);
    return {
      keys: entries * 4,
      filled: 0,
      numbers: Uint32Array.from({ length: entries * 4 }, () => names[rank()]),
      step: 'read-through',
    };
  },
};
