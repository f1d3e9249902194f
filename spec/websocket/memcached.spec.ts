/** The `memcached` subprotocol: the memcached port's byte stream in binary frames. */

import { describe, expect, it } from 'vitest';
import { WATCHER_BUFFER_BYTES } from '../../lib/memcached/watch/watcher.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { connectTo as connectTcp, everyByte } from '../tcp/fixture.js';
import { eventually } from '../tcp/wire-client.js';
import { serve } from './fixture.js';

const MIB = 1024 * 1024;

it('what one frame brings out is answered in one message', async () => {
  const { connect } = await serve();
  const client = await connect();
  client.send('set a 5 0 1\r\nx\r\nget a\r\nget b\r\n');
  expect(await client.message()).toBe('STORED\r\nVALUE a 5 1\r\nx\r\nEND\r\nEND\r\n');
  client.send('version\r\n');
  expect(await client.message()).toMatch(/^VERSION \S+\r\n$/);
});

it('the borders of frames mean nothing', async () => {
  const { connect } = await serve();
  const client = await connect();
  for (const byte of 'set a 0 0 3\r\nabc\r\n') client.send(byte);
  client.send('');
  client.send('get a\r\nge');
  client.send('t a\r\n');
  const value = 'VALUE a 0 3\r\nabc\r\nEND\r\n';
  await client.until(() => client.received >= 'STORED\r\n'.length + 2 * value.length, 'the replies');
  expect(Buffer.concat(client.messages).toString()).toBe(`STORED\r\n${value}${value}`);
});

it('a message may come in fragments, and a large value goes out as one message', async () => {
  const { connect } = await serve();
  const client = await connect();
  const value = everyByte(700_000).toString('latin1');
  client.ws.send(Buffer.from('set k 0 0 7000'), { fin: false });
  client.ws.send(Buffer.from(`00\r\n${value}\r\n`, 'latin1'), { fin: false });
  client.ws.send(Buffer.from('get k\r\n'), { fin: true });
  expect((await client.message()) === `STORED\r\nVALUE k 0 700000\r\n${value}\r\nEND\r\n`).toBe(true);
});

it('each connection chooses its protocol by its first byte', async () => {
  const { connect } = await serve();
  const [text, binary] = [await connect(), await connect()];
  const noop = Buffer.alloc(24);
  noop.set([0x80, 0x0a]);
  binary.send(noop);
  expect(await text.ask('mn\r\n')).toBe('MN\r\n');
  const reply = Buffer.from(await binary.message(), 'latin1');
  expect(reply.length).toBe(24);
  expect(reply[0]).toBe(0x81);
});

it('a text frame closes the connection with 1003', async () => {
  const { connect } = await serve();
  const client = await connect();
  client.sendText('version\r\n');
  expect(await client.closed).toEqual({ code: 1003, reason: 'memcached takes binary frames' });
  expect(client.messages).toEqual([]);
});

it('quit closes the connection with 1000, after the replies', async () => {
  const { connect } = await serve();
  const client = await connect();
  client.send('version\r\nquit\r\nversion\r\n');
  expect(await client.closed).toEqual({ code: 1000, reason: '' });
  expect(Buffer.concat(client.messages).toString()).toMatch(/^VERSION \S+\r\n$/);
});

it('entries are those of the TCP port', async () => {
  const { connect, engine } = await serve();
  const server = createTcpServer(engine, { port: 0 });
  const tcp = await connectTcp(await server.listen());
  const client = await connect();
  expect(await tcp.ask('set a 0 0 3\r\ntcp\r\n')).toBe('STORED\r\n');
  expect(await client.ask('get a\r\n')).toBe('VALUE a 0 3\r\ntcp\r\nEND\r\n');
  expect(await client.ask('append a 0 0 3\r\n+ws\r\n')).toBe('STORED\r\n');
  expect(await tcp.ask('get a\r\n', /END\r\n/)).toBe('VALUE a 0 6\r\ntcp+ws\r\nEND\r\n');
  await server.close();
});

describe('a client with many requests', () => {
  it('in one frame gets every reply, in order, and others are served meanwhile', async () => {
    const { connect, transport } = await serve();
    const [client, other] = [await connect(), await connect()];
    await other.ask('set k 0 0 1\r\nv\r\n');
    const reply = 'VALUE k 0 1\r\nv\r\nEND\r\n';
    const gets = 50_000;
    client.send('get k\r\n'.repeat(gets));
    let answers = 0;
    while (client.received < gets * reply.length) {
      await other.ask('mn\r\n');
      if (client.received < gets * reply.length) answers++;
    }
    expect(answers).toBeGreaterThan(3);
    expect(Buffer.concat(client.messages).toString() === reply.repeat(gets)).toBe(true);
    expect(transport.yields).toBeGreaterThan(10);
  });

  it('in many frames, too, which wait their turn in order', async () => {
    const { connect, transport } = await serve({ requestsPerTurn: 10 });
    const client = await connect();
    const expected: string[] = [];
    for (let i = 0; i < 3000; i++) {
      client.send(`set k 0 0 ${String(i).length}\r\n${i}\r\nget k\r\n`);
      expected.push(`STORED\r\nVALUE k 0 ${String(i).length}\r\n${i}\r\nEND\r\n`);
    }
    await client.until(() => client.messages.length === 3000, 'the replies');
    expect(client.messages.map(String)).toEqual(expected);
    expect(transport.yields).toBeGreaterThanOrEqual(300);
  });
});

describe('a client that does not read', () => {
  it.each([
    { what: 'large values, sent by reference', length: 100_000, gets: 600 },
    { what: 'small values, copied into blocks', length: 150, gets: 150_000 },
  ])(
    '$what: is not read from, costs a bounded amount, and gets every reply when it reads',
    async ({ length, gets }) => {
      const maxUnsentBytes = 256 * 1024;
      const { connect, transport } = await serve({ maxUnsentBytes });
      const [slow, other] = [await connect(), await connect()];
      const value = everyByte(length).toString('latin1');
      const reply = `VALUE k 0 ${length}\r\n${value}\r\nEND\r\n`;
      await other.ask(`set k 0 0 ${length}\r\n${value}\r\n`);
      slow.pause();
      const inFrame = 100;
      for (let sent = 0; sent < gets; sent += inFrame) slow.send('get k\r\n'.repeat(inFrame));
      await eventually(
        () => [...transport.connections()].some(({ state }) => state === 'conn_waiting'),
        'the slow client is held back',
      );
      // What is held back does not grow while others are at work.
      let written = -1;
      await eventually(() => {
        const same = written === transport.bytesWritten;
        written = transport.bytesWritten;
        return same;
      }, 'no more is written');
      for (let i = 0; i < 100; i++) await other.ask('mn\r\n');
      expect(transport.bytesWritten - written).toBe(100 * 'MN\r\n'.length);
      expect(written).toBeLessThan(gets * reply.length);
      slow.resume();
      await slow.until(() => slow.received >= gets * reply.length, 'the replies');
      const all = Buffer.concat(slow.messages);
      const one = Buffer.from(reply, 'latin1');
      let wrong = 0;
      for (let at = 0; at < all.length; at += one.length)
        if (!all.subarray(at, at + one.length).equals(one)) wrong++;
      expect(wrong).toBe(0);
      slow.messages.length = 0;
      expect(await slow.ask('mn\r\n')).toBe('MN\r\n');
    },
  );

  it('keeps the bytes of a reply that is half sent, although the item is replaced and the buffer used', async () => {
    const length = 24 * MIB;
    const { connect, engine } = await serve({ maxItemBytes: 32 * MIB }, { maxBytes: 128 * MIB });
    const [reader, writer] = [await connect(), await connect()];
    const old = everyByte(length, 3);
    writer.send(Buffer.concat([Buffer.from(`set k 0 0 ${length}\r\n`), old, Buffer.from('\r\n')]));
    expect(await writer.message()).toBe('STORED\r\n');
    reader.pause();
    reader.send('get k\r\n');
    reader.send('get nothing\r\n');
    await eventually(() => engine.stats().hits > 0, 'the value was read');
    writer.send(
      Buffer.concat([Buffer.from(`set k 0 0 ${length}\r\n`), Buffer.alloc(length, 'n'), Buffer.from('\r\n')]),
    );
    expect(await writer.message()).toBe('STORED\r\n');
    for (let i = 0; i < 300; i++)
      expect(await writer.ask(`mn\r\nget x${i}\r\n`, 'END\r\n')).toBe('MN\r\nEND\r\n');
    reader.resume();
    await reader.until(() => reader.messages.length === 2, 'the replies');
    const [reply, miss] = reader.messages;
    const head = `VALUE k 0 ${length}\r\n`.length;
    expect(reply!.subarray(head, head + length).equals(old)).toBe(true);
    expect(reply!.subarray(head + length).toString()).toBe('\r\nEND\r\n');
    expect(miss!.toString()).toBe('END\r\n');
    expect(engine.verify()).toEqual([]);
  });
});

describe('a watcher', () => {
  it('gets lines as they come up', async () => {
    const { connect, transport } = await serve();
    const [watcher, other] = [await connect(), await connect()];
    expect(await watcher.ask('watch mutations\r\n')).toBe('OK\r\n');
    expect([...transport.connections()].map(({ state }) => state)).toContain('conn_watch');
    await other.ask('set a 0 0 1\r\nx\r\n');
    expect(await watcher.message()).toMatch(/type=item_store key=a status=stored cmd=set .*\n$/);
    const { id } = [...transport.connections()].find(({ state }) => state === 'conn_read')!;
    await other.ask('set b 0 0 1\r\nx\r\n');
    expect(await watcher.message()).toContain(` cfd=${id} `);
  });

  it('that does not read loses lines, learns how many, and continues', async () => {
    const { connect } = await serve({ maxUnsentBytes: 1024 });
    const [watcher, other] = [await connect(), await connect()];
    await watcher.ask('watch mutations\r\n');
    watcher.pause();
    const key = 'k'.repeat(200);
    // What the kernel takes on both sides, and what waits in the log, and more.
    const sets = Math.ceil((16 * MIB + WATCHER_BUFFER_BYTES) / 300);
    for (let sent = 0; sent < sets; sent += 1000)
      await other.ask(`${`set ${key} 0 0 1 noreply\r\nx\r\n`.repeat(1000)}mn\r\n`, 'MN\r\n');
    watcher.resume();
    // The notice comes before the next line that finds room.
    while (!watcher.messages.some((lines) => lines.includes('skipped=')))
      await other.ask('set next 0 0 1\r\nx\r\n');
    await other.ask('set last 0 0 1\r\nx\r\n');
    await watcher.until(() => watcher.messages.some((lines) => lines.includes('key=last ')), 'last line');
  });
});
