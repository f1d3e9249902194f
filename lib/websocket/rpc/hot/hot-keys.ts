/**
 * What is read most, over all transports and in the process: for the method `hot`.
 *
 * Reads are counted while somebody asks, and no longer: it listens to the engine's look-ups from the first question on, and stops
 * when none has come for 10 seconds. In between, the engine has nobody to tell and its reads cost what they do.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ItemStore } from '../../../memcached/item-store.js';
import { decodeKey } from '../../../memcached/key-encoding.js';
import { FrequentTexts } from './frequent-texts.js';

/** Without a question for so long, nobody is interested any more. */
export const INTEREST_MS = 10_000;

/** Keys and prefixes whose counts are kept at least: each count is exact to a thousandth of all reads. */
export const COUNTS_KEPT = 1000;

/** Reads after which it looks at the clock. */
const READS_PER_LOOK = 256;

/** Keys looked up before others have their turn. */
const KEYS_PER_STEP = 16;

const CHANNEL = 'hotset:lookup';

export interface HotKey {
  readonly key: string;
  /** At least. */
  readonly reads: number;
  /** 0 for a key without an entry. */
  readonly bytes: number;
}

export interface HotPrefix {
  readonly prefix: string;
  /** At least. */
  readonly reads: number;
  /** Of its keys that are counted one by one at present: the entries that they have. */
  readonly bytes: number;
  readonly keys: number;
}

export interface HotReport {
  /** Since when reads are counted. */
  readonly sampledMs: number;
  readonly reads: number;
  readonly keys: readonly HotKey[];
  readonly prefixes: readonly HotPrefix[];
}

export class HotKeys {
  readonly #items: ItemStore;
  readonly #keys: FrequentTexts = new FrequentTexts(COUNTS_KEPT);
  readonly #prefixes: FrequentTexts = new FrequentTexts(COUNTS_KEPT);
  #isListening = false;
  #sinceMs = 0;
  #askedMs = 0;
  #reads = 0;

  constructor(items: ItemStore) {
    this.#items = items;
  }

  /** The `limit` keys and prefixes read most, in steps. Somebody is interested from now on. */
  *report(limit: number): Generator<void, HotReport, undefined> {
    const now = this.#items.clock.now();
    this.#endWithoutInterest();
    this.#askedMs = now;
    if (!this.#isListening) this.#begin(now);
    const keys = this.#keys.top(limit);
    const prefixes = this.#prefixes.top(limit);
    const report = { sampledMs: Math.max(0, now - this.#sinceMs), reads: this.#reads };
    const held = yield* this.#heldByPrefix();
    return {
      ...report,
      keys: keys.map(({ text, count }) => ({
        key: decodeKey(text),
        reads: count,
        bytes: this.#bytesOf(text) ?? 0,
      })),
      prefixes: prefixes.map(({ text, count }) => ({
        prefix: decodeKey(text),
        reads: count,
        ...(held.get(text) ?? { bytes: 0, keys: 0 }),
      })),
    };
  }

  /** Lets go of the engine. */
  stop(): void {
    if (!this.#isListening) return;
    this.#isListening = false;
    unsubscribe(CHANNEL, this.#onLookup);
    this.#keys.clear();
    this.#prefixes.clear();
    this.#reads = 0;
  }

  #begin(now: number): void {
    this.#isListening = true;
    this.#sinceMs = now;
    subscribe(CHANNEL, this.#onLookup);
  }

  #look(): void {
    // Nobody else may have made the time move on.
    this.#items.beginTurn();
    this.#endWithoutInterest();
  }

  #endWithoutInterest(): void {
    if (this.#items.clock.now() - this.#askedMs > INTEREST_MS) this.stop();
  }

  /** In the middle of the engine's work: only counts. */
  readonly #onLookup = (message: unknown): void => {
    const { engine, key } = message as { engine: unknown; key: string };
    if (engine !== this.#items.engine || !this.#isListening) return;
    this.#reads++;
    this.#keys.add(key);
    const prefix = this.#prefixOf(key);
    if (prefix !== null) this.#prefixes.add(prefix);
    // Not at once: the channel is just calling its listeners.
    if (this.#reads % READS_PER_LOOK === 0) setImmediate(() => this.#look());
  };

  /** Up to the delimiter, and with it; null for a key without one. */
  #prefixOf(key: string): string | null {
    const { delimiter } = this.#items.prefixes;
    const at = key.indexOf(delimiter);
    return at === -1 ? null : key.slice(0, at + delimiter.length);
  }

  *#heldByPrefix(): Generator<void, Map<string, { bytes: number; keys: number }>, undefined> {
    const held = new Map<string, { bytes: number; keys: number }>();
    let steps = 0;
    for (const key of this.#keys.texts()) {
      if (++steps % KEYS_PER_STEP === 0) yield;
      const prefix = this.#prefixOf(key);
      const bytes = prefix === null ? null : this.#bytesOf(key);
      if (prefix === null || bytes === null) continue;
      const sum = held.get(prefix);
      if (sum === undefined) held.set(prefix, { bytes, keys: 1 });
      else {
        sum.bytes += bytes;
        sum.keys++;
      }
    }
    return held;
  }

  /** What the key's entry takes; null without one. */
  #bytesOf(key: string): number | null {
    const { entries } = this.#items;
    const entry = entries.peekSlot(key);
    return entry === 0 ? null : entries.bytesAt(entry);
  }
}
