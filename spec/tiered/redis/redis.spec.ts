/** The second tier, tracking and pub/sub over each client, with one real server and with a cluster of three. */

import { Redis as Ioredis5 } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type NodeRedisClient, redisTier } from '../../../lib/tiered/index.js';
import { leaseKeyOf, slotOf } from '../../../lib/tiered/redis/hash-slots.js';
import { type Argument, READ_OR_LEASE, runScript } from '../../../lib/tiered/redis/scripts.js';
import type { SecondTier, TierEntry } from '../../../lib/tiered/second-tier.js';
import { redisTool } from '../../support/external-tool.js';
import {
  type RunningCluster,
  type RunningRedis,
  startRedis,
  startRedisCluster,
} from '../../support/redis-process.js';
import { secondTierContract } from '../second-tier-contract.js';
import { CLIENTS, nodeRedis, ODD_CLIENTS, type OpenClient, openIoredis } from './fixture.js';
import { pubSubSpecs } from './pub-sub-specs.js';
import { Reports, set, trackingSpecs } from './tracking-specs.js';

const tool = redisTool();
const { signal } = new AbortController();

describe.skipIf(tool.missing)(`Redis as a second tier${tool.hint}`, () => {
  let server: RunningRedis;
  let cluster: RunningCluster;

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startRedisCluster(3)]);
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), cluster?.stop()]);
  });

  for (const { name, ...makes } of CLIENTS) {
    for (const kind of ['server', 'cluster'] as const)
      describe(`over ${name} with a ${kind}`, () => {
        let opened: OpenClient;
        let tier: SecondTier;

        beforeAll(async () => {
          opened = await (kind === 'server' ? makes.server(server.path) : makes.cluster(cluster.ports));
          tier = redisTier(opened.client);
        });
        afterAll(() => opened?.close());

        secondTierContract({ tier: () => tier });
        trackingSpecs(`${name} ${kind} `, () => opened);
        pubSubSpecs(`${name} ${kind} `, () => opened);
      });

    it(`reports a FLUSHALL over ${name}`, async () => {
      const open = await makes.server(server.path);
      onTestFinished(() => open.close());
      const reports = await Reports.start(open, 'app:');
      await server.command('flushall');
      expect(await reports.caughtUp()).toEqual(['all']);
    });

    it(`follows a slot that moves to another master over ${name}`, async () => {
      const open = await makes.cluster(cluster.ports);
      onTestFinished(() => open.close());
      const tier = redisTier(open.client);
      const prefix = `{${name}}:`;
      await set(tier, `${prefix}before`);
      const reports = await Reports.start(open, prefix);
      await tier.delete([`${prefix}before`], signal);
      await reports.caughtUp();
      await cluster.moveSlot(slotOf(prefix));
      await reports.until('disconnected');
      await reports.until('connected');
      await set(tier, `${prefix}after`);
      expect((await tier.get([`${prefix}after`], signal)).size).toBe(1);
      expect(await reports.caughtUp()).toContain(`key:${prefix}after`);
    });
  }

  for (const { name, ...makes } of ODD_CLIENTS)
    it.each(['server', 'cluster'] as const)(`does the same over ${name} with a %s`, async (kind) => {
      const open = await (kind === 'server' ? makes.server(server.path) : makes.cluster(cluster.ports));
      onTestFinished(() => open.close());
      const tier = redisTier(open.client);
      const prefix = `${name}:`;
      const reports = await Reports.start(open, prefix);
      const keys = Array.from({ length: 50 }, (_, at) => `${prefix}${at}`);
      await Promise.all(keys.map((key) => set(tier, key)));
      const found = await tier.get(keys, signal);
      expect(found.size).toBe(50);
      for (const { bytes, ttlMs } of found.values()) {
        expect(Buffer.from(bytes).toString()).toBe('value');
        expect(ttlMs).toBeGreaterThan(0);
      }
      await reports.caughtUp();
      const { lease } = await tier.leases!.read(`${prefix}leased`, 60_000, 0, signal);
      expect((await tier.leases!.read(`${prefix}leased`, 60_000, 0, signal)).isLoading).toBe(true);
      const entry: TierEntry = { bytes: Buffer.from('loaded'), ttlMs: 60_000 };
      expect(await tier.leases!.fill(`${prefix}leased`, lease!, entry, signal)).toBe(true);
      expect(await reports.caughtUp()).toEqual([`key:${prefix}leased`]);
      await tier.deletePrefix!(prefix, signal);
      expect((await tier.get(keys, signal)).size).toBe(0);
    });

  it('has a lease in the slot of its key, as the server counts', async () => {
    for (const key of ['a', 'b{c}d', '{}e', '}', '{', '}{', 'f{', '{{g}}', 'ü{ö}', 'ü', 'h{}{i}']) {
      const slot = Number(await cluster.command('cluster', 'keyslot', key));
      expect(slotOf(key), key).toBe(slot);
      expect(Number(await cluster.command('cluster', 'keyslot', leaseKeyOf(key))), key).toBe(slot);
    }
  });

  it('needs no more of an ACL than docs/tiered-redis.md says', async () => {
    const commands =
      '+eval +evalsha +get +mget +set +unlink +pttl +time +scan +client|tracking +client|id +subscribe +ping';
    await server.command(
      ...[
        'acl',
        'setuser',
        'cache',
        'on',
        '>secret',
        '~app:*',
        '~{*}:hotset-lease:*',
        '&__redis__:invalidate',
      ],
      ...commands.split(' '),
    );
    const user = { username: 'cache', password: 'secret' };
    const opened = [
      await nodeRedis(server.path, user),
      await openIoredis(new Ioredis5({ ...user, path: server.path, enableReadyCheck: false })),
    ];
    for (const each of opened) {
      onTestFinished(() => each.close());
      const tier = redisTier(each.client);
      const reports = await Reports.start(each, 'app:');
      await set(tier, 'app:key');
      expect(await reports.caughtUp()).toEqual(['key:app:key']);
      const { lease } = await tier.leases!.read('app:leased', 60_000, 0, signal);
      await tier.leases!.release('app:leased', lease!, signal);
      await tier.delete(['app:absent'], signal);
      await tier.deletePrefix!('app:', signal);
      expect((await tier.get(['app:key'], signal)).size).toBe(0);
      await expect(tier.get(['other:key'], signal)).rejects.toThrow(/NOPERM|ACL|permission/i);
    }
  });

  it('gives the lease once more to a client that sends its command again', async () => {
    const each = await CLIENTS[0]!.server(server.path);
    onTestFinished(() => each.close());
    const send = (command: Argument[]): Promise<unknown> =>
      (each.client as NodeRedisClient).sendCommand(command);
    const keys = ['again', leaseKeyOf('again')];
    for (const token of ['first', 'first', 'second'])
      expect(await runScript(READ_OR_LEASE, keys, [token, '60000', '0'], send)).toEqual([
        null,
        -2,
        token === 'first' ? 1 : 0,
      ]);
  });

  it('takes what is no entry for absent', async () => {
    const each = await CLIENTS[0]!.server(server.path);
    onTestFinished(() => each.close());
    const tier = redisTier(each.client);
    for (const value of ['', 'short', '12345678']) {
      await server.command('set', 'foreign', value);
      expect((await tier.get(['foreign'], signal)).size).toBe(0);
      const { entry, lease } = await tier.leases!.read('foreign', 60_000, 0, signal);
      expect([entry, typeof lease]).toEqual([undefined, 'string']);
      await tier.delete(['foreign'], signal);
    }
  });

  it('takes somebody else’s list for absent, and its place', async () => {
    for (const { server: connect } of CLIENTS) {
      const each = await connect(server.path);
      onTestFinished(() => each.close());
      const tier = redisTier(each.client);
      const entry: TierEntry = { bytes: Buffer.from('value'), ttlMs: 60_000 };
      // At first with the script, and then, once the server's time is known, with GET.
      for (const key of ['list:script', 'list:get']) {
        await server.command('rpush', key, 'foreign');
        expect((await tier.get([key], signal)).size).toBe(0);
        expect((await tier.get([key, 'list:absent'], signal)).size).toBe(0);
        const { lease } = await tier.leases!.read(key, 60_000, 0, signal);
        expect(await tier.leases!.fill(key, lease!, entry, signal)).toBe(true);
        expect((await tier.get([key], signal)).size).toBe(1);
        await tier.delete([key], signal);
      }
    }
  });

  it('deletes no key that only has a prefix like that of a lease in it', async () => {
    const each = await CLIENTS[0]!.server(server.path);
    onTestFinished(() => each.close());
    const tier = redisTier(each.client);
    await set(tier, 'x}:hotset-lease:app:1');
    await tier.deletePrefix!('app:', signal);
    expect((await tier.get(['x}:hotset-lease:app:1'], signal)).size).toBe(1);
  });

  it('leaves no lease behind', async () => {
    const open = await CLIENTS[0]!.server(server.path);
    onTestFinished(() => open.close());
    const { leases } = redisTier(open.client);
    await leases!.read('held', 60_000, 0, signal);
    const leaseKey = leaseKeyOf('held');
    expect(Number(await server.command('pttl', leaseKey))).toBeGreaterThan(0);
    const { lease } = await leases!.read('filled', 60_000, 0, signal);
    const entry: TierEntry = { bytes: Buffer.from('value'), ttlMs: 60_000 };
    await leases!.fill('filled', lease!, entry, signal);
    expect(Number(await server.command('exists', leaseKeyOf('filled')))).toBe(0);
  });
});
