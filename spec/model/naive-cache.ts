/**
 * The engine's rules, written the slow and obvious way: an array from oldest to newest, scanned each time.
 * The model spec compares the engine with it.
 */

import type { RemovalCause, StoreResult } from '../../lib/index.js';

export interface NaiveEntry {
  key: string;
  value: number;
  bytes: number;
  flags: number;
  expiresAt: number;
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
  removals: [string, number, RemovalCause][] = [];
  readonly #options: NaiveOptions;
  readonly #weigh: (key: string, value: number) => number;

  constructor(options: NaiveOptions, weigh: (key: string, value: number) => number) {
    this.#options = options;
    this.#weigh = weigh;
  }

  get bytes(): number {
    return this.entries.reduce((sum, entry) => sum + entry.bytes, 0);
  }

  live(): NaiveEntry[] {
    return this.entries.filter((entry) => entry.expiresAt > this.now);
  }

  peek(key: string): NaiveEntry | undefined {
    return this.live().find((entry) => entry.key === key);
  }

  get(key: string): number | undefined {
    const entry = this.entries.find((candidate) => candidate.key === key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= this.now) {
      this.#remove(entry, 'expired');
      return undefined;
    }
    this.#promote(entry);
    return entry.value;
  }

  set(key: string, value: number, ttl: number, flags: number): StoreResult {
    return this.#write(key, value, this.now + Math.max(ttl, 0), flags);
  }

  add(key: string, value: number, ttl: number): StoreResult {
    return this.peek(key) === undefined ? this.set(key, value, ttl, 0) : 'exists';
  }

  replace(key: string, value: number, ttl: number): StoreResult {
    return this.peek(key) === undefined ? 'not-found' : this.set(key, value, ttl, 0);
  }

  compareAndSet(key: string, right: boolean, value: number, ttl: number): StoreResult {
    if (this.peek(key) === undefined) return 'not-found';
    return right ? this.set(key, value, ttl, 0) : 'exists';
  }

  update(key: string, value: number): StoreResult {
    const entry = this.peek(key);
    return entry === undefined ? 'not-found' : this.#write(key, value, entry.expiresAt, entry.flags);
  }

  touch(key: string, ttl: number, promote: boolean): boolean {
    const entry = this.peek(key);
    if (entry === undefined) return false;
    entry.expiresAt = this.now + Math.max(ttl, 0);
    if (promote) this.#promote(entry);
    return true;
  }

  delete(key: string): boolean {
    const entry = this.entries.find((candidate) => candidate.key === key);
    if (entry === undefined) return false;
    const live = entry.expiresAt > this.now;
    this.#remove(entry, live ? 'deleted' : 'expired');
    return live;
  }

  clear(): void {
    for (const entry of this.entries.slice()) this.#remove(entry, 'cleared');
  }

  evictOldest(): string | undefined {
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

  resize(maxBytes: number, maxEntries: number): void {
    this.#options.maxBytes = maxBytes;
    this.#options.maxEntries = maxEntries;
    this.#makeRoom();
  }

  #write(key: string, value: number, expiresAt: number, flags: number): StoreResult {
    const bytes = this.#weigh(key, value);
    const { maxBytes, maxEntries, maxEntryBytes, evict } = this.#options;
    const old = this.entries.find((entry) => entry.key === key);
    if (old !== undefined) this.#remove(old, old.expiresAt <= this.now ? 'expired' : 'replaced');
    if (bytes > maxBytes || bytes > maxEntryBytes) return 'too-large';
    const short = () => this.bytes + bytes > maxBytes || this.entries.length + 1 > maxEntries;
    if (!evict && short()) {
      this.sweep();
      if (short()) return 'no-room';
    }
    const entry = { key, value, bytes, flags, expiresAt };
    this.entries.push(entry);
    this.#makeRoom(entry);
    return 'stored';
  }

  #makeRoom(written?: NaiveEntry): void {
    const short = () => this.bytes > this.#options.maxBytes || this.entries.length > this.#options.maxEntries;
    if (short()) {
      // An entry that is expired at birth does not give way to itself.
      for (const entry of this.entries.slice())
        if (entry !== written && entry.expiresAt <= this.now) this.#remove(entry, 'expired');
    }
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
