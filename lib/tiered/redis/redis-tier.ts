/**
 * Redis, Valkey or a cluster of them as the second tier.
 *
 * An entry is a text under its key, with its TTL, and with the time at which it expires in front of the value. A lease is a key
 * beside it in the same hash slot, with a token that no other lease has. Whatever writes an entry removes the lease in the same
 * step of the server, and a fill compares the token in the step that stores: so a load that began before a write cannot be
 * stored after it.
 *
 * Each operation is one round trip to each server, however many keys it has: a command for each slot of a cluster, sent at once.
 * A read for a load takes a second one where a lease is needed. Reads of single keys at the same time share one (joined-gets.ts).
 */

import { HotsetError } from '../../errors.js';
import type { LeasedRead, Leases, SecondTier, TierEntry } from '../second-tier.js';
import type { RedisClient } from './client-types.js';
import { type RedisServers, serversOf } from './clients.js';
import { keyOfLease, leaseInfix, leaseKeyOf, slotOf } from './hash-slots.js';
import { JoinedGets } from './joined-gets.js';
import {
  type Argument,
  FILL,
  READ,
  READ_OR_LEASE,
  RELEASE,
  REMOVE,
  runScript,
  SCAN,
  type Script,
  WRITE,
} from './scripts.js';
import { ServerClock } from './server-clock.js';
import { topologyOf } from './topology.js';

/** A script holds the server up: so many keys at once. */
const MAX_KEYS = 500;
/** What is stored at once, of more than one entry. */
const MAX_BYTES = 1_000_000;
/** Names that a step of deleting a prefix looks at. */
const SCAN_COUNT = 1_000;
/** In front of each value: see scripts.ts. */
const HEADER_BYTES = 8;
/** Within what the server can add to its clock. */
const MAX_TTL_MS = 2 ** 50;

/**
 * A second tier over the user's own client of @redis/client 6, ioredis 5 or 6 or iovalkey, for one server or a cluster. The
 * client stays the user's: the tier does not close it. While its link is known to be down, calls reject at once with `HOTSET_DISCONNECTED`.
 * Throws `HOTSET_INVALID_OPTION` for what is no such client, and for one with a `keyPrefix`.
 */
export function redisTier(client: RedisClient): SecondTier {
  return new RedisTier(serversOf(client));
}

class RedisTier implements SecondTier {
  readonly name = 'redis';
  readonly leases: Leases;
  readonly #servers: RedisServers;
  readonly #gets: JoinedGets;
  readonly #clock: ServerClock;

  constructor(servers: RedisServers) {
    this.#servers = servers;
    this.#clock = new ServerClock(() => timesOf(servers));
    this.#gets = new JoinedGets(servers);
    this.leases = new RedisLeases(servers, this.#gets, this.#clock);
  }

  /** O(1) for each key on the server. */
  async get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    const found = new Map<string, TierEntry>();
    // The usual case, in as few steps as there can be.
    if (keys.length === 1 && !Number.isNaN(this.#clock.now())) {
      const key = keys[0]!;
      const value = await this.#gets.get(key, signal);
      const nowMs = this.#clock.now();
      if (!Number.isNaN(nowMs)) {
        const entry = entryAt(nowMs, value);
        if (entry !== undefined) found.set(key, entry);
        return found;
      }
    }
    await this.#bySlot(keys, (group) => this.#getGroup(group, found, signal));
    return found;
  }

  async #getGroup(
    group: readonly string[],
    found: Map<string, TierEntry>,
    signal: AbortSignal,
  ): Promise<void> {
    const isKnown = !Number.isNaN(this.#clock.now());
    const reply = (await (isKnown
      ? this.#servers.sendTo(group[0]!, ['mget', ...group], signal)
      : run(this.#servers, READ, group, [], signal))) as unknown[];
    const nowMs = this.#clock.now();
    // The reply took so long that the time is not known any more.
    if (isKnown && Number.isNaN(nowMs)) return this.#getGroup(group, found, signal);
    for (const [at, key] of group.entries()) {
      const entry = isKnown ? entryAt(nowMs, reply[at]) : entryWith(reply[2 * at + 1], reply[2 * at]);
      if (entry !== undefined) found.set(key, entry);
    }
  }

  /** O(1) for each entry on the server. */
  async set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void> {
    await this.#bySlot([...entries.keys()], async (group) => {
      const writes: Promise<unknown>[] = [];
      let names: string[] = [];
      let args: Argument[] = [];
      let bytes = 0;
      const flush = (): void => {
        writes.push(run(this.#servers, WRITE, names, args, signal));
        names = [];
        args = [];
        bytes = 0;
      };
      for (const key of group) {
        const entry = entries.get(key)!;
        if (names.length > 0 && bytes + entry.bytes.length > MAX_BYTES) flush();
        names.push(key, leaseKeyOf(key));
        args.push(bufferOf(entry.bytes), ttlText(entry.ttlMs));
        bytes += entry.bytes.length;
      }
      flush();
      await Promise.all(writes);
    });
  }

  /** O(1) for each key on the server, which frees memory beside its work. Tracking reports every key, there or not. */
  async delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#bySlot(keys, async (group) => {
      await run(this.#servers, REMOVE, group.flatMap(withLease), [], signal);
    });
  }

  /**
   * Looks at every key of each master, 1,000 in a step, between which the servers serve others: O(all keys). What is stored
   * meanwhile may stay. Rejects with `HOTSET_DISCONNECTED` when slots of a cluster move meanwhile, or the client does not know a master.
   */
  async deletePrefix(prefix: string, signal: AbortSignal): Promise<void> {
    const masters = await this.#servers.masters();
    const topology = await topologyOf(this.#servers, masters);
    for (const server of masters) {
      let cursor = '0';
      do {
        const args = [cursor, `${SCAN_COUNT}`, prefix, leaseInfix(prefix)];
        const reply = await runScript(SCAN, [], args, (command) => server.send(command, signal));
        const [next, ...names] = (reply as unknown[]).map(String);
        const keys = names.map((name) => keyOfLease(name) ?? name).filter((key) => key.startsWith(prefix));
        await this.delete([...new Set(keys)], signal);
        cursor = next!;
        signal.throwIfAborted();
      } while (cursor !== '0');
    }
    if ((await topologyOf(this.#servers, masters)) !== topology)
      throw new HotsetError('HOTSET_DISCONNECTED', 'slots of the cluster have moved');
  }

  /** Calls `each` with keys of one slot, as many as a script may have. */
  async #bySlot(keys: readonly string[], each: (group: readonly string[]) => Promise<void>): Promise<void> {
    if (keys.length === 1) return each(keys);
    const calls: Promise<void>[] = [];
    for (const group of this.#servers.isCluster ? slotsOf(keys) : [keys])
      for (let at = 0; at < group.length; at += MAX_KEYS) calls.push(each(group.slice(at, at + MAX_KEYS)));
    await Promise.all(calls);
  }
}

class RedisLeases implements Leases {
  readonly #servers: RedisServers;
  readonly #gets: JoinedGets;
  readonly #clock: ServerClock;
  /** With a count behind it, a token that no lease has had. */
  readonly #id = crypto.randomUUID();
  #count = 0;

  constructor(servers: RedisServers, gets: JoinedGets, clock: ServerClock) {
    this.#servers = servers;
    this.#gets = gets;
    this.#clock = clock;
  }

  /** A fresh entry takes a plain GET. Where there is none, a script follows, in a second round trip. */
  async read(key: string, leaseMs: number, staleBelowMs: number, signal: AbortSignal): Promise<LeasedRead> {
    if (staleBelowMs < MAX_TTL_MS && !Number.isNaN(this.#clock.now())) {
      const value = await this.#gets.get(key, signal);
      const entry = entryAt(this.#clock.now(), value);
      if (entry !== undefined && entry.ttlMs >= staleBelowMs)
        return { entry, lease: undefined, isLoading: false };
    }
    const token = `${this.#id}:${this.#count++}`;
    const staleBelow = staleBelowMs === Number.POSITIVE_INFINITY ? '' : `${staleBelowMs}`;
    const args = [token, ttlText(Math.min(leaseMs, MAX_TTL_MS)), staleBelow];
    const reply = (await run(this.#servers, READ_OR_LEASE, withLease(key), args, signal)) as unknown[];
    const granted = Number(reply[2]);
    return {
      entry: entryWith(reply[1], reply[0]),
      lease: granted === 1 ? token : undefined,
      isLoading: granted === 0,
    };
  }

  async fill(key: string, lease: string, entry: TierEntry, signal: AbortSignal): Promise<boolean> {
    const args = [lease, bufferOf(entry.bytes), ttlText(entry.ttlMs)];
    return Number(await run(this.#servers, FILL, withLease(key), args, signal)) === 1;
  }

  async release(key: string, lease: string, signal: AbortSignal): Promise<void> {
    await run(this.#servers, RELEASE, [leaseKeyOf(key)], [lease], signal);
  }
}

function run(
  servers: RedisServers,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  signal: AbortSignal,
): Promise<unknown> {
  return runScript(script, keys, args, (command) => servers.sendTo(keys[0]!, command, signal));
}

function withLease(key: string): string[] {
  return [key, leaseKeyOf(key)];
}

function slotsOf(keys: readonly string[]): Iterable<string[]> {
  const slots = new Map<number, string[]>();
  for (const key of keys) {
    const slot = slotOf(key);
    const group = slots.get(slot);
    if (group === undefined) slots.set(slot, [key]);
    else group.push(key);
  }
  return slots.values();
}

/** What each master's clock says. */
async function timesOf(servers: RedisServers): Promise<number[]> {
  const masters = await servers.masters();
  return Promise.all(
    masters.map(async (server) => {
      const [seconds, micros] = (await server.send(['time'])) as [unknown, unknown];
      return Number(seconds) * 1_000 + Number(micros) / 1_000;
    }),
  );
}

/** A value as it is stored, with the time that it has left at `nowMs` of the server's clock. */
function entryAt(nowMs: number, value: unknown): TierEntry | undefined {
  if (!Buffer.isBuffer(value) || value.length <= HEADER_BYTES) return undefined;
  const ttlMs = value.readDoubleBE(0) - nowMs;
  // Somebody else's value.
  if (Number.isNaN(ttlMs)) return undefined;
  return { bytes: value.subarray(HEADER_BYTES), ttlMs: ttlMs > 0 ? ttlMs : 0 };
}

/** The same with PTTL's reply. */
function entryWith(ttl: unknown, value: unknown): TierEntry | undefined {
  if (!Buffer.isBuffer(value) || value.length <= HEADER_BYTES) return undefined;
  const ttlMs = Number(ttl);
  return { bytes: value.subarray(HEADER_BYTES), ttlMs: ttlMs < 0 ? Number.POSITIVE_INFINITY : ttlMs };
}

/** The same bytes, not a copy. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whole milliseconds, at least one; empty for no limit. */
function ttlText(ttlMs: number): string {
  if (ttlMs === Number.POSITIVE_INFINITY) return '';
  return `${Math.min(Math.max(1, Math.ceil(ttlMs)), MAX_TTL_MS)}`;
}
