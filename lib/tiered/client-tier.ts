/**
 * A hotset server as a second tier, through `hotset/client`: times are exact to the millisecond, leases are the server's own
 * (`getOrLease`), and keys can be deleted by their prefix.
 *
 * A key that the wire does not take is escaped or hashed (wire-key.ts). What is not stored, because it is too large, takes the old
 * value with it.
 */

import type { HotsetClient, RemoteEntry } from '../client/index.js';
import { type Clock, monotonicClock } from '../engine/clock.js';
import { HotsetError, invalidArgument, rejectUnknownOptions } from '../errors.js';
import { limitOption, methodOption } from '../options.js';
import type { LeasedRead, Leases, SecondTier, TierEntry } from './second-tier.js';
import { StaleLeases } from './stale-leases.js';
import { wireKeyOf, wirePrefixOf } from './wire-key.js';

/** What `clientTier` takes. */
export interface ClientTierOptions {
  /** The largest value that is stored, in bytes. Default: 1 MiB less 512, which a server with its own `maxItemBytes` takes. */
  maxValueBytes?: number | undefined;
  /** Measures how long others hold leases. Default: a clock that never goes back. */
  clock?: Clock | undefined;
}

/** What a client tier has counted. */
export interface ClientTierStats {
  /** Values that were not stored because they are above `maxValueBytes`, or the server's own limit. */
  readonly tooLarge: number;
  /** Leases of stale entries that were taken from a holder that did not use them. */
  readonly takeovers: number;
}

/** A second tier in a hotset server. */
export interface ClientTier extends SecondTier {
  /** Its owner closes it. */
  readonly client: HotsetClient;
  readonly leases: Leases;
  deletePrefix(prefix: string, signal: AbortSignal): Promise<void>;
  /** A frozen snapshot. */
  stats(): ClientTierStats;
}

const DEFAULT_MAX_VALUE_BYTES: number = 1024 * 1024 - 512;
const NOTHING: Uint8Array = new Uint8Array(0);
/** It is deleted at once. Its end by itself would be a change of nobody's. */
const NOTHING_TTL_MS = 60_000;
const OPTIONS: ReadonlySet<string> = new Set<keyof ClientTierOptions>(['maxValueBytes', 'clock']);

/**
 * A hotset server as the second tier of a `TieredCache`. The client's near cache is not used. Closing the client is its owner's.
 * Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`.
 */
export function clientTier(client: HotsetClient, options: ClientTierOptions = {}): ClientTier {
  if (typeof client?.getOrLease !== 'function') throw invalidArgument('client', 'a HotsetClient', client);
  rejectUnknownOptions(options, OPTIONS);
  const maxValueBytes = limitOption('maxValueBytes', options.maxValueBytes, DEFAULT_MAX_VALUE_BYTES);
  return new HotsetTier(client, maxValueBytes, methodOption('clock', 'now', options.clock, monotonicClock));
}

class HotsetTier implements ClientTier {
  readonly name = 'hotset';
  readonly client: HotsetClient;
  readonly leases: Leases;
  readonly #maxValueBytes: number;
  readonly #stale: StaleLeases;
  #tooLarge = 0;
  #takeovers = 0;

  constructor(client: HotsetClient, maxValueBytes: number, clock: Clock) {
    this.client = client;
    this.#maxValueBytes = maxValueBytes;
    this.#stale = new StaleLeases(clock);
    this.leases = {
      read: (key, leaseMs, staleBelowMs, signal) =>
        this.#readLeased(wireKeyOf(key), leaseMs, staleBelowMs, signal),
      fill: (key, lease, entry, signal) => this.#fill(wireKeyOf(key), lease, entry, signal),
      release: async (key, lease, signal) => {
        const wireKey = wireKeyOf(key);
        this.#stale.forget(wireKey);
        await client.release(wireKey, lease, { signal });
      },
    };
  }

  async get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    const found = new Map<string, TierEntry>();
    const wireKeys = keys.map(wireKeyOf);
    const entries = await this.client.getEntries(wireKeys, { as: 'bytes', signal });
    for (const [at, key] of keys.entries()) {
      const entry = entryOf(entries.get(wireKeys[at]!));
      if (entry !== undefined) found.set(key, entry);
    }
    return found;
  }

  async set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void> {
    const writes = Array.from(entries, ([key, entry]) => this.#set(wireKeyOf(key), entry, signal));
    await allOf(writes);
  }

  async delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    await allOf(keys.map((key) => this.#delete(wireKeyOf(key), signal)));
  }

  async deletePrefix(prefix: string, signal: AbortSignal): Promise<void> {
    const wirePrefix = wirePrefixOf(prefix);
    if (wirePrefix === '') await this.client.flush({ signal });
    else await this.client.deletePrefix(wirePrefix, { signal });
  }

  stats(): ClientTierStats {
    return Object.freeze({ tooLarge: this.#tooLarge, takeovers: this.#takeovers });
  }

  /**
   * Subscribers hear of a key only when it changes, and some may hold one that is not here. So it changes first: to nothing, which
   * counts as absent. Both go out together, and are one invalidation.
   */
  async #delete(key: string, signal: AbortSignal): Promise<void> {
    this.#stale.forget(key);
    await allOf([
      this.client.set(key, NOTHING, { ttlMs: NOTHING_TTL_MS, signal }),
      this.client.delete(key, { signal }),
    ]);
  }

  async #set(key: string, { bytes, ttlMs }: TierEntry, signal: AbortSignal): Promise<void> {
    this.#stale.forget(key);
    const isStored = await this.#unlessTooLarge(bytes, () =>
      this.client.set(key, bytes, { ttlMs: Math.max(0, ttlMs), signal }),
    );
    if (isStored === undefined) await this.#delete(key, signal);
  }

  async #readLeased(
    key: string,
    leaseMs: number,
    staleBelowMs: number,
    signal: AbortSignal,
  ): Promise<LeasedRead> {
    const ask = (takeFrom?: string) =>
      this.client.getOrLease(key, { leaseMs, staleBelowMs, takeFrom, as: 'bytes', signal });
    let answer = await ask();
    const version = answer.entry?.version;
    if (answer.isLoading && version != null && this.#stale.isOver(key, version, leaseMs)) {
      this.#stale.forget(key);
      answer = await ask(version);
      if (answer.lease !== undefined) this.#takeovers++;
    }
    const { entry, lease, isLoading } = answer;
    // The version is what the others see; a lease that was given with an entry is named by it.
    if (lease !== undefined && entry !== undefined)
      this.#stale.given(key, lease.slice(lease.indexOf('.') + 1), leaseMs);
    return { entry: entryOf(entry), lease, isLoading };
  }

  async #fill(
    key: string,
    lease: string,
    { bytes, ttlMs }: TierEntry,
    signal: AbortSignal,
  ): Promise<boolean> {
    this.#stale.forget(key);
    const outcome = await this.#unlessTooLarge(bytes, () =>
      this.client.fill(key, lease, bytes, { ttlMs: Math.max(0, ttlMs), signal }),
    );
    if (outcome !== undefined) return outcome.result === 'stored';
    await this.#delete(key, signal);
    return true;
  }

  /** Undefined, and counted, for what this tier or the server finds too large. */
  async #unlessTooLarge<T>({ length }: Uint8Array, write: () => Promise<T>): Promise<T | undefined> {
    try {
      if (length <= this.#maxValueBytes) return await write();
    } catch (error) {
      if (!(error instanceof HotsetError) || error.code !== 'HOTSET_TOO_LARGE') throw error;
    }
    this.#tooLarge++;
    return undefined;
  }
}

/** Undefined for nothing, and for what holds the place of a value under a lease. */
function entryOf(entry: RemoteEntry | undefined): TierEntry | undefined {
  const bytes = entry?.value;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return undefined;
  return { bytes, ttlMs: entry!.ttlMs };
}

/** Waits for all, and rejects with the first failure: what was called is not left behind. */
async function allOf(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(calls))
    if (outcome.status === 'rejected') throw outcome.reason;
}
