/**
 * Clients that mean no good, or do not know better: what each may cost is bounded, and others are served meanwhile.
 * What waits in vain for a reader is in slow-reader.spec.ts.
 */

import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { startHotset } from '../support/hotset-process.js';
import { connectTo, everyByte, serve } from './fixture.js';
import { eventually, type WireClient } from './wire-client.js';

const MIB = 1024 * 1024;

/** A client that is not concerned is answered. */
async function isServed(client: WireClient): Promise<void> {
  expect(await client.ask('version\r\n')).toMatch(/^VERSION \S+\r\n$/);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it('a get of 10,000 keys is answered whole, and counted key by key', async () => {
  const { connect: open } = await serve();
  const client = await open();
  const keys = Array.from({ length: 10_000 }, (_, index) => `key-${index}`);
  const held = keys.filter((_, index) => index % 2 === 0);
  client.send(held.map((key) => `set ${key} 3 0 ${key.length} noreply\r\n${key}\r\n`).join(''));
  client.send(`get ${keys.join(' ')}\r\n`);
  const expected = `${held.map((key) => `VALUE ${key} 3 ${key.length}\r\n${key}\r\n`).join('')}END\r\n`;
  expect((await client.like(expected)) === expected).toBe(true);
  expect(await client.stats()).toMatchObject({ cmd_get: '10000', get_hits: '5000', get_misses: '5000' });
});

it('a value of 1 MiB that comes byte by byte is stored, while others are served', async () => {
  const { connect: open, engine, transport } = await serve();
  const [slow, other] = [await open(), await open()];
  // The largest that fits with a key of one byte.
  const length = MIB - 60;
  const value = everyByte(length, 5);
  slow.socket.setNoDelay(true);
  slow.send(`set k 0 0 ${length}\r\n`);
  for (let at = 0; at < length; at++) {
    slow.socket.write(value.subarray(at, at + 1));
    if (at % 1024 === 0) await turn();
    if (at % 65_536 === 0) await isServed(other);
  }
  expect(engine.size).toBe(0);
  slow.send('\r\n');
  expect(await slow.line()).toBe('STORED\r\n');
  other.send('get k\r\n');
  await other.line();
  expect((await other.bytes(length)).equals(value)).toBe(true);
  expect(await other.like('\r\nEND\r\n')).toBe('\r\nEND\r\n');
  expect(transport.bytesRead).toBeGreaterThan(length);
});

it('a client that never ends its line is closed when the line is too long, and blocks no other client before', async () => {
  const { connect: open, transport } = await serve();
  const [endless, patient, other] = [await open(), await open(), await open()];
  patient.send('x'.repeat(2048));
  for (let sent = 0; sent <= 2048 && !endless.ended; sent += 64) {
    endless.send('x'.repeat(64));
    await isServed(other);
  }
  expect(await endless.rest()).toBe('');
  expect(patient.ended).toBe(false);
  expect(await patient.ask('\r\n')).toBe('ERROR\r\n');
  await eventually(() => transport.currentConnections === 2, 'the connection is gone');
});

it('a get without end may grow, up to a bound', async () => {
  const { connect: open } = await serve();
  const [endless, other] = [await open(), await open()];
  const keys = `${'k'.repeat(249)} `.repeat(400);
  endless.send('get ');
  let sent = 4;
  while (!endless.ended && sent < 16 * MIB) {
    endless.send(keys);
    sent += keys.length;
    await isServed(other);
  }
  expect(await endless.rest()).toBe('');
  expect(sent).toBeGreaterThan(4 * MIB);
  expect(sent).toBeLessThan(16 * MIB);
});

describe('a length that is a lie', () => {
  it('4 GB in the text protocol are a bad line', async () => {
    const { connect: open } = await serve();
    const client = await open();
    expect(await client.ask('set k 0 0 4294967295\r\n')).toBe('CLIENT_ERROR bad command line format\r\n');
    await isServed(client);
  });

  it('2 GB are passed over and not kept', async () => {
    const { connect: open, engine, transport } = await serve();
    const [liar, other] = [await open(), await open()];
    liar.send('set k 0 0 2147483645\r\n');
    const piece = Buffer.alloc(MIB);
    const before = process.memoryUsage();
    for (let sent = 0; sent < 128; sent++) {
      liar.send(piece);
      await eventually(() => transport.bytesRead > sent * MIB, 'the server reads on');
      if (sent % 16 === 0) await isServed(other);
    }
    const { external, heapUsed } = process.memoryUsage();
    // Far less than what was sent; the pieces of the client are in there too.
    expect(external + heapUsed - before.external - before.heapUsed).toBeLessThan(64 * MIB);
    expect(liar.received).toBe(0);
    expect(engine.size).toBe(0);
    expect((await other.stats()).store_too_large).toBe('1');
  });

  it('4 GB in a binary header are refused at once', async () => {
    const { connect: open } = await serve();
    const [liar, other] = [await open(), await open()];
    const header = Buffer.alloc(24);
    header.set([0x80, 0x01, 0, 1, 8]);
    header.writeUInt32BE(0xffffffff, 8);
    // memcached reads extras and key before it looks at the length.
    liar.send(Buffer.concat([header, Buffer.alloc(8), Buffer.from('k')]));
    const answer = Buffer.from(await liar.rest(), 'latin1');
    expect(answer.toString('hex', 0, 8)).toBe('8101000000000004');
    expect(answer.toString('latin1', 24)).toBe('Invalid arguments');
    await isServed(other);
  });
});

it('values that are half received have one bound: those that wait longest are refused, and hold nothing', async () => {
  const maxUnfinishedBytes = 4 * MIB;
  const { connect: open, engine, transport } = await serve({ maxUnfinishedBytes });
  const { unfinished } = itemStoreOf(engine);
  const [other, ...silent] = await Promise.all(Array.from({ length: 11 }, open));
  const value = everyByte(1_000_000).toString('latin1');
  for (const [i, client] of silent.entries()) {
    const read = transport.bytesRead;
    client.send(`set k${i} 0 0 ${value.length}\r\n${value.slice(10)}`);
    await eventually(() => transport.bytesRead > read + value.length, 'it has been read');
    expect(unfinished.bytes).toBeLessThanOrEqual(maxUnfinishedBytes);
  }
  await isServed(other!);
  for (const [i, client] of silent.entries()) {
    client.send(`${value.slice(0, 10)}\r\n`);
    expect(await client.line()).toBe(i < 6 ? 'SERVER_ERROR out of memory storing object\r\n' : 'STORED\r\n');
    await isServed(client);
  }
  expect(unfinished.bytes).toBe(0);
  expect(await other!.stats()).toMatchObject({ store_no_memory: '6', curr_items: '4' });
  for (const client of silent) client.send(`set k 0 0 ${value.length}\r\n${value.slice(10)}`);
  await eventually(() => unfinished.bytes > 3 * MIB, 'they are at it again');
  for (const client of silent) client.reset();
  await eventually(() => unfinished.bytes === 0, 'what they held has gone with them');
});

it.each([
  'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'POST /set HTTP/1.1\r\nHost: localhost\r\nContent-Length: 24\r\n\r\nset injected 0 0 1\r\nx\r\n',
])('an HTTP request is closed without a word, and without effect: %j', async (request) => {
  const { connect: open, engine, transport } = await serve();
  const [browser, other] = [await open(), await open()];
  browser.send(request);
  expect(await browser.rest()).toBe('');
  await isServed(other);
  expect(engine.size).toBe(0);
  await eventually(() => transport.currentConnections === 1, 'the connection is gone');
});

it('a client that never reads is not read from, and the others are', async () => {
  const { connect: open, transport } = await serve();
  const [greedy, other] = [await open(), await open()];
  const value = 'v'.repeat(10_000);
  await other.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
  greedy.socket.pause();
  const gets = 20_000;
  greedy.send('get k\r\n'.repeat(gets));
  await eventually(
    () => [...transport.connections()].some(({ state }) => state === 'conn_waiting'),
    'the server waits',
  );
  let written = -1;
  // The kernel takes its share; then nothing more is made.
  await eventually(() => {
    const same = transport.bytesWritten === written;
    written = transport.bytesWritten;
    return same;
  }, 'the replies stop');
  expect(written).toBeLessThan((gets * value.length) / 2);
  for (let i = 0; i < 100; i++) await isServed(other);
  expect(await other.ask('stats conns\r\n', /END\r\n/)).toContain(':state conn_waiting\r\n');
  await greedy.close();
  await eventually(() => transport.currentConnections === 1, 'the connection is gone');
});

it('a pipeline of 100,000 requests yields to another client', async () => {
  const { connect: open, transport } = await serve();
  const [pipeline, other] = [await open(), await open()];
  await other.ask('set k 0 0 1\r\nv\r\n');
  const gets = 100_000;
  const reply = 'VALUE k 0 1\r\nv\r\nEND\r\n';
  pipeline.send('get k\r\n'.repeat(gets));
  await eventually(() => pipeline.received > 0, 'the pipeline is being answered');
  let answers = 0;
  while (pipeline.received < gets * reply.length) {
    await isServed(other);
    if (pipeline.received < gets * reply.length) answers++;
  }
  // Its answers came before those of the pipeline were done.
  expect(answers).toBeGreaterThan(3);
  expect((await pipeline.bytes(gets * reply.length)).toString('latin1') === reply.repeat(gets)).toBe(true);
  expect(Number((await other.stats()).conn_yields)).toBeGreaterThan(10);
  expect(transport.yields).toBeGreaterThan(10);
});

describe('idle connections', () => {
  const CLIENTS = 5000;
  /** Both ends of each are files of this machine, though not of one process. */
  const enough = openFilesLimit() > CLIENTS + 200;
  /** What a socket, its buffers and a session may come to. */
  const MOST_BYTES_EACH = 24 * 1024;

  it.skipIf(!enough)(`${CLIENTS} of them cost little, and one that asks is answered`, async () => {
    const server = await startHotset(['-c', String(CLIENTS + 100)]);
    const idle: Socket[] = [];
    try {
      const client = await connectTo({ port: server.port });
      const { pid = '' } = await client.stats();
      const before = residentBytes(pid);
      for (let batch = 0; batch < CLIENTS; batch += 250)
        idle.push(...(await Promise.all(Array.from({ length: 250 }, () => openSocket(server.port)))));
      // The kernel has them all; the server takes them one by one.
      for (let open = 0; open <= CLIENTS; ) open = Number((await client.stats()).curr_connections);
      for (let i = 0; i < 1000; i++) await isServed(client);
      const each = Math.round((residentBytes(pid) - before) / CLIENTS);
      console.log(`idle connections: ${each} bytes each`);
      expect(each).toBeLessThan(MOST_BYTES_EACH);
      for (const socket of idle) socket.resetAndDestroy();
      for (let left = CLIENTS; left > 1; ) left = Number((await client.stats()).curr_connections);
      await client.close();
    } finally {
      for (const socket of idle) socket.destroy();
      await server.stop();
    }
  });
});

async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => socket.destroy());
  return socket;
}

/** What the operating system lets a process open; Node raises the soft limit to the hard one. */
function openFilesLimit(): number {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 0);
}

function residentBytes(pid: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

it('replies that wait to be read have one bound, also where the cache has evicted what they hold', async () => {
  const maxUnreadBytes = 40 * MIB;
  const size = 12_000_000;
  const logged: string[] = [];
  const {
    connect: open,
    engine,
    transport,
  } = await serve(
    { maxItemBytes: 16 * MIB, maxUnreadBytes, verbosity: 1, log: (_, { kind }) => logged.push(kind) },
    { maxBytes: 32 * MIB },
  );
  const { unread } = itemStoreOf(engine);
  const [other, ...silent] = await Promise.all(Array.from({ length: 7 }, open));
  for (const [i, client] of silent.entries()) {
    client.socket.pause();
    client.send(`set k${i} 0 0 ${size} noreply\r\n${'x'.repeat(size)}\r\nget k${i}\r\nget k${i}\r\n`);
    await eventually(
      () => unread.bytes >= Math.min(i + 1, 3) * size && logged.length === Math.max(0, i - 2),
      '',
    );
    expect(unread.bytes).toBeLessThanOrEqual(maxUnreadBytes);
  }
  expect(logged).toEqual(['unread-replies', 'unread-replies', 'unread-replies']);
  await eventually(() => transport.currentConnections === 4, 'those that had waited longest are gone');
  await isServed(other!);
  for (const client of silent) client.socket.destroy();
  await eventually(() => unread.bytes === 0, 'what they held has gone with them');
  await isServed(other!);
});
