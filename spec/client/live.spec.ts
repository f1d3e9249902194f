/** Clients and the real server: who writes, who forgets, and a storm of writes over connections that break. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheValue, HotsetClient, type Invalidation } from '../../lib/client/index.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session } from '../../lib/memcached/session.js';
import { type LiveServer, liveServer } from './live-fixture.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const NEAR = { nearCache: {} };

/** A write in the process. */
function put({ engine }: LiveServer, key: string, value: string, options?: { flags: number }): void {
  engine.set(key, options === undefined ? value : Buffer.from(value), options);
}

/** How many reads the near cache has answered. */
const hits = (client: HotsetClient): number => client.nearStats()!.hits;

it('forgets within one round trip what another client has written', async () => {
  const server = await liveServer();
  const writer = server.connect().client;
  const reader = server.connect(NEAR).client;
  const { version } = await writer.set('user:7', { name: 'Ada' });
  expect(await reader.get('user:7')).toEqual({ name: 'Ada' });
  for (const change of [
    () => writer.set('user:7', { name: 'Grace' }),
    () => writer.compareAndSet('user:7', version!, 'too late'),
    () => writer.touch('user:7', 100_000),
    () => writer.delete('user:7'),
    () => writer.set('user:7', 41),
    () => writer.increment('user:7'),
    () => writer.add('user:7', 'there already'),
    () => writer.flush(),
  ]) {
    await change();
    await reader.ping();
    expect(await reader.get('user:7')).toEqual(await writer.get('user:7'));
    // What is there again is held again.
    const before = hits(reader);
    const again = await reader.get('user:7');
    expect(again).toEqual(await writer.get('user:7'));
    expect(hits(reader) - before).toBe(again === undefined ? 0 : 1);
  }
});

it('forgets a value that another one with the same cas id has taken the place of', async () => {
  const server = await liveServer();
  const reader = server.connect(NEAR).client;
  const session = new Session(itemStoreOf(server.engine), new ReplyBuffer());
  for (const value of ['a', 'b', 'c']) {
    session.feed(Buffer.from(`ms k 1 E100\r\n${value}\r\n`));
    await reader.ping();
    expect(await reader.get('k')).toBe(value);
  }
});

it('does not take what a listener in the process writes over its own value for that', async () => {
  const server = await liveServer();
  const { client } = server.connect(NEAR);
  server.engine.subscribe('k', ({ version }) => {
    if (version === 1) put(server, 'k', 'of the listener');
  });
  await client.set('k', 'own');
  await client.ping();
  expect(await client.get('k')).toBe('of the listener');
});

it('forgets what the process itself changes, what is evicted, and what expires', async () => {
  const server = await liveServer({}, { maxEntries: 3 });
  const reader = server.connect(NEAR).client;
  for (const key of ['a', 'b', 'c']) put(server, key, 'old');
  expect(await reader.getMany(['a', 'b', 'c'])).toEqual(new Map(['a', 'b', 'c'].map((key) => [key, 'old'])));
  put(server, 'b', 'new');
  put(server, 'd', 'newer');
  await reader.ping();
  expect(await reader.getMany(['a', 'b', 'c', 'd'])).toEqual(
    new Map([
      ['b', 'new'],
      ['c', 'old'],
      ['d', 'newer'],
    ]),
  );
  server.engine.clear();
  await reader.ping();
  expect(await reader.getMany(['b', 'c', 'd'])).toEqual(new Map());
});

it('holds own writes as the server would give them', async () => {
  const server = await liveServer();
  const writer = server.connect(NEAR).client;
  const stranger = server.connect().client;
  const check = async (value: CacheValue): Promise<void> => {
    await writer.set('a', value);
    const before = hits(writer);
    const near = await writer.get('a');
    expect(near).toEqual(await stranger.get('a'));
    expect(hits(writer)).toBe(before + 1);
    expect(await writer.getEntry('a')).toEqual(await stranger.getEntry('a'));
  };
  for (const value of ['', '\ufeffmark', '\u0000', 'ü€😀', null, -0, [-0, null], new Uint8Array()])
    await check(value);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.jsonValue().map((value) => value as CacheValue),
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(new Date(0), { __proto__: null, a: undefined }, new Uint8Array(10_000).fill(255)),
      ),
      check,
    ),
    { numRuns: 100 },
  );
});

it('reads numbers that JavaScript does not have, and does not hold them', async () => {
  const server = await liveServer();
  const reader = server.connect(NEAR).client;
  put(server, 'large', '{"a":[1e400]}', { flags: 2 });
  expect(await reader.get('large')).toEqual({ a: [Number.POSITIVE_INFINITY] });
  expect(await reader.get('large')).toEqual({ a: [Number.POSITIVE_INFINITY] });
  expect(reader.nearStats()).toMatchObject({ size: 0, hits: 0 });
});

it('reads what is nested too deeply to be held', async () => {
  const server = await liveServer();
  const reader = server.connect(NEAR).client;
  const depth = 100_000;
  put(server, 'deep', '['.repeat(depth) + ']'.repeat(depth), { flags: 2 });
  expect(Array.isArray(await reader.get('deep'))).toBe(true);
  expect(reader.nearStats()?.size).toBe(0);
});

it('reads at once what is more than one reply may hold', async () => {
  const server = await liveServer({ maxReplyBytes: 4096 });
  const { client } = server.connect();
  const keys = Array.from({ length: 10 }, (_, i) => `key-${i}`);
  await Promise.all(keys.map((key) => client.set(key, key.padEnd(3000))));
  const values = await Promise.all(keys.map((key) => client.get(key)));
  expect(values).toEqual(keys.map((key) => key.padEnd(3000)));
  await expect(client.getMany(keys)).rejects.toMatchObject({ code: 'HOTSET_REPLY_TOO_LARGE' });
});

it('passes on what the server refuses', async () => {
  const server = await liveServer({ maxItemBytes: 2048, access: 'full', casIds: false });
  const { client } = server.connect(NEAR);
  await expect(client.set('a', 'x'.repeat(3000))).rejects.toMatchObject({ code: 'HOTSET_TOO_LARGE' });
  await expect(client.get('a b')).rejects.toMatchObject({ code: 'HOTSET_INVALID_KEY' });
  await expect(client.get('\ud83d')).rejects.toMatchObject({ code: 'HOTSET_INVALID_KEY' });
  await client.set('a', 'text');
  await expect(client.increment('a')).rejects.toMatchObject({ code: 'HOTSET_NOT_A_NUMBER' });
  await expect(client.increment('a', 0.5)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
  await expect(client.compareAndSet('a', '1', 2)).rejects.toMatchObject({ code: 'HOTSET_NO_VERSIONS' });
  // Without versions nothing can be told to be the same: what is told is forgotten, and the rest is held.
  expect(await client.get('a')).toBe('text');
  const stats = await client.stats();
  expect(stats).toMatchObject({
    access: 'full',
    connections: { current: 1 },
    engine: { maxEntries: Number.POSITIVE_INFINITY },
  });
  expect(await client.inspect('a')).toMatchObject({
    valueBytes: 4,
    version: null,
    ttlMs: Number.POSITIVE_INFINITY,
  });
  expect(await client.hot()).toMatchObject({ keys: expect.any(Array), prefixes: expect.any(Array) });
});

describe('by itself', () => {
  it('takes ws where there is no WebSocket, and shows its token', async () => {
    const server = await liveServer({ token: 'let~me/in+' });
    const client = new HotsetClient(server.url, { token: 'let~me/in+' });
    try {
      expect(await client.set('a', 1)).toMatchObject({ result: 'stored' });
    } finally {
      client.close();
    }
  });

  it('holds its process open until it is closed', async () => {
    const server = await liveServer();
    const script = `
      const { HotsetClient } = await import('hotset/client');
      const client = new HotsetClient(${JSON.stringify(server.url)}, { nearCache: {} });
      console.log((await client.set('a', 1)).result);
      // Such a timer holds nothing open.
      setTimeout(() => { console.log(client.state); client.close(); }, 20).unref();`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT });
    expect(stdout.trim().split('\n')).toEqual(['stored', 'connected']);
  });

  it('says why it is not let in', async () => {
    const server = await liveServer({ token: 'secret' });
    const reason = await new Promise<string>((resolve) => {
      const { client } = server.connect({
        token: 'wrong',
        onStateChange: (state, error) => state === 'disconnected' && resolve(error!.message),
      });
      client.get('a').catch(() => {});
    });
    expect(reason).toContain('401');
  });

  it('takes up its subscriptions again after a cut', async () => {
    const server = await liveServer();
    const { client, cut } = server.connect();
    const heard: Invalidation[] = [];
    let wake = (): void => {};
    const stop = await client.subscribe({ prefixes: ['a'] }, (each) => {
      heard.push(each);
      wake();
    });
    const next = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    for (const breakConnection of [cut, server.cutAll]) {
      const again = next();
      breakConnection();
      await again;
      expect(heard.at(-1)).toMatchObject({ key: undefined, cause: 'reconnected' });
      const told = next();
      put(server, 'a', 'new');
      await told;
      expect(heard.at(-1)).toMatchObject({ key: 'a', cause: 'stored' });
    }
    stop();
    const count = heard.length;
    put(server, 'a', 'newer');
    await client.ping();
    expect(heard.length).toBe(count);
  });
});

it('forgets all when it has read too slowly to hear of everything', async () => {
  const server = await liveServer({ maxUnsentBytes: 4096 });
  const slow = server.connect({ nearCache: { maxStaleMs: 1e6 }, heartbeatMs: 1e6 });
  const keys = Array.from({ length: 5000 }, (_, i) => `${'long'.repeat(50)}-${i}`);
  const writeAll = async (value: string): Promise<void> => {
    for (const key of keys) put(server, key, value);
    // They are told at the end of the turn.
    await new Promise(setImmediate);
  };
  await writeAll('old');
  expect((await slow.client.getMany(keys.slice(0, 500))).size).toBe(500);
  const lagged = new Promise<void>((resolve, reject) => {
    slow.client
      .subscribe({ prefixes: [''] }, ({ cause }) => cause === 'lagged' && resolve())
      .then(async () => {
        slow.pause();
        // More than sockets and the server's limit hold together.
        for (let turn = 1; turn <= 20; turn++) await writeAll(`value ${turn}`);
        slow.resume();
      })
      .catch(reject);
  });
  await lagged;
  for (const key of keys.slice(0, 500)) expect(await slow.client.get(key)).toBe('value 20');
  expect(slow.client.state).toBe('connected');
});

it('serves nothing older than an invalidation that has come, in a storm of writes over connections that break', async () => {
  const KEYS = ['a', 'b', 'c', 'd', 'e'];
  const server = await liveServer();
  const writer = server.connect();
  /** Which value a version stands for; each key's values grow. */
  const valueByVersion = new Map<string, number>();
  const nearReads: { readonly key: string; readonly value: number; readonly floor: string | undefined }[] =
    [];
  const readers = [NEAR, NEAR, { nearCache: { prefixes: ['a', 'b'] } }].map((options) => ({
    ...server.connect(options),
    /** The versions that were told last. */
    floors: new Map<string, string>(),
  }));
  for (const { client, floors } of readers)
    await client.subscribe({ prefixes: [''] }, ({ key, version }) => {
      if (key !== undefined && version !== null) floors.set(key, version);
    });

  let value = 0;
  const write = async (key: string): Promise<void> => {
    const mine = ++value;
    // A write whose connection broke may or may not have been carried out: nobody has its version.
    const outcome = await writer.client.set(key, mine).catch(() => null);
    if (outcome !== null) valueByVersion.set(outcome.version!, mine);
  };
  const read = async (reader: (typeof readers)[number], key: string): Promise<void> => {
    const before = hits(reader.client);
    const answer = reader.client.get(key);
    if (hits(reader.client) === before) await answer;
    else nearReads.push({ key, value: (await answer) as number, floor: reader.floors.get(key) });
  };

  for (let round = 0; round < 300; round++) {
    const key = KEYS[round % KEYS.length]!;
    const waits: Promise<void>[] = [write(key)];
    for (const reader of readers) for (const each of KEYS) waits.push(read(reader, each), read(reader, each));
    if (round % 40 === 13) readers[round % readers.length]!.cut();
    if (round % 90 === 29) server.cutAll();
    if (round % 70 === 57) writer.cut();
    await Promise.all(waits);
  }

  const known = nearReads.filter(({ floor }) => floor !== undefined && valueByVersion.has(floor));
  expect(known.length).toBeGreaterThan(300);
  for (const { key, value: served, floor } of known)
    expect(served, `${key}, after the invalidation of version ${floor}`).toBeGreaterThanOrEqual(
      valueByVersion.get(floor!)!,
    );
  for (const { client } of readers) {
    await client.ping();
    for (const key of KEYS) expect(await client.get(key)).toBe(Number(server.engine.peek(key)));
  }
});

it('keeps a connection over which one long reply comes slowly', async () => {
  const server = await liveServer({ heartbeatMs: Number.POSITIVE_INFINITY });
  put(server, 'long', 'x'.repeat(1_000_000));
  const slow = await slowProxy(server.url, 64 * 1024, 50);
  const states: string[] = [];
  const client = new HotsetClient(slow.url, {
    heartbeatMs: 100,
    timeoutMs: 60_000,
    onStateChange: (state) => states.push(state),
  });
  try {
    expect(await client.get('long')).toHaveLength(1_000_000);
    expect(states).toEqual(['connecting', 'connected']);
  } finally {
    client.close();
    slow.close();
  }
});

/** A proxy that passes on so many bytes at most each time, and then waits. */
async function slowProxy(
  url: string,
  chunkBytes: number,
  waitMs: number,
): Promise<{ readonly url: string; close(): void }> {
  const { hostname, port } = new URL(url);
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far);
    const pass = (): void => {
      const left = far.readableLength;
      const chunk = left === 0 ? null : (far.read(Math.min(left, chunkBytes)) as Buffer | null);
      if (chunk !== null) near.write(chunk);
    };
    const timer = setInterval(pass, waitMs);
    far.on('readable', () => {});
    near.on('close', () => {
      clearInterval(timer);
      far.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port: proxyPort } = proxy.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${proxyPort}/ws`, close: () => proxy.close() };
}

it('sees what each change in a single trip leaves, near and far', async () => {
  const server = await liveServer();
  const near = server.connect(NEAR).client;
  const reader = server.connect(NEAR).client;
  const stranger = server.connect().client;
  const keys = ['n:1', 'n:2', 't:1'];
  for (const change of [
    () => near.set('n:1', '5', { tags: ['numbers'] }),
    () => near.increment('n:1', 2n ** 63n),
    () => near.increment('n:2', 1, { initial: 40, ttlMs: 60_000 }),
    () => near.append('n:2', '7'),
    () => near.prepend('n:2', new Uint8Array([49])),
    () => near.getAndTouch('n:2', 1000),
    () => near.set('t:1', { deep: [1] }, { tags: ['a', 'numbers'] }),
    () => near.getAndDelete('t:1'),
    () => near.set('t:1', 'again', { tags: ['a'] }),
    () => near.invalidateTags(['numbers']),
    () => near.deletePrefix('n:'),
    () => near.invalidateTags(['a']),
  ]) {
    const held = near.getMany(keys);
    await change();
    await held;
    await reader.ping();
    const expected = await stranger.getMany(keys);
    for (const client of [near, reader, near])
      expect(await client.getMany(keys), String(change)).toEqual(expected);
  }
  expect(server.engine.size).toBe(0);
});

it('pages through keys, and deletes by prefix, over the real server', async () => {
  const server = await liveServer();
  const { client } = server.connect();
  for (let i = 0; i < 2500; i++) put(server, `${i % 5 === 0 ? 'five:' : 'other:'}${i}`, 'v');
  const keys = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await client.keys({ prefix: 'five:', limit: 70, cursor });
    for (const key of page.keys) keys.add(key);
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(keys.size).toBe(500);
  expect(await client.deletePrefix('five:')).toBe(500);
  expect(await client.keys({ prefix: 'five:' })).toEqual({ keys: [], cursor: undefined });
  expect(server.engine.size).toBe(2000);
});
