/** `watch`: turns a connection into a view of the log. */

import type { ItemStore } from '../item-store.js';
import * as log from '../watch/watch-log.js';
import type { AdminAnswer } from './answer.js';
import { ERROR } from './replies.js';

const CATEGORIES: ReadonlyMap<string, number> = new Map([
  ['fetchers', log.FETCHERS],
  ['mutations', log.MUTATIONS],
  ['evictions', log.EVICTIONS],
  ['connevents', log.CONNECTION_EVENTS],
  ['deletions', log.DELETIONS],
  ['sysevents', log.SYSTEM_EVENTS],
  ['rawcmds', log.RAW_COMMANDS],
]);

export const TOO_MANY_WATCHERS = 'WATCHER_TOO_MANY log watcher limit reached\r\n';

/** The mask to open a watcher with, whose first text is the answer `OK`. */
export function watch(items: ItemStore, words: readonly string[]): AdminAnswer {
  if (!items.allowWatch) return 'CLIENT_ERROR watch commands not allowed\r\n';
  let mask = words.length === 0 ? log.FETCHERS : 0;
  for (const word of words) {
    const category = CATEGORIES.get(word);
    if (category === undefined) return ERROR;
    mask |= category;
  }
  return items.log.watchers < log.WATCHERS_MAX ? { watch: mask } : TOO_MANY_WATCHERS;
}
