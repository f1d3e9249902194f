/** hotset/redis in @redis/client, against a real redis-server, beside the client's own BasicClientSideCache. */

import { once } from 'node:events';
import {
  BasicClientSideCache,
  createClient,
  createClientPool,
  createCluster,
  RESP_TYPES,
  type RedisClientOptions,
} from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { HotsetClientSideCache, HotsetPooledClientSideCache } from '../../lib/adapters/redis/index.js';
import { redisTool } from '../support/external-tool.js';
import { startLink } from '../support/link.js';
import { type RunningRedis, startRedis, startRedisCluster } from '../support/redis-process.js';

const tool = redisTool();
const WAIT = { timeout: 10_000, interval: 2 };

// biome-ignore lint/suspicious/noExplicitAny: clients with and without type mappings
type Client = any;

describe.skipIf(tool.missing)(`hotset/redis${tool.hint}`, () => {
  let server: RunningRedis;
  let writer: Client;
  const open: Client[] = [];

  async function connect(
    options: RedisClientOptions,
    at: { readonly path: string } = server,
  ): Promise<Client> {
    const client = createClient({
      socket: { path: at.path, reconnectStrategy: 5 },
      ...options,
    } as RedisClientOptions);
    client.on('error', () => {});
    await client.connect();
    open.push(client);
    return client;
  }

  /** The server sends an invalidation before it answers the writer: it comes before the answer to this ping. */
  const caughtUp = (client: Client) => client.ping();

  beforeAll(async () => {
    server = await startRedis();
    writer = await connect({});
  });
  beforeEach(async () => {
    await writer.flushAll();
  });
  afterAll(async () => {
    for (const client of open) if (client.isOpen) client.destroy();
    await server?.stop();
  });

  it('is what a client takes for its cache, and not options for another one', async () => {
    const cache = new HotsetClientSideCache();
    const client = await connect({ clientSideCache: cache });
    expect(client.clientSideCache).toBe(cache);
    expect(() => createClient({ RESP: 2, clientSideCache: cache } as never)).toThrow('RESP3');
  });

  it('answers each command as the server does, the second time too', async () => {
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache });
    await writer.set('text', 'héllo');
    await writer.set('number', '41');
    await writer.hSet('hash', { a: '1', __proto_: 'x', b: '' });
    await writer.sendCommand(['HSET', 'odd', '__proto__', 'field']);
    await writer.rPush('list', ['a', 'b', 'c']);
    await writer.sAdd('set', ['x', 'y']);
    await writer.zAdd('sorted', [
      { value: 'one', score: 1 },
      { value: 'two', score: 2.5 },
    ]);
    await writer.xAdd('stream', '1-1', { field: 'value' });
    await writer.geoAdd('places', { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' });
    const commands: ((client: Client) => Promise<unknown>)[] = [
      (client) => client.get('text'),
      (client) => client.get('absent'),
      (client) => client.get(Buffer.from('text')),
      (client) => client.mGet(['text', 'absent', 'number']),
      (client) => client.strLen('text'),
      (client) => client.getRange('text', 0, 2),
      (client) => client.exists(['text', 'absent']),
      (client) => client.type('hash'),
      (client) => client.hGetAll('hash'),
      (client) => client.hGetAll('absent'),
      (client) => client.hGetAll('odd'),
      (client) => client.hGet('hash', 'a'),
      (client) => client.hmGet('hash', ['a', 'z']),
      (client) => client.hKeys('hash'),
      (client) => client.hLen('hash'),
      (client) => client.lRange('list', 0, -1),
      (client) => client.lIndex('list', 1),
      (client) => client.sMembers('set'),
      (client) => client.sIsMember('set', 'x'),
      (client) => client.smIsMember('set', ['x', 'z']),
      (client) => client.zRange('sorted', 0, -1),
      (client) => client.zRangeWithScores('sorted', 0, -1),
      (client) => client.zScore('sorted', 'two'),
      (client) => client.zmScore('sorted', ['one', 'absent']),
      (client) => client.xRange('stream', '-', '+'),
      (client) => client.xLen('stream'),
      (client) => client.geoPos('places', ['Palermo', 'absent']),
      (client) => client.geoDist('places', 'Palermo', 'Palermo'),
      (client) => client.bitCount('text'),
    ];
    for (const command of commands) {
      const truth = await command(writer);
      for (let i = 0; i < 2; i++) {
        const answer = await command(cached);
        expect(answer, String(command)).toStrictEqual(truth);
        if (typeof truth === 'object' && truth !== null)
          expect(Object.getPrototypeOf(answer), String(command)).toBe(Object.getPrototypeOf(truth));
      }
    }
    const stats = cache.stats();
    expect(stats.hitCount).toBeGreaterThanOrEqual(commands.length - 1);
    expect(cache.size()).toBe(stats.loadSuccessCount);
  });

  it('gives Buffers where the client is set to Buffers', async () => {
    const cached = await connect({
      clientSideCache: new HotsetClientSideCache(),
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    } as never);
    await writer.set('k', 'abc');
    for (let i = 0; i < 2; i++) expect(await cached.get('k')).toStrictEqual(Buffer.from('abc'));
  });

  it('keeps binary keys apart', async () => {
    const cached = await connect({ clientSideCache: new HotsetClientSideCache() });
    const keys = [0xff, 0xfe, 0x80].map((byte) => Buffer.from([byte]));
    for (const [i, key] of keys.entries()) await writer.set(key, `${i}`);
    for (let round = 0; round < 2; round++)
      for (const [i, key] of keys.entries()) expect(await cached.get(key)).toBe(`${i}`);
    await writer.set(keys[1], 'new');
    await caughtUp(cached);
    expect(await Promise.all(keys.map((key) => cached.get(key)))).toEqual(['0', 'new', '2']);
  });

  it("does not let a caller change another's value", async () => {
    const cached = await connect({ clientSideCache: new HotsetClientSideCache() });
    await writer.hSet('hash', { a: '1' });
    for (let i = 0; i < 3; i++) {
      const value = await cached.hGetAll('hash');
      expect(value).toEqual({ a: '1' });
      value.a = 'changed';
    }
  });

  it("serves what another client wrote, as the client's own cache does, over 2,000 random operations", async () => {
    const ours = new HotsetClientSideCache({ maxBytes: 30_000 });
    const theirs = new BasicClientSideCache({ maxEntries: 50 });
    const readers = [await connect({ clientSideCache: ours }), await connect({ clientSideCache: theirs })];
    let seed = 7;
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    const key = (kind: string) => `${kind}:${random(40)}`;
    const writes = [
      () => writer.set(key('s'), `${random(1000)}`),
      () => writer.del(key('s')),
      () => writer.hSet(key('h'), `f${random(3)}`, `${random(1000)}`),
      () => writer.rPush(key('l'), `${random(1000)}`),
      () => writer.mSet({ [key('s')]: 'a', [key('s')]: 'b' }),
      () => writer.rename(key('s'), key('s')).catch(() => {}),
    ];
    const reads: ((...args: string[]) => (client: Client) => Promise<unknown>)[] = [
      (s) => (client) => client.get(s),
      (s, t) => (client) => client.mGet([s, t]),
      (_s, _t, h) => (client) => client.hGetAll(h),
      (_s, _t, h) => (client) => client.hGet(h, 'f1'),
      (_s, _t, _h, l) => (client) => client.lRange(l, 0, -1),
    ];
    for (let i = 0; i < 2000; i++) {
      if (random(5) === 0) {
        await writes[random(writes.length)]!();
        await Promise.all(readers.map(caughtUp));
        continue;
      }
      const read = reads[random(reads.length)]!(key('s'), key('s'), key('h'), key('l'));
      const [truth, ...answers] = await Promise.all([writer, ...readers].map(read));
      expect(answers).toEqual([truth, truth]);
      expect(ours.engine.bytes).toBeLessThanOrEqual(30_000);
    }
    expect(ours.stats().hitCount).toBeGreaterThan(300);
    expect(ours.stats().evictionCount).toBeGreaterThan(0);
    expect(ours.engine.verify()).toEqual([]);
  });

  it('never ends with an old value, however reads and invalidations cross', async () => {
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache });
    for (let round = 0; round < 200; round++) {
      const work: Promise<unknown>[] = [];
      for (let i = 0; i < 10; i++) {
        const key = `k${i % 3}`;
        work.push(cached.get(key), writer.set(key, `${round}.${i}`), cached.mGet(['k0', 'k1', 'k2']));
        if (i % 4 === 0) await new Promise(setImmediate);
      }
      await Promise.all(work);
      await caughtUp(cached);
      expect(await cached.mGet(['k0', 'k1', 'k2'])).toEqual(await writer.mGet(['k0', 'k1', 'k2']));
    }
    expect(cache.stats().hitCount).toBeGreaterThan(0);
  });

  it('reads its own writes', async () => {
    const cached = await connect({ clientSideCache: new HotsetClientSideCache() });
    for (let i = 0; i < 200; i++) {
      await cached.set('k', `${i}`);
      await caughtUp(cached);
      expect(await cached.get('k')).toBe(`${i}`);
    }
  });

  it('forgets everything after FLUSHALL', async () => {
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache });
    await writer.set('k', '1');
    await cached.get('k');
    const heard = once(cache, 'invalidate');
    await writer.flushAll();
    expect(await heard).toEqual([null]);
    expect([cache.size(), await cached.get('k')]).toEqual([0, null]);
  });

  it('forgets what the server removes because its time has passed', async () => {
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache });
    await writer.set('k', '1', { expiration: { type: 'PX', value: 20 } });
    const heard = once(cache, 'invalidate');
    expect(await cached.get('k')).toBe('1');
    await heard;
    expect(await cached.get('k')).toBeNull();
  });

  it('forgets what the server can no longer track', async () => {
    const small = await startRedis(['--tracking-table-max-keys', '5']);
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache }, small);
    for (let i = 0; i < 50; i++) await cached.get(`k${i}`);
    await expect.poll(() => cache.size(), WAIT).toBeLessThanOrEqual(10);
    cached.destroy();
    await small.stop();
  });

  it.each(['the connection is killed', 'the client is closed', 'the client is destroyed'])(
    'is empty when %s, and right afterwards',
    async (how) => {
      const cache = new HotsetClientSideCache();
      const cached = await connect({ clientSideCache: cache });
      await writer.set('k', 'old');
      await cached.get('k');
      expect(cache.size()).toBe(1);
      if (how.endsWith('killed')) {
        await writer.sendCommand(['CLIENT', 'KILL', 'ID', `${await cached.clientId()}`]);
        await expect.poll(() => cache.size(), WAIT).toBe(0);
      } else if (how.endsWith('closed')) await cached.close();
      else cached.destroy();
      expect(cache.size()).toBe(0);
      await writer.set('k', 'new');
      if (!cached.isOpen) await cached.connect();
      expect(await cached.get('k')).toBe('new');
      await writer.set('k', 'newer');
      await caughtUp(cached);
      expect(await cached.get('k')).toBe('newer');
    },
  );

  it('stores nothing of a reply that was under way when the link broke', async () => {
    const link = await startLink(server.path);
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache }, link);
    await writer.set('k', 'old');
    link.hold();
    const reading = cached.get('k').catch(() => 'failed');
    await expect.poll(() => link.heldBytes(), WAIT).toBeGreaterThan(0);
    await writer.set('k', 'new');
    link.cut();
    expect(await reading).toBe('failed');
    await expect.poll(() => cached.get('k').catch(() => 'failed'), WAIT).toBe('new');
    expect(await cached.get('k')).toBe('new');
    cached.destroy();
    await link.stop();
  });

  it('is right after a restart of the server', async () => {
    const first = await startRedis();
    const cache = new HotsetClientSideCache();
    const cached = await connect({ clientSideCache: cache }, first);
    await cached.set('k', 'old');
    await cached.get('k');
    await first.stop();
    await expect.poll(() => cache.size(), WAIT).toBe(0);
    const second = await first.again();
    expect(await cached.get('k')).toBeNull();
    cached.destroy();
    await second.stop();
  });

  it('counts as the client counts', async () => {
    const ours = new HotsetClientSideCache();
    const theirs = new BasicClientSideCache();
    await writer.set('k', '1');
    for (const clientSideCache of [ours, theirs]) {
      const client = await connect({ clientSideCache });
      await client.get('k');
      await client.get('k');
      await client.get('absent');
      await expect(client.hGet('k', 'f')).rejects.toThrow('WRONGTYPE');
    }
    const { totalLoadTime, ...counts } = ours.stats();
    expect(counts).toEqual({ ...theirs.stats(), totalLoadTime: undefined });
    expect(totalLoadTime).toBeGreaterThan(0);
    expect(ours.stats().hitRate()).toBe(0.25);
    expect(ours.stats().constructor).toBe(theirs.stats().constructor);
  });

  it('bounds bytes, not entries, and what it knows of keys with them', async () => {
    const cache = new HotsetClientSideCache({ maxBytes: 200_000 });
    const cached = await connect({ clientSideCache: cache });
    for (let i = 0; i < 2000; i += 100) {
      await writer.mSet(Array.from({ length: 100 }, (_, j) => [`k${i + j}`, 'x'.repeat(1000)]));
      for (let j = 0; j < 100; j++) await cached.get(`k${i + j}`);
      expect(cache.engine.bytes).toBeLessThanOrEqual(200_000);
    }
    expect(cache.size()).toBeGreaterThan(100);
    expect(cache.size()).toBeLessThan(200);
    await cached.get('k1999');
    await writer.set('large', 'x'.repeat(300_000));
    expect(await cached.get('large')).toHaveLength(300_000);
    expect(cache.engine.has('large')).toBe(false);
  });

  it('serves a pool', async () => {
    const cache = new HotsetPooledClientSideCache({ maxBytes: '1MiB' });
    const pool = createClientPool(
      { socket: { path: server.path } } as never,
      { minimum: 4, maximum: 4, clientSideCache: cache } as never,
    ) as Client;
    pool.on('error', () => {});
    await pool.connect();
    expect(pool.clientSideCache).toBe(cache);
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          i % 3 === 0 ? writer.set(`k${i % 4}`, `${round}`) : pool.get(`k${i % 4}`),
        ),
      );
      await expect
        .poll(() => Promise.all(['k0', 'k1', 'k2', 'k3'].map((key) => pool.get(key))), WAIT)
        .toEqual(await writer.mGet(['k0', 'k1', 'k2', 'k3']));
    }
    expect(cache.stats().hitCount).toBeGreaterThan(0);
    await pool
      .execute(async (client: Client) => client.clientId())
      .then((id: number) => writer.sendCommand(['CLIENT', 'KILL', 'ID', `${id}`]));
    await expect.poll(() => cache.size(), WAIT).toBe(0);
    await pool.get('k0');
    pool.destroy();
    expect(cache.size()).toBe(0);
  });

  it('serves a cluster of three', async () => {
    const cluster = await startRedisCluster(3);
    onTestFinished(() => cluster.stop());
    const cache = new HotsetPooledClientSideCache();
    const options = { rootNodes: cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) };
    const reader = createCluster({ ...options, clientSideCache: cache } as never) as Client;
    const other = createCluster(options as never) as Client;
    await Promise.all([reader.connect(), other.connect()]);
    const keys = Array.from({ length: 30 }, (_, i) => `key:${i}`);
    for (let round = 0; round < 5; round++) {
      for (const key of keys) await other.set(key, `${round}`);
      for (let i = 0; i < 2; i++)
        await expect
          .poll(() => Promise.all(keys.map((key) => reader.get(key))), WAIT)
          .toEqual(keys.map(() => `${round}`));
    }
    expect(cache.stats().hitCount).toBeGreaterThanOrEqual(150);
    reader.destroy();
    other.destroy();
  });

  it('refuses options that it does not know, and changes nothing', () => {
    for (const Cache of [HotsetClientSideCache, HotsetPooledClientSideCache])
      for (const options of [null, [], { maxEntries: 0 }, { ttl: 5 }, { evictPolicy: 'FIFO' }])
        expect(() => new Cache(options as never)).toThrow(
          expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
        );
  });
});
