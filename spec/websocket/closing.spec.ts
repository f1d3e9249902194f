/** close(): no more clients, time for what is under way, 1001 for everybody, and nothing left behind. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { everyByte, transportOf } from '../tcp/fixture.js';
import { eventually } from '../tcp/wire-client.js';
import {
  closeAfterTest,
  closeOf,
  connectTo,
  handshake,
  openSocket,
  refusalOf,
  serve,
  upgrade,
} from './fixture.js';

/** Far more than a test takes: when it passes, somebody waited in vain. */
const LONG_MS = 50_000;

/** In a process of its own: in this one, what other tests and their runner have open comes and goes. */
const SCRIPT = `
  import { once } from 'node:events';
  import { WebSocket } from 'ws';
  import { CacheEngine } from 'hotset';
  import { attachWebSocket } from 'hotset/websocket';

  const endpoint = attachWebSocket(new CacheEngine(), { port: 0 });
  const { port } = await endpoint.listen();
  const open = async (protocol) => {
    const ws = new WebSocket('ws://127.0.0.1:' + port, protocol);
    await once(ws, 'open');
    return { ws, closed: once(ws, 'close') };
  };
  const clients = [await open('memcached'), await open('hotset.v1')];
  clients[0].ws.send(Buffer.from('mn\\r\\n'));
  const [reply] = await once(clients[0].ws, 'message');
  process.stdout.write(reply);
  await endpoint.close({ forceAfterMs: 2 ** 31 - 1 });
  const codes = await Promise.all(clients.map(({ closed }) => closed));
  console.log(codes.map(([code]) => code).join(' '));
`;

describe('close', () => {
  it('ends idle connections at once with 1001, and does not wait for forceAfterMs', async () => {
    const { connect, endpoint, transport } = await serve();
    const clients = [await connect(), await connect('hotset.v1'), await connect()];
    await clients[0]!.ask('mn\r\n');
    await endpoint.close({ forceAfterMs: LONG_MS });
    for (const client of clients)
      expect(await client.closed).toEqual({ code: 1001, reason: 'the server stops' });
    expect(transport.currentConnections).toBe(0);
  });

  it('accepts no more clients', async () => {
    const { endpoint, port } = await serve();
    await endpoint.close();
    const error = await openSocket(port).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(endpoint.address).toBeNull();
  });

  it('refuses with 503 those that come meanwhile to a server that is shared', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const engine = new CacheEngine<string, unknown>();
    const endpoint = closeAfterTest(attachWebSocket(engine, { server }));
    const transport = transportOf(engine);
    const client = await connectTo(port);
    client.send('set a 0 0 10\r\nhalf-');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    const closed = endpoint.close({ forceAfterMs: LONG_MS });
    expect(await refusalOf(port, handshake())).toMatchObject({ status: 503, body: 'the server stops\n' });
    expect(transport.rejectedConnections).toBe(0);
    client.send('whole\r\n');
    expect((await client.closed).code).toBe(1001);
    await closed;
    server.close();
  });

  it('lets a set that is half sent finish, and answers it', async () => {
    const { connect, endpoint, engine, transport } = await serve();
    const client = await connect();
    client.send('set a 0 0 10\r\nhalf-');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    let resolved = false;
    const closed = endpoint.close({ forceAfterMs: LONG_MS }).then(() => {
      resolved = true;
    });
    await new Promise(setImmediate);
    expect(resolved).toBe(false);
    client.send('whole\r\n');
    expect((await client.closed).code).toBe(1001);
    expect(client.messages.map(String)).toEqual(['STORED\r\n']);
    await closed;
    expect(engine.size).toBe(1);
  });

  it('answers all requests before its close frame', async () => {
    const { connect, endpoint, transport } = await serve();
    const client = await connect();
    const value = everyByte(100_000).toString('latin1');
    await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
    client.pause();
    for (let i = 0; i < 200; i++) client.send('get k\r\n');
    await eventually(() => transport.bytesWritten > 2_000_000, 'replies are on their way');
    const closed = endpoint.close({ forceAfterMs: LONG_MS });
    client.resume();
    expect((await client.closed).code).toBe(1001);
    await closed;
    const reply = Buffer.from(`VALUE k 0 ${value.length}\r\n${value}\r\nEND\r\n`, 'latin1');
    // Those that had arrived; what a paused server had not read yet it was never asked.
    expect(client.messages.length).toBeGreaterThan(10);
    expect(client.messages.every((message) => message.equals(reply))).toBe(true);
  });

  it('cuts what is still stuck after forceAfterMs, and resolves', async () => {
    const { connect, endpoint, engine, port, transport } = await serve();
    const [stuck, polite] = [await connect(), await connect()];
    const rude = await upgrade(port);
    rude.resume();
    stuck.send('set a 0 0 10\r\nhalf-');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    const gone = closeOf(rude);
    await endpoint.close({ forceAfterMs: 30 });
    expect((await polite.closed).code).toBe(1001);
    expect((await stuck.closed).code).toBe(1006);
    await gone;
    expect(engine.has('a')).toBe(false);
    expect(transport.currentConnections).toBe(0);
  });

  it('does not wait for requests that are no WebSockets', async () => {
    const { endpoint, port } = await serve();
    const asking = await openSocket(port);
    asking.write(handshake().slice(0, 40));
    asking.resume();
    const gone = closeOf(asking);
    await endpoint.close({ forceAfterMs: LONG_MS });
    await gone;
  });

  it('may be called twice, before listen, and with a shorter forceAfterMs the second time', async () => {
    const { connect, endpoint, transport } = await serve();
    const client = await connect();
    client.send('set a 0 0 10\r\nhalf-');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    const closed = endpoint.close({ forceAfterMs: LONG_MS });
    await Promise.all([closed, endpoint.close()]);
    await endpoint.close();
    await attachWebSocket(new CacheEngine(), { port: 0 }).close();
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 40])('waits with a forceAfterMs of %s', async (forceAfterMs) => {
    const { connect, endpoint, transport } = await serve();
    const client = await connect();
    client.send('set a 0 0 10\r\nhalf-');
    await eventually(() => transport.bytesRead > 0, 'the half arrives');
    const closed = endpoint.close({ forceAfterMs });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    client.send('whole\r\n');
    expect(await client.message()).toBe('STORED\r\n');
    await closed;
  });

  it.each([Number.NaN, -1, '5', null])('refuses a forceAfterMs of %s', async (forceAfterMs) => {
    const { endpoint } = await serve();
    await expect(endpoint.close({ forceAfterMs: forceAfterMs as number })).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
    });
  });

  it('leaves no handle and no timer behind: a process that has nothing else to do ends', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
      encoding: 'utf8',
      timeout: LONG_MS,
    });
    expect({ stdout, stderr, status }).toEqual({ stdout: 'MN\r\n1001 1001\n', stderr: '', status: 0 });
  });
});

it('the endpoint’s timers do not hold the process', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  closeAfterTest(attachWebSocket(new CacheEngine(), {}));
  expect(timers()).toBe(before);
});

it('the upkeep gives back the memory of expired items, and lets a flush that is due strike', async () => {
  const { clock, connect, engine, transport } = await serve();
  const client = await connect();
  await client.ask('set a 0 10 1\r\nx\r\nset b 0 0 1\r\nx\r\nflush_all 60\r\n', 'OK\r\n');
  clock.advance(10_000);
  expect(engine.size).toBe(2);
  transport.upkeep();
  expect(engine.size).toBe(1);
  clock.advance(60_000);
  transport.upkeep();
  expect(engine.size).toBe(0);
});
