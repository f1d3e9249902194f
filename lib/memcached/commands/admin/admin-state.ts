/** What administrative commands share, beside the items: one for each ItemStore. */

import type { ItemStore } from '../../item-store.js';
import { WatchLog } from '../../watch/watch-log.js';
import { Crawler } from './crawler.js';
import { PrefixStats } from './prefix-stats.js';
import { Tuning } from './tuning.js';

export class AdminState {
  readonly log: WatchLog;
  readonly prefixes: PrefixStats;
  readonly crawler: Crawler;
  readonly tuning: Tuning = new Tuning();
  /** Whether `stats sizes` tells the sizes. */
  trackSizes = false;

  constructor(items: ItemStore) {
    this.log = new WatchLog(items.engine, items.clock);
    this.prefixes = new PrefixStats();
    this.crawler = new Crawler(items);
  }

  /** What `stats reset` empties. */
  resetStats(): void {
    this.log.resetStats();
    this.prefixes.clear();
    this.crawler.resetStats();
  }
}

const STATES = new WeakMap<ItemStore, AdminState>();

export function adminStateOf(items: ItemStore): AdminState {
  let state = STATES.get(items);
  if (state === undefined) {
    state = new AdminState(items);
    STATES.set(items, state);
  }
  return state;
}
