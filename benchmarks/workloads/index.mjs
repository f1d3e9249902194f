/**
 * Workloads. Each is made for a cache that holds `entries` entries and says which keys it uses:
 * `keys`     how many different keys there are
 * `filled`   how many of them, from 0, are stored before
 * `numbers`  the keys in order; the benchmark goes round and round through them
 * `step`     what is done with each key: a name from engine/steps.mjs
 * `needs`    'delete' or 'ttl' where not every contender can take part
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
  scan: (entries) => ({
    keys: entries * 4,
    filled: entries,
    numbers: scanNumbers(entries),
    step: 'read-through',
  }),
  'ttl-churn': (entries) => ({
    keys: entries,
    filled: 0,
    numbers: shuffled(entries, seededRandom(SEED)),
    step: 'ttl-churn',
    needs: 'ttl',
  }),
  delete: (entries) => ({
    keys: entries,
    filled: entries,
    numbers: shuffled(entries, seededRandom(SEED)),
    step: 'delete-set',
    needs: 'delete',
  }),
};

/**
 * For the policies alone. In `hit` the order of reads is always the same, so that an LRU list is in that order after one
 * round, and its neighbours are in the cache; here it is not.
 */
export const policyWorkloads = {
  'hit-random': (entries) => {
    const random = seededRandom(SEED);
    return {
      keys: entries,
      filled: entries,
      numbers: Uint32Array.from({ length: entries * 4 }, () => Math.floor(random() * entries)),
      step: 'get',
    };
  },
};

/** Said once, for the terminal and the docs. */
export const WORKLOAD_TITLES = {
  hit: 'get a key that is there',
  miss: 'get a key that is not there',
  update: 'set a key that is there',
  insert: 'set a key that is not there, in a full cache',
  mixed: 'read-through of 4 times as many keys as room, Zipf 1.0',
  scan: 'read-through of cold keys in sequence, hot ones in between',
  'ttl-churn': 'entries that live 10 ms, expire and are stored again',
  delete: 'delete a key that is there, and set it again',
};

/**
 * A hot quarter of the room, and cold keys three times the room, each read once in a circle. Three stretches
 * of cold keys that exact LRU survives, a loop over the hot keys after each; then one that it does not, with
 * two loops: the first misses, the second hits again.
 */
function scanNumbers(entries) {
  const hot = entries >> 2;
  const numbers = [];
  const hotKeys = shuffled(hot, seededRandom(SEED));
  let cold = entries;
  const stretch = (count) => {
    for (let i = 0; i < count; i++) numbers.push(cold++);
  };
  const loop = () => {
    for (const key of hotKeys) numbers.push(key);
  };
  for (let i = 0; i < 3; i++) {
    stretch(entries >> 1);
    loop();
  }
  stretch(entries * 4 - cold);
  loop();
  loop();
  return Uint32Array.from(numbers);
}
