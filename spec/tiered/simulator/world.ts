/**
 * One run of a seed: processes with tiered caches over one second tier, a source of truth behind their loaders, and what
 * networks, servers and processes do. Each read is checked when it is answered.
 */

import type { Clock } from '../../../lib/index.js';
import type { Scheduler } from '../../../lib/loading/index.js';
import { type BusTransport, InvalidationBus } from '../../../lib/tiered/bus.js';
import type {
  InvalidationListener,
  InvalidationSource,
  SecondTier,
} from '../../../lib/tiered/second-tier.js';
import { MemoryStore, MemoryTier, type StoreChange } from '../memory-tier.js';
import { Connection, Feed, Process } from './network.js';
import { type Demands, LinkAccount, Oracle, type Terms, type Version } from './oracle.js';
import { Dice, VirtualTime } from './virtual-time.js';

export const PREFIX = 'p:';
/** After so long a message that was not sent over the bus counts as failed. */
export const SEND_TIMEOUT_MS = 60;
export const KEYS = ['a1', 'a2', 'b1'] as const;
const TAGS: Readonly<Record<string, readonly string[]>> = {
  a1: ['red'],
  a2: ['red', 'blue'],
  b1: [],
};

const SCOPES: readonly string[] = ['key', 'red', 'blue', ''];

/** What a seed decides for the whole run. */
export interface Settings extends Terms {
  readonly sourceKind: 'tracking' | 'bus' | 'none';
  readonly hasDeletePrefix: boolean;
  /** How many connections to the second tier each process has: requests on two may overtake each other. */
  readonly tierLinks: number;
  readonly missTtlMs: number;
  readonly refreshAheadMs: number;
  readonly softTimeoutMs: number;
  readonly tierTimeoutMs: number;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  readonly flightTimeoutMs: number;
  readonly writes: 'through' | 'around';
  /** Tags are named when a value is there; else before. */
  readonly namesTagsLate: boolean;
  readonly maxEntries: number;
  readonly maxQueued: number;
  /** How many actions there are. */
  readonly actions: number;
  /** Nothing is ever cut, and nobody dies. */
  readonly isCalm: boolean;
  /** Nothing is written either, and all is quick enough: with leases there is one load of a key at a time. */
  readonly isReadOnly: boolean;
}

/** What makes a cache. */
export interface CacheParts {
  readonly settings: Settings;
  readonly tier: SecondTier;
  readonly source: InvalidationSource | undefined;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  load(key: string): Promise<string | undefined>;
  tagsOf(key: string): readonly string[];
}

/** A tiered cache, as the simulator uses it. Writes resolve to true when they are acknowledged. */
export interface CacheUnderTest {
  get(key: string): Promise<string | undefined>;
  /** Asks the loader in any case. */
  getForced(key: string): Promise<string | undefined>;
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** From the first tier, or undefined. */
  getLocal(key: string): string | undefined;
  set(key: string, value: string): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  invalidateTags(tags: readonly string[]): Promise<boolean>;
  deletePrefix(prefix: string): Promise<boolean>;
  clear(): Promise<boolean>;
  /** Whether a load is under way. */
  isLoading(): boolean;
}

export interface Summary {
  readonly reads: number;
  readonly localReads: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly untrusted: number;
  readonly graced: number;
}

/** What went wrong. */
export class Fault extends Error {}

export function settingsOf(dice: Dice): Settings {
  const sourceKind = dice.weighted({ tracking: 6, bus: 4, none: 1 });
  const isLossy = sourceKind === 'bus' && dice.is(0.3);
  // What a lost message has left behind is still there at the end.
  const ttlMs = isLossy ? 5000 : dice.one([60, 200, 1000, 5000]);
  const flightTimeoutMs = 900;
  const isCalm = dice.is(0.1);
  const isReadOnly = isCalm && dice.is(0.3);
  return {
    sourceKind,
    hasSource: sourceKind !== 'none',
    isLossy,
    hasLeases: dice.is(0.75),
    hasDeletePrefix: dice.is(0.7),
    tierLinks: dice.is(0.7) ? 1 : 3,
    ttlMs,
    staleMs: dice.one([0, 0, 40]),
    graceMs: dice.one([0, 0, 150]),
    missTtlMs: dice.one([0, 30]),
    refreshAheadMs: dice.one([0, 0, 15]),
    softTimeoutMs: dice.is(0.15) ? 20 : Number.POSITIVE_INFINITY,
    tierTimeoutMs: isReadOnly ? 200 : 60,
    leaseMs: isReadOnly ? 300 : dice.one([40, 150]),
    leaseWaitMs: isReadOnly ? 300 : dice.one([20, 100]),
    flightTimeoutMs,
    flightMs: flightTimeoutMs + 100,
    maxSilentMs: 100,
    maxStaleMs: dice.one([0, 0, 80]),
    writes: dice.one(['through', 'around']),
    namesTagsLate: dice.is(0.5),
    maxEntries: dice.one([2, 100]),
    maxQueued: dice.one([2, 100]),
    actions: dice.whole(40, 110),
    isCalm,
    isReadOnly,
  };
}

/** What the store tells those who track it, and when it happened. */
interface Told {
  readonly keys: readonly string[] | null;
  readonly atMs: number;
}

/** A message of the bus, and when it was sent. */
interface BusMessage {
  readonly from: string;
  readonly text: string;
  readonly atMs: number;
}

interface Member {
  readonly name: string;
  readonly process: Process;
  /** One, or a pool. */
  readonly tierLinks: readonly Connection[];
  readonly busLink: Connection;
  readonly databaseLink: Connection;
  readonly account: LinkAccount;
  cache: CacheUnderTest;
  feed: Feed<never> | null;
  lastLoaderFailureMs: number;
  /** The server that has the versions is not reached, as one of several. */
  isVersionsOut: boolean;
  /** By key. */
  readonly openReads: Map<string, number>;
  /** By tag, the empty one for all keys: when it last gave it another version. */
  readonly renewedMs: Map<string, number>;
  /** By key: when it last tried to tell the others over the bus. */
  readonly publishedMs: Map<string, number>;
}

export class World {
  readonly settings: Settings;
  readonly #dice: Dice;
  readonly #time = new VirtualTime();
  readonly #store: MemoryStore;
  readonly #oracle: Oracle;
  readonly #createCache: (parts: CacheParts) => CacheUnderTest;
  readonly #members: Member[] = [];
  readonly #trackers = new Set<(told: Told) => void>();
  readonly #busSubscribers = new Set<(message: BusMessage) => void>();
  /** Whose request the store carries out. */
  #actor: Member | undefined;
  readonly #loading = new Set<string>();
  readonly #history: string[] | null;
  #isDatabaseDown = false;
  #databaseLagMs = 0;
  #born = 0;
  #moments = 0;
  #fault: Fault | undefined;
  readonly #counts = { reads: 0, localReads: 0, acknowledged: 0, failed: 0, untrusted: 0, graced: 0 };

  /** `fixed`: what the seed does not decide. */
  constructor(
    seed: number,
    createCache: (parts: CacheParts) => CacheUnderTest,
    isRecorded: boolean,
    fixed: Partial<Settings> = {},
  ) {
    this.#dice = new Dice(seed);
    this.settings = { ...settingsOf(this.#dice), ...fixed };
    this.#createCache = createCache;
    this.#history = isRecorded ? [] : null;
    this.#store = new MemoryStore(this.#time);
    this.#oracle = new Oracle(this.settings);
    this.#store.watchers.add((change) => this.#onChange(change));
  }

  get history(): readonly string[] {
    return this.#history ?? [];
  }

  /** Throws a `Fault`. */
  async run(): Promise<Summary> {
    const { settings } = this;
    this.#note('world', () => JSON.stringify(settings));
    for (const key of KEYS) {
      const version = this.#oracle.commit(key, 'nobody', false, 'key', true, 0);
      version.execMs = 0;
    }
    const members = this.#dice.whole(2, 4);
    for (let at = 0; at < members; at++) this.#join();
    let atMs = 30;
    for (let at = 0; at < settings.actions; at++) {
      atMs += this.#dice.is(0.5) ? this.#dice.whole(0, 3) : this.#dice.whole(4, 25);
      this.#time.schedule(atMs, () => this.#act());
    }
    await this.#runUntil(atMs);
    // Everything is well again: what was asked is answered, and what was written is seen.
    this.#mendAll();
    await this.#runUntil(atMs + 1_100);
    for (const member of this.#members)
      for (const key of KEYS) if (!member.process.isDead) this.#readLast(member, key);
    await this.#runUntil(atMs + 1_500);
    for (const { name, process, openReads } of this.#members)
      for (const [key, open] of openReads)
        if (!process.isDead && open > 0)
          throw new Fault(`${open} reads of ${key} by ${name} have had no answer`);
    return this.#counts;
  }

  async #runUntil(untilMs: number): Promise<void> {
    await this.#time.run(untilMs);
    if (this.#fault !== undefined) throw this.#fault;
  }

  #note(who: string, what: () => string): void {
    this.#history?.push(`${String(this.#time.now()).padStart(5)} ${who.padEnd(8)} ${what()}`);
  }

  /** The time, and later than each moment before: several things happen in one millisecond, one after the other. */
  #moment(): number {
    return this.#time.now() + ++this.#moments * 1e-7;
  }

  #fail(message: string): void {
    this.#note('FAULT', () => message);
    this.#fault ??= new Fault(message);
  }

  // Processes

  #join(): void {
    const time = this.#time;
    const process = new Process();
    const name = `process${++this.#born}`;
    const account = new LinkAccount(this.settings);
    const member: Member = {
      name,
      process,
      account,
      tierLinks: Array.from(
        { length: this.settings.tierLinks },
        () => new Connection(time, this.#dice, process),
      ),
      busLink: new Connection(time, this.#dice, process),
      databaseLink: new Connection(time, this.#dice, process),
      cache: undefined as never,
      feed: null,
      lastLoaderFailureMs: Number.NEGATIVE_INFINITY,
      isVersionsOut: false,
      openReads: new Map(),
      renewedMs: new Map(),
      publishedMs: new Map(),
    };
    // No two machines have the same clock.
    const offsetMs = this.#dice.whole(0, 1_000_000);
    const clock: Clock = { now: () => time.now() + offsetMs };
    const scheduler: Scheduler = {
      schedule: (delayMs, task) => time.schedule(delayMs, () => process.run('timer', task)),
    };
    const tier = new MemoryTier(this.#store, {
      hasLeases: this.settings.hasLeases,
      hasDeletePrefix: this.settings.hasDeletePrefix,
      isOut: (key) => member.isVersionsOut && !key.startsWith(`${PREFIX}v:`),
      send: (request, signal) =>
        this.#dice.one(member.tierLinks).send(() => {
          this.#actor = member;
          return request();
        }, signal),
    });
    const source = this.#sourceOf(member, clock, scheduler, offsetMs);
    member.cache = this.#createCache({
      settings: this.settings,
      tier,
      source: source && this.#watched(source, member, offsetMs),
      clock,
      scheduler,
      random: this.#dice.next,
      load: (key) => this.#load(member, key),
      tagsOf: (key) => TAGS[key]!,
    });
    this.#members.push(member);
    this.#note(name, () => 'starts');
  }

  #sourceOf(
    member: Member,
    clock: Clock,
    scheduler: Scheduler,
    offsetMs: number,
  ): InvalidationSource | undefined {
    const { sourceKind } = this.settings;
    if (sourceKind === 'none') return undefined;
    if (sourceKind === 'tracking') return this.#tracking(member, offsetMs);
    return new InvalidationBus(this.#busTransport(member), {
      id: member.name,
      heartbeatMs: 30,
      clock,
      scheduler,
    });
  }

  /** The server's own reports of what changes, as Redis' tracking in broadcast mode. */
  #tracking(member: Member, offsetMs: number): InvalidationSource {
    let feed: Feed<Told> | null = null;
    return {
      name: 'tracking',
      start: (_, listener) => {
        feed = new Feed<Told>(
          this.#time,
          this.#dice,
          member.process,
          {
            isDown: () => this.#store.isDown,
            subscribe: (deliver) => {
              this.#trackers.add(deliver);
              return () => this.#trackers.delete(deliver);
            },
          },
          {
            onUp: (askedAtMs) => {
              listener.connected();
              listener.alive?.(askedAtMs + offsetMs);
            },
            onDown: (error) => listener.disconnected(error),
            onMessage: ({ keys, atMs }) => {
              if (keys === null) listener.allChanged();
              else listener.keysChanged(keys);
              this.#tell(
                member,
                KEYS.filter((key) => keys === null || keys.some((each) => concerns(each, key))),
                SCOPES,
                atMs,
              );
            },
            onPong: (sentAtMs) => listener.alive?.(sentAtMs + offsetMs),
          },
        );
        member.feed = feed as Feed<never>;
        feed.connect();
      },
      stop: async () => feed?.stop(),
    };
  }

  #busTransport(member: Member): BusTransport {
    return {
      name: 'model',
      publish: (_, text) => {
        const atMs = this.#moment();
        for (const key of keysIn(text)) member.publishedMs.set(key, atMs);
        const message: BusMessage = { from: member.name, text, atMs };
        return member.busLink.send(() => {
          if (this.#store.isDown) throw new Error('the hub is down');
          for (const deliver of [...this.#busSubscribers]) deliver(message);
        });
      },
      subscribe: (_, onMessage, onLink) => {
        const feed = new Feed<BusMessage>(
          this.#time,
          this.#dice,
          member.process,
          {
            isDown: () => this.#store.isDown,
            subscribe: (deliver) => {
              this.#busSubscribers.add(deliver);
              return () => this.#busSubscribers.delete(deliver);
            },
          },
          {
            onUp: () => onLink(true),
            onDown: (error) => onLink(false, error),
            onMessage: ({ from, text, atMs }) => {
              if (this.settings.isLossy && this.#dice.is(0.1)) {
                this.#note(member.name, () => `misses ${text}`);
                return;
              }
              onMessage(text);
              // Its own are no news.
              if (from !== member.name) this.#tell(member, keysIn(text), scopesIn(text), atMs);
            },
          },
        );
        member.feed = feed as Feed<never>;
        feed.connect();
        return async () => feed.stop();
      },
    };
  }

  #tell(member: Member, keys: readonly string[], scopes: readonly string[], atMs: number): void {
    if (keys.length === 0) return;
    this.#note(member.name, () => `is told of ${keys.join(' ')} at ${atMs}`);
    for (const key of keys) for (const scope of scopes) member.account.tell(key, scope, atMs);
  }

  /** Keeps an account of the link beside the cache. */
  #watched(source: InvalidationSource, member: Member, offsetMs: number): InvalidationSource {
    const { account } = member;
    const watch = (listener: InvalidationListener): InvalidationListener => ({
      ...listener,
      connected: () => {
        listener.connected();
        account.connected(this.#time.now());
        this.#note(member.name, () => 'link up');
      },
      disconnected: (error) => {
        listener.disconnected(error);
        account.disconnected(this.#time.now());
        this.#note(member.name, () => 'link lost');
      },
      alive: (sentAtMs) => {
        listener.alive?.(sentAtMs);
        account.alive(sentAtMs - offsetMs);
      },
    });
    return {
      name: source.name,
      start: (prefix, listener) => source.start(prefix, watch(listener)),
      stop: () => source.stop(),
      ...(source.publish && { publish: source.publish.bind(source) }),
    };
  }

  #load(member: Member, key: string): Promise<string | undefined> {
    this.#note(member.name, () => `loads ${key}`);
    member.databaseLink.lag(this.#databaseLagMs);
    const { isReadOnly, hasLeases } = this.settings;
    // A tag whose version two processes make at once costs a load more.
    const isOnce = isReadOnly && hasLeases && TAGS[key]!.length === 0;
    if (isOnce && this.#loading.has(key)) this.#fail(`${member.name} loads ${key}, which another loads`);
    this.#loading.add(key);
    return member.databaseLink
      .send(() => {
        if (this.#isDatabaseDown) throw new Error('the database is down');
        return this.#oracle.latest(key).value;
      })
      .catch((error) => {
        member.lastLoaderFailureMs = this.#time.now();
        throw error;
      })
      .finally(() => this.#loading.delete(key));
  }

  // The second tier

  #onChange({ op, keys, entries, prefix }: StoreChange): void {
    const now = this.#moment();
    const execute = (key: string, n: number): void => this.#oracle.executed(key, n, now);
    if (prefix !== undefined)
      for (const key of KEYS)
        if (`${PREFIX}v:${key}`.startsWith(prefix)) execute(key, this.#oracle.latest(key).n);
    for (const stored of keys ?? []) {
      const [kind, name] = [stored.slice(PREFIX.length, PREFIX.length + 2), stored.slice(PREFIX.length + 2)];
      if (kind !== 'v:') {
        // Whether this is to invalidate, or makes anew what was evicted, is known when the write is acknowledged.
        if ((op === 'set' || op === 'delete') && kind !== 'e')
          this.#actor?.renewedMs.set(kind === 't:' ? name : '', now);
      } else if (op === 'delete') execute(name, this.#oracle.latest(name).n);
      else if (op === 'set') {
        const n = versionIn(entries!.get(stored)!.bytes, name);
        this.#oracle.landed(name, n, now);
        // A load's value supersedes nothing.
        if (n !== undefined && this.#oracle.of(name)[n - 1]!.isSet) execute(name, n);
      }
    }
    this.#note('tier', () => `${op} ${keys?.join(' ') ?? 'all'} ${describeEntries(entries)}`);
    if (op !== 'lose') for (const deliver of [...this.#trackers]) deliver({ keys, atMs: now });
  }

  // What happens

  #act(): void {
    if (this.#fault !== undefined) return;
    const { isCalm, isReadOnly } = this.settings;
    const action = this.#dice.weighted({
      read: 56,
      // It waits for no other's load.
      readForced: isReadOnly ? 0 : 4,
      readMany: 8,
      readLocal: 12,
      write: isReadOnly ? 0 : 14,
      fault: isCalm ? 0 : 12,
    });
    const member = this.#dice.one(this.#members.filter(({ process }) => !process.isDead));
    if (action === 'read') this.#read(member, this.#dice.one(KEYS));
    else if (action === 'readForced') this.#read(member, this.#dice.one(KEYS), 'getForced');
    else if (action === 'readMany') this.#readMany(member, KEYS.slice(0, this.#dice.whole(2, 3)));
    else if (action === 'readLocal') this.#readLocal(member, this.#dice.one(KEYS));
    else if (action === 'write') this.#write(member);
    else this.#disturb(member);
  }

  #read(
    member: Member,
    key: string,
    method: 'get' | 'getForced' = 'get',
    mustBeSeen?: (version: Version) => boolean,
  ): void {
    member.process.run('arrival', () => {
      const check = this.#beginRead(member, key, mustBeSeen);
      this.#note(member.name, () => `${method} ${key}`);
      member.cache[method](key).then(check.answer, (error) => check.reject(error));
    });
  }

  /**
   * Long after the last write: all that was carried out is seen. Over a bus that is what its writer has tried to tell after that;
   * one that has died tells nothing more.
   */
  #readLast(member: Member, key: string): void {
    const { sourceKind } = this.settings;
    this.#read(member, key, 'get', ({ execMs, ackMs, writer }) => {
      if (execMs === undefined || sourceKind === 'none') return false;
      if (sourceKind === 'tracking') return true;
      const author = this.#members.find(({ name, process }) => name === writer && !process.isDead);
      const publishedMs = author?.publishedMs.get(key) ?? Number.NEGATIVE_INFINITY;
      return author !== undefined && (ackMs !== undefined || publishedMs >= execMs);
    });
  }

  #readMany(member: Member, keys: readonly string[]): void {
    member.process.run('arrival', () => {
      const checks = keys.map((key) => this.#beginRead(member, key));
      this.#note(member.name, () => `reads ${keys.join(' ')}`);
      member.cache.getMany(keys).then(
        (values) => {
          for (const [at, key] of keys.entries()) checks[at]!.answer(values.get(key));
        },
        (error) => {
          const mayFail = checks.some(({ hasFailed }) => hasFailed());
          for (const check of checks) check.reject(error, mayFail, true);
        },
      );
    });
  }

  #readLocal(member: Member, key: string): void {
    member.process.run('arrival', () => {
      const check = this.#beginRead(member, key);
      const value = member.cache.getLocal(key);
      check.end();
      if (value === undefined) return;
      this.#counts.localReads++;
      if (!member.account.isTrusted(this.#time.now()))
        this.#fail(`${member.name} reads ${value} from its first tier, which is not to be trusted`);
      check.compare(value, false);
    });
  }

  #beginRead(member: Member, key: string, mustBeSeen: (version: Version) => boolean = () => false) {
    const now = this.#time.now();
    const { staleMs, refreshAheadMs } = this.settings;
    // A refresh has nobody who waits for it.
    const open = member.openReads.get(key) ?? 0;
    const isLoading = open > 0 || (staleMs + refreshAheadMs > 0 && member.cache.isLoading());
    const demands: Demands = this.#oracle.demands(
      key,
      member.name,
      member.account,
      isLoading,
      now,
      mustBeSeen,
    );
    // It may join a load whose loader has failed already.
    const sinceMs = isLoading ? now - this.settings.flightMs : now;
    const hasFailed = (): boolean => member.lastLoaderFailureMs >= sinceMs;
    const isSoft = this.settings.softTimeoutMs < Number.POSITIVE_INFINITY;
    const isTrusted = member.account.isTrusted(now);
    member.openReads.set(key, open + 1);
    const end = (): void => void member.openReads.set(key, member.openReads.get(key)! - 1);
    this.#counts.reads++;
    if (!isTrusted) this.#counts.untrusted++;
    const compare = (value: unknown, isFinal = true): void => {
      const mayBeGrace = isFinal && (isSoft || hasFailed());
      if (mayBeGrace) this.#counts.graced++;
      const fault = this.#oracle.fault(demands, value, mayBeGrace);
      this.#note(member.name, () => `gets ${key}: ${String(value)} (called at ${now})`);
      if (fault !== undefined) this.#fail(`${member.name}, read at ${now}: ${fault}`);
    };
    return {
      compare,
      end,
      answer: (value: unknown): void => {
        if (member.process.isDead) return;
        end();
        compare(value);
      },
      hasFailed,
      /** `mayGoOn`: loads of other keys do. */
      reject: (error: unknown, mayFail = hasFailed(), mayGoOn = false): void => {
        if (member.process.isDead) return;
        if (mayGoOn) this.#time.schedule(this.settings.flightMs, end);
        else end();
        this.#counts.failed++;
        this.#note(member.name, () => `fails to get ${key}: ${String(error)} (called at ${now})`);
        if (!mayFail)
          this.#fail(`${member.name} fails to read ${key}, and its loader has not failed: ${String(error)}`);
      },
    };
  }

  #write(member: Member): void {
    const kind = this.#dice.weighted({
      set: 6,
      delete: 6,
      invalidateTags: 3,
      deletePrefix: 2,
      clear: 1,
    });
    const tag = kind === 'invalidateTags' ? this.#dice.one(['red', 'blue']) : '';
    const keys =
      kind === 'set' || kind === 'delete'
        ? [this.#dice.one(KEYS)]
        : KEYS.filter((key) =>
            kind === 'clear'
              ? true
              : kind === 'deletePrefix'
                ? key.startsWith('a')
                : TAGS[key]!.includes(tag),
          );
    const isByPrefix = (kind === 'deletePrefix' || kind === 'clear') && this.settings.hasDeletePrefix;
    const scope = kind === 'set' || kind === 'delete' || isByPrefix ? 'key' : tag;
    const hasValue = kind === 'set' || this.#dice.is(0.85);
    member.process.run('arrival', () => {
      const versions = keys.map((key) =>
        this.#oracle.commit(key, member.name, kind === 'set', scope, hasValue, this.#moment()),
      );
      const what = (): string => `${kind} ${versions.map(({ key, n }) => `${key}@${n}`).join(' ')}`;
      this.#note(member.name, what);
      const { cache } = member;
      const done =
        kind === 'set'
          ? cache.set(keys[0]!, versions[0]!.value!)
          : kind === 'delete'
            ? cache.delete(keys[0]!)
            : kind === 'invalidateTags'
              ? cache.invalidateTags([tag])
              : kind === 'deletePrefix'
                ? cache.deletePrefix('a')
                : cache.clear();
      done.then(
        (isAcknowledged) => {
          if (member.process.isDead) return;
          this.#endWrite(member, versions, tag, isAcknowledged, what);
        },
        (error) => this.#fail(`${member.name} fails to ${what()}: ${String(error)}`),
      );
    });
  }

  #endWrite(
    member: Member,
    versions: readonly Version[],
    tag: string,
    isAcknowledged: boolean,
    what: () => string,
  ): void {
    this.#note(member.name, () => `${isAcknowledged ? 'has done' : 'may not have done'} ${what()}`);
    for (const version of versions) version.answeredMs = this.#time.now();
    if (!isAcknowledged) return;
    this.#counts.acknowledged++;
    const renewedMs = member.renewedMs.get(tag) ?? Number.NEGATIVE_INFINITY;
    for (const version of versions) {
      version.ackMs = this.#time.now();
      if (version.execMs === undefined && renewedMs >= version.commitMs)
        this.#oracle.executed(version.key, version.n, renewedMs);
      if (version.execMs === undefined)
        this.#fail(`${what()} was acknowledged, and the second tier has not carried it out`);
    }
  }

  #disturb(member: Member): void {
    const kind = this.#dice.weighted({
      cutTier: 2,
      silenceTier: 2,
      lagTier: 1,
      cutFeed: 3,
      silenceFeed: 3,
      lagFeed: 2,
      cutBus: 3,
      partition: 2,
      restart: 2,
      evict: 4,
      databaseDown: 2,
      databaseSlow: 1,
      pause: 2,
      die: 1,
      versionsOut: 2,
      full: 2,
    });
    const forMs = this.#dice.is(0.7) ? this.#dice.whole(5, 80) : this.#dice.whole(80, 500);
    const later = (task: () => void): void => {
      this.#time.schedule(forMs, () => {
        this.#note(member.name, () => `${kind} is over`);
        task();
      });
    };
    const { tierLinks, busLink, feed, process } = member;
    const mendTier = (): void => {
      for (const link of tierLinks) link.mend();
    };
    this.#note(member.name, () => `${kind} for ${forMs} ms`);
    switch (kind) {
      case 'cutTier':
        for (const link of tierLinks) link.cut();
        later(mendTier);
        break;
      case 'silenceTier':
        for (const link of tierLinks) link.silence();
        later(mendTier);
        break;
      case 'lagTier':
        tierLinks[0]!.lag(this.#dice.whole(10, 50));
        later(() => tierLinks[0]!.lag(0));
        break;
      case 'cutFeed':
        feed?.cut();
        later(() => feed?.mend());
        break;
      case 'silenceFeed':
        feed?.silence();
        later(() => feed?.mend());
        break;
      case 'lagFeed':
        feed?.lag(this.#dice.whole(20, 200));
        later(() => feed?.lag(0));
        break;
      case 'cutBus':
        busLink.cut();
        later(() => busLink.mend());
        break;
      case 'partition':
        for (const link of tierLinks) link.silence();
        busLink.silence();
        feed?.silence();
        later(() => {
          mendTier();
          busLink.mend();
          feed?.mend();
        });
        break;
      case 'versionsOut':
        member.isVersionsOut = true;
        later(() => {
          member.isVersionsOut = false;
        });
        break;
      case 'full':
        this.#store.isFull = true;
        later(() => {
          this.#store.isFull = false;
        });
        break;
      case 'restart':
        this.#restart(forMs);
        break;
      case 'evict': {
        const keys = this.#store.keys();
        if (keys.length > 0) this.#store.evict(this.#dice.one(keys));
        break;
      }
      case 'databaseDown':
        this.#isDatabaseDown = true;
        later(() => {
          this.#isDatabaseDown = false;
        });
        break;
      case 'databaseSlow':
        this.#databaseLagMs = this.#dice.whole(20, 150);
        later(() => {
          this.#databaseLagMs = 0;
        });
        break;
      case 'pause':
        process.pause();
        later(() => process.resume(this.#dice.is(0.5)));
        break;
      case 'die':
        process.isDead = true;
        // What it has sent last may still arrive.
        for (const link of tierLinks) link.cut();
        feed?.stop();
        this.#join();
        break;
    }
  }

  #restart(forMs: number): void {
    if (this.#store.isDown) return;
    this.#store.isDown = true;
    const isLost = this.#dice.is(0.6);
    this.#note('tier', () => `restarts${isLost ? ', and loses all' : ''}`);
    if (isLost) this.#store.lose();
    for (const { tierLinks, busLink, feed } of this.#members) {
      for (const link of [...tierLinks, busLink]) {
        if (link.reach !== 'open') continue;
        link.cut();
        link.mend();
      }
      feed?.drop();
    }
    this.#time.schedule(forMs, () => {
      this.#store.isDown = false;
      this.#note('tier', () => 'is back');
    });
  }

  #mendAll(): void {
    this.#note('world', () => 'is well again');
    this.#store.isDown = false;
    this.#store.isFull = false;
    this.#isDatabaseDown = false;
    this.#databaseLagMs = 0;
    for (const member of this.#members) {
      const { tierLinks, busLink, feed, process } = member;
      member.isVersionsOut = false;
      for (const link of [...tierLinks, busLink]) {
        link.mend();
        link.lag(0);
      }
      feed?.mend();
      feed?.lag(0);
      process.resume(true);
    }
  }
}

function versionIn(bytes: Uint8Array, key: string): number | undefined {
  const found = new RegExp(`${key}@(\\d+)`).exec(Buffer.from(bytes).toString('latin1'));
  return found === null ? undefined : Number(found[1]);
}

/** Whether a report of `stored` is one of the key. */
function concerns(stored: string, key: string): boolean {
  if (stored === `${PREFIX}v:${key}`) return true;
  // The generation, and a note that keys were deleted.
  if (stored === `${PREFIX}g` || stored === `${PREFIX}c`) return true;
  return TAGS[key]!.some((tag) => stored === `${PREFIX}t:${tag}`);
}

/** What a message of the bus covers beside changes of the keys themselves: see `Version.scope`. */
function scopesIn(text: string): readonly string[] {
  const { tags = [], all = false } = JSON.parse(text);
  return all ? SCOPES : ['key', ...tags];
}

/** The keys that a message of the bus names. */
function keysIn(text: string): readonly string[] {
  const { keys = [], tags = [], all = false } = JSON.parse(text);
  return KEYS.filter(
    (key) => all || keys.includes(`${PREFIX}v:${key}`) || TAGS[key]!.some((tag) => tags.includes(tag)),
  );
}

function describeEntries(entries: StoreChange['entries']): string {
  if (entries === undefined) return '';
  return Array.from(
    entries.values(),
    ({ bytes, ttlMs }) =>
      /\w\d@\d+/.exec(Buffer.from(bytes).toString('latin1'))?.[0].concat(` for ${Math.round(ttlMs)} ms`) ??
      '?',
  ).join(' ');
}
