/**
 * The engine's rules, written the slow and obvious way: an array from oldest to newest, scanned each time.
 * The model spec compares the engine with it.
 */

import type { RemovalCause, StoreResult } from '../../lib/index.js';

export interface NaiveEntry {
  key: unknown;
  value: number;
  bytes: number;
  flags: number;
  expiresAt: number;
  storedAt: number;
  usedAt: number;
  fetched: boolean;
}

export interface NaiveOptions {
  maxBytes: number;
  maxEntries: number;
  maxEntryBytes: number;
  evict: boolean;
}

export class NaiveCache {
  now = 0;
  /** Oldest first; expired entries stay until something takes them. */
  entries: NaiveEntry[] = [];
  removals: [unknown, number, RemovalCause][] = [];
  hits = 0;
  stores = 0;
  readonly #options: NaiveOptions;
  readonly #weigh: (key: unknown, value: number) => number;

  constructor(options: NaiveOptions, weigh: (key: unknown, value: number) => number) {
    this.#options = options;
    this.#weigh = weigh;
  }

  get bytes(): number {
    return this.entries.reduce((sum, entry) => sum + entry.bytes, 0);
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
    this.#promote(entry);
    return entry.value;
  }

  set(key: unknown, value: number, ttl: number, flags: number): StoreResult {
    return this.#write(key, value, this.now + Math.max(ttl, 0), flags);
  }

  add(key: unknown, value: number, ttl: number): StoreResult {
    return this.peek(key) === undefined ? this.set(key, value, ttl, 0) : 'exists';
  }

  replace(key: unknown, value: number, ttl: number): StoreResult {
    return this.peek(key) === undefined ? 'not-found' : this.set(key, value, ttl, 0);
  }

  compareAndSet(key: unknown, right: boolean, value: number, ttl: number): StoreResult {
    if (this.peek(key) === undefined) return 'not-found';
    return right ? this.set(key, value, ttl, 0) : 'exists';
  }

  update(key: unknown, value: number): StoreResult {
    const entry = this.peek(key);
    return entry === undefined ? 'not-found' : this.#write(key, value, entry.expiresAt, entry.flags);
  }

  touch(key: unknown, ttl: number, promote: boolean): boolean {
    const entry = this.peek(key);
    if (entry === undefined) return false;
    entry.expiresAt = this.now + Math.max(ttl, 0);
    if (promote) this.#promote(entry);
    return true;
  }

  delete(key: unknown): boolean {
    const entry = this.#find(key);
    if (entry === undefined) return false;
    const live = entry.expiresAt > this.now;
    this.#remove(entry, live ? 'deleted' : 'expired');
    return live;
  }

  clear(): void {
    for (const entry of this.entries.slice()) this.#remove(entry, 'cleared');
  }

  evictOldest(): unknown {
    while (this.entries[0] !== undefined && this.entries[0].expiresAt <= this.now)
      this.#remove(this.entries[0], 'expired');
    const oldest = this.entries[0];
    if (oldest !== undefined) this.#remove(oldest, 'evicted');
    return oldest?.key;
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

  #write(key: unknown, value: number, expiresAt: number, flags: number): StoreResult {
    const bytes = this.#weigh(key, value);
    const { maxBytes, maxEntries, maxEntryBytes, evict } = this.#options;
    const old = this.#find(key);
    if (old !== undefined) this.#remove(old, old.expiresAt <= this.now ? 'expired' : 'replaced');
    if (bytes > maxBytes || bytes > maxEntryBytes) return 'too-large';
    if (expiresAt <= this.now) {
      // Nobody could read it: it takes no room.
      this.stores++;
      this.removals.push([key, value, 'expired']);
      return 'stored';
    }
    const short = () => this.bytes + bytes > maxBytes || this.entries.length + 1 > maxEntries;
    if (!evict && short()) {
      this.sweep();
      if (short()) return 'no-room';
    }
    const times = { expiresAt, storedAt: this.now, usedAt: this.now, fetched: false };
    this.entries.push({ key: key === 0 ? 0 : key, value, bytes, flags, ...times });
    this.stores++;
    this.#makeRoom();
    return 'stored';
  }

  /** The entry written last is the newest: the others go before it. */
  #makeRoom(): void {
    const short = () => this.bytes > this.#options.maxBytes || this.entries.length > this.#options.maxEntries;
    if (short()) this.sweep();
    while (short()) this.#remove(this.entries[0]!, 'evicted');
  }

  #promote(entry: NaiveEntry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    this.entries.push(entry);
  }

  #remove(entry: NaiveEntry, cause: RemovalCause): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    this.removals.push([entry.key, entry.value, cause]);
  }
}
