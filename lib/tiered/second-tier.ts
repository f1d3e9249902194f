/**
 * What a tiered cache needs of the store behind it: bytes under text keys, with the time that they have left. It is
 * deliberately small, so that Redis, memcached, a hotset server and any Keyv store can be one.
 *
 * Each method gets a signal that aborts when nobody waits for the answer any more. Requests that begin at about the same time share
 * one, which aborts when nobody waits for any of them: a listener on it is to be removed with the answer. Each rejects with whatever the client
 * rejects with; the tiered cache counts that as a failure of the tier, or as a refusal (refusals.ts), never of the caller. What a tier
 * refuses to store, the tiered cache deletes.
 */

/** What the second tier has under a key. */
export interface TierEntry {
  /** Never empty. */
  readonly bytes: Uint8Array;
  /** How long the tier will keep it from now on, in milliseconds; `Infinity` for no limit. */
  readonly ttlMs: number;
}

/** What a read with the wish to load brings. */
export interface LeasedRead {
  /** What the tier has. With `lease` or `isLoading` it is stale: still an answer when nothing better is to be had. */
  readonly entry: TierEntry | undefined;
  /** The caller shall load, and is the only one of all processes: the token to `fill` or `release` with. */
  readonly lease: string | undefined;
  /** Another caller has the lease. */
  readonly isLoading: boolean;
}

/**
 * The right to load a key, given to one caller of all processes. A write or a delete of the key voids it, so that a load that
 * was under way then cannot bring an old value back. It ends by itself after `leaseMs`.
 */
export interface Leases {
  /**
   * Reads, and grants a lease in the same round trip where the key is absent, or has less than `staleBelowMs` left, and nobody
   * has the lease. A tier that is full grants none. `staleBelowMs: Infinity` takes whatever is there for stale, also what has no limit.
   */
  read(key: string, leaseMs: number, staleBelowMs: number, signal: AbortSignal): Promise<LeasedRead>;
  /** Stores under the lease, which ends. False, and nothing is stored, when the lease is void or over. */
  fill(key: string, lease: string, entry: TierEntry, signal: AbortSignal): Promise<boolean>;
  /** Ends the lease without a value, so that the next reader gets it. */
  release(key: string, lease: string, signal: AbortSignal): Promise<void>;
}

/** A store behind the first tier. */
export interface SecondTier {
  /** For errors, statistics and metrics: `redis`, `memcached`, `hotset`, `keyv`. */
  readonly name: string;
  /** What there is under `keys`; absent ones are not in the Map. One round trip for each server. */
  get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>>;
  /** Stores each entry, and voids its key's lease. */
  set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void>;
  /** Removes keys, and voids their leases. */
  delete(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** Removes every key that begins with `prefix`, and voids the leases of such keys, held or not. Absent where the store cannot: the tiered cache then moves to another namespace. */
  deletePrefix?(prefix: string, signal: AbortSignal): Promise<void>;
  /**
   * Absent where the store has no atomic operation for it: then a key is loaded once in each process, and a load that was
   * under way during a delete elsewhere may bring the old value back, for as long as its TTL.
   */
  readonly leases?: Leases | undefined;
}

/** What a process tells the others over a bus. */
export interface InvalidationMessage {
  /** Keys of the second tier that have changed, or are gone. */
  readonly keys?: readonly string[];
  /** Tags that were invalidated. */
  readonly tags?: readonly string[];
  /** Everything may have changed. */
  readonly all?: boolean;
}

/** What an invalidation source calls. Calls never overlap, and nothing is called after `stop`. */
export interface InvalidationListener {
  /** From here on every later change is reported. What changed before may have been missed. */
  connected(): void;
  /** Changes may be missed from here on. */
  disconnected(error?: unknown): void;
  /**
   * Every change that the source reports up to a message sent at `sentAtMs` of the clock `performance.now()` has been reported.
   * A source that ever calls it calls it right after `connected` too, and then every few seconds: its silence counts as a lost
   * link. One that never calls it can lose a link without being noticed.
   */
  alive?(sentAtMs: number): void;
  /** These keys of the second tier have changed, or are gone. */
  keysChanged(keys: readonly string[]): void;
  /** These tags were invalidated: only a bus reports them, the others report the keys of the tags' versions. */
  tagsInvalidated?(tags: readonly string[]): void;
  /** Everything may have changed. */
  allChanged(): void;
}

/** Reports changes that others make in the second tier: the server's own tracking, or a bus between the processes. */
export interface InvalidationSource {
  /** For statistics: `redis`, `hotset`, `bus`. */
  readonly name: string;
  /** Keys that begin with `prefix` are of interest. Connects, and connects again by itself, until `stop`. */
  start(prefix: string, listener: InvalidationListener): void;
  /** Disconnects; nothing is reported afterwards. */
  stop(): Promise<void>;
  /**
   * Only a bus has it: tells the others, after the second tier has acknowledged the change. Rejects when the message could
   * not be sent; the tiered cache keeps it and tries again.
   */
  publish?(message: InvalidationMessage): Promise<void>;
}
