/** Who is told of what, in what words, and when. */

import { describe, expect, it } from 'vitest';
import { storeOf } from '../../../../lib/engine/cache-engine.js';
import { ReplyBuffer } from '../../../../lib/memcached/reply-buffer.js';
import { Session } from '../../../../lib/memcached/session.js';
import { MAX_INVALIDATIONS_PER_TURN } from '../../../../lib/websocket/rpc/subscriptions/change-broadcaster.js';
import { STORE } from '../../../support/stores.js';
import { Endpoint, type Peer, turn } from '../fixture.js';

const V = 'v';

function told(key: string, cause: string, version: string | null = null): object {
  return { jsonrpc: '2.0', method: 'invalidated', params: { key, cause, version } };
}

const CLEARED = { jsonrpc: '2.0', method: 'invalidatedAll', params: { cause: 'cleared' } };

/** A client that has subscribed; its reply is not among its frames. */
function subscriber(endpoint: Endpoint, params: object): Peer {
  const client = endpoint.connect();
  client.call('subscribe', params);
  return client;
}

/** What the client is told of this turn. */
async function heard(client: Peer): Promise<unknown[]> {
  await turn();
  return client.frames();
}

describe('causes', () => {
  const endpoint = (): Endpoint => {
    const made = new Endpoint();
    made.engine.set('k', V, { ttlMs: 1000 });
    return made;
  };
  it.each<[cause: string, version: string | null, change: (endpoint: Endpoint) => void]>([
    ['stored', '2', ({ engine }) => engine.set('k', V)],
    ['stored', '2', ({ engine }) => engine.update('k', V)],
    ['touched', '1', ({ engine }) => engine.touch('k', 500)],
    ['deleted', null, ({ engine }) => engine.delete('k')],
    ['deleted', null, ({ engine }) => engine.set('k', 'x'.repeat(70_000_000))],
    [
      'expired',
      null,
      ({ engine, clock }) => {
        clock.advance(1000);
        engine.sweepExpired();
      },
    ],
    [
      'expired',
      null,
      ({ engine, clock }) => {
        clock.advance(1000);
        engine.get('k');
      },
    ],
    ['evicted', null, ({ engine }) => engine.evictOldest()],
  ])('%s', async (cause, version, change) => {
    const cache = endpoint();
    const client = subscriber(cache, { keys: ['k'] });
    change(cache);
    expect(await heard(client)).toEqual([told('k', cause, version)]);
  });

  it('cleared covers all keys, for every subscription', async () => {
    const cache = endpoint();
    const client = subscriber(cache, { keys: ['x'] });
    cache.engine.clear();
    expect(await heard(client)).toEqual([CLEARED]);
  });

  it('a longer time to live is not reported', async () => {
    const cache = endpoint();
    const client = subscriber(cache, { keys: ['k'] });
    cache.engine.touch('k', 2000);
    cache.engine.get('k');
    expect(await heard(client)).toEqual([]);
  });

  it('are those of every transport', async () => {
    const cache = endpoint();
    const client = subscriber(cache, { prefixes: [''] });
    const out = new ReplyBuffer();
    const session = new Session(cache.items, out);
    session.feed(Buffer.from('set a 0 0 1\r\n1\r\nincr a 1\r\n'));
    expect(await heard(client)).toEqual([told('a', 'stored', '3')]);
    cache.connect().call('delete', { key: 'a' });
    expect(await heard(client)).toEqual([told('a', 'deleted')]);
  });

  it('have no version any more when a client has chosen a cas id: it may have been that of another value', async () => {
    const cache = new Endpoint();
    const client = subscriber(cache, { prefixes: [''] });
    const session = new Session(cache.items, new ReplyBuffer());
    session.feed(Buffer.from('ms k 1 E2\r\na\r\n'));
    expect(await heard(client)).toEqual([told('k', 'stored')]);
    session.feed(Buffer.from('ms k 1 E2\r\nb\r\n'));
    expect(await heard(client)).toEqual([told('k', 'stored')]);
    cache.engine.set('k', V);
    cache.engine.set('k', V);
    expect(await heard(client)).toEqual([told('k', 'stored')]);
  });

  it('have no version where there are no cas ids', async () => {
    const cache = new Endpoint({}, { casIds: false });
    const client = subscriber(cache, { prefixes: [''] });
    cache.engine.set('k', V);
    expect(await heard(client)).toEqual([told('k', 'stored')]);
  });
});

describe('keys and prefixes', () => {
  it.each<[params: object, told: string[], not: string[]]>([
    [{ keys: ['a', 'ab'] }, ['a', 'ab'], ['abc', 'b']],
    [{ prefixes: ['a'] }, ['a', 'ab', 'a:é'], ['b', 'ba']],
    [{ prefixes: ['a', 'ab', 'ab'], keys: ['ab'] }, ['a', 'ab'], ['b']],
    [{ prefixes: [''] }, ['a', 'é'], []],
    [{ prefixes: ['é'] }, ['é', 'éa'], ['è', 'Ã©']],
    [{ prefixes: ['__proto__', 'constructor'] }, ['__proto__', 'constructor!'], ['toString', '__proto_']],
  ])('%j', async (params, concerned, others) => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, params);
    for (const key of others) endpoint.engine.set(key, V);
    expect(await heard(client)).toEqual([]);
    for (const key of concerned) {
      endpoint.engine.set(key, V);
      expect(await heard(client)).toEqual([told(key, 'stored', expect.any(String) as string)]);
    }
  });

  it('of the binary protocol may have any bytes', async () => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, { prefixes: ['a', 'a\u00ff'] });
    for (const key of ['a\0', 'a\0\0', 'a \n', '\0a', 'a\udcff\udcfe']) endpoint.engine.set(key, V);
    const [batch] = (await heard(client)) as { params: { key: string } }[][];
    expect(batch!.map(({ params }) => params.key)).toEqual(['a\0', 'a\0\0', 'a \n', 'a\ufffd\ufffd']);
  });
});

describe('one turn', () => {
  it('is reported once, as a batch, with the last cause and version of each key', async () => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, { prefixes: [''] });
    endpoint.engine.set('a', V);
    endpoint.engine.set('b', V);
    endpoint.engine.set('a', V);
    endpoint.engine.delete('b');
    endpoint.engine.set('c', V);
    endpoint.engine.touch('c', 5);
    expect(await heard(client)).toEqual([
      [told('a', 'stored', '3'), told('b', 'deleted'), told('c', 'touched', '4')],
    ]);
    expect(await heard(client)).toEqual([]);
  });

  it('that ends in a flush is reported as one, and what comes after it', async () => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, { prefixes: ['a'], keys: ['b'] });
    endpoint.engine.set('a', V);
    endpoint.engine.clear();
    endpoint.engine.clear();
    endpoint.engine.set('b', V);
    expect(await heard(client)).toEqual([[CLEARED, told('b', 'stored', '2')]]);
  });

  it('several subscriptions of one client get one notification', async () => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, { prefixes: ['a'] });
    client.call('subscribe', { prefixes: ['ab'], keys: ['abc'] });
    endpoint.engine.set('abc', V);
    endpoint.engine.set('a', V);
    expect(await heard(client)).toEqual([[told('abc', 'stored', '1'), told('a', 'stored', '2')]]);
    client.call('unsubscribe', { subscription: 1 });
    endpoint.engine.set('abc', V);
    endpoint.engine.set('a', V);
    expect(await heard(client)).toEqual([told('abc', 'stored', '3')]);
    client.call('unsubscribe', { subscription: 2 });
    endpoint.engine.set('abc', V);
    expect(await heard(client)).toEqual([]);
  });

  it('with more changes than are kept gives lagged', async () => {
    const endpoint = new Endpoint();
    const all = subscriber(endpoint, { prefixes: [''] });
    const none = subscriber(endpoint, { prefixes: ['nothing'] });
    const change = (count: number): void => {
      for (let i = 0; i < count; i++) endpoint.engine.set(`k${i}`, V);
    };
    change(MAX_INVALIDATIONS_PER_TURN);
    const [batch] = (await heard(all)) as unknown[][];
    expect(batch).toHaveLength(MAX_INVALIDATIONS_PER_TURN);
    expect(await heard(none)).toEqual([]);
    change(MAX_INVALIDATIONS_PER_TURN + 5);
    for (const client of [all, none])
      expect(await heard(client)).toEqual([
        [
          { jsonrpc: '2.0', method: 'lagged', params: { dropped: MAX_INVALIDATIONS_PER_TURN + 5 } },
          { jsonrpc: '2.0', method: 'invalidatedAll', params: { cause: 'lagged' } },
        ],
      ]);
    change(1);
    expect(await heard(all)).toHaveLength(1);
  });
});

describe('noEcho', () => {
  const V2 = { value: 2 };
  it.each<[method: string, params: object]>([
    ['set', { key: 'k', ...V2 }],
    ['add', { key: 'new', ...V2 }],
    ['replace', { key: 'k', ...V2 }],
    ['compareAndSet', { key: 'k', version: '1', ...V2 }],
    ['delete', { key: 'k' }],
    ['touch', { key: 'k', ttlMs: 5 }],
    ['increment', { key: 'k' }],
    ['flush', {}],
  ])('leaves out the client’s own %s', async (method, params) => {
    const endpoint = new Endpoint();
    endpoint.engine.set('k', '1');
    const quiet = subscriber(endpoint, { prefixes: [''], noEcho: true });
    const other = subscriber(endpoint, { prefixes: [''], noEcho: true });
    const echo = subscriber(endpoint, { prefixes: [''] });
    quiet.call(method, params);
    await turn();
    expect(quiet.frames()).toEqual([]);
    expect(other.frames()).toHaveLength(1);
    expect(echo.frames()).toHaveLength(1);
  });

  it('reports other clients’ changes in the same turn, before or after', async () => {
    for (const isFirst of [true, false]) {
      const endpoint = new Endpoint();
      const client = subscriber(endpoint, { prefixes: [''], noEcho: true });
      if (isFirst) endpoint.engine.set('k', V);
      client.call('set', { key: 'k', value: 1 });
      client.call('set', { key: 'own', value: 1 });
      if (!isFirst) endpoint.engine.set('k', V);
      expect(await heard(client)).toEqual([told('k', 'stored', expect.any(String) as string)]);
    }
  });

  it('reports its own flush when another client changed something before it', async () => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, { prefixes: [''], noEcho: true });
    client.call('set', { key: 'own', value: 1 });
    client.call('flush');
    expect(await heard(client)).toEqual([]);
    endpoint.engine.set('k', V);
    client.call('flush');
    expect(await heard(client)).toEqual([CLEARED]);
  });

  it.runIf(STORE === 'engine')('reports what its writes evict', async () => {
    const endpoint = new Endpoint({}, {}, { maxEntries: 2 });
    const client = subscriber(endpoint, { prefixes: [''], noEcho: true });
    for (const key of ['a', 'b', 'c']) client.call('set', { key, value: 1 });
    expect(await heard(client)).toEqual([told('a', 'evicted')]);
  });

  it.runIf(STORE === 'engine')('reports what a listener in the process makes of its writes', async () => {
    const endpoint: Endpoint = new Endpoint(
      {},
      {},
      {
        onRemoval: (key, _value, cause) => {
          if (cause !== 'deleted') return;
          endpoint.engine.set('log', V);
          endpoint.engine.set(key, V);
        },
      },
    );
    endpoint.engine.set('k', V);
    const client = subscriber(endpoint, { prefixes: [''], noEcho: true });
    client.call('delete', { key: 'k' });
    const [batch] = (await heard(client)) as unknown[][];
    expect(batch).toHaveLength(2);
    expect(batch).toEqual(
      expect.arrayContaining([told('log', 'stored', '2'), told('k', expect.any(String) as string, '3')]),
    );
  });

  it('holds for the subscription that sets it', async () => {
    const endpoint = new Endpoint();
    const client = subscriber(endpoint, { prefixes: [''], noEcho: true });
    client.call('subscribe', { prefixes: ['a'] });
    client.call('set', { key: 'a', value: 1 });
    client.texts();
    client.call('set', { key: 'b', value: 1 });
    expect(await heard(client)).toEqual([told('a', 'stored', '1')]);
  });

  it('has no author when the write was refused', async () => {
    const endpoint = new Endpoint({}, { maxItemBytes: 2048 });
    endpoint.engine.set('k', V);
    const client = subscriber(endpoint, { prefixes: [''], noEcho: true });
    client.call('set', { key: 'k', value: 'x'.repeat(3000) });
    client.call('add', { key: 'k', value: 'x' });
    endpoint.engine.set('k', V);
    expect(await heard(client)).toEqual([told('k', 'stored', '2')]);
  });
});

describe('cost', () => {
  const hasListeners = ({ engine }: Endpoint): boolean =>
    (STORE === 'engine' ? storeOf(engine) : (engine as unknown as { hasListeners: boolean })).hasListeners;

  it('is nothing without subscribers', () => {
    const endpoint = new Endpoint();
    expect(hasListeners(endpoint)).toBe(false);
    const client = subscriber(endpoint, { prefixes: [''] });
    const other = subscriber(endpoint, { keys: ['k'] });
    expect(hasListeners(endpoint)).toBe(true);
    client.call('unsubscribe', { subscription: 1 });
    expect(hasListeners(endpoint)).toBe(true);
    other.handler.onClose();
    expect(hasListeners(endpoint)).toBe(false);
    subscriber(endpoint, { prefixes: [''] });
    expect(hasListeners(endpoint)).toBe(true);
    endpoint.context.close();
    expect(hasListeners(endpoint)).toBe(false);
    subscriber(endpoint, { prefixes: [''] });
    expect(hasListeners(endpoint)).toBe(false);
  });

  it('of a thousand with the same topics is one frame, built once', async () => {
    const endpoint = new Endpoint();
    const params = [{ prefixes: ['a', 'ab'], keys: ['abc'] }, { prefixes: [''] }];
    const clients = Array.from({ length: 1000 }, (_, i) => subscriber(endpoint, params[i % 2]!));
    for (let i = 0; i < 50; i++) endpoint.engine.set(`ab${i}`, V);
    endpoint.engine.set('abc', V);
    await turn();
    const frames = new Set(clients.flatMap(({ sink }) => sink.frames));
    expect(frames.size).toBe(2);
    for (const { sink } of clients) expect(sink.frames).toHaveLength(1);
  });

  it('is not shared with one whose own changes are left out', async () => {
    const endpoint = new Endpoint();
    const clients = Array.from({ length: 3 }, () => subscriber(endpoint, { prefixes: [''], noEcho: true }));
    endpoint.engine.set('a', V);
    clients[0]!.call('set', { key: 'b', value: 1 });
    await turn();
    expect(clients.map((client) => client.frames())).toEqual([
      [told('a', 'stored', '1')],
      [[told('a', 'stored', '1'), told('b', 'stored', '2')]],
      [[told('a', 'stored', '1'), told('b', 'stored', '2')]],
    ]);
  });
});

it('a client that goes away in the middle of a turn gets nothing, and no other client misses anything', async () => {
  const endpoint = new Endpoint();
  const clients = Array.from({ length: 3 }, () => subscriber(endpoint, { prefixes: [''] }));
  endpoint.engine.set('a', V);
  clients[0]!.handler.onClose();
  clients[1]!.sink.onSend = () => clients[2]!.handler.onClose();
  await turn();
  expect(clients.map(({ sink }) => sink.frames.length)).toEqual([0, 1, 0]);
  endpoint.engine.set('a', V);
  await turn();
  expect(clients.map(({ sink }) => sink.frames.length)).toEqual([0, 2, 0]);
});
