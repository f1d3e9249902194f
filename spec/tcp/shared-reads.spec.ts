/**
 * What Node gives to those who know its sockets' insides: fails on a version that has changed it, where the server would
 * go on with plain streams. The checks of .ci/run run it on all versions.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Input, LONG_READERS_MAX, type Reader, SharedInput, SharedReads } from '../../lib/tcp/input.js';

/** Keeps what it is given, copied, and where that was. */
class Recorder implements Reader {
  text = '';
  placedText = '';
  readonly memories = new Set<ArrayBufferLike>();
  readonly lengths: number[] = [];
  place: Buffer | null = null;
  onChunk: () => void = () => {};

  onData(chunk: Buffer): void {
    this.text += chunk.toString('latin1');
    this.memories.add(chunk.buffer);
    this.lengths.push(chunk.length);
    this.onChunk();
  }

  onPlaced(bytes: number): void {
    this.placedText += this.place!.toString('latin1', 0, bytes);
    this.place = bytes < this.place!.length ? this.place!.subarray(bytes) : null;
  }
}

const listeners: Server[] = [];
const clients: Socket[] = [];
const inputs: Input[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const { socket } of inputs.splice(0)) socket.destroy();
  for (const listener of listeners.splice(0)) listener.close();
});

const shared = new SharedReads();
let plainly = 0;

async function listen(path?: string): Promise<Server> {
  plainly = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    plainly++;
    socket.destroy();
  });
  listeners.push(server);
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  return server;
}

async function accepted(server: Server): Promise<{ client: Socket; input: Input; reader: Recorder }> {
  const address = server.address() as AddressInfo | string;
  const before = inputs.length;
  const client = typeof address === 'string' ? connect(address) : connect(address.port, '127.0.0.1');
  clients.push(client);
  await vi.waitFor(() => expect(inputs.length).toBe(before + 1));
  const input = inputs[before]!;
  const reader = new Recorder();
  input.begin(reader);
  return { client, input, reader };
}

describe.each(['TCP', 'a Unix socket'])('connections over %s', (kind) => {
  const path = kind === 'TCP' ? undefined : join(tmpdir(), `hotset-reads-${process.pid}.sock`);

  it('read into one buffer, without an event for what is read', async () => {
    const server = await listen(path);
    shared.accept(server, (input) => inputs.push(input));
    const all = [await accepted(server), await accepted(server)];
    for (const { client, input, reader } of all) {
      expect(input).toBeInstanceOf(SharedInput);
      client.write('one');
      await vi.waitFor(() => expect(reader.text).toBe('one'));
      client.write('two');
      await vi.waitFor(() => expect(reader.text).toBe('onetwo'));
      expect([...reader.memories]).toEqual([shared.memory.buffer]);
      expect(input.socket.bytesRead).toBe(6);
    }
    expect(plainly).toBe(0);
  });

  it('read to a place while their reader names one, and nothing behind it', async () => {
    const server = await listen(path);
    shared.accept(server, (input) => inputs.push(input));
    const { client, reader } = await accepted(server);
    const memory = Buffer.alloc(100_010, '.');
    reader.onChunk = () => {
      reader.onChunk = () => {};
      reader.place = memory.subarray(5, 100_005);
    };
    client.write('head');
    await vi.waitFor(() => expect(reader.text).toBe('head'));
    const value = 'v'.repeat(99_999);
    client.write(`${value}!tail`);
    await vi.waitFor(() => expect(reader.text).toBe('headtail'));
    expect(reader.placedText === `${value}!`).toBe(true);
    expect(memory.toString('latin1') === `.....${value}!.....`).toBe(true);
    expect([...reader.memories]).toEqual([shared.memory.buffer]);
  });

  it.each([
    { valueBytes: 200_000, nextBytes: [1000, 1000], first: [512, 488, 1000], most: 1000 },
    { valueBytes: 60_000, nextBytes: [1000, 40_000], first: [1000], most: 16_384 },
    { valueBytes: 60_000, nextBytes: [40_000, 1000, 40_000], first: [], most: 80 * 1024 },
  ])(
    'after $valueBytes bytes to a place, reads have room for as much',
    async ({ valueBytes, nextBytes, first, most }) => {
      const server = await listen(path);
      shared.accept(server, (input) => inputs.push(input));
      const { client, reader } = await accepted(server);
      reader.onChunk = () => {
        reader.onChunk = () => {};
        reader.place = Buffer.alloc(valueBytes);
      };
      client.write('head');
      await vi.waitFor(() => expect(reader.text).toBe('head'));
      client.write('v'.repeat(valueBytes));
      await vi.waitFor(() => expect(reader.placedText).toHaveLength(valueBytes));
      for (const [i, bytes] of nextBytes.entries()) {
        const { length } = reader.text;
        client.write(`${i}`.repeat(bytes));
        await vi.waitFor(() => expect(reader.text).toHaveLength(length + bytes));
      }
      expect(Math.max(...reader.lengths)).toBeLessThanOrEqual(most);
      expect(reader.lengths.slice(1, first.length + 1)).toEqual(first);
      expect(reader.text).toBe(`head${nextBytes.map((bytes, i) => `${i}`.repeat(bytes)).join('')}`);
    },
  );

  it('have room for as much on a bounded number of connections', async () => {
    const server = await listen(path);
    shared.accept(server, (input) => inputs.push(input));
    const open: Socket[] = [];
    shared.longReaders = LONG_READERS_MAX - 1;
    for (let i = 0; i < 2; i++) {
      const { client, reader } = await accepted(server);
      open.push(client);
      reader.onChunk = () => {
        reader.onChunk = () => {};
        reader.place = Buffer.alloc(10);
      };
      client.write('head');
      await vi.waitFor(() => expect(reader.text).toBe('head'));
      client.write('0123456789');
      await vi.waitFor(() => expect(reader.placedText).toHaveLength(10));
      expect(shared.longReaders).toBe(LONG_READERS_MAX);
    }
    for (const client of open) client.end();
    for (const { socket } of inputs) socket.end();
    await vi.waitFor(() => expect(shared.longReaders).toBe(LONG_READERS_MAX - 1));
    shared.longReaders = 0;
  });

  it('leave a place at once, when that is asked for between reads', async () => {
    const server = await listen(path);
    shared.accept(server, (input) => inputs.push(input));
    const { client, input, reader } = await accepted(server);
    const memory = Buffer.alloc(1000, '.');
    reader.onChunk = () => {
      reader.onChunk = () => {};
      reader.place = memory;
    };
    client.write('head');
    await vi.waitFor(() => expect(reader.text).toBe('head'));
    client.write('abc');
    await vi.waitFor(() => expect(reader.placedText).toBe('abc'));
    reader.place = null;
    input.leavePlace();
    client.write('def');
    await vi.waitFor(() => expect(reader.text).toBe('headdef'));
    expect(memory.toString('latin1')).toBe(`abc${'.'.repeat(997)}`);
    // And can have another one.
    reader.onChunk = () => {
      reader.place = memory.subarray(500);
    };
    client.write('g');
    await vi.waitFor(() => expect(reader.text).toBe('headdefg'));
    client.write('hi');
    await vi.waitFor(() => expect(reader.placedText).toBe('abchi'));
    expect(memory.toString('latin1', 498, 504)).toBe('..hi..');
  });

  it('pause in the middle, go on in order, and come to their end', async () => {
    const server = await listen(path);
    shared.accept(server, (input) => inputs.push(input));
    const { client, input, reader } = await accepted(server);
    reader.onChunk = () => {
      input.socket.pause();
      const { length } = reader.text;
      setImmediate(() => {
        expect(reader.text.length).toBe(length);
        input.socket.resume();
      });
    };
    const parts = Array.from({ length: 200 }, (_, i) => `${i},`.padEnd(997, '.'));
    const ended = once(input.socket, 'end');
    for (const part of parts) client.write(part);
    client.end('last');
    await ended;
    expect(reader.text === `${parts.join('')}last`).toBe(true);
    // Half open: the client still gets what it asked for.
    let reply = '';
    client.on('data', (chunk) => {
      reply += chunk.toString();
    });
    input.socket.end('reply');
    await once(client, 'close');
    expect(reply).toBe('reply');
  });

  it('discard what comes once they have been stopped, at a place as well', async () => {
    const server = await listen(path);
    shared.accept(server, (input) => inputs.push(input));
    const { client, input, reader } = await accepted(server);
    const memory = Buffer.alloc(1000, '.');
    reader.onChunk = () => {
      reader.place = memory;
    };
    client.write('head');
    await vi.waitFor(() => expect(reader.text).toBe('head'));
    input.stop();
    const ended = once(input.socket, 'end');
    client.end('unheard');
    await ended;
    expect(reader.text + reader.placedText).toBe('head');
    expect(memory.every((byte) => byte === 0x2e)).toBe(true);
  });
});

describe('where Node has changed', () => {
  it('connections arrive as events: without a handle that listens', async () => {
    shared.accept(createServer(), () => expect.unreachable());
    const server = await listen();
    const { _handle } = server as unknown as { _handle: { onconnection: unknown } };
    const { onconnection } = _handle;
    _handle.onconnection = undefined;
    shared.accept(server, () => expect.unreachable());
    _handle.onconnection = onconnection;
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(client);
    await once(client, 'close');
    expect(plainly).toBe(1);
  });

  it('connections arrive as events: with handles that take no buffer', async () => {
    const server = await listen();
    shared.accept(server, () => expect.unreachable());
    const { _handle } = server as unknown as {
      _handle: { onconnection: (error: number, client: { useUserBuffer: unknown }) => void };
    };
    const { onconnection } = _handle;
    _handle.onconnection = function (error, client) {
      client.useUserBuffer = undefined;
      onconnection.call(this, error, client);
    };
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(client);
    await once(client, 'close');
    expect(plainly).toBe(1);
  });
});
