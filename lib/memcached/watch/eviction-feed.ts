/** Evictions for the log, from the engine's channel of removals; subscribed only while they are watched. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { eviction, type Publisher } from './lines.js';

const CHANNEL = 'hotset:removal';

/** What the feed reads of an entry that is about to leave. */
export interface WatchedEntries {
  fetchedAt(entry: number): boolean;
  idleMsAt(entry: number): number;
  remainingTtlMsAt(entry: number): number;
}

/** The channel's message, which is of a wire engine when it is of ours. */
interface Removal {
  readonly engine: object;
  readonly entry: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly cause: string;
}

export class EvictionFeed {
  readonly #engine: object;
  readonly #entries: WatchedEntries;
  readonly #log: Publisher;
  #listens = false;

  constructor(engine: object, entries: WatchedEntries, log: Publisher) {
    this.#engine = engine;
    this.#entries = entries;
    this.#log = log;
  }

  set listens(listens: boolean) {
    if (listens === this.#listens) return;
    this.#listens = listens;
    if (listens) subscribe(CHANNEL, this.#take);
    else unsubscribe(CHANNEL, this.#take);
  }

  readonly #take = (message: unknown): void => {
    const { engine, entry, key, value, cause } = message as Removal;
    // The channel has the removals of all engines in the process.
    if (engine !== this.#engine || cause !== 'evicted') return;
    eviction(this.#log, key as string, {
      fetched: this.#entries.fetchedAt(entry),
      ttlMs: this.#entries.remainingTtlMsAt(entry),
      idleMs: this.#entries.idleMsAt(entry),
      size: (value as { readonly length: number }).length,
    });
  };
}
