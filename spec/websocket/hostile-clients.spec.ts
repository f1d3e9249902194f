/**
 * Clients that mean no good, or do not know better: what each may cost is bounded, and others are served meanwhile.
 * Those that do not read are also in memcached.spec.ts, those that are half open in heartbeat.spec.ts.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { createOwnServer } from '../../lib/websocket/own-server.js';
import { transportOf } from '../tcp/fixture.js';
import { eventually } from '../tcp/wire-client.js';
import { closeAfterTest, closeOf, handshake, openSocket, refusalOf, serve, upgrade } from './fixture.js';
import type { FrameClient } from './frame-client.js';
import { CloseCodeSearch, type FrameHead, frame } from './raw-frames.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A client that is not concerned is answered. */
async function isServed(client: FrameClient): Promise<void> {
  expect(await client.ask('mn\r\n')).toBe('MN\r\n');
}

/** What the process holds, in MiB; collected often enough that only what is referred to is left. */
async function heldMib(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

/** The code with which the server ends the connection. */
async function codeOf(socket: Socket): Promise<number | null> {
  const search = new CloseCodeSearch();
  return await new Promise((resolve) => {
    socket.on('data', (chunk) => {
      search.push(chunk);
      if (search.code !== null) resolve(search.code);
    });
    socket.once('close', () => resolve(search.code));
    socket.resume();
  });
}

const hotset = handshake({ 'Sec-WebSocket-Protocol': 'hotset.v1' });

describe('a frame that is none', () => {
  it.each<[string, number, Buffer, string?]>([
    ['is not masked', 1002, frame('mn\r\n', { masked: false })],
    ['has a reserved bit', 1002, frame('mn\r\n', { reserved: 1 })],
    ['says that it is compressed', 1002, frame('mn\r\n', { reserved: 4 })],
    ['is of a kind that there is not', 1002, frame('mn\r\n', { opcode: 3 })],
    ['is a control frame that there is not', 1002, frame('', { opcode: 15 })],
    ['is a ping in fragments', 1002, frame('', { opcode: 9, fin: false })],
    ['is a ping that is too long', 1002, frame('x'.repeat(126), { opcode: 9 })],
    ['goes on with nothing', 1002, frame('mn\r\n', { opcode: 0 })],
    ['begins in the middle of another', 1002, Buffer.concat([frame('m', { fin: false }), frame('n')])],
    ['closes with half a code', 1002, frame('x', { opcode: 8 })],
    ['closes with a code that there is not', 1002, frame('\x00\x05', { opcode: 8 })],
    ['closes with a reason that is not UTF-8', 1007, frame('\x03\xe8\xff', { opcode: 8 })],
    ['is text that is not UTF-8', 1007, frame('"\xff"', { opcode: 1 }), hotset],
    ['is an HTTP request', 1002, Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['is a memcached request', 1002, Buffer.from('get k\r\n')],
  ])('because it %s: %i', async (_what, code, bytes, head) => {
    const { connect, port } = await serve();
    const [socket, other] = [await upgrade(port, head), await connect()];
    socket.write(bytes);
    expect(await codeOf(socket)).toBe(code);
    await isServed(other);
  });

  it('whatever it is, harms no other client', { timeout: 120_000 }, async () => {
    const { connect, engine, port, transport } = await serve();
    const other = await connect();
    const head: fc.Arbitrary<FrameHead> = fc.record(
      {
        fin: fc.boolean(),
        reserved: fc.constantFrom(0, 0, 0, 1, 4),
        opcode: fc.constantFrom(0, 1, 2, 2, 2, 8, 9, 10, 11),
        masked: fc.constantFrom(true, true, true, false),
        length: fc.constantFrom(0, 1, 5, 200, 70_000, 2 ** 40, 2n ** 63n),
      },
      { requiredKeys: [] },
    );
    const payload = fc.constantFrom(
      '',
      'mn\r\n',
      'get k\r\n',
      'set k 0 0 9999\r\n',
      '[',
      '{"id":1}',
      '\xff',
      '\x03\xe8',
    );
    const bytes = fc.oneof(
      fc.array(
        fc.tuple(payload, head).map(([text, fields]) => frame(text, fields)),
        { maxLength: 5 },
      ),
      fc.array(
        fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array)),
        { maxLength: 3 },
      ),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (pieces, speaksHotset) => {
        const socket = await upgrade(port, speaksHotset ? hotset : handshake());
        socket.resume();
        for (const piece of pieces) socket.write(piece);
        await isServed(other);
        socket.destroy();
        await eventually(() => transport.currentConnections === 1, 'it is gone');
        expect(engine.verify()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a length that is a lie', () => {
  it.each([2 * MIB, 2 ** 31, 2 ** 32, 2 ** 52, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n])(
    'of %s bytes is refused at once, before any of them come',
    async (length) => {
      const { connect, port } = await serve();
      const [liar, other] = [await upgrade(port), await connect()];
      liar.write(frame('', { length }));
      expect(await codeOf(liar)).toBe(1009);
      await isServed(other);
    },
  );

  it('what comes nevertheless is not kept', async () => {
    const { connect, port, transport } = await serve();
    const [liar, other] = [await upgrade(port), await connect()];
    const code = codeOf(liar);
    const before = await heldMib();
    liar.write(frame('', { length: 2 ** 31 }));
    const piece = Buffer.alloc(MIB);
    for (let sent = 0; sent < 64; sent++) {
      if (!liar.write(piece)) await turn();
      await isServed(other);
    }
    expect(await code).toBe(1009);
    expect(await heldMib()).toBeLessThan(before + 80);
    liar.destroy();
    await eventually(() => transport.currentConnections === 1, 'it is gone');
    expect(await heldMib()).toBeLessThan(before + 8);
  });
});

describe('a message that never ends', () => {
  it.each([
    ['in empty fragments', ''],
    ['in fragments of a byte', 'x'],
  ])('%s is cut short with 1008, and what it held is given back', async (_what, payload) => {
    const { connect, port, transport } = await serve();
    const [endless, other] = [await upgrade(port), await connect()];
    const before = await heldMib();
    endless.write(frame(payload, { fin: false }));
    const more = Buffer.concat(Array.from({ length: 500 }, () => frame(payload, { fin: false, opcode: 0 })));
    const code = codeOf(endless);
    for (let sent = 0; sent < 10; sent++) {
      endless.write(more);
      await isServed(other);
    }
    expect(await code).toBe(1008);
    endless.destroy();
    await eventually(() => transport.currentConnections === 1, 'it is gone');
    expect(await heldMib()).toBeLessThan(before + 8);
  });

  it('byte by byte on the wire is cut short, too', async () => {
    const { connect, port } = await serve({ maxPayloadBytes: 100_000 });
    const [endless, other] = [await upgrade(port), await connect()];
    endless.setNoDelay(true);
    const code = codeOf(endless);
    let closed = false;
    void code.then(() => {
      closed = true;
    });
    endless.write(frame('', { length: 100_000 }));
    for (let sent = 0; sent < 100_000 && !closed; sent++) {
      endless.write('x');
      await turn();
      if (sent % 100 === 0) await isServed(other);
    }
    expect(await code).toBe(1008);
  });
});

it('messages that are half received have one bound: the one that has waited longest is closed with 1013', async () => {
  const maxUnfinishedBytes = 4 * MIB;
  const { connect, engine, port } = await serve({ maxUnfinishedBytes });
  const { unfinished } = itemStoreOf(engine);
  const other = await connect();
  const half = frame('v'.repeat(MIB), { length: MIB + 10 });
  const sockets: Socket[] = [];
  for (let i = 0; i < 4; i++) {
    const socket = await upgrade(port);
    const before = unfinished.bytes;
    // In fragments, too.
    if (i === 2) socket.write(frame('abc', { fin: false }));
    socket.write(i === 2 ? frame('v'.repeat(MIB - 10), { opcode: 0, length: MIB }) : half);
    const goal = i === 3 ? 3 * MIB : before + MIB - 100;
    await eventually(() => unfinished.bytes >= goal, `half of ${i} has come`);
    sockets.push(socket);
  }
  expect(await codeOf(sockets[0]!)).toBe(1013);
  expect(unfinished.bytes).toBeLessThanOrEqual(maxUnfinishedBytes);
  sockets[1]!.write('0123456789');
  await eventually(() => unfinished.bytes < 3 * MIB, 'one is whole');
  for (const socket of sockets) socket.destroy();
  await eventually(() => unfinished.bytes === 0, 'what they held has gone with them');
  await isServed(other);
});

describe('a flood', () => {
  const FRAMES = 50_000;

  it('of frames leaves others their turn, and holds nothing in the end', async () => {
    const { connect, port, transport } = await serve();
    const [flooder, other] = [await upgrade(port), await connect()];
    let received = 0;
    flooder.on('data', (chunk) => {
      received += chunk.length;
    });
    flooder.resume();
    const before = await heldMib();
    const replyBytes = 2 + 'MN\r\n'.length;
    flooder.write(Buffer.concat(Array.from({ length: FRAMES }, () => frame('mn\r\n'))));
    let answers = 0;
    while (received < FRAMES * replyBytes) {
      await isServed(other);
      if (received < FRAMES * replyBytes) answers++;
    }
    expect(answers).toBeGreaterThan(10);
    expect(transport.yields).toBeGreaterThan(FRAMES / 512 - 10);
    expect(await heldMib()).toBeLessThan(before + 8);
  });

  it('of empty frames costs other clients nothing', async () => {
    const { connect, port, transport } = await serve();
    const [flooder, other] = [await upgrade(port), await connect()];
    flooder.resume();
    flooder.write(Buffer.concat(Array.from({ length: FRAMES }, () => frame())));
    flooder.write(frame('quit\r\n'));
    const code = codeOf(flooder);
    for (let i = 0; i < 10; i++) await isServed(other);
    expect(await code).toBe(1000);
    flooder.destroy();
    await eventually(() => transport.currentConnections === 1, 'it is gone');
  });

  it.each([
    { pings: 60, expected: 60 },
    { pings: 61, expected: 1008 },
    { pings: 10_000, expected: 1008 },
  ])('of $pings pings in one packet: $expected', async ({ pings, expected }) => {
    const { connect, port, transport } = await serve();
    const [flooder, other] = [await upgrade(port), await connect()];
    const flood = Buffer.concat(
      Array.from({ length: pings }, (_, i) => frame(String(i).padEnd(125), { opcode: 9 })),
    );
    if (expected === 1008) {
      const code = codeOf(flooder);
      flooder.write(flood);
      expect(await code).toBe(1008);
      flooder.destroy();
      await eventually(() => transport.currentConnections === 1, 'it is gone');
    } else {
      let received = 0;
      flooder.on('data', (chunk) => {
        received += chunk.length;
      });
      flooder.write(flood);
      flooder.resume();
      await eventually(() => received === expected * 127, 'all pongs have come');
      flooder.write(flood);
      await eventually(() => received === 2 * expected * 127, 'and those of the next');
    }
    await isServed(other);
  });

  it('of tiny requests by a client that reads nothing stops, and holds little', async () => {
    const { connect, port, transport } = await serve();
    const [deaf, other] = [await upgrade(port), await connect()];
    const before = await heldMib();
    await other.ask(`set k 0 0 100\r\n${'v'.repeat(100)}\r\n`);
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => frame('get k\r\n')));
    const isHeld = (): boolean => [...transport.connections()].some(({ state }) => state === 'conn_waiting');
    let taken = true;
    for (let sent = 0; sent < 200 && !(isHeld() && !taken); sent++) {
      taken = deaf.write(many);
      for (let i = 0; i < 50; i++) await isServed(other);
    }
    let written = -1;
    await eventually(() => {
      const same = transport.bytesWritten === written;
      written = transport.bytesWritten;
      return same && isHeld();
    }, 'the replies stop');
    // The requests that this client still wants to send are in this process, too.
    expect(await heldMib()).toBeLessThan(before + deaf.writableLength / MIB + 8);
    await isServed(other);
    deaf.destroy();
    await eventually(() => transport.currentConnections === 1, 'it is gone');
    expect(await heldMib()).toBeLessThan(before + 8);
  });

  it('of handshakes that are refused holds nothing, and others are served', async () => {
    const { connect, port, transport } = await serve({ token: 'sesame', origins: [] });
    const other = await connect('memcached', { Authorization: 'Bearer sesame' });
    const heads = [
      handshake(),
      handshake({ Host: 'evil.example' }),
      handshake({ Origin: 'https://evil.example' }),
      handshake({ Authorization: 'Bearer guess' }),
      handshake({ Authorization: 'Bearer sesame', 'Sec-WebSocket-Protocol': 'none' }),
      handshake({}, 'GET /elsewhere HTTP/1.1'),
      handshake({ 'Sec-WebSocket-Protocol': 'x'.repeat(10_000) }),
    ];
    const statuses = new Set<number>();
    const before = await heldMib();
    for (let round = 0; round < 60; round++) {
      const answers = await Promise.all(heads.map((head) => refusalOf(port, head)));
      for (const { status } of answers) statuses.add(status);
      await isServed(other);
    }
    expect([...statuses].sort()).toEqual([400, 401, 403, 404]);
    expect(transport.totalConnections).toBe(1);
    expect(await heldMib()).toBeLessThan(before + 8);
  });

  it('of handshakes beyond maxConnections is refused, and those inside are served', async () => {
    const { connect, port, transport } = await serve({ maxConnections: 20 });
    const other = await connect();
    const heads = Array.from({ length: 200 }, () => handshake());
    const answered = heads.map(async (head) => {
      const socket = await openSocket(port);
      const first = new Promise<string>((resolve) => {
        socket.once('data', (chunk) => resolve(chunk.toString('latin1').slice(0, 12)));
      });
      socket.write(head);
      return await first;
    });
    await isServed(other);
    const statuses = await Promise.all(answered);
    expect(statuses.filter((line) => line === 'HTTP/1.1 101').length).toBe(19);
    expect(statuses.filter((line) => line === 'HTTP/1.1 503').length).toBe(181);
    expect(transport.rejectedConnections).toBe(181);
    await isServed(other);
  });
});

describe('a client of hotset.v1 that never reads', () => {
  const request = (id: number, method: string, params: object): Buffer =>
    frame(JSON.stringify({ jsonrpc: '2.0', id, method, params }), { opcode: 1 });

  it('holds little memory however many changes there are, and gets lagged in the end', async () => {
    const { connect, port, transport } = await serve({ maxUnsentBytes: 128 * 1024 });
    const [deaf, writer] = [await upgrade(port, hotset), await connect()];
    deaf.write(request(1, 'subscribe', { prefixes: [''] }));
    await eventually(() => transport.bytesWritten > 0, 'it has subscribed');
    const before = await heldMib();
    const sets = (round: number): string =>
      Array.from(
        { length: 500 },
        (_, i) => `set ${'k'.repeat(200)}-${round}-${i} 0 1 0 noreply\r\n\r\n`,
      ).join('');
    const told = (): number => transport.bytesWritten - writer.received;
    let before500 = -1;
    let rounds = 0;
    for (; told() > before500; rounds++) {
      before500 = told();
      expect(await writer.ask(`${sets(rounds)}mn\r\n`)).toBe('MN\r\n');
      await turn();
    }
    for (let i = 0; i < 20; i++) await writer.ask(`${sets(rounds + i)}mn\r\n`);
    expect(told()).toBe(before500);
    expect(await heldMib()).toBeLessThan(before + (rounds + 20) * 500 * 0.001 + 8);
    let heard = '';
    deaf.setEncoding('latin1');
    deaf.on('data', (text: string) => {
      heard = (heard + text).slice(-10_000);
    });
    deaf.resume();
    await eventually(() => heard.includes('"lagged"'), 'the notice comes');
    expect(heard).toMatch(/"method":"lagged","params":\{"dropped":\d+\}.*"invalidatedAll".*"cause":"lagged"/);
    await isServed(writer);
  });

  it('and requests more than may wait is cut with 1013', async () => {
    const { connect, port, transport } = await serve({
      maxUnsentBytes: 64 * 1024,
      maxBacklogBytes: 256 * 1024,
    });
    const [deaf, writer] = [await upgrade(port, hotset), await connect()];
    const value = 'v'.repeat(1_000_000);
    expect(await writer.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`)).toBe('STORED\r\n');
    deaf.write(request(1, 'getMany', { keys: Array(10).fill('k') }));
    deaf.write(request(2, 'getMany', { keys: Array(10).fill('k') }));
    await eventually(() => transport.bytesWritten > 10_000_000, 'it was answered');
    await isServed(writer);
    expect(await codeOf(deaf)).toBe(1013);
  });
});

it('a refused client that never leaves is left', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const engine = new CacheEngine<string, unknown>();
  closeAfterTest(attachWebSocket(engine, { server }));
  const transport = transportOf(engine);
  const socket = await openSocket((server.address() as AddressInfo).port);
  socket.allowHalfOpen = true;
  socket.resume();
  socket.write(handshake({ Host: 'evil.example' }));
  await once(socket, 'end');
  // Waits for all connections of the server, this one above all.
  await new Promise((resolve) => server.close(resolve));
  expect(socket.destroyed).toBe(false);
  expect(transport.totalConnections).toBe(0);
});

it('a client that does not come to the end of its request has not for ever', () => {
  const server = createOwnServer(10);
  expect(server.headersTimeout).toBeLessThanOrEqual(10_000);
  expect(server.requestTimeout).toBeLessThanOrEqual(10_000);
  expect(server.maxConnections).toBe(266);
});

it('half-open connections are gone after two beats, however many', async () => {
  const { connect, port, transport } = await serve();
  const other = await connect();
  const gone: Promise<void>[] = [];
  for (let i = 0; i < 100; i++) {
    const socket = await upgrade(port);
    socket.resume();
    gone.push(closeOf(socket));
  }
  expect(transport.currentConnections).toBe(101);
  transport.beat();
  await isServed(other);
  transport.beat();
  await Promise.all(gone);
  await eventually(() => transport.currentConnections === 1, 'they are gone');
  await isServed(other);
});
