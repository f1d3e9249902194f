/** The tier over hotset.v1: what every second tier does, on both stores, and what is its own. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HotsetClient } from '../../lib/client/index.js';
import { CoarseClock, monotonicClock } from '../../lib/engine/clock.js';
import { ManualClock } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { type ClientTier, clientTier } from '../../lib/tiered/client-tier.js';
import { memcachedTier } from '../../lib/tiered/memcached-tier.js';
import type { TierEntry } from '../../lib/tiered/second-tier.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { createStore, STORE_NAMES } from '../support/stores.js';
import { secondTierContract } from './second-tier-contract.js';

vi.setConfig({ maxConcurrency: 50 });

const HOUR_MS = 3_600_000;
const { signal } = new AbortController();

const entry = (text: string, ttlMs: number): TierEntry => ({ bytes: Buffer.from(text), ttlMs });
const textOf = (found: TierEntry | undefined): string | undefined =>
  found === undefined ? undefined : Buffer.from(found.bytes).toString();

for (const store of STORE_NAMES)
  describe.concurrent(`clientTier over the store ${store}`, () => {
    let stop: () => Promise<void>;
    let url: string;
    let memcachedPort: number;
    let client: HotsetClient;
    let tier: ClientTier;

    beforeAll(async () => {
      const served = createStore(store, { clock: new CoarseClock(monotonicClock) });
      const http = createServer();
      const endpoint = attachWebSocket(served, { server: http, path: '/ws' });
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`;
      const tcp = createTcpServer(served, { port: 0 });
      memcachedPort = ((await tcp.listen()) as AddressInfo).port;
      client = new HotsetClient(url);
      tier = clientTier(client);
      stop = async () => {
        client.close();
        await tcp.close({ forceAfterMs: 0 });
        await endpoint.close({ forceAfterMs: 0 });
        http.close();
        http.closeAllConnections();
      };
    });
    afterAll(() => stop());

    secondTierContract({ tier: () => tier, maxValueBytes: 1_000_000 });

    it('keeps milliseconds', async () => {
      await tier.set(new Map([['ms', entry('value', 10_500)]]), signal);
      const { ttlMs } = (await tier.get(['ms'], signal)).get('ms')!;
      expect(ttlMs).toBeGreaterThan(9000);
      expect(ttlMs).toBeLessThanOrEqual(10_500);
    });

    it('does not store what is too large, takes the old value away, and counts it', async () => {
      const large = clientTier(client, { maxValueBytes: 64 * 1024 * 1024 });
      for (const each of [tier, large]) {
        await each.set(new Map([['large', entry('old', HOUR_MS)]]), signal);
        const bytes = Buffer.alloc(1_050_000, 'x');
        await each.set(new Map([['large', { bytes, ttlMs: HOUR_MS }]]), signal);
        expect((await each.get(['large'], signal)).size).toBe(0);
        const { lease } = await each.leases.read('large', 5000, 0, signal);
        expect(await each.leases.fill('large', lease!, { bytes, ttlMs: HOUR_MS }, signal)).toBe(true);
        expect((await each.get(['large'], signal)).size).toBe(0);
        expect(each.stats().tooLarge).toBe(2);
      }
    });

    it('gives no lease that a server gave before it was restarted', async () => {
      const { lease } = await tier.leases.read('epoch', 5000, 0, signal);
      const [, version] = lease!.split('.');
      for (const other of [`zzzzzz.${version}`, version!, 'nonsense'])
        expect(await tier.leases.fill('epoch', other, entry('x', HOUR_MS), signal)).toBe(false);
      expect(await tier.leases.fill('epoch', lease!, entry('x', HOUR_MS), signal)).toBe(true);
    });

    it('lets another process take over the lease of a stale entry that its holder leaves', async () => {
      const clock = new ManualClock();
      const other = clientTier(client, { clock });
      await tier.set(new Map([['dead', entry('value', HOUR_MS)]]), signal);
      const { lease } = await tier.leases.read('dead', 5000, 2 * HOUR_MS, signal);
      const read = () => other.leases.read('dead', 5000, 2 * HOUR_MS, signal);
      expect(await read()).toMatchObject({ lease: undefined, isLoading: true });
      clock.advance(4999);
      expect(await read()).toMatchObject({ lease: undefined, isLoading: true });
      clock.advance(1);
      const taken = await read();
      expect(textOf(taken.entry)).toBe('value');
      expect(other.stats().takeovers).toBe(1);
      expect(await tier.leases.fill('dead', lease!, entry('late', HOUR_MS), signal)).toBe(false);
      expect(await other.leases.fill('dead', taken.lease!, entry('new', 3 * HOUR_MS), signal)).toBe(true);
    });

    it('returns a lease that comes when nobody waits for it any more', async () => {
      const gone = new AbortController();
      const late = tier.leases.read('late', 60_000, 0, gone.signal);
      // It has been sent when this microtask is over.
      await Promise.resolve();
      await Promise.resolve();
      gone.abort();
      await expect(late).rejects.toThrow();
      await vi.waitFor(async () => {
        expect((await tier.leases.read('late', 60_000, 0, signal)).lease).toBeDefined();
      });
    });

    it('sees the leases of the memcached protocol, and shows its own to it', async () => {
      const memcached = memcachedTier(`127.0.0.1:${memcachedPort}`);
      const first = await memcached.leases.read('both', 60_000, 0, signal);
      expect(await tier.leases.read('both', 60_000, 0, signal)).toEqual({
        entry: undefined,
        lease: undefined,
        isLoading: true,
      });
      expect(await memcached.leases.fill('both', first.lease!, entry('one', HOUR_MS), signal)).toBe(true);
      expect(textOf((await tier.get(['both'], signal)).get('both'))).toBe('one');

      const second = await tier.leases.read('other', 60_000, 0, signal);
      expect(await memcached.leases.read('other', 60_000, 0, signal)).toMatchObject({ isLoading: true });
      await tier.leases.release('other', second.lease!, signal);
      const third = await memcached.leases.read('other', 60_000, 0, signal);
      expect(third.lease).toBeDefined();
      await tier.delete(['other'], signal);
      expect(await memcached.leases.fill('other', third.lease!, entry('two', HOUR_MS), signal)).toBe(false);
      memcached.close();
    });
  });
