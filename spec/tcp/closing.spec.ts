/** close(): no more connections, time for what is under way, and nothing left behind. */

import { spawnSync } from 'node:child_process';
import { connect as netConnect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { everyByte, serve, servedTls } from './fixture.js';
import { eventually } from './wire-client.js';

/** Far more than a test takes: when it passes, somebody waited in vain. */
const LONG_MS = 50_000;

/** In a process of its own: in this one, what other tests and their runner have open comes and goes. */
const SCRIPT = `
  import { once } from 'node:events';
  import { connect } from 'node:net';
  import { connect as connectTls } from 'node:tls';
  import { CacheEngine } from 'hotset';
  import { createTcpServer } from 'hotset/tcp';

  const tls = JSON.parse(process.argv[1]);
  const options = { port: 0, idleTimeoutMs: 1000, ...(tls === null ? {} : { tls }) };
  const server = createTcpServer(new CacheEngine(), options);
  const { port } = await server.listen();
  const open = () => (tls === null ? connect(port) : connectTls({ port, rejectUnauthorized: false }));
  const clients = [open(), open(), open()];
  const replies = await Promise.all(
    clients.map(async (client) => {
      client.write('mn\\r\\n');
      return String((await once(client, 'data'))[0]).trim();
    }),
  );
  await server.close({ forceAfterMs: 2 ** 31 - 1 });
  console.log(replies.join());
`;

describe('close', () => {
  it('ends idle connections at once, and does not wait for forceAfterMs', async () => {
    const { connect, server } = await serve();
    const idle = [await connect(), await connect(), await connect()];
    for (const client of idle) await client.ask('version\r\n');
    await server.close({ forceAfterMs: LONG_MS });
    for (const client of idle) expect(await client.rest()).toBe('');
  });

  it('with forceAfterMs of Infinity, or more than a timer holds, waits', async () => {
    for (const forceAfterMs of [Number.POSITIVE_INFINITY, 2 ** 40]) {
      const { connect, server, transport } = await serve();
      const client = await connect();
      client.send('set a 0 0 10\r\nhalf-');
      await eventually(() => transport.bytesRead > 0, 'the half arrives');
      const closed = server.close({ forceAfterMs });
      await new Promise((resolve) => setTimeout(resolve, 20));
      client.send('whole\r\n');
      expect(await client.rest()).toBe('STORED\r\n');
      await closed;
    }
  });

  it.each([Number.NaN, -1, '5', null])('refuses a forceAfterMs of %s', async (forceAfterMs) => {
    const { server } = await serve();
    await expect(server.close({ forceAfterMs: forceAfterMs as number })).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
    });
  });

  it('accepts no more clients', async () => {
    const { address, server } = await serve();
    await server.close();
    const error = await new Promise((resolve) => {
      netConnect((address as { port: number }).port, '127.0.0.1').once('error', resolve);
    });
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('lets a set that is half sent finish', async () => {
    const { connect, engine, server, transport } = await serve();
    const client = await connect();
    client.send('set a 0 0 10\r\nhalf-');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    let resolved = false;
    const closed = server.close({ forceAfterMs: LONG_MS }).then(() => {
      resolved = true;
    });
    await new Promise(setImmediate);
    expect(resolved).toBe(false);
    client.send('whole\r\n');
    expect(await client.rest()).toBe('STORED\r\n');
    await closed;
    expect(engine.size).toBe(1);
  });

  it('lets a line that is half sent finish', async () => {
    const { connect, server, transport } = await serve();
    const client = await connect();
    client.send('vers');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    const closed = server.close({ forceAfterMs: LONG_MS });
    client.send('ion\r\n');
    expect(await client.rest()).toMatch(/^VERSION \S+\r\n$/);
    await closed;
  });

  it('lets a slow client read all its replies', async () => {
    const { connect, server, transport } = await serve();
    const client = await connect();
    const value = everyByte(1_000_000).toString('latin1');
    await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
    client.socket.pause();
    client.send('get k\r\n'.repeat(30));
    await eventually(() => transport.bytesWritten > 2_000_000, 'replies are on their way');
    const closed = server.close({ forceAfterMs: LONG_MS });
    client.socket.resume();
    expect((await client.rest()) === `VALUE k 0 ${value.length}\r\n${value}\r\nEND\r\n`.repeat(30)).toBe(
      true,
    );
    await closed;
  });

  it('cuts what is still stuck after forceAfterMs, and resolves', async () => {
    const { connect, engine, server, transport } = await serve();
    const stuck = await connect();
    stuck.send('set a 0 0 10\r\nhalf-');
    const deaf = await connect();
    deaf.socket.pause();
    const setter = await connect();
    const value = 'v'.repeat(1_000_000);
    await setter.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
    deaf.send('get k\r\n'.repeat(100));
    await eventually(() => transport.bytesWritten > 2_000_000, 'replies are on their way');
    const start = performance.now();
    const closed = server.close({ forceAfterMs: 100 });
    expect(await setter.rest()).toBe('');
    expect(stuck.ended).toBe(false);
    await closed;
    expect(performance.now() - start).toBeGreaterThanOrEqual(95);
    expect(await stuck.rest()).toBe('');
    expect(engine.has('a')).toBe(false);
  });

  it('may be called twice, and before listen', async () => {
    const { server } = await serve();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });

  it('leaves no handle and no timer behind: a process that has nothing else to do ends', () => {
    const args = ['--input-type=module', '-e', SCRIPT, JSON.stringify(servedTls())];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: LONG_MS,
    });
    expect({ stdout, stderr, status }).toEqual({ stdout: 'MN,MN,MN\n', stderr: '', status: 0 });
  });
});

it('the timer of the upkeep does not hold the process', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await serve({ idleTimeoutMs: 1000 });
  expect(timers()).toBe(before);
});

it('the upkeep gives back the memory of expired items', async () => {
  const { clock, connect, engine, transport } = await serve();
  await (await connect()).ask('set a 0 10 1\r\nx\r\nset b 0 0 1\r\nx\r\n', /STORED\r\nSTORED\r\n/);
  clock.advance(10_000);
  expect(engine.size).toBe(2);
  transport.upkeep();
  expect(engine.size).toBe(1);
});
