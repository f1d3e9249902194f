/**
 * Ways in which a million expired entries go. `act(cache, tools)` does it, and resolves when it is done;
 * a scenario without `act` has a timer of the library's own, which is only watched. `timer` gives such a cache
 * the shortest period that its documentation allows, in `create`.
 *
 * `tools.call(work)` times one call; `tools.turn()` lets the event loop turn; `tools.keyOf`, `tools.newKeyOf`, `tools.entries`.
 */

const SWEEP = 1_000;
const CALLS_PER_TURN = 1_000;
const CHECK_MS = 1_000;

const sweeping = async (cache, { call, turn }) => {
  while (cache.size > 0) {
    call(() => cache.sweepExpired(SWEEP));
    await turn();
  }
};

/** New keys into a cache that is full of expired entries, a thousand in each turn. */
const setting = async (cache, { call, turn, newKeyOf, entries, value }) => {
  for (let i = 0; i < entries; i++) {
    const key = newKeyOf(i);
    call(() => cache.set(key, value));
    if (i % CALLS_PER_TURN === 0) await turn();
  }
};

const reading = async (cache, { call, turn, keyOf, entries }) => {
  for (let i = 0; i < entries; i++) {
    const key = keyOf(i);
    call(() => cache.get(key));
    if (i % CALLS_PER_TURN === 0) await turn();
  }
};

export const scenarios = {
  'hotset: sweepExpired(1000), a turn each': { contender: 'hotset, bytes + TTL', act: sweeping },
  'hotset: sets': { contender: 'hotset, bytes + TTL', act: setting },
  'hotset: gets': { contender: 'hotset, bytes + TTL', act: reading },
  'lru-cache: purgeStale()': {
    contender: 'lru-cache, size + TTL',
    act: async (cache, { call }) => call(() => cache.purgeStale()),
  },
  'lru-cache: sets': { contender: 'lru-cache, size + TTL', act: setting },
  'lru-cache: gets': { contender: 'lru-cache, size + TTL', act: reading },
  'tiny-lru: cleanup()': {
    contender: 'tiny-lru',
    act: async (cache, { call }) => call(() => cache.cleanup()),
  },
  'quick-lru: gets': { contender: 'quick-lru', act: reading },
  '@isaacs/ttlcache: its timer': { contender: '@isaacs/ttlcache' },
  '@cacheable/memory: its timer': {
    contender: '@cacheable/memory',
    timer: { checkInterval: CHECK_MS },
  },
  'node-cache: its timer': { contender: 'node-cache', timer: { checkperiod: CHECK_MS / 1000 } },
};
