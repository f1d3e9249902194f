/**
 * A second tier through a proxy that knows no meta commands. Only `gets`, `set`, `add`, `cas` and `delete` are used.
 *
 * These commands tell neither how long an item has left nor who may fill it, so that each value has a header that does: when it
 * expires, until when somebody has a lease, and that caller's random number. The cas id is the token of a lease. So the wall clocks of
 * all processes must agree, as far as TTLs and leases are to be exact, and a lease of a stale entry costs writing the entry once more.
 */

import { randomBytes } from 'node:crypto';
import type { Clock } from '../engine/clock.js';
import {
  type ClassicEntry,
  type ClassicItem,
  classicDelete,
  classicGet,
  classicStore,
} from '../memcached-client/classic.js';
import type { Command } from '../memcached-client/command.js';
import type { MemcachedClient } from '../memcached-client/memcached-client.js';
import {
  type Counters,
  exptimeOf,
  isReply,
  type MemcachedKind,
  memcachedKeyOf,
  type Replies,
} from './memcached-kinds.js';
import type { LeasedRead, TierEntry } from './second-tier.js';

/** Marks what this tier has stored, in the client flags. */
const FLAGS = 0x686f74;
const EXPIRES_AT = 0;
const LEASED_UNTIL = 8;
const HOLDER = 16;
const HOLDER_BYTES = 8;
const HEADER_BYTES: number = HOLDER + HOLDER_BYTES;
const NOBODY: Buffer = Buffer.alloc(HOLDER_BYTES);
const NOTHING: Buffer = Buffer.alloc(0);

/** A value with its header, read. */
interface Held {
  /** Empty for a placeholder. */
  readonly bytes: Buffer;
  readonly expiresAtMs: number;
  readonly leasedUntilMs: number;
  readonly holder: Buffer;
  readonly cas: string;
}

export class ClassicCommands implements MemcachedKind<ClassicEntry> {
  readonly stored = 'STORED';
  readonly store: typeof classicStore = classicStore;
  readonly remove: typeof classicDelete = classicDelete;
  readonly counters: Counters = { tooLarge: 0, tooShort: 0, takeovers: 0 };
  readonly #client: MemcachedClient;
  readonly #maxValueBytes: number;
  readonly #wallClock: Clock;

  constructor(client: MemcachedClient, maxValueBytes: number, wallClock: Clock) {
    this.#client = client;
    this.#maxValueBytes = maxValueBytes - HEADER_BYTES;
    this.#wallClock = wallClock;
  }

  async get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    const found = new Map<string, TierEntry>();
    if (keys.length === 0) return found;
    const wireKeys = keys.map(memcachedKeyOf);
    const items = await this.#client.request(classicGet([...new Set(wireKeys)]), signal);
    const now = this.#wallClock.now();
    for (const [index, key] of keys.entries()) {
      const entry = entryOf(heldOf(items.get(wireKeys[index]!)), now);
      if (entry !== undefined) found.set(key, entry);
    }
    return found;
  }

  async readLeased(
    key: string,
    leaseMs: number,
    staleBelowMs: number,
    signal: AbortSignal,
  ): Promise<LeasedRead> {
    const held = await this.#read(key, signal);
    const now = this.#wallClock.now();
    const entry = entryOf(held, now);
    const isFresh =
      entry !== undefined && staleBelowMs !== Number.POSITIVE_INFINITY && entry.ttlMs >= staleBelowMs;
    if (isFresh) return { entry, lease: undefined, isLoading: false };
    if (held !== undefined && held.leasedUntilMs > now) return { entry, lease: undefined, isLoading: true };

    // Whoever writes its number first has the lease. The answer is read behind it, over the same connection.
    const holder = randomBytes(HOLDER_BYTES);
    const expiresAtMs = entry === undefined ? now + leaseMs : held!.expiresAtMs;
    const bytes = entry === undefined ? NOTHING : held!.bytes;
    const value = withHeader(bytes, expiresAtMs, now + leaseMs, holder);
    const mark = { key, value, flags: FLAGS, exptime: this.#exptimeAt(expiresAtMs, now) };
    const [[reply], marked] = await Promise.all([
      this.#client.request(
        classicStore([
          held === undefined ? { verb: 'add', ...mark } : { verb: 'cas', cas: held.cas, ...mark },
        ]),
        signal,
      ),
      this.#read(key, signal),
    ]);
    const won = isReply(reply, 'STORED') && marked?.holder.equals(holder) === true;
    const isTakeover = won && held !== undefined && held.leasedUntilMs > 0;
    if (isTakeover) this.counters.takeovers++;
    const after = this.#wallClock.now();
    return {
      entry: entryOf(marked, after) ?? entry,
      lease: won ? `${this.#client.epoch}.${marked.cas}` : undefined,
      isLoading: !won && marked !== undefined && marked.leasedUntilMs > after,
    };
  }

  fill(
    key: string,
    lease: string,
    item: ClassicEntry | undefined,
  ): { readonly command: Command<Replies>; readonly done: string } | undefined {
    const cas = this.#casOf(lease);
    if (cas === undefined) return undefined;
    // What is not stored is a placeholder that has expired: `delete` knows no cas ids.
    const what = item ?? this.#nothing(key);
    return { command: classicStore([{ ...what, verb: 'cas', cas }]), done: 'STORED' };
  }

  async release(key: string, lease: string, signal: AbortSignal): Promise<void> {
    const cas = this.#casOf(lease);
    const held = cas === undefined ? undefined : await this.#read(key, signal);
    if (held === undefined || held.cas !== cas) return;
    const now = this.#wallClock.now();
    const entry = entryOf(held, now);
    const what =
      entry === undefined
        ? this.#nothing(key)
        : {
            key,
            value: withHeader(held.bytes, held.expiresAtMs, 0, NOBODY),
            flags: FLAGS,
            exptime: this.#exptimeAt(held.expiresAtMs, now),
          };
    const [reply] = await this.#client.request(classicStore([{ verb: 'cas', cas, ...what }]), signal);
    isReply(reply, 'STORED');
  }

  async #read(key: string, signal: AbortSignal): Promise<Held | undefined> {
    return heldOf((await this.#client.request(classicGet([key]), signal)).get(key));
  }

  #casOf(lease: string): string | undefined {
    const [, epoch, cas] = /^(\d+)\.(\d+)$/.exec(lease) ?? [];
    return Number(epoch) === this.#client.epoch ? cas : undefined;
  }

  itemOf(key: string, { bytes, ttlMs }: TierEntry): ClassicEntry | undefined {
    const isTooLong = bytes.length > this.#maxValueBytes;
    if (isTooLong || !(ttlMs > 0)) {
      this.counters[isTooLong ? 'tooLarge' : 'tooShort']++;
      return undefined;
    }
    const now = this.#wallClock.now();
    const expiresAtMs = now + ttlMs;
    return {
      verb: 'set',
      key,
      value: withHeader(bytes, expiresAtMs, 0, NOBODY),
      flags: FLAGS,
      exptime: this.#exptimeAt(expiresAtMs, now),
    };
  }

  #nothing(key: string): Omit<ClassicEntry, 'verb'> {
    return { key, value: withHeader(NOTHING, 0, 0, NOBODY), flags: FLAGS, exptime: 1 };
  }

  /** The header says when it expires; the server keeps it a little longer. */
  #exptimeAt(expiresAtMs: number, now: number): number {
    if (expiresAtMs === Number.POSITIVE_INFINITY) return 0;
    return exptimeOf(Math.ceil((expiresAtMs - now) / 1000) + 1, this.#wallClock);
  }
}

function withHeader(bytes: Uint8Array, expiresAtMs: number, leasedUntilMs: number, holder: Buffer): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  value.writeDoubleLE(expiresAtMs, EXPIRES_AT);
  value.writeDoubleLE(leasedUntilMs, LEASED_UNTIL);
  holder.copy(value, HOLDER);
  value.set(bytes, HEADER_BYTES);
  return value;
}

/** Undefined for what is not this tier's, or too long to be read. */
function heldOf(item: ClassicItem | undefined): Held | undefined {
  const value = item?.value;
  if (value === undefined || value === null || value.length < HEADER_BYTES || item!.flags !== FLAGS)
    return undefined;
  return {
    bytes: value.subarray(HEADER_BYTES),
    expiresAtMs: value.readDoubleLE(EXPIRES_AT),
    leasedUntilMs: value.readDoubleLE(LEASED_UNTIL),
    holder: value.subarray(HOLDER, HEADER_BYTES),
    cas: item!.cas,
  };
}

/** Undefined for a placeholder, and for what has expired. */
function entryOf(held: Held | undefined, now: number): TierEntry | undefined {
  if (held === undefined || held.bytes.length === 0 || !(held.expiresAtMs > now)) return undefined;
  return { bytes: held.bytes, ttlMs: held.expiresAtMs - now };
}
