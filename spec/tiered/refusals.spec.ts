/** What a second tier refuses, and serves others meanwhile, is no outage: it is counted, and nothing else stops. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ErrorCode, HotsetError } from '../../lib/errors.js';
import { memcachedTier, redisTier, TieredCache } from '../../lib/tiered/index.js';
import { isRefusal } from '../../lib/tiered/refusals.js';
import type { SecondTier } from '../../lib/tiered/second-tier.js';
import { redisTool } from '../support/external-tool.js';
import { memcachedBinaries } from '../support/memcached-binaries.js';
import { startMemcached } from '../support/memcached-process.js';
import { type RunningRedis, startRedis } from '../support/redis-process.js';
import { counting, Fleet, settled } from './fixture.js';
import { MemoryTier } from './memory-tier.js';
import { CLIENTS } from './redis/fixture.js';

const SCRIPT = 'ERR Error running script (call to f_f8): @user_script:5: @user_script: 5: -';

describe('replies of Redis', () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'. script: f8, on @user_script:5.",
    `${SCRIPT}OOM command not allowed when used memory > 'maxmemory'.`,
    "READONLY You can't write against a read only replica.",
    `${SCRIPT}READONLY You can't write against a read only replica.`,
    'NOREPLICAS Not enough good replicas to write.',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
    "NOPERM this user has no permissions to run the 'get' command",
    "ERR ACL failure in script: User app has no permissions to run the 'set' command script: f8",
    "ERR The user executing the script can't run this command or subcommand script: f8",
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
  ])('refuses with %s', (reply) => expect(isRefusal(new Error(reply))).toBe(true));

  it.each([
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script.',
    'CLUSTERDOWN The cluster is down',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'NOAUTH Authentication required.',
    'MOVED 1 127.0.0.1:6379',
    'ERR unknown command',
    'Socket closed unexpectedly',
    'the word OOM in a text of its own',
  ])('is out with %s', (reply) => expect(isRefusal(new Error(reply))).toBe(false));
});

it.each<[ErrorCode, boolean]>([
  ['HOTSET_NO_ROOM', true],
  ['HOTSET_TOO_LARGE', true],
  ['HOTSET_TOO_MANY', true],
  ['HOTSET_FORBIDDEN', true],
  ['HOTSET_INVALID_KEY', true],
  ['HOTSET_NO_VERSIONS', true],
  ['HOTSET_DISCONNECTED', false],
  ['HOTSET_TIMEOUT', false],
  ['HOTSET_PROTOCOL', false],
  ['HOTSET_CLOSED', false],
])('an error %s is a refusal: %s', (code, refuses) =>
  expect(isRefusal(new HotsetError(code, 'text'))).toBe(refuses),
);

it('says nothing of what is no error', () => expect(isRefusal('OOM command')).toBe(false));

describe('a tier that is full', () => {
  it('has neither the new value nor the old one, and goes on being read', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<string>({ source: true }), fleet.process<string>({ source: true })];
    await a.set('x', 'old');
    await a.set('y', 'kept');
    fleet.store.isFull = true;
    expect(await b.get('x')).toBe('old');
    expect(await a.set('x', 'new')).toBe(true);
    expect(a.getLocal('x')).not.toBe('old');
    expect(b.getLocal('x')).toBeUndefined();
    expect(await b.get('x')).toBeUndefined();
    expect(await b.get('y')).toBe('kept');
    expect(a.stats().tierTwo).toMatchObject({
      refusals: 1,
      failures: 0,
      writes: 2,
      repairs: 0,
      state: 'closed',
    });
    expect(fleet.tierErrors).toMatchObject([{ code: 'HOTSET_NO_ROOM' }]);
  });

  it('has each process load for itself, and is not left alone', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<string>({ breaker: { failures: 2 } });
    fleet.store.isFull = true;
    const { load, keys } = counting((key) => key);
    for (let at = 0; at < 50; at++) expect(await cache.getOrLoad(`${at}`, load)).toBe(`${at}`);
    expect(await cache.getOrLoad('7', load)).toBe('7');
    expect(keys.length).toBe(50);
    expect(cache.stats().tierTwo).toMatchObject({ refusals: 50, failures: 0, fills: 0, state: 'closed' });
    fleet.store.isFull = false;
    await cache.getOrLoad('a', load);
    expect(cache.stats().tierTwo).toMatchObject({ fills: 1 });
  });

  it('ends the lease of a load that it has no room for', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<string>(), fleet.process<string>()];
    const loaded = a.getOrLoad('x', async () => {
      fleet.store.isFull = true;
      return 'loaded';
    });
    expect(await loaded).toBe('loaded');
    expect(a.getLocal('x')).toBe('loaded');
    fleet.store.isFull = false;
    expect(await b.getOrLoad('x', () => 'other')).toBe('other');
    expect(b.stats().tierTwo).toMatchObject({ leases: 1, leaseWaits: 0 });
  });

  it('refreshes what is stale without a lease', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<string>({ ttlMs: 1000, staleMs: 10_000 });
    await cache.set('x', 'old');
    const other = fleet.process<string>({ ttlMs: 1000, staleMs: 10_000 });
    fleet.store.isFull = true;
    fleet.clock.advance(1500);
    expect(await other.getOrLoad('x', () => 'new')).toBe('old');
    await settled();
    expect(other.getLocal('x')).toBe('new');
  });

  it('forgets the versions of tags that it cannot renew', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<string>({ source: true }), fleet.process<string>({ source: true })];
    await a.set('x', 'old', { tags: ['t'] });
    fleet.store.isFull = true;
    expect(await b.get('x')).toBe('old');
    expect(await a.invalidateTags(['t'])).toBe(true);
    expect(await b.get('x')).toBeUndefined();
    expect(await fleet.process<string>().get('x')).toBeUndefined();
    expect(b.stats().tierTwo.state).toBe('closed');
  });
});

it('a tier that takes no changes is read, and what it did not take is repaired', async () => {
  const fleet = new Fleet();
  const readOnly = (): Promise<never> =>
    Promise.reject(new Error("READONLY You can't write against a replica."));
  const tier = new MemoryTier(fleet.store, { hasLeases: false });
  await fleet.process<string>({}, { hasLeases: false }).set('x', 'old');
  const replica: SecondTier = {
    name: 'replica',
    get: (keys, signal) => tier.get(keys, signal),
    set: readOnly,
    delete: readOnly,
    deletePrefix: readOnly,
  };
  const cache = fleet.process<string>({ tier: replica, breaker: { failures: 2 } });
  for (const key of ['a', 'b', 'c', 'd']) expect(await cache.set(key, key)).toBe(false);
  expect(await cache.get('x')).toBe('old');
  expect(cache.stats().tierTwo).toMatchObject({ state: 'closed', failures: 0, refusals: 8, repairs: 4 });
});

const tool = redisTool();

describe.skipIf(tool.missing)(`a Redis that is full and evicts nothing${tool.hint}`, () => {
  let server: RunningRedis;

  beforeAll(async () => {
    server = await startRedis(['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction']);
  });
  afterAll(async () => {
    await server?.stop();
  });

  for (const { name, server: connect } of CLIENTS)
    it(`stores nothing, and opens no breaker, over ${name}`, async () => {
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const process = (): TieredCache<string> =>
        new TieredCache<string>({ tier: redisTier(open.client), ttlMs: 60_000, prefix: `${name}:` });
      const cache = process();
      await cache.set('x', 'old');
      await cache.set('y', 'kept');
      await cache.set('tagged', 'old', { tags: ['t'] });
      const filler = 'x'.repeat(100_000);
      for (let at = 0; cache.stats().tierTwo.refusals === 0; at++) await cache.set(`fill ${at}`, filler);
      // What is left takes no small value either.
      await server.command('config', 'set', 'maxmemory', '1');
      onTestFinished(async () => {
        await server.command('config', 'set', 'maxmemory', '3mb');
        await server.command('flushall');
      });

      expect(await cache.set('x', 'new')).toBe(true);
      const { load, keys } = counting((key) => key);
      for (let at = 0; at < 50; at++) expect(await cache.getOrLoad(`${at}`, load)).toBe(`${at}`);
      expect(keys.length).toBe(50);
      expect(await cache.invalidateTags(['t'])).toBe(true);
      expect(await cache.delete('fill 0')).toBe(true);
      const { refusals, failures, state, repairs } = cache.stats().tierTwo;
      expect({ failures, state, repairs }).toEqual({ failures: 0, state: 'closed', repairs: 0 });
      expect(refusals).toBeGreaterThanOrEqual(52);

      const other = process();
      expect(await other.get('x')).toBeUndefined();
      expect(await other.get('tagged')).toBeUndefined();
      expect(await other.get('fill 0')).toBeUndefined();
      expect(await other.get('y')).toBe('kept');
      expect(other.stats().tierTwo).toMatchObject({ failures: 0, state: 'closed' });
    });

  it('as a replica is read, and refuses changes', async () => {
    const { server: connect } = CLIENTS[0]!;
    const open = await connect(server.path);
    onTestFinished(() => open.close());
    const options = { tier: redisTier(open.client), ttlMs: 60_000, prefix: 'replica:' };
    const cache = new TieredCache<string>({ ...options, breaker: { failures: 2 } });
    await new TieredCache<string>(options).set('x', 'old');
    await server.command('config', 'set', 'replica-serve-stale-data', 'yes');
    await server.command('replicaof', '127.0.0.1', '1');
    onTestFinished(async () => void (await server.command('replicaof', 'no', 'one')));
    for (const key of ['a', 'b', 'c']) {
      expect(await cache.set(key, key)).toBe(false);
      expect(await cache.getOrLoad(`${key}2`, () => 'loaded')).toBe('loaded');
    }
    expect(await cache.get('x')).toBe('old');
    expect(cache.stats().tierTwo).toMatchObject({ failures: 0, state: 'closed' });
    await cache.close();
  });
});

for (const { name, hint, missing, command } of memcachedBinaries())
  describe.skipIf(missing)(`${name} that is full and evicts nothing${hint}`, () => {
    it.each(['meta', 'classic'] as const)('stores nothing, and opens no breaker (%s)', async (commands) => {
      const server = await startMemcached(['-M', '-m', '2'], command);
      onTestFinished(async () => void (await server.stop()));
      const process = (): TieredCache<string> => {
        const tier = memcachedTier(`127.0.0.1:${server.port}`, { commands });
        onTestFinished(() => tier.close());
        return new TieredCache<string>({ tier, ttlMs: 60_000 });
      };
      const cache = process();
      await cache.set('x', 'old');
      const filler = 'x'.repeat(60_000);
      for (let at = 0; cache.stats().tierTwo.refusals < 20; at++) await cache.set(`fill ${at}`, filler);
      expect(await cache.set('x', 'y'.repeat(60_000))).toBe(true);
      expect(await process().get('x')).toBeUndefined();
      expect(cache.stats().tierTwo).toMatchObject({ failures: 0, state: 'closed', repairs: 0 });
    });
  });
