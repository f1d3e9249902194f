/**
 * Connections on which no byte moves for longer than idleTimeoutMs are closed, and those whose request takes longer than
 * requestTimeoutMs; time comes from the clock given.
 */

import { describe, expect, it } from 'vitest';
import { serve } from './fixture.js';
import { eventually } from './wire-client.js';

it('closes a connection that is idle for longer than the timeout, and not one millisecond before', async () => {
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 5000 });
  const client = await connect();
  await client.ask('version\r\n');
  clock.advance(5000);
  transport.upkeep();
  expect(await client.ask('version\r\n')).toMatch(/^VERSION /);
  clock.advance(5001);
  transport.upkeep();
  expect(await client.rest()).toBe('');
  expect(transport.idleKicks).toBe(1);
  await eventually(() => transport.currentConnections === 0, 'the connection is gone');
});

it('closes the idle one only', async () => {
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 5000 });
  const [idle, busy] = [await connect(), await connect()];
  await idle.ask('version\r\n');
  await busy.ask('version\r\n');
  clock.advance(3000);
  await busy.ask('version\r\n');
  clock.advance(3000);
  transport.upkeep();
  expect(await idle.rest()).toBe('');
  expect(await busy.stats()).toMatchObject({ idle_kicks: '1', curr_connections: '1' });
});

it('closes one that has never sent anything, and frees its place', async () => {
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 1000, maxConnections: 1 });
  const silent = await connect();
  await eventually(() => transport.currentConnections === 1, 'the connection is accepted');
  clock.advance(1001);
  transport.upkeep();
  expect(await silent.rest()).toBe('');
  await eventually(() => transport.currentConnections === 0, 'the place is free');
  expect(await (await connect()).ask('version\r\n')).toMatch(/^VERSION /);
});

it('closes one that stopped in the middle of its data when its request has taken too long, and stores nothing', async () => {
  const { clock, connect, engine, transport } = await serve({ idleTimeoutMs: 1000, requestTimeoutMs: 9000 });
  const stuck = await connect();
  stuck.send('set a 0 0 10\r\nhalf');
  await eventually(() => transport.bytesRead > 0, 'the half arrives');
  clock.advance(9000);
  transport.upkeep();
  expect(transport.currentConnections).toBe(1);
  clock.advance(1);
  transport.upkeep();
  expect(await stuck.rest()).toBe('');
  expect(engine.has('a')).toBe(false);
  expect(transport.idleKicks).toBe(1);
});

it('never closes without a timeout, and then has no idle_kicks in stats', async () => {
  const { clock, connect, transport } = await serve();
  const client = await connect();
  await client.ask('version\r\n');
  clock.advance(1e12);
  transport.upkeep();
  expect(await client.stats()).not.toHaveProperty('idle_kicks');
});

it('shows in stats conns how long ago each connection sent a command, and how old a listener is', async () => {
  const { clock, connect, transport } = await serve();
  const [idle, asking] = [await connect(), await connect()];
  await idle.ask('version\r\n');
  clock.advance(7900);
  idle.send('set a 0 0 2');
  await eventually(() => transport.bytesRead === 'version\r\nset a 0 0 2'.length, 'half a line has come');
  expect(await asking.stats('conns')).toMatchObject({
    '1:secs_since_last_cmd': '7',
    '2:secs_since_last_cmd': '7',
    '3:secs_since_last_cmd': '0',
  });
  expect(await idle.ask('\r\nab\r\n')).toBe('STORED\r\n');
  expect((await asking.stats('conns'))['2:secs_since_last_cmd']).toBe('0');
});

describe('bytes that move are life', () => {
  it('a reply of 12 MB that is read slowly is not cut, and one that is not read is', async () => {
    const length = 12 * 1024 * 1024;
    const { clock, connect, transport } = await serve({ idleTimeoutMs: 3000, maxItemBytes: 2 * length });
    const [client, deaf] = [await connect(), await connect()];
    const value = 'v'.repeat(length);
    client.send(`set k 0 0 ${length}\r\n`);
    client.send(`${value}\r\n`);
    expect(await client.line()).toBe('STORED\r\n');
    const connections = (): number => transport.currentConnections;
    for (const each of [client, deaf]) {
      each.socket.pause();
      each.send('get k\r\n');
    }
    const waits = (): boolean => [...transport.connections()].every(({ state }) => state !== 'conn_read');
    await eventually(() => waits() && connections() === 2, 'both wait');
    transport.upkeep();
    // As much as makes the kernel of the other side ask for more.
    for (let part = 0; part < 2; part++) {
      clock.advance(2000);
      const goal = client.received + 4_000_000;
      client.socket.resume();
      await eventually(() => client.received >= goal, 'it reads a part');
      client.socket.pause();
      transport.upkeep();
    }
    client.socket.resume();
    const reply = `VALUE k 0 ${length}\r\n`.length + length + '\r\nEND\r\n'.length;
    expect((await client.bytes(reply)).length).toBe(reply);
    expect(connections()).toBe(2);
    // 8 MiB may be on their way to the deaf one, at 64 KiB a second.
    clock.advance(3000 + 128_000 + 1);
    await client.ask('mn\r\n');
    transport.upkeep();
    await eventually(() => connections() === 1, 'the deaf one is cut');
    expect(transport.idleKicks).toBe(1);
  });

  it('a value may come slowly, and with pauses longer than the idle timeout', async () => {
    const { clock, connect, transport } = await serve({ idleTimeoutMs: 3000, requestTimeoutMs: 10_000 });
    const client = await connect();
    client.send('set k 0 0 400000\r\n');
    for (let sent = 0; sent < 400_000; sent += 80_000) {
      const read = transport.bytesRead;
      client.send('v'.repeat(80_000));
      await eventually(() => transport.bytesRead >= read + 80_000, 'a part arrives');
      clock.advance(7000);
      transport.upkeep();
    }
    expect(await client.ask('\r\n')).toBe('STORED\r\n');
  });
});

describe('an unfinished request', () => {
  it.each([
    ['a line without end', 'get k'],
    ['a half header of the binary protocol', '\x80\0\0\0\0\0\0'],
    ['the half key of a binary packet', `\x80\0\0\x08${'\0'.repeat(7)}\x08${'\0'.repeat(12)}abcdefg`],
    ['a value that trickles', 'set k 0 0 1000\r\nvvvvv'],
  ])('has a deadline, which single bytes do not put off: %s', async (_, bytes) => {
    const { clock, connect, transport } = await serve({ requestTimeoutMs: 3000 });
    const [slow, idle] = [await connect(), await connect()];
    await idle.ask('mn\r\n');
    slow.socket.setNoDelay(true);
    const read = transport.bytesRead;
    slow.send(bytes.slice(0, -4));
    await eventually(() => transport.bytesRead === read + bytes.length - 4, 'the beginning arrives');
    for (const [i, byte] of [...bytes.slice(-4)].entries()) {
      clock.advance(999);
      transport.upkeep();
      expect(transport.currentConnections).toBe(i < 4 ? 2 : 1);
      slow.send(byte);
      await eventually(
        () => transport.bytesRead === read + bytes.length - 3 + i || slow.ended,
        'the byte arrives',
      );
    }
    transport.upkeep();
    await eventually(() => transport.currentConnections === 1, 'it is cut');
    expect(await idle.ask('mn\r\n')).toBe('MN\r\n');
  });

  it('does not count for what the server does not read', async () => {
    const { clock, connect, transport } = await serve({ requestTimeoutMs: 3000 });
    const client = await connect();
    const value = 'v'.repeat(1_000_000);
    await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
    client.socket.pause();
    client.send(`${'get k\r\n'.repeat(50)}ge`);
    const waits = (): boolean => [...transport.connections()].some(({ state }) => state === 'conn_waiting');
    await eventually(waits, 'it is held back');
    clock.advance(100_000);
    transport.upkeep();
    client.socket.resume();
    client.send('t none\r\n');
    const reply = `VALUE k 0 ${value.length}\r\n${value}\r\nEND\r\n`.length * 50 + 'END\r\n'.length;
    expect((await client.bytes(reply)).length).toBe(reply);
  });
});
