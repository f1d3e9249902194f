/**
 * The model second tier: a store with leases in this process, on any clock, that can be down, lose all it has, or evict. What
 * happens between a process and the store is up to `send`: by default a request is carried out at once.
 */

import { type Clock, HotsetError } from '../../lib/index.js';
import type { LeasedRead, Leases, SecondTier, TierEntry } from '../../lib/tiered/second-tier.js';

/** What the store was asked to change, once it has been done. */
export interface StoreChange {
  readonly op: 'set' | 'fill' | 'delete' | 'evict' | 'lose';
  /** Null for all. */
  readonly keys: readonly string[] | null;
  readonly entries?: ReadonlyMap<string, TierEntry>;
  /** All keys that begin so are gone; `keys` are those that there were. */
  readonly prefix?: string;
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
}

/** What all processes share. */
export class MemoryStore {
  /** Called after each change. */
  readonly watchers: Set<(change: StoreChange) => void> = new Set();
  /** Requests fail. */
  isDown = false;
  /** Nothing is stored, and no lease given; what is there can be read and deleted. */
  isFull = false;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Stored>();
  readonly #leases = new Map<string, { readonly token: string; readonly endsAtMs: number }>();
  #tokens = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.get(key) !== undefined);
  }

  get(key: string): TierEntry | undefined {
    const stored = this.#entries.get(key);
    if (stored === undefined) return undefined;
    const ttlMs = stored.expiresAtMs - this.#clock.now();
    if (ttlMs > 0) return { bytes: stored.bytes, ttlMs };
    this.#entries.delete(key);
    return undefined;
  }

  set(entries: ReadonlyMap<string, TierEntry>): void {
    this.#checkRoom();
    for (const [key, entry] of entries) {
      this.#leases.delete(key);
      this.#store(key, entry);
    }
    this.#report({ op: 'set', keys: [...entries.keys()], entries });
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) {
      this.#leases.delete(key);
      this.#entries.delete(key);
    }
    this.#report({ op: 'delete', keys });
  }

  deletePrefix(prefix: string): void {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix));
    for (const key of this.#leases.keys()) if (key.startsWith(prefix)) this.#leases.delete(key);
    for (const key of keys) this.#entries.delete(key);
    this.#report({ op: 'delete', keys, prefix });
  }

  readLease(key: string, leaseMs: number, staleBelowMs: number): LeasedRead {
    const entry = this.get(key);
    // Below `Infinity` everything is stale, what has no limit too.
    const isFresh =
      entry !== undefined && staleBelowMs !== Number.POSITIVE_INFINITY && entry.ttlMs >= staleBelowMs;
    if (isFresh) return { entry, lease: undefined, isLoading: false };
    const now = this.#clock.now();
    const held = this.#leases.get(key);
    if (held !== undefined && held.endsAtMs > now) return { entry, lease: undefined, isLoading: true };
    if (this.isFull) return { entry, lease: undefined, isLoading: false };
    const token = `${++this.#tokens}`;
    this.#leases.set(key, { token, endsAtMs: now + leaseMs });
    return { entry, lease: token, isLoading: false };
  }

  fill(key: string, lease: string, entry: TierEntry): boolean {
    if (this.#leases.get(key)?.token === lease) this.#checkRoom();
    if (!this.release(key, lease)) return false;
    this.#store(key, entry);
    this.#report({ op: 'fill', keys: [key], entries: new Map([[key, entry]]) });
    return true;
  }

  /** Whether it was the lease. */
  release(key: string, lease: string): boolean {
    const held = this.#leases.get(key);
    if (held?.token !== lease) return false;
    this.#leases.delete(key);
    return held.endsAtMs > this.#clock.now();
  }

  evict(key: string): void {
    if (this.#entries.delete(key)) this.#report({ op: 'evict', keys: [key] });
  }

  /** All is gone, leases too, as after a restart without a disk. */
  lose(): void {
    this.#entries.clear();
    this.#leases.clear();
    this.#report({ op: 'lose', keys: null });
  }

  #checkRoom(): void {
    if (this.isFull) throw new HotsetError('HOTSET_NO_ROOM', 'the store is full');
  }

  #store(key: string, { bytes, ttlMs }: TierEntry): void {
    this.#entries.set(key, { bytes: bytes.slice(), expiresAtMs: this.#clock.now() + ttlMs });
  }

  #report(change: StoreChange): void {
    for (const watcher of [...this.watchers]) watcher(change);
  }
}

export interface MemoryTierOptions {
  /** Default: true. */
  readonly hasLeases?: boolean;
  /** Default: true. */
  readonly hasDeletePrefix?: boolean;
  /** Of a key whose server cannot be reached: reads leave it out, and writes fail, after the others have been done. */
  readonly isOut?: (key: string) => boolean;
  /** Brings a request to the store, and the answer back. Default: at once. */
  readonly send?: <T>(request: () => T, signal: AbortSignal) => Promise<T>;
}

/** One process' way to the store. */
export class MemoryTier implements SecondTier {
  readonly name = 'memory';
  readonly leases: Leases | undefined;
  readonly deletePrefix?: (prefix: string, signal: AbortSignal) => Promise<void>;
  readonly #store: MemoryStore;
  readonly #options: MemoryTierOptions;

  constructor(store: MemoryStore, options: MemoryTierOptions = {}) {
    this.#store = store;
    this.#options = options;
    if (options.hasDeletePrefix !== false)
      this.deletePrefix = (prefix, signal) => this.#ask(() => store.deletePrefix(prefix), signal);
    if (options.hasLeases !== false)
      this.leases = {
        read: (key, leaseMs, staleBelowMs, signal) =>
          this.#ask(() => store.readLease(key, leaseMs, staleBelowMs), signal),
        fill: (key, lease, entry, signal) => this.#ask(() => store.fill(key, lease, entry), signal),
        release: (key, lease, signal) => this.#ask(() => void store.release(key, lease), signal),
      };
  }

  get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    return this.#ask(() => {
      const found = new Map<string, TierEntry>();
      for (const key of keys) {
        const entry = this.#isOut(key) ? undefined : this.#store.get(key);
        if (entry !== undefined) found.set(key, entry);
      }
      return found;
    }, signal);
  }

  set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void> {
    return this.#ask(() => {
      const reached = new Map([...entries].filter(([key]) => !this.#isOut(key)));
      this.#store.set(reached);
      if (reached.size < entries.size) throw new Error('a server is out');
    }, signal);
  }

  delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#ask(() => this.#store.delete(keys), signal);
  }

  #isOut(key: string): boolean {
    return this.#options.isOut?.(key) ?? false;
  }

  async #ask<T>(request: () => T, signal: AbortSignal): Promise<T> {
    const answer = (): T => {
      if (this.#store.isDown) throw new Error('the store is down');
      return request();
    };
    return this.#options.send === undefined ? answer() : this.#options.send(answer, signal);
  }
}
