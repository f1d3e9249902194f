/**
 * The drill: one of three real servers is killed and started again, under load, behind the tiered caches of three clients.
 *
 * - No read fails: every loader works.
 * - What is lost is the server's share. A key of another server that nobody changes is loaded once in the whole drill.
 * - Nothing is stale beyond the bound of docs/tiered.md: own writes at once; others' acknowledged ones once they have been told,
 *   which a bus in this process does with the write, and hotset's subscriptions within `maxSilentMs`.
 * - Afterwards all servers are in use again.
 */

import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HotsetClient } from '../../lib/client/index.js';
import { rendezvous, type ShardedTier, type ShardOptions, shardedTier } from '../../lib/sharding/index.js';
import type { InvalidationSource } from '../../lib/tiered/index.js';
import {
  clientInvalidations,
  clientTier,
  InvalidationBus,
  memcachedTier,
  TieredCache,
} from '../../lib/tiered/index.js';
import { memcachedTool } from '../support/external-tool.js';
import { startMemcached } from '../support/memcached-process.js';
import { HOTSET_MAIN } from '../support/project.js';
import { ServerProcess } from '../support/server-process.js';
import { MemoryHub, MemoryTransport } from '../tiered/memory-bus.js';

const NAMES = ['server-0', 'server-1', 'server-2'];
const RING = rendezvous()(NAMES.map((name) => ({ name })));
const CLIENTS = 3;
/** Nobody changes the first ones. */
const STILL = Array.from({ length: 150 }, (_, i) => `still-${i}`);
const BUSY = Array.from({ length: 60 }, (_, i) => `busy-${i}`);
const KEYS = [...STILL, ...BUSY];
const WAIT = { timeout: 20_000, interval: 5 };

interface Running {
  readonly port: number;
  kill(): Promise<void>;
}

interface Kind {
  readonly start: (port?: number) => Promise<Running>;
  /** A client's own connection to the server. */
  readonly connect: (port: number) => Omit<ShardOptions, 'name'> & { close(): void };
  /** Where servers report nothing. */
  readonly bus?: () => InvalidationSource;
  /** How long its link may be silent. */
  readonly maxSilentMs: number;
  /** How old may be what others have replaced. */
  readonly staleMs: number;
}

function memcached(): Kind {
  const hub = new MemoryHub();
  return {
    start: (port) => startMemcached(port === undefined ? [] : ['-p', String(port)]),
    connect: (port) => {
      const tier = memcachedTier(`127.0.0.1:${port}`, { client: { backoffBaseMs: 1, maxBackoffMs: 20 } });
      return { tier, close: () => tier.close() };
    },
    bus: () => new InvalidationBus(new MemoryTransport(hub)),
    // Without its link, a client would ask the lost server for the generation of all entries.
    maxSilentMs: 60_000,
    staleMs: 0,
  };
}

function hotset(): Kind {
  return {
    start: async (port) => {
      const server = new ServerProcess(process.execPath, [
        HOTSET_MAIN,
        '-p',
        '-1',
        '--http',
        `${port ?? -1}`,
      ]);
      const found = await server.until(
        () => /live view: http:\/\/127\.0\.0\.1:(\d+)/.exec(server.stdout)?.[1],
      );
      return { port: Number(found), kill: () => server.kill() };
    },
    connect: (port) => {
      const client = new HotsetClient(`ws://127.0.0.1:${port}/ws`, { backoffBaseMs: 1, maxBackoffMs: 20 });
      const source = clientInvalidations(client, { pingMs: 100 });
      return { tier: clientTier(client), source, close: () => client.close() };
    },
    maxSilentMs: 1000,
    staleMs: 1000,
  };
}

const placeOf = (tierKey: string): number => RING.locate(tierKey);
const homeOf = (key: string): number => placeOf(`hotset:v:${key}`);

interface Client {
  readonly cache: TieredCache<number>;
  readonly tier: ShardedTier;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What happens to the keys: loads, writes, and reads that are checked against them. */
class Load {
  /** What loaders read. */
  readonly #database = new Map(KEYS.map((key) => [key, 0]));
  /** Loads of each key. */
  readonly loads = new Map(KEYS.map((key) => [key, 0]));
  /** Of each key, the writes that a client was told are done. */
  readonly #writes = new Map(KEYS.map((key) => [key, [{ value: 0, by: 0, isAcknowledged: true, atMs: 0 }]]));
  readonly #staleMs: number;
  readonly #clients: readonly Client[];
  readonly stale: string[] = [];
  reads = 0;
  #isOver = false;
  readonly #work: Promise<unknown>[] = [];

  constructor(clients: readonly Client[], staleMs: number) {
    this.#clients = clients;
    this.#staleMs = staleMs;
  }

  async read(key: string, by: number): Promise<void> {
    this.reads++;
    const now = performance.now();
    const least = this.#writes
      .get(key)!
      .findLast((write) => write.by === by || (write.isAcknowledged && now - write.atMs >= this.#staleMs))!;
    const found = await this.#clients[by]!.cache.getOrLoad(key, async () => {
      this.loads.set(key, this.loads.get(key)! + 1);
      const value = this.#database.get(key)!;
      await setImmediate();
      return value;
    });
    if (found === undefined || found < least.value)
      this.stale.push(`${key} of ${by}: ${found}, older than ${least.value} by ${least.by}`);
  }

  /** By all clients at once. */
  async readAll(keys: readonly string[]): Promise<void> {
    await Promise.all(this.#clients.flatMap((_, by) => keys.map((key) => this.read(key, by))));
  }

  isNewest(key: string, value: number | undefined): boolean {
    return value === this.#database.get(key);
  }

  begin(): void {
    for (const by of this.#clients.keys())
      for (const step of [7, 11]) this.#work.push(this.#readForEver(by, step));
    this.#work.push(this.#writeForEver());
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#work);
  }

  async more(reads: number): Promise<void> {
    const end = this.reads + reads;
    await vi.waitFor(() => expect(this.reads).toBeGreaterThan(end), WAIT);
  }

  async #readForEver(by: number, step: number): Promise<void> {
    for (let i = by; !this.#isOver; i += step) {
      await this.read(KEYS[i % KEYS.length]!, by);
      if (i % 10 === 0) await setImmediate();
    }
  }

  /** One writer for each key, so that it is known what is newest. */
  async #writeForEver(): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const key = BUSY[(i * 7) % BUSY.length]!;
      const value = this.#database.get(key)! + 1;
      this.#database.set(key, value);
      const by = i % CLIENTS;
      const { cache } = this.#clients[by]!;
      const isAcknowledged = i % 3 === 0 ? await cache.delete(key) : await cache.set(key, value);
      this.#writes.get(key)!.push({ value, by, isAcknowledged, atMs: performance.now() });
      await setImmediate();
    }
  }
}

const debian = memcachedTool();

describe('a server of three is killed and started again: no errors, its share lost, nothing stale', () => {
  it.skipIf(debian.missing)(`memcached${debian.hint}`, () => drill(memcached()), 60_000);
  it('hotset', () => drill(hotset()), 60_000);
});

async function drill({ start, connect, bus, maxSilentMs, staleMs }: Kind): Promise<void> {
  const servers = await Promise.all(NAMES.map(() => start()));
  cleanups.push(() => Promise.all(servers.map((server) => server.kill())));

  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (): Promise<Client> => {
      const connections = servers.map(({ port }) => connect(port));
      const tier = shardedTier({
        servers: connections.map(({ close: _, ...shard }, i) => ({ ...shard, name: NAMES[i]! })),
        timeoutMs: 1000,
        probeBaseMs: 20,
        maxProbeMs: 50,
      });
      const cache = new TieredCache<number>({
        tier,
        source: tier.source ?? bus!(),
        ttlMs: 600_000,
        tierTimeoutMs: 10_000,
        maxSilentMs,
      });
      cleanups.push(async () => {
        await cache.close();
        tier.close();
        for (const { close } of connections) close();
      });
      await vi.waitFor(() => expect(cache.stats().link.isTrusted).toBe(true), WAIT);
      return { cache, tier };
    }),
  );
  const load = new Load(clients, staleMs);
  // That of the generation of all entries, which memcached's tier has: nothing depends on it more.
  const lost = placeOf('hotset:g');
  const states = () => clients.map(({ tier }) => tier.stats().get(NAMES[lost]!)!.state);

  await load.readAll(STILL);
  expect([...load.loads.values()].reduce((sum, count) => sum + count)).toBe(STILL.length);

  load.begin();
  await load.more(1000);
  await servers[lost]!.kill();
  await vi.waitFor(() => expect(states()).toEqual(['out', 'out', 'out']), WAIT);
  await load.more(1000);
  servers[lost] = await start(servers[lost]!.port);
  await vi.waitFor(() => expect(states()).toEqual(['in', 'in', 'in']), WAIT);
  await load.more(1000);
  await load.end();

  expect(load.stale).toEqual([]);
  const isLost = (key: string): boolean => homeOf(key) === lost;
  const again = STILL.filter((key) => load.loads.get(key)! > 1);
  expect(again.filter((key) => !isLost(key))).toEqual([]);

  // What was not acknowledged is repaired, and everything is in use.
  await vi.waitFor(() => {
    for (const { cache, tier } of clients) {
      const { tierTwo, link } = cache.stats();
      expect({ ...tierTwo, isTrusted: link.isTrusted }).toMatchObject({
        repairs: 0,
        state: 'closed',
        isTrusted: true,
      });
      for (const { missedKeys } of tier.stats().values()) expect(missedKeys).toBe(0);
    }
  }, WAIT);
  for (const { cache } of clients) cache.engine.clear();
  await load.readAll(KEYS);
  const loads = new Map(load.loads);
  for (const { cache, tier } of clients) {
    cache.engine.clear();
    const before = tier.stats().get(NAMES[lost]!)!.hits;
    for (const key of KEYS) expect(load.isNewest(key, await cache.get(key))).toBe(true);
    expect(tier.stats().get(NAMES[lost]!)!.hits - before).toBe(KEYS.filter(isLost).length);
  }
  expect(load.loads).toEqual(loads);
}
