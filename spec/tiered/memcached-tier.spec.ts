/**
 * The memcached tier: what every second tier does, on memcached and on hotset's own server over both stores, and through twemproxy
 * with classic commands; and what is memcached's own.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import type { MemcachedAddress } from '../../lib/memcached-client/address.js';
import { MemcachedClient } from '../../lib/memcached-client/memcached-client.js';
import { metaSet } from '../../lib/memcached-client/meta.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import type { MemcachedTier } from '../../lib/tiered/memcached-kinds.js';
import { type MemcachedTierOptions, memcachedTier } from '../../lib/tiered/memcached-tier.js';
import type { TierEntry } from '../../lib/tiered/second-tier.js';
import { nutcrackerTool } from '../support/external-tool.js';
import { startHotset } from '../support/hotset-process.js';
import { memcachedBinaries } from '../support/memcached-binaries.js';
import { startMemcached } from '../support/memcached-process.js';
import { secondTierContract } from './second-tier-contract.js';

// Most of their time is the servers' seconds: specs wait beside each other.
vi.setConfig({ maxConcurrency: 50 });

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_VALUE_BYTES = 1_000_000;
const { signal } = new AbortController();

interface Target {
  readonly address: MemcachedAddress;
  stop(): Promise<void>;
}

interface Place {
  readonly name: string;
  readonly hint: string;
  start(): Promise<Target>;
}

const PLACES: readonly Place[] = [
  ...memcachedBinaries().map(({ name, hint, command }) => ({
    name,
    hint,
    start: async () => targetOf(await startMemcached([], command)),
  })),
  {
    name: 'the hotset command',
    hint: '',
    start: async () => targetOf(await startHotset()),
  },
  {
    name: 'an engine that is served',
    hint: '',
    start: async () => {
      const server = createTcpServer(new CacheEngine<string, unknown>(), { port: 0 });
      const { port } = (await server.listen()) as AddressInfo;
      return targetOf({ port, stop: () => server.close({ forceAfterMs: 0 }) });
    },
  },
];

function targetOf({ port, stop }: { readonly port: number; stop(): Promise<unknown> }): Target {
  return {
    address: `127.0.0.1:${port}`,
    stop: async () => {
      await stop();
    },
  };
}

/** A tier, and a second one as of another process. */
function describeTier(
  title: string,
  start: () => Promise<Target>,
  options: MemcachedTierOptions,
  specs: (tiers: { readonly one: MemcachedTier; readonly other: MemcachedTier }) => void,
): void {
  describe(title, () => {
    let target: Target;
    const tiers = {} as { one: MemcachedTier; other: MemcachedTier };
    beforeAll(async () => {
      target = await start();
      tiers.one = memcachedTier(target.address, options);
      tiers.other = memcachedTier(target.address, options);
    });
    afterAll(async () => {
      tiers.one?.close();
      tiers.other?.close();
      await target?.stop();
    });
    specs(tiers);
  });
}

const entry = (text: string, ttlMs: number): TierEntry => ({ bytes: Buffer.from(text), ttlMs });
const textOf = (found: TierEntry | undefined): string | undefined =>
  found === undefined ? undefined : Buffer.from(found.bytes).toString();

describe('options of memcachedTier', () => {
  it.each([
    { commands: 'text' },
    { maxValueBytes: 0 },
    { wallClock: 1 },
    { ttlMs: 1 },
    { client: { tls: 1 } },
  ])('refuses %j', (options) => {
    expect(() => memcachedTier('localhost', options as object)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
  });

  it('takes options for a client only with an address', () => {
    const { client } = memcachedTier('localhost', { client: {}, maxValueBytes: Number.POSITIVE_INFINITY });
    expect(() => memcachedTier(client, { client: {} })).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
    client.close();
  });
});

describe.concurrent('memcachedTier', () => {
  for (const { name, hint, start } of PLACES)
    describe.skipIf(hint !== '')(`on ${name}${hint}`, () => {
      describeTier('with meta commands', start, {}, (tiers) => {
        secondTierContract({ tier: () => tiers.one, ttlStepMs: 1000, maxValueBytes: MAX_VALUE_BYTES });
      });

      describeTier('and what is memcached’s own', start, {}, (tiers) => {
        const store = (key: string, ttlMs: number): Promise<void> =>
          tiers.one.set(new Map([[key, entry('value', ttlMs)]]), signal);

        it('stores nothing for longer than asked, and tells less than is left', async () => {
          await store('ttl', 10_999);
          const found = (await tiers.other.get(['ttl'], signal)).get('ttl')!;
          expect(found.ttlMs).toBeGreaterThanOrEqual(8000);
          expect(found.ttlMs).toBeLessThanOrEqual(9000);
        });

        it('drops what has less than a second, and counts it', async () => {
          await store('short', HOUR_MS);
          const before = tiers.one.stats().tooShort;
          await store('short', 999);
          expect((await tiers.one.get(['short'], signal)).size).toBe(0);
          expect(tiers.one.stats().tooShort).toBe(before + 1);
        });

        it('takes TTLs over 30 days for what they are', async () => {
          await store('months', 45 * DAY_MS);
          const found = (await tiers.one.get(['months'], signal)).get('months')!;
          expect(Math.round(found.ttlMs / DAY_MS)).toBe(45);
          // Stale below 40 days is no Unix time either.
          const read = await tiers.one.leases.read('months', 5000, 40 * DAY_MS, signal);
          expect(read.lease).toBeUndefined();
          expect((await tiers.one.leases.read('months', 5000, 50 * DAY_MS, signal)).lease).toBeDefined();
        });

        it('does not store what is too large, takes the old value away, and counts it', async () => {
          await store('large', HOUR_MS);
          const before = tiers.one.stats().tooLarge;
          const bytes = Buffer.alloc(3_000_000, 'x');
          await tiers.one.set(
            new Map([
              ['large', { bytes, ttlMs: HOUR_MS }],
              ['small', entry('small', HOUR_MS)],
            ]),
            signal,
          );
          const found = await tiers.one.get(['large', 'small'], signal);
          expect([...found.keys()]).toEqual(['small']);
          const { lease } = await tiers.one.leases.read('large', 5000, 0, signal);
          expect(await tiers.one.leases.fill('large', lease!, { bytes, ttlMs: HOUR_MS }, signal)).toBe(true);
          expect(tiers.one.stats().tooLarge).toBe(before + 2);
          expect((await tiers.one.leases.read('large', 5000, 0, signal)).lease).toBeDefined();
        });

        it('does the same where only the server finds it too large', async () => {
          const tier = memcachedTier(tiers.one.client, { maxValueBytes: Number.POSITIVE_INFINITY });
          const bytes = Buffer.alloc(2_000_000, 'x');
          await store('refused', HOUR_MS);
          await tier.set(new Map([['refused', { bytes, ttlMs: HOUR_MS }]]), signal);
          expect((await tier.get(['refused'], signal)).size).toBe(0);
          const { lease } = await tier.leases.read('refused', 5000, 0, signal);
          expect(await tier.leases.fill('refused', lease!, { bytes, ttlMs: HOUR_MS }, signal)).toBe(true);
          expect(tier.stats().tooLarge).toBe(2);
          expect(textOf((await tier.get(['refused'], signal)).get('refused'))).toBeUndefined();
        });

        it('passes over a value that is too long to be read', async () => {
          await tiers.one.set(new Map([['long', { bytes: Buffer.alloc(5000), ttlMs: HOUR_MS }]]), signal);
          await store('beside', HOUR_MS);
          const client = new MemcachedClient(tiers.one.client.address, { maxValueBytes: 100 });
          const found = await memcachedTier(client).get(['long', 'beside'], signal);
          expect([...found.keys()]).toEqual(['beside']);
          client.close();
        });

        it('holds no lease over a new connection, whose cas ids may be others', async () => {
          const { lease } = await tiers.one.leases.read('epoch', 5000, 0, signal);
          expect(
            await tiers.one.leases.fill('epoch', lease!.replace('1.', '2.'), entry('x', HOUR_MS), signal),
          ).toBe(false);
          expect(await tiers.one.leases.fill('epoch', lease!, entry('x', HOUR_MS), signal)).toBe(true);
        });

        it('lets another process take over the lease of a stale entry that its holder leaves', async () => {
          const now = new ManualClock();
          const third = memcachedTier(tiers.one.client, { clock: now });
          await store('dead', HOUR_MS);
          const { lease } = await tiers.other.leases.read('dead', 5000, 2 * HOUR_MS, signal);
          const read = () => third.leases.read('dead', 5000, 2 * HOUR_MS, signal);
          expect(await read()).toMatchObject({ lease: undefined, isLoading: true });
          now.advance(4999);
          expect(await read()).toMatchObject({ lease: undefined, isLoading: true });
          now.advance(1);
          const taken = await read();
          expect(taken.lease).toBeDefined();
          expect(textOf(taken.entry)).toBe('value');
          expect(third.stats().takeovers).toBe(1);
          expect(await tiers.other.leases.fill('dead', lease!, entry('late', HOUR_MS), signal)).toBe(false);
          expect(await third.leases.fill('dead', taken.lease!, entry('new', 3 * HOUR_MS), signal)).toBe(true);
        });

        it('takes an empty value of somebody else for nothing, and its place', async () => {
          const value = Buffer.alloc(0);
          await tiers.one.client.request(metaSet([{ key: 'empty', value, exptime: 0 }]));
          expect((await tiers.one.get(['empty'], signal)).size).toBe(0);
          const { lease } = await tiers.one.leases.read('empty', 5000, 0, signal);
          expect((await tiers.other.leases.read('empty', 5000, 0, signal)).isLoading).toBe(true);
          expect(await tiers.one.leases.fill('empty', lease!, entry('value', HOUR_MS), signal)).toBe(true);
        });
      });
    });

  const nutcracker = nutcrackerTool();

  describe.skipIf(nutcracker.missing)(`through twemproxy${nutcracker.hint}`, () => {
    describeTier('with classic commands', startNutcracker, { commands: 'classic' }, (tiers) => {
      secondTierContract({ tier: () => tiers.one, maxValueBytes: MAX_VALUE_BYTES, ttlStepMs: 1000 });

      it('gives one lease to many in two processes', async () => {
        const reads = Array.from({ length: 40 }, (_, at) =>
          (at % 2 === 0 ? tiers.one : tiers.other).leases.read('shared', 5000, 0, signal),
        );
        const answers = await Promise.all(reads);
        expect(answers.filter(({ lease }) => lease !== undefined)).toHaveLength(1);
        expect(answers.filter(({ isLoading }) => isLoading)).toHaveLength(39);
      });

      it('keeps milliseconds, which its header has', async () => {
        await tiers.one.set(new Map([['ms', entry('value', 10_500)]]), signal);
        const { ttlMs } = (await tiers.other.get(['ms'], signal)).get('ms')!;
        expect(ttlMs).toBeGreaterThan(5000);
        expect(ttlMs).toBeLessThanOrEqual(10_500);
      });
    });

    it('knows no meta commands: with them the proxy ends the connection', async () => {
      const target = await startNutcracker();
      const tier = memcachedTier(target.address);
      await expect(tier.get(['key'], signal)).rejects.toMatchObject({ code: 'HOTSET_DISCONNECTED' });
      tier.close();
      await target.stop();
    });
  });
});

/** A proxy before two hotset servers. */
async function startNutcracker(): Promise<Target> {
  const servers = await Promise.all([startHotset(), startHotset()]);
  const directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  const configuration = join(directory, 'nutcracker.yml');
  const [port, statsPort] = await freePorts();
  writeFileSync(
    configuration,
    [
      'pool:',
      `  listen: 127.0.0.1:${port}`,
      '  hash: fnv1a_64',
      '  distribution: ketama',
      '  timeout: 15000',
      '  servers:',
      ...servers.map((server, index) => `   - 127.0.0.1:${server.port}:1 server-${index}`),
      '',
    ].join('\n'),
  );
  const files = ['-o', join(directory, 'log'), '-p', join(directory, 'pid')];
  const proxy: ChildProcess = spawn(
    'nutcracker',
    ['-c', configuration, ...files, '-a', '127.0.0.1', '-s', String(statsPort)],
    { stdio: 'ignore' },
  );
  const probe = new MemcachedClient({ host: '127.0.0.1', port: port! }, { backoffBaseMs: 10 });
  await vi.waitFor(() => expect(probe.state).toBe('connected'), { timeout: 20_000, interval: 10 });
  probe.close();
  return {
    address: { host: '127.0.0.1', port: port! },
    stop: async () => {
      if (proxy.kill('SIGKILL')) await once(proxy, 'exit');
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer()];
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
