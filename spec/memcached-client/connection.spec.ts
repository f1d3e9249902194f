/** The pipeline and the connection, against a server that the spec plays. */

import { describe, expect, it } from 'vitest';
import { classicGet } from '../../lib/memcached-client/classic.js';
import { MemcachedClient } from '../../lib/memcached-client/memcached-client.js';
import { metaDelete, metaGet, metaSet } from '../../lib/memcached-client/meta.js';
import { play } from './fixture.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('the pipeline', () => {
  it('sends what is asked for in one turn together, and answers in that order', async () => {
    const { server, client, is } = await play();
    await is('connected');
    const answers = Promise.all([
      client.request(metaGet(['a', 'b'], client.takeOpaques(2))),
      client.request(metaSet([{ key: 'c', value: Buffer.from('x\r\ny'), exptime: 9 }])),
      client.request(metaDelete(['d'])),
    ]);
    await server.expect('mg a v t c O0\r\nmg b v t c O1\r\nms c 4 T9\r\nx\r\ny\r\nmd d\r\n');
    server.say('VA 1 t-1 c5 O0\r\nA\r\nEN\r\nHD\r\nNF\r\n');
    const [items, stored, deleted] = await answers;
    expect(items).toEqual([
      { value: Buffer.from('A'), ttlSeconds: -1, cas: '5', won: false, taken: false },
      undefined,
    ]);
    expect(stored).toEqual(['HD']);
    expect(deleted).toEqual(['NF']);
  });

  it('sends large values as they are, between the texts around them', async () => {
    const { server, client } = await play();
    const value = Buffer.alloc(10_000, 'x');
    const stored = client.request(
      metaSet([
        { key: 'a', value, exptime: 0 },
        { key: 'b', value: Buffer.from('y'), exptime: 0, cas: '7' },
      ]),
    );
    await server.expect(`ms a 10000 T0\r\n${value}\r\nms b 1 T0 C7\r\ny\r\n`);
    server.say('HD\r\nEX\r\n');
    expect(await stored).toEqual(['HD', 'EX']);
  });

  it('keeps in step when a caller has given up', async () => {
    const { server, client, is } = await play();
    await is('connected');
    const gone = new AbortController();
    const first = client.request(metaDelete(['a']), gone.signal);
    const second = client.request(metaDelete(['b']));
    await server.expect('md a\r\nmd b\r\n');
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    server.say('HD\r\nNF\r\n');
    expect(await second).toEqual(['NF']);
  });

  it('does not send what was given up before', async () => {
    const { server, client } = await play();
    const gone = new AbortController();
    const first = client.request(metaDelete(['a']), gone.signal);
    gone.abort();
    const second = client.request(metaDelete(['b']));
    await expect(first).rejects.toThrow();
    await server.expect('md b\r\n');
    server.say('HD\r\n');
    expect(await second).toEqual(['HD']);
  });

  it('has no more in flight than maxInFlight', async () => {
    const { server, client } = await play({ maxInFlight: 2 });
    const answers = ['a', 'b', 'c'].map((key) => client.request(metaDelete([key])));
    await server.expect('md a\r\nmd b\r\n');
    server.say('HD\r\n');
    await server.expect('md a\r\nmd b\r\nmd c\r\n');
    server.say('NF\r\nEX\r\n');
    expect(await Promise.all(answers)).toEqual([['HD'], ['NF'], ['EX']]);
  });

  it('refuses what waits beyond maxQueued and maxQueuedBytes', async () => {
    const { client } = await play({ maxQueued: 2 });
    const answers = ['a', 'b'].map((key) => client.request(metaDelete([key])));
    await expect(client.request(metaDelete(['c']))).rejects.toEqual(code('HOTSET_TOO_MANY'));
    client.close();
    for (const answer of answers) await expect(answer).rejects.toEqual(code('HOTSET_CLOSED'));

    const { client: other } = await play({ maxQueuedBytes: 100 });
    const large = (key: string) =>
      other.request(metaSet([{ key, value: Buffer.alloc(200), exptime: 0 }])).catch((error) => error);
    const [alone, beside] = [large('a'), large('b')];
    expect(await beside).toEqual(code('HOTSET_TOO_MANY'));
    other.close();
    expect(await alone).toEqual(code('HOTSET_CLOSED'));
  });
});

describe('a server that cannot be trusted', () => {
  it.each([
    ['the answer to another request', 'VA 1 t-1 c5 Ozz\r\nA\r\n'],
    ['a hit without its number', 'VA 1 t-1 c5\r\nA\r\n'],
    ['a miss of another request', 'EN Ozz\r\n'],
    ['a status that mg does not have', 'NF\r\n'],
    ['a time that is none', 'VA 1 tx c5 O0\r\nA\r\n'],
    ['a cas id that is none', 'VA 1 t1 cx O0\r\nA\r\n'],
    ['a greeting', 'HTTP/1.1 400 Bad Request\r\n'],
    ['a complaint about the line', 'CLIENT_ERROR bad command line format\r\n'],
    ['that it knows no such command', 'ERROR\r\n'],
    ['no line', '\n'],
  ])('loses its connection when it sends %s', async (_, reply) => {
    const { server, client, is } = await play();
    const answer = client.request(metaGet(['a'], client.takeOpaques(1)));
    await server.expect('mg a v t c O0\r\n');
    server.say(reply);
    await expect(answer).rejects.toEqual(code('HOTSET_PROTOCOL'));
    await is('disconnected');
  });

  it('loses it when it speaks unasked', async () => {
    const { server, is } = await play();
    await is('connected');
    server.say('HD\r\n');
    await is('disconnected');
  });

  it('loses it when it brings a key that was not asked for', async () => {
    const { server, client } = await play();
    const answer = client.request(classicGet(['a']));
    await server.expect('gets a\r\n');
    server.say('VALUE b 0 1 1\r\nx\r\nEND\r\n');
    await expect(answer).rejects.toEqual(code('HOTSET_PROTOCOL'));
  });

  it('keeps it when it refuses one request', async () => {
    const { server, client } = await play();
    const stored = client.request(
      metaSet([
        { key: 'a', value: Buffer.from('x'), exptime: 0 },
        { key: 'b', value: Buffer.from('x'), exptime: 0 },
        { key: 'c', value: Buffer.from('x'), exptime: 0 },
      ]),
    );
    const found = client.request(classicGet(['a']));
    await server.expect('ms a 1 T0\r\nx\r\nms b 1 T0\r\nx\r\nms c 1 T0\r\nx\r\ngets a\r\n');
    server.say(
      'SERVER_ERROR object too large for cache\r\nHD\r\nSERVER_ERROR out of memory storing object\r\n',
    );
    server.say('SERVER_ERROR Host is down\r\n');
    expect(await stored).toEqual([code('HOTSET_TOO_LARGE'), 'HD', code('HOTSET_NO_ROOM')]);
    await expect(found).rejects.toEqual(code('HOTSET_PROTOCOL'));
    expect(client.state).toBe('connected');
  });
});

describe('the connection', () => {
  it('waits longer after each attempt, and refuses requests at once meanwhile', async () => {
    const { server, client, scheduler, is } = await play({ backoffBaseMs: 100, maxBackoffMs: 300 });
    await is('connected');
    await server.close();
    await is('disconnected');
    await expect(client.request(metaDelete(['a']))).rejects.toEqual(code('HOTSET_DISCONNECTED'));
    for (const waitMs of [200, 300, 300]) {
      scheduler.advance(waitMs - 1);
      expect(client.state).toBe('disconnected');
      scheduler.advance(1);
      expect(client.state).toBe('connecting');
      await is('disconnected');
    }
    await server.listen(server.port);
    scheduler.advance(300);
    await is('connected');
    const answer = client.request(metaDelete(['a']));
    await server.expect('md a\r\n');
    server.say('HD\r\n');
    expect(await answer).toEqual(['HD']);
  });

  it('connects again at once when an idle one is closed', async () => {
    const { server, client, states, is } = await play();
    await is('connected');
    const { epoch } = client;
    server.sockets[0]!.end();
    await expect.poll(() => client.epoch).toBe(epoch + 1);
    expect(states).toEqual(['connecting', 'connected', 'connecting', 'connected']);
  });

  it('never sends a request twice', async () => {
    const { server, client, scheduler, is } = await play();
    const answer = client.request(metaDelete(['a']));
    await server.expect('md a\r\n');
    server.sockets[0]!.destroy();
    await expect(answer).rejects.toEqual(code('HOTSET_DISCONNECTED'));
    await is('disconnected');
    scheduler.advance(1000);
    await is('connected');
    const next = client.request(metaDelete(['b']));
    await server.expect('md b\r\n');
    server.say('HD\r\n');
    expect(await next).toEqual(['HD']);
  });

  it('gives requests up after timeoutMs, and drops a connection that is silent for as long', async () => {
    const { server, client, scheduler, is } = await play({ timeoutMs: 100 });
    await is('connected');
    const answered = client.request(metaDelete(['a']));
    const first = client.request(metaDelete(['b']));
    await server.expect('md a\r\nmd b\r\n');
    scheduler.advance(60);
    const second = client.request(metaDelete(['c']));
    server.say('HD\r\n');
    await answered;
    // The connection is alive, and the caller gives up all the same.
    scheduler.advance(40);
    await expect(first).rejects.toEqual(code('HOTSET_TIMEOUT'));
    expect(client.state).toBe('connected');
    scheduler.advance(60);
    await expect(second).rejects.toEqual(code('HOTSET_TIMEOUT'));
    await is('disconnected');
  });

  it('gives up what could not be sent, and an attempt that takes too long', async () => {
    const { client, scheduler } = await play({
      auth: { user: 'ann', password: 'secret' },
      timeoutMs: 100,
      connectTimeoutMs: 300,
    });
    const waits = client.request(metaDelete(['a']));
    scheduler.advance(100);
    await expect(waits).rejects.toEqual(code('HOTSET_TIMEOUT'));
    scheduler.advance(150);
    const last = client.request(metaDelete(['b'])).catch((error) => error);
    scheduler.advance(50);
    expect(await last).toEqual(code('HOTSET_DISCONNECTED'));
  });

  it('signs in before anything else is sent', async () => {
    const { server, client } = await play({ auth: { user: 'ann', password: 'a secret' } });
    const answer = client.request(metaDelete(['a']));
    await server.expect('set auth 0 0 12\r\nann a secret\r\n');
    expect(client.state).toBe('connecting');
    server.say('STORED\r\n');
    await server.expect('set auth 0 0 12\r\nann a secret\r\nmd a\r\n');
    server.say('HD\r\n');
    expect(await answer).toEqual(['HD']);
  });

  it('is over after close', async () => {
    const { client, is, states } = await play();
    const answer = client.request(metaDelete(['a']));
    client.close();
    await expect(answer).rejects.toEqual(code('HOTSET_CLOSED'));
    await expect(client.request(metaDelete(['b']))).rejects.toEqual(code('HOTSET_CLOSED'));
    await is('closed');
    client.close();
    expect(states.at(-1)).toBe('closed');
  });
});

describe('options and addresses', () => {
  it.each([
    ['cache-1', 'cache-1:11211'],
    ['cache-1:11311', 'cache-1:11311'],
    ['[::1]:5', '[::1]:5'],
    ['/run/memcached.sock', '/run/memcached.sock'],
    ['unix:/run/memcached.sock', '/run/memcached.sock'],
    [{ host: 'cache-1' }, 'cache-1:11211'],
    [{ path: '/run/m' }, '/run/m'],
  ])('takes %j', (address, shown) => {
    const client = new MemcachedClient(address);
    expect(client.address).toBe(shown);
    client.close();
  });

  it.each(['', 'a:b:c', 'a:99999', 'a:0', 'a:', 7, null, {}, { host: '' }])(
    'refuses the address %j',
    (address) => {
      expect(() => new MemcachedClient(address as string)).toThrow(code('HOTSET_INVALID_ARGUMENT'));
    },
  );

  it.each([
    { tls: 'yes' },
    { auth: { user: 'a b', password: 'c' } },
    { auth: 'ann:secret' },
    { timeoutMs: 0 },
    { maxQueued: 0 },
    { maxValueBytes: 2 ** 31 },
    { onStateChange: 1 },
    { clock: {} },
    { timeout: 1 },
  ])('refuses %j', (options) => {
    expect(() => new MemcachedClient('a', options as object)).toThrow(code('HOTSET_INVALID_OPTION'));
  });
});
