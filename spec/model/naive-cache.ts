/**
 * The engine's rules, written the slow and obvious way: a list in the order of the policy, scanned each time. The model
 * spec compares the engine with it.
 */

import type { Policy, RemovalCause, StoreResult } from '../../lib/index.js';
import { textBytes } from '../../lib/weigh/index.js';
import { type NaiveFrequencies, type NaivePolicy, naivePolicy } from './naive-policies.js';

export interface NaiveEntry {
  key: unknown;
  value: number;
  bytes: number;
  flags: number;
  expiresAt: number;
  storedAt: number;
  usedAt: number;
  fetched: boolean;
  /** What a read sets the time to live to, where reads do. */
  ttl: number;
  tags: readonly string[];
}

export interface NaiveOptions {
  maxBytes: number;
  maxEntries: number;
  maxEntryBytes: number;
  evict: boolean;
  policy: Policy;
  /** Whether a read sets the time to live anew. */
  slides?: boolean;
}

export class NaiveCache {
  now = 0;
  removals: [unknown, number, RemovalCause][] = [];
  hits = 0;
  stores = 0;
  readonly #options: NaiveOptions;
  readonly #weigh: (key: unknown, value: number) => number;

  readonly #policy: NaivePolicy<NaiveEntry> & { isLoading?: boolean };

  constructor(
    options: NaiveOptions,
    weigh: (key: unknown, value: number) => number,
    frequencies: NaiveFrequencies,
  ) {
    this.#options = options;
    this.#weigh = weigh;
    const countsBytes = options.maxBytes !== Number.POSITIVE_INFINITY;
    const costOf = (entries: readonly NaiveEntry[]) =>
      countsBytes ? entries.reduce((sum, { bytes }) => sum + bytes, 0) : entries.length;
    this.#policy = naivePolicy(options.policy, costOf, frequencies);
  }

  /** In the order of a walk from the oldest end; expired entries stay until something takes them. */
  get entries(): NaiveEntry[] {
    return this.#policy.all();
  }

  /** Whether a dump is being loaded. */
  set isLoading(isLoading: boolean) {
    this.#policy.isLoading = isLoading;
  }

  get bytes(): number {
    return this.bytesOf(this.entries);
  }

  bytesOf(entries: readonly NaiveEntry[]): number {
    return entries.reduce((sum, entry) => sum + entry.bytes, 0) + this.tagBytes(entries);
  }

  /** A link for each tag of an entry, a record for each text, and a page for all as long as there are any. */
  tagBytes(entries: readonly Pick<NaiveEntry, 'tags'>[]): number {
    const all = entries.flatMap(({ tags }) => tags);
    if (all.length === 0 || this.#options.maxBytes === Number.POSITIVE_INFINITY) return 0;
    const texts = [...new Set(all)].reduce((sum, text) => sum + 80 + textBytes(text), 0);
    return 640 + all.length * 64 + texts;
  }

  live(): NaiveEntry[] {
    return this.entries.filter((entry) => entry.expiresAt > this.now);
  }

  peek(key: unknown): NaiveEntry | undefined {
    const entry = this.#find(key);
    return entry === undefined || entry.expiresAt <= this.now ? undefined : entry;
  }

  get(key: unknown): number | undefined {
    const entry = this.#find(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= this.now) {
      this.#remove(entry, 'expired');
      return undefined;
    }
    this.hits++;
    entry.usedAt = this.now;
    entry.fetched = true;
    if (this.#options.slides === true) entry.expiresAt = this.now + entry.ttl;
    this.#policy.use(entry);
    return entry.value;
  }

  set(
    key: unknown,
    value: number,
    ttl: number,
    flags: number,
    tags: readonly string[] = [],
    weight: number = value,
  ): StoreResult {
    return this.#write(key, value, this.now + Math.max(ttl, 0), flags, tags, weight);
  }

  add(key: unknown, value: number, ttl: number, tags: readonly string[] = []): StoreResult {
    return this.peek(key) === undefined ? this.set(key, value, ttl, 0, tags) : 'exists';
  }

  replace(key: unknown, value: number, ttl: number, tags: readonly string[] = []): StoreResult {
    return this.peek(key) === undefined ? 'not-found' : this.set(key, value, ttl, 0, tags);
  }

  compareAndSet(key: unknown, right: boolean, value: number, ttl: number): StoreResult {
    if (this.peek(key) === undefined) return 'not-found';
    return right ? this.set(key, value, ttl, 0) : 'exists';
  }

  update(key: unknown, value: number): StoreResult {
    const entry = this.peek(key);
    if (entry === undefined) return 'not-found';
    const expiresAt = this.#options.slides === true ? this.now + entry.ttl : entry.expiresAt;
    return this.#write(key, value, expiresAt, entry.flags, entry.tags, value);
  }

  touch(key: unknown, ttl: number, promote: boolean): boolean {
    const entry = this.peek(key);
    if (entry === undefined) return false;
    entry.expiresAt = this.now + Math.max(ttl, 0);
    entry.ttl = entry.expiresAt - this.now;
    if (promote) this.#policy.use(entry);
    return true;
  }

  delete(key: unknown): boolean {
    const entry = this.#find(key);
    if (entry === undefined) return false;
    const live = entry.expiresAt > this.now;
    this.#remove(entry, live ? 'deleted' : 'expired');
    return live;
  }

  /** Removes what `concerns`, and returns how many of it were live. */
  deleteAll(concerns: (entry: NaiveEntry) => boolean): number {
    return this.entries.filter(concerns).filter(({ key }) => this.delete(key)).length;
  }

  clear(): void {
    for (const entry of this.entries.slice()) this.#remove(entry, 'cleared');
    this.#policy.clear();
  }

  evictOldest(): unknown {
    while (this.entries.length > 0) {
      const victim = this.#policy.victim(undefined);
      const isExpired = victim.expiresAt <= this.now;
      this.#remove(victim, isExpired ? 'expired' : 'evicted');
      if (!isExpired) return victim.key;
    }
    return undefined;
  }

  sweep(): number {
    const expired = this.entries.filter((entry) => entry.expiresAt <= this.now);
    for (const entry of expired) this.#remove(entry, 'expired');
    return expired.length;
  }

  resize(limits: Partial<NaiveOptions>): void {
    Object.assign(this.#options, limits);
    this.#makeRoom();
  }

  #find(key: unknown): NaiveEntry | undefined {
    // As a Map compares: NaN is NaN, and -0 is 0.
    return this.entries.find((entry) => [entry.key].includes(key));
  }

  #write(
    key: unknown,
    value: number,
    expiresAt: number,
    flags: number,
    tags: readonly string[],
    weight: number,
  ): StoreResult {
    const bytes = this.#weigh(key, weight);
    const alone = bytes + this.tagBytes([{ tags }]);
    const { maxBytes, maxEntries, maxEntryBytes, evict } = this.#options;
    let old = this.#find(key);
    if (old !== undefined && old.expiresAt <= this.now) {
      this.#remove(old, 'expired');
      old = undefined;
    }
    const removeOld = () => old !== undefined && this.#remove(old, 'replaced');
    if (alone > maxBytes || alone > maxEntryBytes) {
      removeOld();
      return 'too-large';
    }
    if (expiresAt <= this.now) {
      // Nobody could read it: it takes no room.
      removeOld();
      this.stores++;
      this.removals.push([key, value, 'expired']);
      return 'stored';
    }
    const times = { expiresAt, ttl: expiresAt - this.now, storedAt: this.now, usedAt: this.now };
    const parts = { value, bytes, flags, fetched: false, ...times };
    const entry: NaiveEntry = { key: key === 0 ? 0 : key, tags, ...parts };
    const short = (each: NaiveEntry) => {
      const others = this.entries.filter((other) => other !== old);
      return this.bytesOf([...others, each]) > maxBytes || others.length + 1 > maxEntries;
    };
    if (!evict && short(entry)) {
      this.sweep();
      if (short(entry)) {
        removeOld();
        return 'no-room';
      }
    }
    this.stores++;
    if (old !== undefined) {
      this.removals.push([old.key, old.value, 'replaced']);
      this.#policy.use(old);
      Object.assign(old, parts, { tags });
      this.#makeRoom(old);
      return 'stored';
    }
    // There is room for the entry before it enters, and for its tags afterwards.
    const untagged = { ...entry, tags: [] };
    if (short(untagged)) this.sweep();
    while (short(untagged)) this.#remove(this.#policy.victim(undefined), 'evicted');
    this.#policy.enter(entry);
    this.#makeRoom(entry);
    return 'stored';
  }

  #makeRoom(kept?: NaiveEntry): void {
    const short = () => this.bytes > this.#options.maxBytes || this.entries.length > this.#options.maxEntries;
    if (!short()) return;
    if (kept !== undefined) this.#policy.keep(kept);
    this.sweep();
    while (short()) this.#remove(this.#policy.victim(kept), 'evicted', kept);
  }

  #remove(entry: NaiveEntry, cause: RemovalCause, kept?: NaiveEntry): void {
    this.#policy.leave(entry, cause === 'evicted', kept);
    this.removals.push([entry.key, entry.value, cause]);
  }
}
