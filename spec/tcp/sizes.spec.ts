/** Every byte of every size comes back as it was sent: across the string/Buffer threshold, to the item limit. */

import { describe, expect, it } from 'vitest';
import { TEXT_MAX_BYTES } from '../../lib/items/value-codec.js';
import { everyByte, serve } from './fixture.js';
import type { WireClient } from './wire-client.js';

/** The exact limit for a key of one byte and no flags: memcached's 1 MiB less its item header. */
const LIMIT = 1_048_516;

function command(verb: string, key: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${verb} ${key} 0 0 ${value.length}\r\n`), value, Buffer.from('\r\n')]);
}

async function get(client: WireClient, key: string, length: number): Promise<Buffer> {
  client.send(`get ${key}\r\n`);
  expect(await client.line()).toBe(`VALUE ${key} 0 ${length}\r\n`);
  const value = await client.bytes(length);
  expect(await client.like('\r\nEND\r\n')).toBe('\r\nEND\r\n');
  return value;
}

describe('values of bytes', () => {
  it.each([
    0,
    1,
    255,
    256,
    TEXT_MAX_BYTES - 1,
    TEXT_MAX_BYTES,
    TEXT_MAX_BYTES + 1,
    65_535,
    65_536,
    65_537,
    LIMIT,
  ])('come back as they were sent: %i of them', async (length) => {
    const { connect, engine } = await serve();
    const client = await connect();
    const value = everyByte(length);
    client.send(command('set', 'k', value));
    expect(await client.line()).toBe('STORED\r\n');
    expect((await get(client, 'k', length)).equals(value)).toBe(true);
    // And arriving in two pieces, the CRLF among them.
    client.send(command('set', 'k', value).subarray(0, -1));
    client.send('\n');
    expect(await client.line()).toBe('STORED\r\n');
    expect((await get(client, 'k', length)).equals(value)).toBe(true);
    expect(engine.verify()).toEqual([]);
  });

  it('are refused from one byte over the limit, and the old value goes', async () => {
    const { connect, engine, transport } = await serve();
    const client = await connect();
    expect(await client.ask('set k 0 0 1\r\nx\r\n')).toBe('STORED\r\n');
    client.send(Buffer.concat([command('set', 'k', everyByte(LIMIT + 1)), Buffer.from('get k\r\n')]));
    expect(await client.like('SERVER_ERROR object too large for cache\r\nEND\r\n')).toBe(
      'SERVER_ERROR object too large for cache\r\nEND\r\n',
    );
    expect(engine.size).toBe(0);
    expect(transport.currentConnections).toBe(1);
  });

  it('grow over the threshold by append and prepend without a byte lost', async () => {
    const { connect } = await serve();
    const client = await connect();
    let expected = Buffer.alloc(0);
    client.send(command('set', 'k', expected));
    expect(await client.line()).toBe('STORED\r\n');
    for (let round = 0; round < 12; round++) {
      const piece = everyByte(700, round);
      client.send(command(round % 2 === 0 ? 'append' : 'prepend', 'k', piece));
      expect(await client.line()).toBe('STORED\r\n');
      expected = Buffer.concat(round % 2 === 0 ? [expected, piece] : [piece, expected]);
      expect((await get(client, 'k', expected.length)).equals(expected)).toBe(true);
    }
  });

  it('may trickle in: 1 MB in chunks of uneven length', async () => {
    const { connect, engine } = await serve();
    const client = await connect();
    client.socket.setNoDelay(true);
    const value = everyByte(LIMIT);
    const bytes = command('set', 'k', value);
    for (let at = 0, step = 1; at < bytes.length; at += step, step = 1 + ((step * 7 + 13) % 20_011)) {
      client.send(bytes.subarray(at, at + step));
      await new Promise(setImmediate);
    }
    expect(await client.line()).toBe('STORED\r\n');
    expect((await get(client, 'k', LIMIT)).equals(value)).toBe(true);
    // What was set aside for the pieces is not kept beside the value.
    expect(engine.bytes).toBeLessThan(LIMIT + 5000);
  });

  it('come in one reply for a get of 10,000 keys, in the order of the request', async () => {
    const { connect, engine } = await serve();
    const client = await connect();
    const keys = Array.from({ length: 10_000 }, (_, i) => `key-${i}`);
    client.send(
      keys
        .map((key, i) => (i % 3 === 0 ? '' : `set ${key} 0 0 ${key.length} noreply\r\n${key}\r\n`))
        .join(''),
    );
    client.send(`get ${keys.join(' ')}\r\nversion\r\n`);
    const held = keys.filter((_, i) => i % 3 !== 0);
    const expected = `${held.map((key) => `VALUE ${key} 0 ${key.length}\r\n${key}\r\n`).join('')}END\r\nVERSION `;
    expect((await client.like(expected)) === expected).toBe(true);
    expect(engine.size).toBe(held.length);
  });
});
