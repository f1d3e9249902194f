/** How a connection ends: by either side, gracefully or not, and what that changes. */

import { expect, it } from 'vitest';
import { everyByte, serve } from './fixture.js';
import { eventually } from './wire-client.js';

it('answers a client that has shut down its side', async () => {
  const { connect } = await serve();
  const client = await connect();
  client.finish('set a 0 0 1\r\nx\r\nget a\r\nversion\r\n');
  expect(await client.rest()).toMatch(/^STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nVERSION \S+\r\n$/);
});

it('sends a client that has shut down its side all of a long reply', async () => {
  const { connect, engine } = await serve();
  const setter = await connect();
  const value = everyByte(1_000_000).toString('latin1');
  expect(await setter.ask(`set big 0 0 ${value.length}\r\n${value}\r\n`)).toBe('STORED\r\n');
  const client = await connect();
  client.finish('get big\r\n'.repeat(20));
  const reply = `VALUE big 0 ${value.length}\r\n${value}\r\nEND\r\n`;
  expect((await client.rest()) === reply.repeat(20)).toBe(true);
  expect(engine.verify()).toEqual([]);
});

it('closes silently on a half command of a client that has shut down its side', async () => {
  const { connect, engine } = await serve();
  const client = await connect();
  client.finish('version\r\nset a 0 0 10\r\nhalf');
  expect(await client.rest()).toMatch(/^VERSION \S+\r\n$/);
  expect(engine.has('a')).toBe(false);
});

it('answers what stands before quit, and nothing after it', async () => {
  const { connect, engine } = await serve();
  const client = await connect();
  client.send('set a 0 0 1\r\nx\r\nget a\r\nquit\r\nset b 0 0 1\r\nx\r\nget a\r\n');
  expect(await client.rest()).toBe('STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n');
  expect(engine.has('b')).toBe(false);
});

it('changes nothing for a client that resets in the middle of its data', async () => {
  const { connect, engine, transport } = await serve();
  const watcher = await connect();
  await watcher.ask('set a 5 0 3\r\nold\r\n');
  for (const verb of ['set a 0 0', 'append a 0 0', 'add new 0 0', 'replace a 0 0']) {
    const client = await connect();
    const before = transport.bytesRead;
    client.send(`${verb} 1000000\r\n${'x'.repeat(500_000)}`);
    await eventually(() => transport.bytesRead > before + 100_000, 'data arrives');
    client.reset();
    await eventually(() => transport.currentConnections === 1, 'the connection is gone');
    expect(await watcher.ask('get a new\r\n', /END\r\n/)).toBe('VALUE a 5 3\r\nold\r\nEND\r\n');
  }
  expect(engine.verify()).toEqual([]);
});

it('survives clients that reset with replies on the way', async () => {
  const { connect, engine, transport } = await serve();
  const value = 'v'.repeat(500_000);
  const watcher = await connect();
  await watcher.ask(`set big 0 0 ${value.length}\r\n${value}\r\n`);
  for (let i = 0; i < 10; i++) {
    const client = await connect();
    client.socket.pause();
    client.send('get big\r\n'.repeat(50));
    await eventually(() => transport.currentConnections === 2, 'the connection is there');
    client.reset();
    await eventually(() => transport.currentConnections === 1, 'the connection is gone');
  }
  expect(await watcher.ask('version\r\n')).toMatch(/^VERSION /);
  expect(engine.verify()).toEqual([]);
});

it.each(['', 'get a\r\n'])(
  'answers what stands before shutdown, then closes all (%j after it)',
  async (after) => {
    let closed: Promise<void> | undefined;
    const { connect, server } = await serve({
      onShutdown: () => {
        closed = server.close({ forceAfterMs: 5000 });
      },
    });
    const [client, other] = [await connect(), await connect()];
    await other.ask('version\r\n');
    client.send(`set a 0 0 1\r\nx\r\nget a\r\nshutdown\r\n${after}`);
    expect(await client.rest()).toBe('STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n');
    expect(await other.rest()).toBe('');
    await closed;
  },
);
