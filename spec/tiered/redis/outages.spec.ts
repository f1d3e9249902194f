/** Servers that stop, come back empty, or are silent, over each client. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { redisTier } from '../../../lib/tiered/index.js';
import { redisTool } from '../../support/external-tool.js';
import { type RunningRedis, startRedis } from '../../support/redis-process.js';
import { CLIENTS } from './fixture.js';
import { subscribed } from './pub-sub-specs.js';
import { Reports, set } from './tracking-specs.js';

const tool = redisTool();
const WAIT = { timeout: 20_000, interval: 2 };
const { signal } = new AbortController();

for (const { name, server: connect } of CLIENTS)
  describe.skipIf(tool.missing)(`${name} whose server goes${tool.hint}`, () => {
    let server: RunningRedis;

    beforeAll(async () => {
      server = await startRedis();
    });
    afterAll(async () => {
      await server?.stop();
    });

    it('settles every call under load, refuses while it is gone, and works again with the next one', async () => {
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const tier = redisTier(open.client);
      await set(tier, 'key');

      let isOver = false;
      let refused = 0;
      const outcomes = { good: 0, bad: 0 };
      const worker = async (id: number): Promise<void> => {
        for (let turn = 0; !isOver; turn++) {
          const key = `key ${id} ${turn % 10}`;
          // What a client had not sent yet waits for the next server, unless its caller gives up.
          const limit = AbortSignal.timeout(100);
          const calls = [
            set(tier, key, 60_000, limit),
            tier.get([key], limit),
            tier.leases!.read(key, 60_000, 0, limit),
            tier.delete([key], limit),
          ];
          for (const call of await Promise.allSettled(calls)) {
            outcomes[call.status === 'fulfilled' ? 'good' : 'bad']++;
            if (call.status === 'rejected' && call.reason.code === 'HOTSET_DISCONNECTED') refused++;
          }
          await new Promise(setImmediate);
        }
      };
      const load = Promise.all(Array.from({ length: 8 }, (_, id) => worker(id)));
      await vi.waitFor(() => expect(outcomes.good).toBeGreaterThan(100), WAIT);
      await server.stop();
      await vi.waitFor(() => expect(refused).toBeGreaterThan(100), WAIT);
      server = await server.again();
      outcomes.good = 0;
      await vi.waitFor(() => expect(outcomes.good).toBeGreaterThan(100), WAIT);
      isOver = true;
      await load;

      expect((await tier.get(['key'], signal)).size).toBe(0);
      await set(tier, 'key');
      expect((await tier.get(['key'], signal)).size).toBe(1);
    });

    it('voids leases that a server took with it', async () => {
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const tier = redisTier(open.client);
      const { lease } = await tier.leases!.read('leased', 60_000, 0, signal);
      expect(lease).toEqual(expect.any(String));
      await server.stop();
      server = await server.again();
      const entry = { bytes: Buffer.from('value'), ttlMs: 60_000 };
      const filled = await vi.waitFor(() => tier.leases!.fill('leased', lease!, entry, signal), WAIT);
      expect(filled).toBe(false);
      expect((await tier.leases!.read('leased', 60_000, 0, signal)).lease).toEqual(expect.any(String));
    });

    it('is tracked again, and the loss is reported', async () => {
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const reports = await Reports.start(open, 'app:');
      await server.stop();
      await reports.until('disconnected');
      server = await server.again();
      await reports.until('connected');
      expect(reports.events).toEqual(['disconnected', 'connected']);
      await reports.caughtUp();
      await server.command('set', 'app:key', 'value');
      expect(await reports.caughtUp()).toEqual(['key:app:key']);
    });

    it('is taken for lost when it is silent', async () => {
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const reports = await Reports.start(open, 'app:');
      server.pause();
      await reports.until('disconnected');
      server.resume();
      await reports.until('connected');
    });

    it('reports once that it cannot be tracked, and tracks it when it can', async () => {
      await server.command('acl', 'setuser', 'default', '-client|tracking');
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const reports = Reports.begin(open, 'app:');
      await reports.until('disconnected');
      await server.command('acl', 'setuser', 'default', '+client|tracking');
      await reports.until('connected');
      expect(reports.events).toEqual(['disconnected', 'connected']);
    });

    it('is subscribed to again, and the loss is reported', async () => {
      const open = await connect(server.path);
      onTestFinished(() => open.close());
      const events = await subscribed(open, 'channel');
      await server.stop();
      await vi.waitFor(() => expect(events).toEqual(['down']), WAIT);
      server = await server.again();
      await vi.waitFor(() => expect(events).toEqual(['down', 'up']), WAIT);
      await server.command('publish', 'channel', 'text');
      await vi.waitFor(() => expect(events).toEqual(['down', 'up', 'text']), WAIT);
    });
  });
