/** The memcached tier, over commands of either kind: meta or classic. */

import type { Clock } from '../engine/clock.js';
import { HotsetError } from '../errors.js';
import type { Command } from '../memcached-client/command.js';
import type { MemcachedClient } from '../memcached-client/memcached-client.js';
import type { LeasedRead, Leases, SecondTier, TierEntry } from './second-tier.js';
import { wireKeyOf } from './wire-key.js';

/** What a memcached tier has counted. */
export interface MemcachedTierStats {
  /** Values that were not stored because they are above `maxValueBytes`, or the server's own limit. */
  readonly tooLarge: number;
  /** Values that were not stored because they had less than a second to live. */
  readonly tooShort: number;
  /** Leases of stale entries that were taken from a holder that did not use them. */
  readonly takeovers: number;
}

/** A second tier in memcached. */
export interface MemcachedTier extends SecondTier {
  /** The one that was given, or made of the address. */
  readonly client: MemcachedClient;
  readonly leases: Leases;
  /** A frozen snapshot. */
  stats(): MemcachedTierStats;
  /** Closes the client. */
  close(): void;
}

/** memcached takes more seconds than this for a Unix time. */
const RELATIVE_MAX_SECONDS: number = 30 * 24 * 60 * 60;
/** Exptimes are signed numbers of 32 bits. */
const EXPTIME_MAX: number = 2 ** 31 - 1;

const NOT_ASCII = /[^\0-\x7f]/;

/** `MemcachedTierStats`, as they are counted. */
export interface Counters {
  tooLarge: number;
  tooShort: number;
  takeovers: number;
}

/** A reply for each command. */
export type Replies = readonly (string | HotsetError)[];

/** The commands of a kind. Keys are as commands have them, but for those of `get`. */
export interface MemcachedKind<Item extends { readonly key: string }> {
  readonly counters: Counters;
  get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>>;
  /** What stores an entry. Undefined, and counted, for what is not stored. */
  itemOf(key: string, entry: TierEntry): Item | undefined;
  store(items: readonly Item[]): Command<Replies>;
  /** What `store` answers when it has stored. */
  readonly stored: string;
  remove(keys: readonly string[]): Command<Replies>;
  /** The key is about to be written. */
  forget?(key: string): void;
  readLeased(key: string, leaseMs: number, staleBelowMs: number, signal: AbortSignal): Promise<LeasedRead>;
  /** What fills under a lease, or ends it where the entry is not stored, and what it answers when the lease was valid. Undefined for a void lease. */
  fill(
    key: string,
    lease: string,
    item: Item | undefined,
  ): { readonly command: Command<Replies>; readonly done: string } | undefined;
  release(key: string, lease: string, signal: AbortSignal): Promise<void>;
}

/** A tier over the commands of a kind. What is not stored takes the old value with it. */
export class MemcachedTierOf<Item extends { readonly key: string }> implements MemcachedTier {
  readonly name = 'memcached';
  readonly client: MemcachedClient;
  readonly leases: Leases;
  readonly #kind: MemcachedKind<Item>;

  constructor(client: MemcachedClient, kind: MemcachedKind<Item>) {
    this.client = client;
    this.#kind = kind;
    this.leases = {
      read: (key, leaseMs, staleBelowMs, signal) =>
        kind.readLeased(memcachedKeyOf(key), leaseMs, staleBelowMs, signal),
      fill: (key, lease, entry, signal) => this.#fill(memcachedKeyOf(key), lease, entry, signal),
      release: (key, lease, signal) => kind.release(memcachedKeyOf(key), lease, signal),
    };
  }

  get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    return this.#kind.get(keys, signal);
  }

  async set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void> {
    const kind = this.#kind;
    const items: Item[] = [];
    const dropped: string[] = [];
    for (const [text, entry] of entries) {
      const key = memcachedKeyOf(text);
      kind.forget?.(key);
      const item = kind.itemOf(key, entry);
      if (item === undefined) dropped.push(key);
      else items.push(item);
    }
    const [replies] = await Promise.all([
      items.length === 0 ? [] : this.client.request(kind.store(items), signal),
      this.#delete(dropped, signal),
    ]);
    const refused: string[] = [];
    let failure: HotsetError | undefined;
    for (const [index, reply] of replies.entries())
      if (isTooLarge(reply)) refused.push(items[index]!.key);
      else if (reply !== kind.stored) failure ??= reply instanceof HotsetError ? reply : unexpected(reply);
    kind.counters.tooLarge += refused.length;
    await this.#delete(refused, signal);
    if (failure !== undefined) throw failure;
  }

  delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#delete(keys.map(memcachedKeyOf), signal);
  }

  stats(): MemcachedTierStats {
    return Object.freeze({ ...this.#kind.counters });
  }

  close(): void {
    this.client.close();
  }

  async #delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    if (keys.length === 0) return;
    for (const reply of await this.client.request(this.#kind.remove(keys), signal))
      if (reply instanceof HotsetError) throw reply;
  }

  async #fill(key: string, lease: string, entry: TierEntry, signal: AbortSignal): Promise<boolean> {
    const kind = this.#kind;
    const filling = kind.fill(key, lease, kind.itemOf(key, entry));
    if (filling === undefined) return false;
    kind.forget?.(key);
    const [reply] = await this.client.request(filling.command, signal);
    if (!isTooLarge(reply)) return isReply(reply, filling.done);
    kind.counters.tooLarge++;
    await this.#delete([key], signal);
    return true;
  }
}

/** Throws what the server refuses. */
export function isReply(reply: string | HotsetError | undefined, expected: string): boolean {
  if (reply instanceof HotsetError) throw reply;
  return reply === expected;
}

function isTooLarge(reply: unknown): boolean {
  return reply instanceof HotsetError && reply.code === 'HOTSET_TOO_LARGE';
}

function unexpected(reply: string): HotsetError {
  return new HotsetError('HOTSET_PROTOCOL', `the memcached server answered ${reply} to a plain set`);
}

/** A key as commands have it: a latin1 character for each byte. */
export function memcachedKeyOf(key: string): string {
  const text = wireKeyOf(key);
  return NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The number that the wire has for so many seconds from now. */
export function exptimeOf(seconds: number, wallClock: Clock): number {
  if (seconds <= RELATIVE_MAX_SECONDS) return seconds;
  return Math.min(Math.floor(wallClock.now() / 1000) + seconds, EXPTIME_MAX);
}
