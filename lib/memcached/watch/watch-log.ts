/**
 * The live log behind `watch`: commands publish lines, and watching connections receive them. Without watchers it costs
 * one check of a bit mask. A watcher that does not read loses lines, learns how many, and slows no other connection.
 */

import type { Items } from '../../items.js';
import { EVICTIONS, eviction, type Publisher } from './lines.js';
import { Watcher } from './watcher.js';

export const WATCHERS_MAX = 20;

/** Where a line's time comes from, in Unix milliseconds. */
interface Clock {
  now(): number;
}

/** To the other threads of a server. */
export interface Relay {
  /** The categories that are watched in this thread. */
  watch(mask: number): void;
  /** A line that somebody elsewhere watches; false when there is no room for it. */
  send(category: number, line: string): boolean;
}

export class WatchLog implements Publisher {
  /** The categories that are watched: check this before making a line. */
  watched = 0;
  /** Counters of `stats`: lines made, lines queued for watchers, lines lost. */
  written = 0;
  sent = 0;
  skipped = 0;

  /** Where other threads watch too: takes what is watched here, and lines for them. */
  relay: Relay | null = null;

  readonly #clock: Clock;
  readonly #entries: Items;
  readonly #watchers = new Set<Watcher>();
  #lastId = 0;
  /** The categories that other threads watch. */
  #watchedElsewhere = 0;
  #wakes = false;

  constructor(entries: Items, clock: Clock) {
    this.#clock = clock;
    this.#entries = entries;
  }

  /** How many watch: `log_watchers`. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * A watcher of the categories in `mask`, or null when there are too many. `wake` is called in a turn of its own when
   * lines wait, and not again before they have been taken.
   */
  open(mask: number, wake: () => void): Watcher | null {
    if (this.#watchers.size >= WATCHERS_MAX) return null;
    const watcher = new Watcher(mask, wake, () => this.#remove(watcher));
    this.#watchers.add(watcher);
    this.#refresh();
    return watcher;
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#refresh();
  }

  /** Other threads watch the categories in `mask`, and no others. */
  watchElsewhere(mask: number): void {
    this.#watchedElsewhere = mask;
    this.#refresh();
  }

  #refresh(): void {
    let watched = 0;
    for (const { mask } of this.#watchers) watched |= mask;
    this.relay?.watch(watched);
    this.watched = watched | this.#watchedElsewhere;
    this.#entries.onEviction = (this.watched & EVICTIONS) === 0 ? null : this.#onEviction;
  }

  readonly #onEviction = (entry: number): void => {
    const entries = this.#entries;
    eviction(this, entries.keyAt(entry), {
      fetched: entries.fetchedAt(entry),
      ttlMs: entries.remainingTtlMsAt(entry),
      idleMs: entries.idleMsAt(entry),
      size: entries.valueBytesAt(entry),
    });
  };

  /** Writes a line to all watchers of the category. `what` begins with `type=`. Call it only for watched categories. */
  publish(category: number, what: string): void {
    const line = `ts=${timestamp(this.#clock.now())} gid=${++this.#lastId} ${what}\n`;
    this.written++;
    if ((this.#watchedElsewhere & category) !== 0 && !this.relay!.send(category, line)) this.skipped++;
    this.show(category, line);
  }

  /** Shows a line of this thread or another one to those who watch its category here. */
  show(category: number, line: string): void {
    for (const watcher of this.#watchers) {
      if ((watcher.mask & category) === 0) continue;
      if (watcher.put(line)) this.sent++;
      else this.skipped++;
    }
    if (this.#wakes) return;
    this.#wakes = true;
    // Deferred: the publisher is in the middle of its own replies. One wake serves many lines.
    setImmediate(() => {
      this.#wakes = false;
      for (const watcher of this.#watchers) watcher.wakeIfNeeded();
    });
  }

  resetStats(): void {
    this.written = 0;
    this.sent = 0;
    this.skipped = 0;
  }
}

/** Seconds with six digits. */
function timestamp(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${seconds}.${String(Math.floor((ms - seconds * 1000) * 1000)).padStart(6, '0')}`;
}
