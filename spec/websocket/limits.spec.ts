/** What a connection may not exceed, and the code that says so. */

import { describe, expect, it } from 'vitest';
import { eventually } from '../tcp/wire-client.js';
import { handshake, refusalOf, serve } from './fixture.js';

const KIB = 1024;

describe('maxConnections', () => {
  it('refuses one more with 503, counts it, and serves the others', async () => {
    const { connect, port, transport } = await serve({ maxConnections: 2 });
    const [first, second] = [await connect(), await connect('hotset.v1')];
    for (let i = 0; i < 20; i++)
      expect(await refusalOf(port, handshake())).toMatchObject({
        status: 503,
        body: '2 connections are open, and no more are served\n',
      });
    expect(transport.rejectedConnections).toBe(20);
    expect(await first.stats()).toMatchObject({
      max_connections: '2',
      curr_connections: '2',
      total_connections: '2',
      rejected_connections: '20',
    });
    expect(second.isClosed).toBe(false);
  });

  it('gives a place that became free to the next', async () => {
    const { connect, port, transport } = await serve({ maxConnections: 1 });
    for (let round = 0; round < 3; round++) {
      const client = await connect();
      expect(await client.ask('mn\r\n')).toBe('MN\r\n');
      expect((await refusalOf(port, handshake())).status).toBe(503);
      if (round === 1) await client.leave();
      else client.cut();
      await eventually(() => transport.currentConnections === 0, 'the place becomes free');
    }
    expect(transport.totalConnections).toBe(3);
  });

  it('is of no concern to those who are refused for a better reason', async () => {
    const { connect, port, transport } = await serve({ maxConnections: 1 });
    await connect();
    expect((await refusalOf(port, handshake({ Host: 'evil.example' }))).status).toBe(403);
    expect(transport.rejectedConnections).toBe(0);
  });
});

describe('maxPayloadBytes', () => {
  it('closes with 1009, and stores nothing of it', async () => {
    const { connect, engine } = await serve({ maxPayloadBytes: 2048 });
    const [client, other] = [await connect(), await connect()];
    const value = 'v'.repeat(2048 - 'set k 0 0 2000\r\n\r\n'.length - 30);
    expect(await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`)).toBe('STORED\r\n');
    client.send(Buffer.alloc(2049, 'x'));
    expect((await client.closed).code).toBe(1009);
    expect(await other.ask('get k\r\n')).toContain('VALUE k');
    expect(engine.size).toBe(1);
  });

  it('counts all fragments of a message', async () => {
    const { connect } = await serve({ maxPayloadBytes: 2048 });
    const client = await connect();
    for (let i = 0; i < 3; i++) client.ws.send(Buffer.alloc(1000, 'x'), { fin: false });
    expect((await client.closed).code).toBe(1009);
  });

  it('holds for hotset.v1, too', async () => {
    const { connect } = await serve({ maxPayloadBytes: 2048 });
    const client = await connect('hotset.v1');
    client.sendText('x'.repeat(2049));
    expect((await client.closed).code).toBe(1009);
  });

  it('leaves room for the largest item in base64 by default', async () => {
    const { connect } = await serve({ maxItemBytes: 8 * KIB });
    const client = await connect('hotset.v1');
    const base64 = Buffer.alloc(8 * KIB - 100).toString('base64');
    client.sendText(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'set', params: { key: 'k', base64 } }));
    expect(JSON.parse(await client.message())).toMatchObject({ result: { result: 'stored' } });
    client.sendText('x'.repeat(8 * KIB * 1.5 + 64 * KIB));
    expect((await client.closed).code).toBe(1009);
  });
});

describe('a message of one who may not store', () => {
  it.each(['read-only', 'metadata'] as const)(
    'is as long as for items of 1 MiB where access is %s',
    async (access) => {
      const { connect } = await serve({ maxItemBytes: 8 * 1024 * KIB, access });
      const client = await connect('hotset.v1');
      const limit = Math.ceil((1024 * KIB) / 3) * 4 + 64 * KIB;
      client.sendText('x'.repeat(limit));
      expect(JSON.parse(await client.message())).toMatchObject({ error: { code: -32700 } });
      client.sendText('x'.repeat(limit + 1));
      expect((await client.closed).code).toBe(1009);
    },
  );
});

describe('hotset.v1', () => {
  it('takes its limits from the options', async () => {
    const { connect } = await serve({ maxBatch: 2, access: 'metadata' });
    const client = await connect('hotset.v1');
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    client.sendText(JSON.stringify([ping, ping, ping]));
    expect(JSON.parse(await client.message())).toMatchObject({ error: { code: -32005 } });
    client.sendText(JSON.stringify({ ...ping, method: 'get', params: { key: 'k' } }));
    expect(JSON.parse(await client.message())).toMatchObject({ error: { code: -32002 } });
    client.sendText(JSON.stringify(ping));
    expect(JSON.parse(await client.message())).toMatchObject({ result: 'pong' });
  });

  it('is spoken in text frames', async () => {
    const { connect } = await serve();
    const client = await connect('hotset.v1');
    client.send('{}');
    expect((await client.closed).code).toBe(1003);
  });
});
