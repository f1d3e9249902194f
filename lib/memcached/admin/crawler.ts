/**
 * The LRU crawler: gives back the memory of expired items when asked to, a little at a time. One crawl or dump
 * runs at a time, as in memcached: each holds cursors into the order of use, which removals have to move.
 */

import type { ItemStore } from '../item-store.js';
import { reclaimAll } from './walk.js';

export class Crawler {
  enabled = true;
  /** Microseconds between items, kept and shown: a crawl here makes pauses of its own. */
  sleepMicroseconds = 100;
  /** The most entries that a crawl looks at; 0 for no limit. */
  toCrawl = 0;
  running = false;
  /** Counters of `stats`. */
  starts = 0;
  reclaimed = 0;
  checked = 0;

  readonly #items: ItemStore;

  constructor(items: ItemStore) {
    this.#items = items;
  }

  /**
   * Begins to reclaim what has expired; ends by itself, or when the crawler is disabled. `hasItems` is false for
   * classes that hold none.
   */
  crawl(hasItems: boolean): void {
    const items = this.#items;
    const end = this.begin();
    const most = this.toCrawl === 0 ? Number.POSITIVE_INFINITY : this.toCrawl;
    const limit = hasItems ? most : 0;
    this.checked += Math.min(items.engine.size, limit);
    const work = reclaimAll(items, limit);
    const step = (): void => {
      items.beginTurn();
      try {
        const reclaimed = this.enabled ? work.next().value : undefined;
        if (reclaimed === undefined) {
          end();
          return;
        }
        this.reclaimed += reclaimed;
        setImmediate(step);
      } catch (error) {
        end();
        // A removal listener threw: as with any event, it is for the server to deal with.
        const [transport] = items.transports;
        if (transport === undefined) throw error;
        transport.onError(error);
      }
    };
    setImmediate(step);
  }

  /** Notes that a crawl or a dump has begun; returns what is to be called, once or more, when it has ended. */
  begin(): () => void {
    this.running = true;
    this.starts++;
    let ended = false;
    return () => {
      if (!ended) this.running = false;
      ended = true;
    };
  }

  resetStats(): void {
    this.starts = 0;
    this.reclaimed = 0;
    this.checked = 0;
  }
}
