/** What administrative commands keep beside the items: one for each ItemStore. */

import type { ItemStore } from '../../item-store.js';
import { Crawler } from './crawler.js';
import { Tuning } from './tuning.js';

export class AdminState {
  readonly crawler: Crawler;
  readonly tuning: Tuning = new Tuning();

  constructor(items: ItemStore) {
    this.crawler = new Crawler(items);
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
