/** What administrative commands keep beside the items: one for each ItemStore. */

import type { ItemStore } from '../item-store.js';
import { Crawler } from './crawler.js';
import { Tuning } from './tuning.js';

/** Lists made item by item that may be under way at once, however many clients ask: each makes removals dearer. */
const LISTS_MAX = 16;

export class AdminState {
  readonly crawler: Crawler;
  readonly tuning: Tuning = new Tuning();
  #lists = 0;

  constructor(items: ItemStore) {
    this.crawler = new Crawler(items);
  }

  get hasRoomForList(): boolean {
    return this.#lists < LISTS_MAX;
  }

  /** `list` as it is, counted from its first step until it ends or is closed. */
  *counted<T, R>(list: Generator<T, R, undefined>): Generator<T, R, undefined> {
    this.#lists++;
    try {
      return yield* list;
    } finally {
      this.#lists--;
    }
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
