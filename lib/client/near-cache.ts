/**
 * The client's copies of the server's entries, which save requests. docs/client.md has the promises. These rules
 * keep them:
 *
 * - It is in use only between the answer to this connection's subscription and the end of the connection, and
 *   while the server has answered a request that was sent no longer than `maxStaleMs` ago.
 * - An invalidation removes its entry, unless the entry has the very version that the invalidation names.
 * - The client's own write removes the entry when it is called, before it is sent.
 * - What a reply brings is kept only when none of these has come for its key since the request was made, or an
 *   invalidation of the version that the reply has. It lives no longer than the server said, counted from
 *   when the request was sent, so that it never outlives the server's entry.
 *
 * Everything is O(1), but for `turnOff`, `invalidatedAll` and `forgetAll`: O(n) requests in flight, and `forgetPrefix`: O(n) entries
 * and requests.
 */

import { CacheEngine } from '../engine/cache-engine.js';
import type { Clock } from '../engine/clock.js';
import type { ResolvedNearCache } from './options.js';
import type { ValueForm } from './values.js';

/** Figures of the near cache. A frozen snapshot. */
export interface NearCacheStats {
  /** Whether it would be read from now. */
  readonly inUse: boolean;
  /** Reads that it answered. */
  readonly hits: number;
  /** Reads that went to the server. */
  readonly misses: number;
  /** Invalidations of keys, whether they were held or not, and of all keys. */
  readonly invalidations: number;
  /** Entries held. */
  readonly size: number;
  /** Counted bytes held. */
  readonly bytes: number;
  /** The budget in bytes. */
  readonly maxBytes: number;
}

/** A request for a key that is in flight. */
export interface PendingRead {
  readonly key: string;
  /** The only version that may be kept; null for none, undefined for any. */
  only: string | null | undefined;
}

interface Held {
  readonly form: ValueForm;
  readonly version: string | null;
}

export class NearCache {
  readonly #engine: CacheEngine<string, Held>;
  readonly #clock: Clock;
  readonly #prefixes: readonly string[];
  readonly #maxStaleMs: number;
  readonly #pendingReads: Map<string, Set<PendingRead>> = new Map();
  #isOn = false;
  /** When the last request was sent that has been answered. */
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  #hits = 0;
  #misses = 0;
  #invalidations = 0;

  /** Throws `HOTSET_INVALID_OPTION` for a size that is none. */
  constructor({ maxBytes, maxEntries, prefixes, maxStaleMs }: ResolvedNearCache, clock: Clock) {
    this.#engine = new CacheEngine({ maxBytes, maxEntries, clock });
    this.#clock = clock;
    this.#prefixes = prefixes;
    this.#maxStaleMs = maxStaleMs;
  }

  /** What is held under `key`; undefined when only the server knows. */
  get(key: string): ValueForm | undefined {
    const held = this.#isInUse() ? this.#engine.get(key) : undefined;
    if (held === undefined) this.#misses++;
    else this.#hits++;
    return held?.form;
  }

  /** A request for `key` is made. Null when its value would not be kept anyway. To be followed by `endRead`. */
  beginRead(key: string): PendingRead | null {
    if (!this.#prefixes.some((prefix) => key.startsWith(prefix))) return null;
    const pending: PendingRead = { key, only: undefined };
    const others = this.#pendingReads.get(key);
    if (others === undefined) this.#pendingReads.set(key, new Set([pending]));
    else others.add(pending);
    return pending;
  }

  /** The request has been answered, or no caller waits for it any more. */
  endRead(pending: PendingRead): void {
    const others = this.#pendingReads.get(pending.key);
    if (others?.delete(pending) === true && others.size === 0) this.#pendingReads.delete(pending.key);
  }

  /** The server has sent what is under the key. `ttlMs` is what was left when it did, or later. */
  keep(pending: PendingRead, form: ValueForm, version: string | null, ttlMs: number, sentAtMs: number): void {
    const { key, only } = pending;
    const leftMs = sentAtMs + ttlMs - this.#clock.now();
    if (!this.#isOn || (only !== undefined && only !== version) || !(leftMs > 0)) this.drop(key, version);
    else this.#engine.set(key, { form, version }, { ttlMs: leftMs });
  }

  /** The server has said that something else is under the key, or nothing (null): what is held is older. */
  drop(key: string, version: string | null): void {
    const held = this.#engine.peek(key);
    if (held !== undefined && (version === null || held.version !== version)) this.#engine.delete(key);
  }

  /** The client writes to `key`. */
  forget(key: string): void {
    this.#engine.delete(key);
    this.#confine(key, null);
  }

  /** The client writes to every key with the prefix. */
  forgetPrefix(prefix: string): void {
    for (const key of this.#engine.keys()) if (key.startsWith(prefix)) this.#engine.delete(key);
    for (const key of this.#pendingReads.keys()) if (key.startsWith(prefix)) this.#confine(key, null);
  }

  /** The client writes to every key. */
  forgetAll(): void {
    this.#engine.clear();
    for (const key of this.#pendingReads.keys()) this.#confine(key, null);
  }

  /** The server says that `key` has changed, and is of that version now; null for what is not to be trusted. */
  invalidated(key: string, version: string | null): void {
    this.#invalidations++;
    this.drop(key, version);
    this.#confine(key, version);
  }

  invalidatedAll(): void {
    this.#invalidations++;
    this.forgetAll();
  }

  /** This connection's subscription stands. */
  turnOn(): void {
    this.#isOn = true;
  }

  /** The connection is gone. */
  turnOff(): void {
    this.#isOn = false;
    this.#syncedAtMs = Number.NEGATIVE_INFINITY;
    this.#engine.clear();
  }

  /** A request has been answered: every invalidation that the server had sent before the request was sent is here. */
  synced(sentAtMs: number): void {
    this.#syncedAtMs = sentAtMs;
  }

  stats(): NearCacheStats {
    const { size, bytes, maxBytes } = this.#engine;
    return Object.freeze({
      inUse: this.#isInUse(),
      hits: this.#hits,
      misses: this.#misses,
      invalidations: this.#invalidations,
      size,
      bytes,
      maxBytes,
    });
  }

  /** A clock that was set back makes nothing fresh. */
  #isInUse(): boolean {
    if (!this.#isOn) return false;
    const silentMs = this.#clock.now() - this.#syncedAtMs;
    return silentMs >= 0 && silentMs <= this.#maxStaleMs;
  }

  #confine(key: string, version: string | null): void {
    const pendingReads = this.#pendingReads.get(key);
    if (pendingReads !== undefined)
      for (const pending of pendingReads) pending.only = confined(pending.only, version);
  }
}

/** The newest version named is the one that may be kept, but what may not be kept at all stays so. */
function confined(only: string | null | undefined, version: string | null): string | null {
  return only === null ? null : version;
}
