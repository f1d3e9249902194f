/**
 * FleetClient: several hotset servers as one cache, over WebSocket, in browsers and in Node. It has a `HotsetClient` for each
 * server, with its own connection, near cache and subscriptions, and a ring that says whose a key is.
 *
 * A server that has been without a connection for `outAfterMs` is **out**: reads of its keys are misses and everything else
 * rejects, both at once. Its client goes on connecting, and with the connection it is in again. Keys never move to another
 * server, so that a server that comes back holds nothing older than what was acknowledged.
 */

import type {
  CacheValue,
  CallOptions,
  ClientOptions,
  ClientState,
  IncrementOptions,
  Inspection,
  Invalidation,
  KeysOptions,
  KeysPage,
  LeasedEntry,
  LeaseOptions,
  NearCacheStats,
  ReadOptions,
  RemoteEntry,
  ServerStats,
  Topics,
  WriteOptions,
  WriteOutcome,
} from '../client/index.js';
import { HotsetClient } from '../client/index.js';
import { type Clock, monotonicClock } from '../engine/clock.js';
import { HotsetError, invalidArgument, invalidOption } from '../errors.js';
import { functionOption, methodOption } from '../options.js';
import { type Ring, type RingMaker, type RingServer, rendezvous } from './rings.js';

/** A server of a fleet. */
export interface FleetServer extends Omit<RingServer, 'name'> {
  /** `wss://cache-1.example/ws`. */
  readonly url: string | URL;
  /** What the ring places it by. Default: host and port of the address. */
  readonly name?: string | undefined;
}

/** What a `FleetClient` takes, beside what each server's `HotsetClient` takes. */
export interface FleetClientOptions extends Omit<ClientOptions, 'onStateChange'> {
  /** Which server has a key. Default: `rendezvous()`. */
  ring?: RingMaker | undefined;
  /** A server that has had no connection for so long is out; `Infinity` for never. Default: 1,000. */
  outAfterMs?: number | undefined;
  /** Called for each new state of a server's connection, with the error that led to it. */
  onStateChange?: ((server: string, state: ClientState, error?: HotsetError) => void) | undefined;
}

/** A change on one server of a fleet. */
export interface FleetInvalidation extends Invalidation {
  /** Where it happened. Without `key`, every key of this server may have changed. */
  readonly server: string;
}

interface Member {
  readonly name: string;
  readonly client: HotsetClient;
  /** When the connection was lost, or began to be sought. */
  lostAtMs: number;
}

const DEFAULT_OUT_AFTER_MS = 1000;

/** Several servers as one cache, over WebSocket. */
export class FleetClient {
  /** Each server's own client, by its name: for its state, its figures, and what else concerns one server. */
  readonly clients: ReadonlyMap<string, HotsetClient>;
  readonly #members: readonly Member[];
  readonly #ring: Ring;
  readonly #outAfterMs: number;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;

  /**
   * Connects to all servers, given as addresses or as `FleetServer`s, in the order in which every other client has them. Throws
   * `HOTSET_INVALID_ARGUMENT` for an address that is none, and `HOTSET_INVALID_OPTION`.
   */
  constructor(servers: readonly (string | URL | FleetServer)[], options: FleetClientOptions = {}) {
    if (!Array.isArray(servers)) throw invalidArgument('servers', 'an array of servers', servers);
    const { ring, outAfterMs = DEFAULT_OUT_AFTER_MS, onStateChange, ...clientOptions } = options;
    if (typeof outAfterMs !== 'number' || !(outAfterMs >= 0))
      throw invalidOption('outAfterMs', 'milliseconds, 0 or more', outAfterMs);
    this.#outAfterMs = outAfterMs;
    this.#clock = methodOption('clock', 'now', options.clock, monotonicClock);
    this.#onError = functionOption('onError', options.onError, () => {});
    const onState = functionOption('onStateChange', onStateChange, () => {});
    const members = (servers as readonly (string | URL | FleetServer)[]).map(memberOf);
    // First the ring, which may refuse its servers: no client is made for nothing.
    this.#ring = functionOption('ring', ring, rendezvous())(members);
    this.#members = members.map(({ name, url }): Member => {
      const client = new HotsetClient(url, {
        ...clientOptions,
        onStateChange: (state, error) => {
          if (state === 'disconnected' && Number.isNaN(member.lostAtMs)) member.lostAtMs = this.#clock.now();
          else if (state === 'connected') member.lostAtMs = Number.NaN;
          onState(name, state, error);
        },
      });
      const member: Member = { name, client, lostAtMs: this.#clock.now() };
      return member;
    });
    this.clients = new Map(this.#members.map(({ name, client }) => [name, client]));
  }

  /** The name of the key's server. O(servers) for rendezvous, O(log points) for ketama. */
  serverOf(key: string): string {
    return this.#memberOf(key).name;
  }

  // Reading: as HotsetClient does, by the key's server.

  /** The value under `key`, from the near cache where it is held; `undefined` when there is none, or the server is out. */
  get(key: string, options: ReadOptions & { as: 'bytes' }): Promise<Uint8Array | undefined>;
  get(key: string, options?: ReadOptions): Promise<unknown>;
  async get(key: string, options?: ReadOptions): Promise<unknown> {
    return this.#toRead(key)?.get(key, options);
  }

  /** The value under `key` with its flags, version and time to live; `undefined` when there is none, or the server is out. */
  async getEntry(key: string, options?: ReadOptions): Promise<RemoteEntry | undefined> {
    return this.#toRead(key)?.getEntry(key, options);
  }

  /**
   * The values under `keys`, in their order, from all servers at once; keys without a value, or of a server that is out, are not
   * in the Map. Rejects when a server that is not out fails.
   */
  getMany(keys: Iterable<string>, options?: ReadOptions): Promise<Map<string, unknown>> {
    return this.#split(keys, (client, part) => client.getMany(part, options));
  }

  /** As `getEntry`, for many keys: those without a value, or of a server that is out, are not in the Map. */
  getEntries(keys: readonly string[], options?: ReadOptions): Promise<ReadonlyMap<string, RemoteEntry>> {
    return this.#split(keys, (client, part) => client.getEntries(part, options));
  }

  /** What is known of the entry under `key`, without its value and without counting as a read. */
  async inspect(key: string, options?: CallOptions): Promise<Inspection | undefined> {
    return this.#toRead(key)?.inspect(key, options);
  }

  /** Keys of all servers, one server after the other: as `HotsetClient.keys`. Rejects when a server is out. */
  async keys(options: KeysOptions = {}): Promise<KeysPage> {
    const [, place = '0', inner] = /^(\d+):(.*)$/s.exec(options.cursor ?? '0:') ?? [];
    const index = Number(place);
    const member = this.#members[index];
    if (member === undefined || inner === undefined)
      throw new HotsetError('HOTSET_INVALID_CURSOR', 'the cursor is none that keys() has given');
    const cursor = inner === '' ? undefined : inner;
    const page = await this.#use(member).keys({ ...options, cursor });
    if (page.cursor !== undefined) return { keys: page.keys, cursor: `${index}:${page.cursor}` };
    return { keys: page.keys, cursor: index + 1 < this.#members.length ? `${index + 1}:` : undefined };
  }

  // Writing: as HotsetClient does, on the key's server. Rejects with HOTSET_DISCONNECTED when that is out.

  /** Stores `value` under `key`, whatever was there. */
  async set(key: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#toWrite(key).set(key, value, options);
  }

  /** Stores only where there is nothing: `stored` or `exists`. */
  async add(key: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#toWrite(key).add(key, value, options);
  }

  /** Stores only where there is something: `stored` or `not-found`. */
  async replace(key: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#toWrite(key).replace(key, value, options);
  }

  /** Stores only where the entry has this version: `stored`, `exists` or `not-found`. */
  async compareAndSet(
    key: string,
    version: string,
    value: CacheValue,
    options?: WriteOptions,
  ): Promise<WriteOutcome> {
    return this.#toWrite(key).compareAndSet(key, version, value, options);
  }

  /** Adds a text or bytes behind the value under `key`: `stored` or `not-found`. */
  async append(key: string, value: string | Uint8Array, options?: CallOptions): Promise<WriteOutcome> {
    return this.#toWrite(key).append(key, value, options);
  }

  /** Adds a text or bytes in front of the value under `key`: `stored` or `not-found`. */
  async prepend(key: string, value: string | Uint8Array, options?: CallOptions): Promise<WriteOutcome> {
    return this.#toWrite(key).prepend(key, value, options);
  }

  /** Removes what is under `key`; false when there was nothing. */
  async delete(key: string, options?: CallOptions): Promise<boolean> {
    return this.#toWrite(key).delete(key, options);
  }

  /** Removes what is under `key`, and gives the value; `undefined` when there was nothing. */
  getAndDelete(key: string, options: ReadOptions & { as: 'bytes' }): Promise<Uint8Array | undefined>;
  getAndDelete(key: string, options?: ReadOptions): Promise<unknown>;
  async getAndDelete(key: string, options?: ReadOptions): Promise<unknown> {
    return this.#toWrite(key).getAndDelete(key, options);
  }

  /** Gives the entry under `key` a new time to live, counted from now; false when there is none. */
  async touch(key: string, ttlMs: number, options?: CallOptions): Promise<boolean> {
    return this.#toWrite(key).touch(key, ttlMs, options);
  }

  /** Gives the entry under `key` a new time to live, and gives its value; `undefined` when there is none. */
  getAndTouch(
    key: string,
    ttlMs: number,
    options: ReadOptions & { as: 'bytes' },
  ): Promise<Uint8Array | undefined>;
  getAndTouch(key: string, ttlMs: number, options?: ReadOptions): Promise<unknown>;
  async getAndTouch(key: string, ttlMs: number, options?: ReadOptions): Promise<unknown> {
    return this.#toWrite(key).getAndTouch(key, ttlMs, options);
  }

  /** Adds `by` to the decimal number under `key`, and gives the new one: as `HotsetClient.increment`. */
  increment(
    key: string,
    by: number | bigint | undefined,
    options: IncrementOptions & { initial: number | bigint },
  ): Promise<bigint>;
  increment(key: string, by?: number | bigint, options?: IncrementOptions): Promise<bigint | undefined>;
  async increment(
    key: string,
    by: number | bigint = 1,
    options: IncrementOptions = {},
  ): Promise<bigint | undefined> {
    return this.#toWrite(key).increment(key, by, options);
  }

  /** The entry under `key` from its server, and the lease where nobody has it: as `HotsetClient.getOrLease`. */
  async getOrLease(key: string, options: LeaseOptions): Promise<LeasedEntry> {
    return this.#toWrite(key).getOrLease(key, options);
  }

  /** Stores what was loaded, and ends the lease: `stored`; or `exists` or `not-found` where the lease was over. */
  async fill(key: string, lease: string, value: CacheValue, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#toWrite(key).fill(key, lease, value, options);
  }

  /** Ends the lease without a value. False when it was over. */
  async release(key: string, lease: string, options?: CallOptions): Promise<boolean> {
    return this.#toWrite(key).release(key, lease, options);
  }

  // All servers. These reject when a server is out or fails, after the others have done their part.

  /** Removes every entry whose key begins with `prefix`, and gives how many those were. */
  async deletePrefix(prefix: string, options?: CallOptions): Promise<number> {
    return sum(await this.#onAll((client) => client.deletePrefix(prefix, options)));
  }

  /** Removes every entry that was stored with one of these tags, and gives how many those were. */
  async invalidateTags(tags: readonly string[], options?: CallOptions): Promise<number> {
    return sum(await this.#onAll((client) => client.invalidateTags(tags, options)));
  }

  /** Removes everything. */
  async flush(options?: CallOptions): Promise<void> {
    await this.#onAll((client) => client.flush(options));
  }

  /** Pings every server. */
  async ping(options?: CallOptions): Promise<void> {
    await this.#onAll((client) => client.ping(options));
  }

  /** The figures of the servers that answer, by name. Rejects when none does. */
  async stats(options?: CallOptions): Promise<ReadonlyMap<string, ServerStats>> {
    const answers = await Promise.allSettled(this.#members.map((member) => this.#statsOf(member, options)));
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (found.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
    return new Map(found);
  }

  /**
   * Calls `listener` for changes on all servers, from when the promise resolves, with the function that ends it. A server that is
   * out is subscribed to when it is back: the listener is then called with the cause `reconnected`.
   */
  async subscribe(
    topics: Topics,
    listener: (invalidation: FleetInvalidation) => void,
    options: CallOptions = {},
  ): Promise<() => void> {
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    const ended = new AbortController();
    const stops: (() => void)[] = [];
    const stop = (): void => {
      ended.abort();
      for (const stopOne of stops.splice(0)) stopOne();
    };
    const begin = async ({ name, client }: Member, callOptions: CallOptions): Promise<void> => {
      const stopOne = await client.subscribe(
        topics,
        (invalidation) => listener({ ...invalidation, server: name }),
        callOptions,
      );
      if (ended.signal.aborted) stopOne();
      else stops.push(stopOne);
    };
    const beginLater = (member: Member): void => {
      begin(member, { timeoutMs: Number.POSITIVE_INFINITY, signal: ended.signal }).then(
        () => {
          if (!ended.signal.aborted) this.#call(listener, member.name);
        },
        (error) => {
          if (!ended.signal.aborted) this.#onError(error);
        },
      );
    };
    try {
      await Promise.all(
        this.#members.map((member) => (this.#isOut(member) ? beginLater(member) : begin(member, options))),
      );
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  /** The state of each server's connection, by name. */
  states(): ReadonlyMap<string, ClientState> {
    return new Map(this.#members.map(({ name, client }) => [name, client.state]));
  }

  /** Figures of all near caches together; null without them. `inUse`: whether all are. */
  nearStats(): NearCacheStats | null {
    const all = this.#members.flatMap(({ client }) => client.nearStats() ?? []);
    if (all.length === 0) return null;
    const total = (name: Exclude<keyof NearCacheStats, 'inUse'>): number =>
      sum(all.map((stats) => stats[name]));
    return Object.freeze({
      inUse: all.every(({ inUse }) => inUse),
      hits: total('hits'),
      misses: total('misses'),
      invalidations: total('invalidations'),
      size: total('size'),
      bytes: total('bytes'),
      maxBytes: total('maxBytes'),
    });
  }

  /** Ends all connections for good. What waits for an answer is rejected with `HOTSET_CLOSED`. */
  close(): void {
    for (const { client } of this.#members) client.close();
  }

  #memberOf(key: string): Member {
    if (typeof key !== 'string') throw invalidArgument('key', 'a text', key);
    return this.#members[this.#ring.locate(key)]!;
  }

  /** A closed client says so by itself. */
  #isOut({ client, lostAtMs }: Member): boolean {
    const { state } = client;
    return state !== 'connected' && state !== 'closed' && this.#clock.now() - lostAtMs >= this.#outAfterMs;
  }

  #toRead(key: string): HotsetClient | undefined {
    const member = this.#memberOf(key);
    return this.#isOut(member) ? undefined : member.client;
  }

  /** Reads from all servers at once, and puts what is found in the order of the keys. */
  async #split<T>(
    keys: Iterable<string>,
    read: (client: HotsetClient, part: string[]) => Promise<ReadonlyMap<string, T>>,
  ): Promise<Map<string, T>> {
    if (typeof keys === 'string' || typeof keys?.[Symbol.iterator] !== 'function')
      throw invalidArgument('keys', 'an iterable of keys', keys);
    const wanted = new Set(keys);
    const parts = new Map<HotsetClient, string[]>();
    for (const key of wanted) {
      const client = this.#toRead(key);
      if (client === undefined) continue;
      const part = parts.get(client);
      if (part === undefined) parts.set(client, [key]);
      else part.push(key);
    }
    const found = await Promise.all(Array.from(parts, ([client, part]) => read(client, part)));
    const values = new Map(found.flatMap((part) => [...part]));
    return new Map([...wanted].flatMap((key) => (values.has(key) ? [[key, values.get(key)!]] : [])));
  }

  #toWrite(key: string): HotsetClient {
    return this.#use(this.#memberOf(key));
  }

  #use(member: Member): HotsetClient {
    if (!this.#isOut(member)) return member.client;
    throw new HotsetError(
      'HOTSET_DISCONNECTED',
      `there has been no connection to ${member.name} for outAfterMs: ${this.#outAfterMs}; nothing was sent`,
    );
  }

  async #onAll<T>(work: (client: HotsetClient) => Promise<T>): Promise<T[]> {
    const answers = await Promise.allSettled(this.#members.map(async (member) => work(this.#use(member))));
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    });
  }

  async #statsOf(member: Member, options?: CallOptions): Promise<readonly [string, ServerStats]> {
    return [member.name, await this.#use(member).stats(options)];
  }

  #call(listener: (invalidation: FleetInvalidation) => void, server: string): void {
    try {
      listener({ key: undefined, cause: 'reconnected', version: null, server });
    } catch (error) {
      this.#onError(error);
    }
  }
}

function memberOf(server: string | URL | FleetServer): RingServer & { readonly url: string } {
  const isDescribed = typeof server === 'object' && server !== null && !(server instanceof URL);
  const { url, name, weight }: FleetServer = isDescribed ? server : { url: server };
  const address = String(url);
  if (!URL.canParse(address)) throw invalidArgument('url', 'an address with ws: or wss:', address);
  return { url: address, name: name ?? new URL(address).host, weight };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
