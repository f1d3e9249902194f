/** One engine, used by its own process and over any number of servers at once. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTcpServer } from '../../lib/tcp/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { STORE } from '../support/stores.js';
import { folder, serve } from './fixture.js';

describe.runIf(STORE === 'engine')('an engine that its own process uses as well', () => {
  it('shows the wire what the process has set', async () => {
    const { connect, engine } = await serve();
    const client = await connect();
    engine.set('text', 'grüße');
    engine.set('json', { a: [1, null] });
    engine.set('bytes', new Uint8Array([0, 255, 13, 10]));
    engine.set('grüße', 'umlaut key');
    expect(await client.ask('get text json bytes\r\n', /END\r\n$/)).toBe(
      'VALUE text 0 7\r\ngr\xc3\xbc\xc3\x9fe\r\n' +
        'VALUE json 2 14\r\n{"a":[1,null]}\r\n' +
        'VALUE bytes 4 4\r\n\x00\xff\r\n\r\nEND\r\n',
    );
    const key = Buffer.from('grüße').toString('latin1');
    expect(await client.ask(`get ${key}\r\n`, /END\r\n$/)).toBe(`VALUE ${key} 0 10\r\numlaut key\r\nEND\r\n`);
  });

  it('shows the process what the wire has set', async () => {
    const { connect, engine } = await serve();
    const client = await connect();
    client.send('set text 0 0 7\r\ngr\xc3\xbc\xc3\x9fe\r\n');
    client.send('set json 2 0 14\r\n{"a":[1,null]}\r\n');
    client.send('set bytes 4 0 4\r\n\x00\xff\r\n\r\n');
    const key = Buffer.from('schlüssel').toString('latin1');
    expect(await client.ask(`set ${key} 0 0 1\r\nx\r\n`, /(STORED\r\n){4}/)).toBe('STORED\r\n'.repeat(4));
    expect(engine.get('text')).toBe('grüße');
    expect(engine.get('json')).toEqual({ a: [1, null] });
    expect(engine.get('bytes')).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(engine.get('schlüssel')).toBe('x');
    expect([...engine.keys()]).toContain('schlüssel');
    engine.delete('text');
    expect(await client.ask('get text\r\n', /END\r\n$/)).toBe('END\r\n');
  });

  it('has one LRU order, one clock and one count of versions for both', async () => {
    const { clock, connect, engine } = await serve({}, { maxEntries: 3 });
    const client = await connect();
    engine.set('a', '1', { ttlMs: 5000 });
    await client.ask('set b 0 0 1\r\n2\r\n');
    engine.set('c', '3');
    // The process reads a, so that b is the oldest; the wire then stores one more.
    expect(engine.get('a')).toBe('1');
    await client.ask('set d 0 0 1\r\n4\r\n');
    expect(await client.ask('get a b c d\r\n', /END\r\n$/)).toBe(
      'VALUE a 0 1\r\n1\r\nVALUE c 0 1\r\n3\r\nVALUE d 0 1\r\n4\r\nEND\r\n',
    );
    clock.advance(5000);
    expect(await client.ask('get a\r\n', /END\r\n$/)).toBe('END\r\n');

    const cas = / (\d+)\r\n/.exec(await client.ask('gets c\r\n', /END\r\n$/))![1];
    engine.set('c', 'changed by the process');
    expect(await client.ask(`cas c 0 0 1 ${cas}\r\nx\r\n`)).toBe('EXISTS\r\n');
    expect(engine.verify()).toEqual([]);
  });
});

describe('several servers over one engine', () => {
  it('show the same items, add up in stats, and close apart', async () => {
    const first = await serve();
    const path = join(folder(), 'socket');
    const second = await serve({ path, maxConnections: 10 }, first.engine);
    const [tcp, unix] = [await first.connect(), await second.connect()];
    expect(await tcp.ask('set a 0 0 1\r\nx\r\n')).toBe('STORED\r\n');
    expect(await unix.ask('get a\r\n', /END\r\n/)).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
    expect(await unix.stats()).toMatchObject({
      curr_connections: '2',
      total_connections: '2',
      max_connections: '1034',
      curr_items: '1',
    });
    await first.server.close();
    expect(await tcp.rest()).toBe('');
    expect(await unix.stats()).toMatchObject({ curr_connections: '1', max_connections: '10' });
  });

  it.each([
    ['allowFlush', { allowFlush: false }],
    ['allowWatch', { allowWatch: false }],
    ['maxItemBytes', { maxItemBytes: 2048 }],
    ['prefixDelimiter', { prefixDelimiter: '/' }],
    ['onShutdown', { onShutdown: () => {} }],
  ])('take no %s of their own: it would not hold', async (name, options) => {
    const { engine } = await serve();
    const refusal = expect.objectContaining({
      code: 'HOTSET_INVALID_OPTION',
      message: expect.stringMatching(`^${name} takes what the engine is served with already, `),
    });
    expect(() => createTcpServer(engine, options)).toThrow(refusal);
    expect(() => attachWebSocket(engine, options)).toThrow(refusal);
    const same = { allowFlush: true, maxItemBytes: 1024 * 1024, prefixDelimiter: ':' };
    createTcpServer(engine, same);
  });

  it('let a delayed flush_all of one strike for all', async () => {
    const first = await serve();
    const second = await serve({}, first.engine);
    const [one, two] = [await first.connect(), await second.connect()];
    await one.ask('set a 0 0 1\r\nx\r\n');
    expect(await one.ask('flush_all 3\r\n')).toBe('OK\r\n');
    first.clock.advance(2000);
    expect(await two.ask('get a\r\n', /END\r\n/)).toBe('END\r\n');
  });
});
