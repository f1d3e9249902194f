/**
 * A memcached server, or a hotset server by memcached's protocol, as a second tier. docs/second-tiers.md says what it promises.
 *
 * - A lease is what the meta commands have for it: `mg … N` leaves a placeholder where there is nothing, `mg … R` marks an item that
 *   is about to expire, one caller wins (`W`), and the item's cas id is the token. An empty value is a placeholder, and counts as absent.
 * - TTLs are whole seconds there: they are rounded down, so that nothing is kept longer than asked, and what is left is told a
 *   second short. Less than a second is not stored.
 * - What is not stored, too large or too short-lived, takes the old value with it.
 */

import { type Clock, monotonicClock, systemClock } from '../engine/clock.js';
import { HotsetError, invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import type { MemcachedAddress } from '../memcached-client/address.js';
import { answering, type Command } from '../memcached-client/command.js';
import { MemcachedClient } from '../memcached-client/memcached-client.js';
import { type MetaEntry, type MetaItem, metaDelete, metaGet, metaSet } from '../memcached-client/meta.js';
import {
  DEFAULT_READ_MAX_BYTES,
  type MemcachedClientOptions,
  VALUE_MAX_BYTES,
} from '../memcached-client/options.js';
import { limitOption, methodOption } from '../options.js';
import { ClassicCommands } from './classic-memcached-tier.js';
import {
  type Counters,
  exptimeOf,
  isReply,
  type MemcachedKind,
  type MemcachedTier,
  MemcachedTierOf,
  memcachedKeyOf,
  type Replies,
} from './memcached-kinds.js';
import type { LeasedRead, TierEntry } from './second-tier.js';
import { StaleLeases } from './stale-leases.js';

/** What `memcachedTier` takes. */
export interface MemcachedTierOptions {
  /**
   * `meta` for memcached from 1.6 and hotset. `classic` for proxies that know no meta commands, such as twemproxy and mcrouter: all
   * processes of a fleet must use the same, and have clocks that agree. Default: `meta`.
   */
  commands?: 'meta' | 'classic' | undefined;
  /** The largest value that is stored, in bytes. Default: 1 MiB less 512, which memcached takes with its own `-I 1m`. */
  maxValueBytes?: number | undefined;
  /** Options of the client that is made of an address. */
  client?: MemcachedClientOptions | undefined;
  /** Measures durations. Default: a clock that never goes back. */
  clock?: Clock | undefined;
  /** Unix time in milliseconds: for TTLs over 30 days, and with classic commands for all. Default: the system's. */
  wallClock?: Clock | undefined;
}

const DEFAULT_MAX_VALUE_BYTES: number = 1024 * 1024 - 512;
const NOTHING: ReadonlyMap<string, TierEntry> = new Map();
const OPTIONS: ReadonlySet<string> = new Set<keyof MemcachedTierOptions>([
  'commands',
  'maxValueBytes',
  'client',
  'clock',
  'wallClock',
]);

/**
 * A memcached server as the second tier of a `TieredCache`: the client, or the address to make one of, such as `'cache-1:11211'` or
 * the path of a Unix socket. Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`.
 */
export function memcachedTier(
  clientOrAddress: MemcachedClient | MemcachedAddress,
  options: MemcachedTierOptions = {},
): MemcachedTier {
  rejectUnknownOptions(options, OPTIONS);
  const { commands = 'meta' } = options;
  if (commands !== 'meta' && commands !== 'classic')
    throw invalidOption('commands', "'meta' or 'classic'", commands);
  const isClient = clientOrAddress instanceof MemcachedClient;
  if (isClient && options.client !== undefined)
    throw invalidArgument('client', 'an address where there are options for the client', clientOrAddress);
  const maxValueBytes = limitOption('maxValueBytes', options.maxValueBytes, DEFAULT_MAX_VALUE_BYTES);
  const clock = methodOption('clock', 'now', options.clock, monotonicClock);
  const wallClock = methodOption('wallClock', 'now', options.wallClock, systemClock);
  const client = isClient
    ? clientOrAddress
    : new MemcachedClient(clientOrAddress, {
        // What is stored is to be read.
        maxValueBytes: Math.min(Math.max(maxValueBytes, DEFAULT_READ_MAX_BYTES), VALUE_MAX_BYTES),
        ...options.client,
      });
  return commands === 'classic'
    ? new MemcachedTierOf(client, new ClassicCommands(client, maxValueBytes, wallClock))
    : new MemcachedTierOf(client, new MetaCommands(client, maxValueBytes, clock, wallClock));
}

class MetaCommands implements MemcachedKind<MetaEntry> {
  readonly stored = 'HD';
  readonly store = metaSet;
  readonly remove = metaDelete;
  readonly counters: Counters = { tooLarge: 0, tooShort: 0, takeovers: 0 };
  readonly #client: MemcachedClient;
  readonly #maxValueBytes: number;
  readonly #wallClock: Clock;
  readonly #stale: StaleLeases;

  constructor(client: MemcachedClient, maxValueBytes: number, clock: Clock, wallClock: Clock) {
    this.#client = client;
    this.#maxValueBytes = maxValueBytes;
    this.#wallClock = wallClock;
    this.#stale = new StaleLeases(clock);
  }

  get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    if (keys.length === 0) return Promise.resolve(NOTHING);
    const command = metaGet(keys.map(memcachedKeyOf), this.#client.takeOpaques(keys.length));
    return this.#client.request(
      answering(command, (items) => this.#found(keys, items)),
      signal,
    );
  }

  #found(
    keys: readonly string[],
    items: readonly (MetaItem | HotsetError | undefined)[],
  ): ReadonlyMap<string, TierEntry> {
    const found = new Map<string, TierEntry>();
    for (const [index, item] of items.entries()) {
      if (item === undefined) continue;
      if (item instanceof HotsetError) throw item;
      const entry = entryOf(item);
      if (entry !== undefined) found.set(keys[index]!, entry);
      // Any mg wins what was released, or marked stale by somebody.
      if (item.won) this.#giveBack(memcachedKeyOf(keys[index]!), item.cas, true);
    }
    return found;
  }

  /** A lease that nobody is going to use goes to the next reader. */
  #giveBack(key: string, cas: string, isStale: boolean): void {
    this.#client.request(metaDelete([key], cas, isStale)).catch(() => {
      // It ends by itself.
    });
  }

  itemOf(key: string, { bytes, ttlMs }: TierEntry): MetaEntry | undefined {
    const exptime = this.#exptimeOf(bytes, ttlMs);
    return exptime === undefined ? undefined : { key, value: bytes, exptime };
  }

  forget(key: string): void {
    this.#stale.forget(key);
  }

  readLeased(
    key: string,
    leaseMs: number,
    staleBelowMs: number,
    signal: AbortSignal,
    mayMark = true,
  ): Promise<LeasedRead> {
    const client = this.#client;
    const command = metaGet([key], client.takeOpaques(1), this.#leaseFlags(leaseMs, staleBelowMs));
    return client.request(
      answering(
        command,
        ([item]): LeasedRead | Promise<LeasedRead> => {
          if (item instanceof HotsetError) throw item;
          // Without room for a placeholder there is no lease.
          if (item === undefined) return { entry: undefined, lease: undefined, isLoading: false };
          const { cas, won, taken } = item;
          const entry = entryOf(item);
          // Without cas ids nothing can be stored under a lease.
          if (won && cas !== '0') {
            if (entry !== undefined) this.#stale.given(key, cas, leaseMs);
            const kind = entry === undefined ? 'p' : 's';
            return { entry, lease: `${kind}${client.epoch}.${cas}`, isLoading: false };
          }
          // Neither anybody's placeholder nor an entry: an empty value of another program, which would keep the place for ever.
          if (!taken && mayMark && item.value?.length === 0)
            return client
              .request(metaDelete([key], cas), signal)
              .then(() => this.readLeased(key, leaseMs, staleBelowMs, signal, false));
          const isLeft = taken && entry !== undefined && this.#stale.isOver(key, cas, leaseMs);
          // The mark is for an entry that time alone does not make stale, too.
          const isMarked = isLeft || (!taken && staleBelowMs === Number.POSITIVE_INFINITY);
          if (entry === undefined || !mayMark || !isMarked)
            return { entry, lease: undefined, isLoading: taken };
          return this.#mark(key, cas, isLeft, signal).then(() =>
            this.readLeased(key, leaseMs, staleBelowMs, signal, false),
          );
        },
        ([late]) => {
          if (late !== undefined && !(late instanceof HotsetError) && late.won)
            this.#giveBack(key, late.cas, late.value?.length !== 0);
        },
      ),
      signal,
    );
  }

  /** Marks this version stale, and not leased: the next reader gets the lease. */
  async #mark(key: string, cas: string, isLeft: boolean, signal: AbortSignal): Promise<void> {
    this.#stale.forget(key);
    const [status] = await this.#client.request(metaDelete([key], cas, true), signal);
    if (isLeft && status === 'HD') this.counters.takeovers++;
  }

  fill(
    key: string,
    lease: string,
    item: MetaEntry | undefined,
  ): { readonly command: Command<Replies>; readonly done: string } | undefined {
    const token = this.#tokenOf(lease);
    if (token === undefined) return undefined;
    const { cas } = token;
    // The value is not stored, and the lease ends with what was there before.
    const command = item === undefined ? metaDelete([key], cas) : metaSet([{ ...item, cas }]);
    return { command, done: 'HD' };
  }

  async release(key: string, lease: string, signal: AbortSignal): Promise<void> {
    const token = this.#tokenOf(lease);
    if (token === undefined) return;
    this.#stale.forget(key);
    // A stale entry stays, and is marked so that the next reader gets the lease.
    const [reply] = await this.#client.request(metaDelete([key], token.cas, token.isStale), signal);
    isReply(reply, 'HD');
  }

  /** Undefined for a lease of an earlier connection: a server that was restarted gives the same cas ids again. */
  #tokenOf(lease: string): { readonly cas: string; readonly isStale: boolean } | undefined {
    const [, kind, epoch, cas] = /^([ps])(\d+)\.(\d+)$/.exec(lease) ?? [];
    return Number(epoch) === this.#client.epoch ? { cas: cas!, isStale: kind === 's' } : undefined;
  }

  /** Undefined, and counted, for what is not stored. */
  #exptimeOf({ length }: Uint8Array, ttlMs: number): number | undefined {
    if (length > this.#maxValueBytes) this.counters.tooLarge++;
    else if (ttlMs === Number.POSITIVE_INFINITY) return 0;
    else if (ttlMs >= 1000) return exptimeOf(Math.floor(ttlMs / 1000), this.#wallClock);
    else this.counters.tooShort++;
    return undefined;
  }

  /** A placeholder lives for the lease and up to two seconds longer, whatever the steps of the server's clock: never shorter. */
  #leaseFlags(leaseMs: number, staleBelowMs: number): string {
    const forLease = ` N${exptimeOf(Math.ceil(leaseMs / 1000) + 1, this.#wallClock)}`;
    if (!(staleBelowMs > 0)) return forLease;
    // What is left is told a second short: see `entryOf`.
    return `${forLease} R${exptimeOf(Math.ceil(staleBelowMs / 1000) + 1, this.#wallClock)}`;
  }
}

/**
 * Undefined for a placeholder, and for a value that is too long to be read. The server rounds the time that is left up; this is what
 * it has at least.
 */
function entryOf({ value, ttlSeconds }: MetaItem): TierEntry | undefined {
  if (value === null || value.length === 0) return undefined;
  return {
    bytes: value,
    ttlMs: ttlSeconds < 0 ? Number.POSITIVE_INFINITY : Math.max(1, (ttlSeconds - 1) * 1000),
  };
}
