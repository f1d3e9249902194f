/** A client that asks and does not read costs a bounded amount of memory, and nobody else any time. */

import type { Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { ItemStore, openItems } from '../../lib/memcached/item-store.js';
import { REPLIES_MAX_BYTES } from '../../lib/memcached/limits.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { TcpConnection } from '../../lib/tcp/connection.js';
import type { ListenAddress } from '../../lib/tcp/index.js';
import { type Input, SharedReads, StreamInput } from '../../lib/tcp/input.js';
import { openListener } from '../../lib/tcp/listener.js';
import { UNSENT_MAX_BYTES } from '../../lib/tcp/tcp-server.js';
import { TlsEndpoint } from '../../lib/tcp/tls-endpoint.js';
import { resolveTlsOptions } from '../../lib/tcp/tls-options.js';
import { resolveConnectionOptions } from '../../lib/transport/connection-options.js';
import { ConnectionRegistry } from '../../lib/transport/connection-registry.js';
import type { TransportSettings } from '../../lib/transport.js';
import { connectTo, everyByte, serve, servedTls } from './fixture.js';
import { eventually } from './wire-client.js';

let listener: Server | undefined;
afterEach(() => {
  listener?.close();
  listener = undefined;
});

/** Connections as a server has them, but in reach of the spec. */
async function bareConnections(): Promise<{ address: ListenAddress; connections: TcpConnection[] }> {
  const items = new ItemStore(openItems(new CacheEngine<string, unknown>()));
  const registry = new ConnectionRegistry(items, {} as TransportSettings, resolveConnectionOptions({}), {});
  const context = { registry, out: new ReplyBuffer(), maxUnsentBytes: UNSENT_MAX_BYTES };
  const connections: TcpConnection[] = [];
  const onInput = (input: Input): void => {
    connections.push(new TcpConnection(input, context, null));
  };
  const onSecure = (socket: Socket): void => onInput(new StreamInput(socket));
  const tls = servedTls();
  const endpoint =
    tls === null ? null : new TlsEndpoint(resolveTlsOptions(tls), { onSecure, onHandshakeFailed: () => {} });
  listener = await openListener({ port: 0 }, (socket) =>
    endpoint === null ? onSecure(socket) : endpoint.begin(socket),
  );
  if (endpoint === null) new SharedReads().accept(listener, onInput);
  return { address: { port: (listener.address() as { port: number }).port }, connections };
}

describe.each([
  // More than the kernel takes on both sides of a connection, so that it is the server that has to stop.
  { what: 'large values, sent by reference', length: 100_000, gets: 600 },
  { what: 'small values, copied into blocks', length: 150, gets: 250_000 },
])('a client that never reads $what', ({ length, gets }) => {
  it('is held back, while others are served at once, and gets every reply when it reads', async () => {
    const { address, connections } = await bareConnections();
    const other = await connectTo(address);
    const value = everyByte(length).toString('latin1');
    const reply = `VALUE k 0 ${length}\r\n${value}\r\nEND\r\n`;
    expect(await other.ask(`set k 0 0 ${length}\r\n${value}\r\n`)).toBe('STORED\r\n');

    const slow = await connectTo(address);
    slow.socket.pause();
    slow.send('get k\r\n'.repeat(gets));
    await eventually(() => connections[1]?.state === 'conn_waiting', 'the slow client is held back');
    const bound = UNSENT_MAX_BYTES + REPLIES_MAX_BYTES + 2 * reply.length;
    let worst = 0;
    // What is held back must not grow while others are at work.
    for (let round = 0; round < 300; round++) {
      await other.ask('version\r\n');
      worst = Math.max(worst, connections[1]!.unsentBytes);
    }
    expect(await other.ask('get k\r\n', /END\r\n/)).toBe(reply);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(bound);
    expect(slow.received).toBeLessThan(gets * reply.length);

    const expected = Buffer.from(reply, 'latin1');
    slow.socket.resume();
    let wrong = 0;
    for (let i = 0; i < gets; i++) {
      const bytes = await slow.bytes(expected.length);
      if (!bytes.equals(expected)) wrong++;
      if (i % 64 === 0) worst = Math.max(worst, connections[1]!.unsentBytes);
    }
    expect(wrong).toBe(0);
    expect(worst).toBeLessThanOrEqual(bound);
    expect(connections[1]!.state).toBe('conn_read');
    expect(await slow.ask('version\r\n')).toMatch(/^VERSION \S+\r\n$/);
  });
});

it('a get of keys whose values fill the bound many times over is cut into turns', async () => {
  const { connect } = await serve();
  const client = await connect();
  const value = 'v'.repeat(50_000);
  await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
  const times = 400;
  client.socket.pause();
  client.send(`get ${'k '.repeat(times)}\r\nversion\r\n`);
  const other = await connect();
  expect(await other.ask('version\r\n')).toMatch(/^VERSION /);
  client.socket.resume();
  const expected = `${`VALUE k 0 ${value.length}\r\n${value}\r\n`.repeat(times)}END\r\nVERSION `;
  expect((await client.like(expected)) === expected).toBe(true);
});

it('a large reply that is half read keeps its bytes, although the item is replaced, deleted and stored anew', async () => {
  const length = 32 * 1024 * 1024;
  const { connect, engine, transport } = await serve(
    { maxItemBytes: 64 * 1024 * 1024 },
    { maxBytes: 256 * 1024 * 1024 },
  );
  const [reader, writer] = [await connect(), await connect()];
  const old = everyByte(length, 3);
  writer.send(`set k 0 0 ${length}\r\n`);
  writer.send(old);
  writer.send('\r\n');
  expect(await writer.line()).toBe('STORED\r\n');

  reader.send('get k\r\n');
  await reader.bytes(100);
  reader.socket.pause();
  expect(transport.bytesWritten).toBeGreaterThan(length);
  writer.send(`set k 0 0 ${length}\r\n`);
  writer.send(Buffer.alloc(length, 'n'));
  writer.send('\r\ndelete k\r\nset k 0 0 3\r\nnew\r\n');
  const replies = 'STORED\r\nDELETED\r\nSTORED\r\n';
  expect(await writer.like(replies)).toBe(replies);

  reader.socket.resume();
  const all = await reader.bytes(`VALUE k 0 ${length}\r\n`.length + length - 100);
  expect(all.subarray(-length + 100).equals(old.subarray(100))).toBe(true);
  expect(await reader.like('\r\nEND\r\n')).toBe('\r\nEND\r\n');
  expect(await reader.ask('get k\r\n', /END\r\n/)).toBe('VALUE k 0 3\r\nnew\r\nEND\r\n');
  expect(engine.verify()).toEqual([]);
});
