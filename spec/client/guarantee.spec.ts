/**
 * What docs/client.md promises of the near cache, for random orders of reads, writes, invalidations, delays, cut and
 * half-open connections, slow readers, expiry and restarts of the server.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HotsetClient } from '../../lib/client/index.js';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { settled } from './fixture.js';
import { ModelConnection, ModelServer } from './model-server.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 1000);
const MAX_STALE_MS = 300;
const KEYS = ['a:1', 'a:2', 'b:1'] as const;

const who = fc.nat(2);
const key = fc.constantFrom(...KEYS);
const ttlMs = fc.constantFrom(null, null, 40, 150);

const step = fc.oneof(
  { weight: 24, arbitrary: fc.record({ op: fc.constant('get' as const), who, key }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('getMany' as const), who, keys: fc.subarray([...KEYS]) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constantFrom('set' as const, 'add' as const), who, key, ttlMs }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constantFrom('delete' as const, 'getAndDelete' as const), who, key }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('getAndTouch' as const),
      who,
      key,
      ms: fc.constantFrom(5, 30, 400),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('deletePrefix' as const),
      who,
      prefix: fc.constantFrom('a:', 'a:1', 'b'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('touch' as const), who, key, ms: fc.constantFrom(5, 30, 400) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush' as const), who }) },
  { weight: 14, arbitrary: fc.record({ op: fc.constant('carryOut' as const), who }) },
  { weight: 14, arbitrary: fc.record({ op: fc.constant('deliver' as const), who, all: fc.boolean() }) },
  { weight: 16, arbitrary: fc.record({ op: fc.constant('exchange' as const), who }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('endTurn' as const) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('open' as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant('advance' as const), ms: fc.constantFrom(1, 10, 45, 120) }),
  },
  // Time passes and no timer runs, as in a tab that the browser has put to sleep.
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('sleep' as const), ms: fc.constantFrom(150, 290, 310) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('cut' as const, 'halfOpen' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom('lag' as const, 'catchUp' as const, 'catchUp' as const),
      who,
    }),
  },
  // What others do to the entries, over memcached's port or in the process.
  { weight: 3, arbitrary: fc.record({ op: fc.constant('otherSet' as const), key, ttlMs }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('evict' as const, 'otherTouch' as const), key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('sweep' as const, 'otherFlush' as const) }) },
);
const prefixesOfTwo = fc.constantFrom(['', ''], ['a:', 'b:'], ['a:', '']);
const restart = fc.record({ op: fc.constant('restart' as const) });

/** Numbers from 0 up to but not including 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Party {
  readonly client: HotsetClient;
  connection: ModelConnection;
  /** By key: the era that the server was in when it sent the last invalidation that has arrived. */
  readonly floors: Map<string, number>;
  /** By key: the era that the last own removal began that has been answered. */
  readonly ownFloors: Map<string, number>;
  /** By key: the newest era that a read has seen. */
  readonly seen: Map<string, number>;
  /** Reads that were answered, in the order of their calls. */
  readonly reads: { readonly key: string; readonly calledAt: number; readonly index: number }[];
}

/** Three clients of a model server, and what they may read. */
interface World {
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly server: ModelServer;
  readonly parties: readonly Party[];
  /** Reads that the near caches have answered. */
  nearReads: number;
  get(party: Party, key: string): void;
  getMany(party: Party, keys: readonly string[]): void;
  /** Removes a key, or all that begin so. */
  remove(party: Party, prefix: string, removal: () => Promise<unknown>): void;
  /** A read that changes the entry. */
  getFromServer(party: Party, key: string, read: () => Promise<unknown>): void;
  write(party: Party, method: 'set' | 'add', key: string, ttlMs: number | null): void;
  /** Lets answers come to their callers. */
  endStep(): Promise<void>;
  /** Closes the clients; everything must have an answer or an error then. */
  end(): Promise<void>;
}

function createWorld(seed: number, prefixes: readonly string[], heartbeatMs: number): World {
  const clock = new ManualClock(0);
  const scheduler = new ManualScheduler(clock);
  const server = new ModelServer(clock);
  const random = seeded(seed);
  let now = 0;
  /** What was seen in this step: answers of one frame do not reach their callers in its order. */
  let fresh: (() => void)[] = [];
  const outcomes: Promise<unknown>[] = [];

  const parties = [...prefixes, ''].map((each): Party => {
    const party: Party = {
      client: new HotsetClient('ws://model/', {
        clock,
        scheduler,
        random,
        timeoutMs: 1000,
        heartbeatMs,
        connectTimeoutMs: 500,
        backoffBaseMs: 4,
        maxBackoffMs: 50,
        maxInFlight: 8,
        nearCache: { prefixes: [each], maxStaleMs: MAX_STALE_MS },
        socket: () => {
          party.connection = new ModelConnection((floors) => {
            for (const [told, index] of floors) party.floors.set(told, index);
          });
          server.accept(party.connection);
          return party.connection;
        },
      }),
      connection: undefined as never,
      floors: new Map(),
      ownFloors: new Map(),
      seen: new Map(),
      reads: [],
    };
    return party;
  });

  /** Whatever answered a read. */
  const checkRead = (
    party: Party,
    asked: string,
    value: unknown,
    calledAt: number,
    seen: ReadonlyMap<string, number> = party.seen,
  ): void => {
    if (value === undefined) return;
    const { index } = server.eraOf(asked, value as number);
    expect(index, 'a read went back in time').toBeGreaterThanOrEqual(seen.get(asked) ?? 0);
    fresh.push(() => party.seen.set(asked, Math.max(index, party.seen.get(asked) ?? 0)));
    party.reads.push({ key: asked, calledAt, index });
  };

  const checkNearRead = (party: Party, asked: string, value: unknown, ownFloor: number): void => {
    world.nearReads++;
    expect(party.client.state).toBe('connected');
    const era = server.eraOf(asked, value as number);
    expect(era.index, 'older than an invalidation that has arrived').toBeGreaterThanOrEqual(
      party.floors.get(asked) ?? 0,
    );
    expect(era.index, 'older than an own removal').toBeGreaterThanOrEqual(ownFloor);
    const oldestMs = clock.now() - MAX_STALE_MS;
    expect(era.endToldMs ?? clock.now(), 'staler than maxStaleMs').toBeGreaterThanOrEqual(oldestMs);
    const expiries = era.expiries
      .filter(({ supersededToldMs }) => (supersededToldMs ?? clock.now()) >= oldestMs)
      .map(({ atMs }) => atMs);
    expect(clock.now(), 'past its time').toBeLessThan(Math.max(...expiries));
  };

  const get = (party: Party, asked: string): void => {
    const calledAt = ++now;
    const hits = party.client.nearStats()!.hits;
    const ownFloor = party.ownFloors.get(asked) ?? 0;
    const answer = party.client.get(asked);
    const isNear = party.client.nearStats()!.hits > hits;
    outcomes.push(
      answer.then(
        (value) => {
          if (isNear) checkNearRead(party, asked, value, ownFloor);
          checkRead(party, asked, value, calledAt);
        },
        () => {},
      ),
    );
  };

  const write = (party: Party, method: 'set' | 'add', asked: string, ttl: number | null): void => {
    const calledAt = ++now;
    const value = server.nextValue();
    outcomes.push(
      party.client[method](asked, value, { ttlMs: ttl ?? Number.POSITIVE_INFINITY }).then(
        ({ result }) => {
          if (result !== 'stored') return;
          const { index } = server.eraOf(asked, value);
          const older = party.reads.filter(
            (read) => read.key === asked && read.calledAt > calledAt && read.index < index,
          );
          expect(older, 'reads that were called after an own write, and are older').toEqual([]);
          fresh.push(() => party.seen.set(asked, Math.max(index, party.seen.get(asked) ?? 0)));
        },
        () => {},
      ),
    );
  };

  const remove = (party: Party, prefix: string, removal: () => Promise<unknown>): void => {
    outcomes.push(
      removal().then(
        () => {
          for (const [removed, index] of party.connection.removals)
            if (removed.startsWith(prefix)) party.ownFloors.set(removed, index);
        },
        () => {},
      ),
    );
  };

  const getFromServer = (party: Party, asked: string, read: () => Promise<unknown>): void => {
    const calledAt = ++now;
    outcomes.push(
      read().then(
        (value) => checkRead(party, asked, value, calledAt),
        () => {},
      ),
    );
  };

  const getMany = (party: Party, keys: readonly string[]): void => {
    const calledAt = ++now;
    // What the near cache holds of them is read at the call.
    const seen = new Map(party.seen);
    outcomes.push(
      party.client.getMany(keys).then(
        (values) => {
          for (const [asked, value] of values) checkRead(party, asked, value, calledAt, seen);
        },
        () => {},
      ),
    );
  };

  const world: World = {
    clock,
    scheduler,
    server,
    parties,
    nearReads: 0,
    get,
    getMany,
    getFromServer,
    remove,
    write,
    endStep: async () => {
      await settled();
      for (const note of fresh) note();
      fresh = [];
    },
    end: async () => {
      for (const { client } of parties) client.close();
      await Promise.all(outcomes);
      expect(scheduler.pending).toBe(0);
    },
  };
  for (const each of KEYS) server.write(each, server.nextValue(), null, null);
  return world;
}

it('holds for any order of events', async () => {
  let nearReads = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 150, arbitrary: step }, { weight: 1, arbitrary: restart }), {
        minLength: 100,
        maxLength: 300,
        size: 'max',
      }),
      fc.integer(),
      prefixesOfTwo,
      async (steps, seed, prefixes) => {
        const world = createWorld(seed, prefixes, 200);
        const { clock, scheduler, server, parties } = world;
        await settled();
        for (const { connection } of parties) connection.open();
        for (const each of steps) {
          const party = 'who' in each ? parties[each.who]! : parties[0]!;
          const { client, connection } = party;
          switch (each.op) {
            case 'get':
              world.get(party, each.key);
              break;
            case 'getMany':
              world.getMany(party, each.keys);
              break;
            case 'set':
            case 'add':
              world.write(party, each.op, each.key, each.ttlMs);
              break;
            case 'delete':
              world.remove(party, each.key, () => client.delete(each.key));
              break;
            case 'getAndDelete':
              world.getFromServer(party, each.key, () => {
                const answer = client.getAndDelete(each.key);
                world.remove(party, each.key, () => answer);
                return answer;
              });
              break;
            case 'getAndTouch':
              world.getFromServer(party, each.key, () => client.getAndTouch(each.key, each.ms));
              break;
            case 'deletePrefix':
              world.remove(party, each.prefix, () => client.deletePrefix(each.prefix));
              break;
            case 'touch':
              client.touch(each.key, each.ms).catch(() => {});
              break;
            case 'flush':
              client.flush().catch(() => {});
              break;
            case 'carryOut':
              server.carryOut(connection);
              break;
            case 'deliver':
              do connection.deliver();
              while (each.all && connection.canDeliver);
              break;
            // What a good connection does most of the time.
            case 'exchange':
              connection.open();
              await settled();
              while (connection.toServer.length > 0 && !connection.isGone && !connection.isLagging)
                server.carryOut(connection);
              while (connection.canDeliver) connection.deliver();
              break;
            case 'endTurn':
              server.endTurn();
              break;
            case 'open':
              connection.open();
              break;
            case 'advance':
              scheduler.advance(each.ms);
              break;
            case 'sleep':
              clock.advance(each.ms);
              break;
            case 'cut':
              connection.cut();
              break;
            case 'halfOpen':
              connection.isGone = true;
              connection.isHalfOpen = true;
              break;
            case 'lag':
              connection.isLagging = true;
              break;
            case 'catchUp':
              server.catchUp(connection);
              break;
            case 'otherSet':
              server.write(each.key, server.nextValue(), each.ttlMs, null);
              break;
            case 'evict':
              server.remove(each.key, 'evicted', null);
              break;
            case 'otherTouch':
              server.touch(each.key, 20, null);
              break;
            case 'sweep':
              server.sweep();
              break;
            case 'otherFlush':
              server.clear(null);
              break;
            case 'restart':
              server.restart();
              break;
          }
          await world.endStep();
        }
        await world.end();
        nearReads += world.nearReads;
      },
    ),
    { numRuns: RUNS },
  );
  // A simulation in which the near cache never answers proves nothing.
  expect(nearReads).toBeGreaterThan(RUNS);
});

/** Moves frames, each of which is on its way for so long. */
class SlowLink {
  readonly #world: World;
  readonly #connection: ModelConnection;
  readonly #delayMs: number;
  /** When the frames that are on their way arrive. */
  readonly #atServer: number[] = [];
  readonly #atClient: number[] = [];

  constructor(world: World, connection: ModelConnection, delayMs: number) {
    this.#world = world;
    this.#connection = connection;
    this.#delayMs = delayMs;
  }

  move(): void {
    const connection = this.#connection;
    this.#arrive(this.#atServer, connection.toServer, () => this.#world.server.carryOut(connection));
    this.#arrive(this.#atClient, connection.toClient, () => connection.deliver());
  }

  #arrive(times: number[], frames: readonly unknown[], deliver: () => void): void {
    const now = this.#world.clock.now();
    while (times.length < frames.length) times.push(now + this.#delayMs);
    while (times.length > 0 && times[0]! <= now) {
      times.shift();
      deliver();
    }
  }
}

const delayMs = fc.constantFrom(20, 60, 100, 145, 200, 1000);

it('holds over slow links, which no client drops', async () => {
  let quickReads = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      prefixesOfTwo,
      fc.tuple(delayMs, delayMs, delayMs),
      async (seed, prefixes, delays) => {
        const world = createWorld(seed, prefixes, 5000);
        const { scheduler, server, parties } = world;
        const random = seeded(seed);
        const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
        await settled();
        const links = parties.map(({ connection }, i) => {
          connection.open();
          return new SlowLink(world, connection, delays[i]!);
        });
        const states = new Set<string>();
        for (let step = 0; step < 600; step++) {
          for (const party of parties) {
            const chance = random();
            if (chance < 0.3) world.get(party, pick(KEYS));
            else if (chance < 0.32) world.getMany(party, KEYS);
            else if (chance < 0.34) world.write(party, pick(['set', 'add']), pick(KEYS), pick([null, 150]));
          }
          const chance = random();
          if (chance < 0.02) server.write(pick(KEYS), server.nextValue(), pick([null, 150]), null);
          else if (chance < 0.03) server.remove(pick(KEYS), 'evicted', null);
          else if (chance < 0.04) server.sweep();
          await world.endStep();
          for (const link of links) link.move();
          server.endTurn();
          await world.endStep();
          scheduler.advance(5);
          for (const { client } of parties) states.add(client.state);
          for (const [i, { client }] of parties.entries())
            if (delays[i]! * 2 > MAX_STALE_MS) expect(client.nearStats()!.inUse).toBe(false);
        }
        expect([...states]).toEqual(['connected']);
        if (delays.every((each) => each * 2 < MAX_STALE_MS)) quickReads += world.nearReads;
        await world.end();
      },
    ),
    { numRuns: Math.ceil(RUNS / 20) },
  );
  expect(quickReads).toBeGreaterThan(0);
});
