/** Clients that show no life are cut; those that do are not. The spec beats itself, and waits for no timer. */

import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { eventually } from '../tcp/wire-client.js';
import { closeAfterTest, closeOf, serve, upgrade } from './fixture.js';
import { frame } from './raw-frames.js';

it('a client that answers pings stays, with or without requests', async () => {
  const { connect, transport } = await serve();
  const clients = [await connect(), await connect('hotset.v1')];
  for (let beat = 1; beat <= 5; beat++) {
    transport.beat();
    for (const client of clients) {
      await client.until(() => client.pings === beat, 'ping');
      // Its pong comes before what it asks now.
      client.ws.ping();
      await once(client.ws, 'pong');
    }
  }
  expect(transport.currentConnections).toBe(2);
});

it('one that is half open is cut by the second beat', async () => {
  const { connect, port, transport } = await serve();
  const living = await connect();
  const silent = await upgrade(port);
  silent.resume();
  expect(transport.currentConnections).toBe(2);
  transport.beat();
  await living.until(() => living.pings === 1, 'ping');
  await living.ask('mn\r\n');
  expect(silent.destroyed).toBe(false);
  const gone = closeOf(silent);
  transport.beat();
  await gone;
  await eventually(() => transport.currentConnections === 1, 'it is gone');
  expect(await living.ask('mn\r\n')).toBe('MN\r\n');
});

it('one that does not read its replies shows no life, until it reads', async () => {
  const { connect, transport } = await serve({ maxUnsentBytes: 64 * 1024 });
  const [first, slow] = [await connect(), await connect()];
  const value = 'v'.repeat(1_000_000);
  await first.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
  slow.pause();
  for (let i = 0; i < 30; i++) slow.send('get k\r\n');
  const isHeld = (): boolean => [...transport.connections()].some(({ state }) => state === 'conn_waiting');
  await eventually(isHeld, 'it is held back');
  transport.beat();
  slow.resume();
  await slow.until(() => slow.messages.length === 30, 'replies');
  transport.beat();
  await first.ask('mn\r\n');
  expect(slow.isClosed).toBe(false);
  slow.pause();
  for (let i = 0; i < 30; i++) slow.send('get k\r\n');
  await eventually(isHeld, 'it is held back again');
  transport.beat();
  // What was sent may still move where nobody sees it: up to 8 MiB at 64 KiB a second, or four beats.
  let beats = 0;
  for (; transport.currentConnections === 2 && beats < 20; beats++) {
    first.ws.ping();
    await once(first.ws, 'pong');
    transport.beat();
  }
  expect(beats).toBeGreaterThan(1);
  await eventually(() => transport.currentConnections === 1, 'it is cut');
});

it('one that sends a large frame slowly is alive, and one whose frame trickles has a deadline', async () => {
  const { clock, connect, port, transport } = await serve({ requestTimeoutMs: 10_000 });
  const living = await connect();
  const [slow, trickle] = [await upgrade(port), await upgrade(port)];
  for (const socket of [slow, trickle]) socket.resume();
  const beatAll = async (): Promise<void> => {
    living.ws.ping();
    await once(living.ws, 'pong');
    transport.beat();
    transport.upkeep();
  };
  const whole = frame(`set k 0 0 900000\r\n${'v'.repeat(900_000)}\r\n`);
  const gone = closeOf(trickle);
  for (let at = 0; at < whole.length; at += 100_000) {
    const isLast = at + 100_000 >= whole.length;
    slow.write(whole.subarray(at, at + 100_000));
    if (!isLast) trickle.write(whole.subarray(at / 100_000, at / 100_000 + 1));
    await living.ask('mn\r\n');
    await beatAll();
    clock.advance(2000);
  }
  await gone;
  expect(await living.ask('get k\r\n', 'END\r\n')).toContain('VALUE k 0 900000\r\n');
  expect(slow.destroyed).toBe(false);
});

it('one that reads a large reply slowly is alive, and its pong may come late', async () => {
  const { connect, transport } = await serve({ maxItemBytes: 32 * 1024 * 1024, heartbeatMs: 30_000 });
  const [living, slow] = [await connect(), await connect()];
  const value = 'v'.repeat(15_000_000);
  living.send(`set k 0 0 ${value.length}\r\n${value}\r\n`);
  expect(await living.message()).toBe('STORED\r\n');
  slow.pause();
  slow.send('get k\r\n');
  await eventually(() => transport.bytesWritten > value.length, 'it is answered');
  // 114 kB a second for 30 s each; the kernels hold up to 8 MB of it, where nobody sees it move.
  for (let beat = 0; beat < 4; beat++) {
    living.ws.ping();
    await once(living.ws, 'pong');
    transport.beat();
    expect(transport.currentConnections).toBe(2);
  }
  slow.resume();
  await slow.until(() => slow.messages.length === 1, 'the reply');
  expect(slow.isClosed).toBe(false);
});

it('one that ignores the close frame is cut as well', async () => {
  const { port, transport } = await serve();
  const rude = await upgrade(port);
  rude.resume();
  // A text frame, unmasked bytes of no meaning behind it.
  rude.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]));
  const [farewell] = (await once(rude, 'data')) as [Buffer];
  expect(farewell.subarray(2, 4).readUInt16BE()).toBe(1003);
  for (let i = 0; i < 100; i++) rude.write(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0x78]));
  const gone = closeOf(rude);
  transport.beat();
  transport.beat();
  await gone;
  await eventually(() => transport.currentConnections === 0, 'it is gone');
});

it('the interval is the option’s, and Infinity is none', () => {
  const timers = vi.spyOn(globalThis, 'setInterval');
  try {
    const intervals = (heartbeatMs?: number): unknown[] => {
      timers.mockClear();
      closeAfterTest(
        attachWebSocket(new CacheEngine<string, unknown>(), heartbeatMs === undefined ? {} : { heartbeatMs }),
      );
      return timers.mock.calls.map(([, ms]) => ms);
    };
    expect(intervals()).toEqual([1000, 30_000]);
    expect(intervals(5)).toEqual([1000, 5]);
    expect(intervals(Number.POSITIVE_INFINITY)).toEqual([1000]);
  } finally {
    timers.mockRestore();
  }
});
