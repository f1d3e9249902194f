/** What `--warm-from` fills: the store that the command serves. */

import { monotonicClock } from '../engine/clock.js';
import { itemStoreOf } from '../memcached/item-store.js';
import { PageStore } from '../pages/page-store.js';
import type { ShardedItems } from '../pages/sharded-items.js';
import { systemScheduler } from '../scheduler.js';
import type { Settings } from './settings.js';
import { readCredentials } from './warm-settings.js';
import { Warming, type WarmTarget } from './warming.js';

/** A peer that sends nothing for so long is given up. */
const SILENCE_MS = 10_000;

/** Null where nothing is to be copied. Throws a StartError. */
export function warmingOf(
  items: PageStore | ShardedItems,
  { warm }: Pick<Settings, 'warm'>,
  log: (message: string) => void,
  onProgress: (text: string) => void,
): Warming | null {
  if (warm === null) return null;
  const { peer, shown, rate, userFile, tls } = warm;
  const credentials = userFile === null ? null : readCredentials(userFile);
  return new Warming(warmTarget(items), {
    peer,
    shown,
    rate,
    credentials,
    tls,
    silenceMs: SILENCE_MS,
    scheduler: systemScheduler,
    clock: monotonicClock,
    log,
    onProgress,
  });
}

export function warmTarget(items: PageStore | ShardedItems): WarmTarget {
  return items instanceof PageStore ? ownStore(items) : sharedStore(items);
}

function ownStore(items: PageStore): WarmTarget {
  items.beginOffers();
  return {
    ...turns(items),
    get hasLostAll() {
      return items.hasLostAll;
    },
    offer: (key, data, ttlMs, flags) => items.offer(key, data, ttlMs, flags),
    end: () => items.endOffers(),
  };
}

/** Nobody else uses the shards yet. */
function sharedStore(items: ShardedItems): WarmTarget {
  return {
    ...turns(items),
    hasLostAll: false,
    offer: (key, data, ttlMs, flags) => {
      if (items.peek(key) !== 0) return 'present';
      return items.set(key, data, ttlMs, flags, true) === 'stored' ? 'stored' : 'refused';
    },
    end: () => {},
  };
}

function turns(items: PageStore | ShardedItems): Omit<WarmTarget, 'hasLostAll' | 'offer' | 'end'> {
  return {
    hashSeed: items.hashSeed,
    maxBytes: items.maxBytes,
    takes: (keyBytes, flags, valueBytes) => {
      const store = itemStoreOf(items);
      return store.itemBytes(keyBytes, flags, valueBytes) <= store.maxItemBytes;
    },
    beginTurn: () => {
      const store = itemStoreOf(items);
      store.beginTurn();
      store.applyDueFlush();
    },
    endTurn: () => itemStoreOf(items).endTurn(),
  };
}
