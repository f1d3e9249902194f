/** What the client sends, what it makes of the answers, and what becomes of requests that get none. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HotsetClient } from '../../lib/client/index.js';
import { type ClientFixture, connectedClient, entry, makeClient, settled } from './fixture.js';

/** How a promise ended: its value, or the error in an array of its own. */
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => [error]);

/** One row: a call, the request that it makes, and what it makes of a result. */
const CALLS: readonly [
  string,
  (client: HotsetClient) => Promise<unknown>,
  string,
  object | undefined,
  unknown,
  unknown,
][] = [
  ['get', (c) => c.get('a'), 'get', { key: 'a' }, entry('text'), 'text'],
  ['get of nothing', (c) => c.get('a'), 'get', { key: 'a' }, null, undefined],
  ['get of null', (c) => c.get('a'), 'get', { key: 'a' }, entry(null), null],
  [
    'get of bytes',
    (c) => c.get('a'),
    'get',
    { key: 'a' },
    { base64: '/+8=', flags: 4, version: '1', ttlMs: null },
    new Uint8Array([255, 239]),
  ],
  [
    'get as bytes',
    (c) => c.get('a', { as: 'bytes' }),
    'get',
    { key: 'a', as: 'base64' },
    { base64: '', flags: 0, version: '1', ttlMs: null },
    new Uint8Array(),
  ],
  [
    'getEntry',
    (c) => c.getEntry('a'),
    'get',
    { key: 'a' },
    entry(7, '12', 250),
    { value: 7, flags: 2, version: '12', ttlMs: 250 },
  ],
  [
    'getEntry without an end or a version',
    (c) => c.getEntry('a'),
    'get',
    { key: 'a' },
    { value: 7, flags: 2, version: null, ttlMs: null },
    { value: 7, flags: 2, version: null, ttlMs: Number.POSITIVE_INFINITY },
  ],
  [
    'getMany',
    (c) => c.getMany(['a', 'b', 'a']),
    'getMany',
    { keys: ['a', 'b'] },
    [null, entry(2)],
    new Map([['b', 2]]),
  ],
  [
    'set of text',
    (c) => c.set('a', 'text', { ttlMs: 50 }),
    'set',
    { key: 'a', value: 'text', ttlMs: 50 },
    { result: 'stored', version: '3' },
    { result: 'stored', version: '3' },
  ],
  [
    'set of JSON',
    (c) => c.set('a', { deep: [1, null, new Date(0)], left: undefined }),
    'set',
    { key: 'a', value: { deep: [1, null, '1970-01-01T00:00:00.000Z'] }, ttlMs: null },
    { result: 'stored', version: null },
    { result: 'stored', version: null },
  ],
  [
    'set of bytes',
    (c) => c.set('a', new Uint8Array([255, 239]), { flags: 9 }),
    'set',
    { key: 'a', base64: '/+8=', ttlMs: null, flags: 9 },
    { result: 'stored', version: '3' },
    { result: 'stored', version: '3' },
  ],
  [
    'add',
    (c) => c.add('a', false),
    'add',
    { key: 'a', value: false, ttlMs: null },
    { result: 'exists' },
    { result: 'exists', version: null },
  ],
  [
    'replace',
    (c) => c.replace('a', ''),
    'replace',
    { key: 'a', value: '', ttlMs: null },
    { result: 'not-found' },
    { result: 'not-found', version: null },
  ],
  [
    'compareAndSet',
    (c) => c.compareAndSet('a', '12', 0, { ttlMs: 0 }),
    'compareAndSet',
    { key: 'a', version: '12', value: 0, ttlMs: 0 },
    { result: 'stored', version: '13' },
    { result: 'stored', version: '13' },
  ],
  ['delete', (c) => c.delete('a'), 'delete', { key: 'a' }, { result: 'deleted' }, true],
  ['delete of nothing', (c) => c.delete('a'), 'delete', { key: 'a' }, { result: 'not-found' }, false],
  ['touch', (c) => c.touch('a', 9), 'touch', { key: 'a', ttlMs: 9 }, { result: 'touched' }, true],
  [
    'touch for ever',
    (c) => c.touch('a', Number.POSITIVE_INFINITY),
    'touch',
    { key: 'a', ttlMs: null },
    { result: 'not-found' },
    false,
  ],
  [
    'increment',
    (c) => c.increment('a'),
    'increment',
    { key: 'a', by: 1 },
    { result: 'stored', value: '18446744073709551615', version: '3' },
    18446744073709551615n,
  ],
  [
    'increment of nothing',
    (c) => c.increment('a', -5),
    'increment',
    { key: 'a', by: -5 },
    { result: 'not-found' },
    undefined,
  ],
  [
    'increment by a bigint, with a first number',
    (c) => c.increment('a', -18446744073709551615n, { initial: 7n, ttlMs: 50 }),
    'increment',
    { key: 'a', by: '-18446744073709551615', initial: '7', ttlMs: 50 },
    { result: 'stored', value: '7', version: '3' },
    7n,
  ],
  [
    'increment with a first number for ever',
    (c) => c.increment('a', 1, { initial: 0, ttlMs: Number.POSITIVE_INFINITY }),
    'increment',
    { key: 'a', by: 1, initial: 0, ttlMs: null },
    { result: 'stored', value: '0', version: null },
    0n,
  ],
  [
    'append',
    (c) => c.append('a', 'more'),
    'append',
    { key: 'a', value: 'more' },
    { result: 'stored', version: '3' },
    { result: 'stored', version: '3' },
  ],
  [
    'prepend of bytes',
    (c) => c.prepend('a', new Uint8Array([255])),
    'prepend',
    { key: 'a', base64: '/w==' },
    { result: 'not-found' },
    { result: 'not-found', version: null },
  ],
  ['getAndDelete', (c) => c.getAndDelete('a'), 'getAndDelete', { key: 'a' }, entry(['x']), ['x']],
  [
    'getAndDelete as bytes',
    (c) => c.getAndDelete('a', { as: 'bytes' }),
    'getAndDelete',
    { key: 'a', as: 'base64' },
    null,
    undefined,
  ],
  [
    'getAndTouch',
    (c) => c.getAndTouch('a', 50),
    'getAndTouch',
    { key: 'a', ttlMs: 50 },
    entry('x', '1', 50),
    'x',
  ],
  [
    'getAndTouch as bytes, for ever',
    (c) => c.getAndTouch('a', Number.POSITIVE_INFINITY, { as: 'bytes' }),
    'getAndTouch',
    { key: 'a', ttlMs: null, as: 'base64' },
    { base64: '/w==', flags: 4, version: '1', ttlMs: null },
    new Uint8Array([255]),
  ],
  [
    'keys',
    (c) => c.keys(),
    'keys',
    {},
    { keys: ['a', 'b'], cursor: null },
    { keys: ['a', 'b'], cursor: undefined },
  ],
  [
    'keys that go on',
    (c) => c.keys({ prefix: 'a', cursor: '1.2', limit: 3 }),
    'keys',
    { prefix: 'a', cursor: '1.2', limit: 3 },
    { keys: [], cursor: '1.1' },
    { keys: [], cursor: '1.1' },
  ],
  [
    'deletePrefix',
    (c) => c.deletePrefix('a'),
    'deletePrefix',
    { prefix: 'a' },
    { deleted: 3, cursor: null },
    3,
  ],
  [
    'set with tags',
    (c) => c.set('a', 1, { tags: ['x', 'y'] }),
    'set',
    { key: 'a', value: 1, ttlMs: null, tags: ['x', 'y'] },
    { result: 'stored', version: '3' },
    { result: 'stored', version: '3' },
  ],
  [
    'invalidateTags',
    (c) => c.invalidateTags(['x']),
    'invalidateTags',
    { tags: ['x'] },
    { removed: 3, more: false },
    3,
  ],
  ['flush', (c) => c.flush(), 'flush', undefined, { result: 'flushed' }, undefined],
  ['ping', (c) => c.ping(), 'ping', undefined, 'pong', undefined],
  [
    'stats',
    (c) => c.stats(),
    'stats',
    {},
    {
      version: '1.0.0',
      engine: { size: 7, maxBytes: null, maxEntries: 9, evictionAges: [{ toMs: null, count: 1 }] },
    },
    {
      version: '1.0.0',
      engine: {
        size: 7,
        maxBytes: Number.POSITIVE_INFINITY,
        maxEntries: 9,
        evictionAges: [{ toMs: Number.POSITIVE_INFINITY, count: 1 }],
      },
    },
  ],
  ['hot', (c) => c.hot(3), 'hot', { limit: 3 }, { reads: 9, keys: [] }, { reads: 9, keys: [] }],
  [
    'inspect',
    (c) => c.inspect('a'),
    'inspect',
    { key: 'a' },
    { bytes: 90, ttlMs: null },
    { bytes: 90, ttlMs: Number.POSITIVE_INFINITY },
  ],
  ['inspect of nothing', (c) => c.inspect('a'), 'inspect', { key: 'a' }, null, undefined],
];

describe('calls', () => {
  it.each(CALLS)('%s', async (_, call, method, params, result, answer) => {
    const { client, end } = await connectedClient();
    const promise = call(client);
    await settled();
    const requests = end.take();
    expect(requests).toEqual([
      { jsonrpc: '2.0', id: expect.any(Number), method, ...(params === undefined ? {} : { params }) },
    ]);
    end.reply(requests[0]!, result);
    expect(await promise).toEqual(answer);
  });

  it.each(CALLS)('%s: refuses what makes no sense, and goes on', async (_, call, method) => {
    const fixture = await connectedClient();
    for (const result of [
      7,
      'x',
      [[]],
      { result: 'odd' },
      { value: 1 },
      { base64: '*', flags: 0, version: '1' },
    ]) {
      const promise = outcome(call(fixture.client));
      await settled();
      fixture.end.reply(fixture.end.take()[0]!, result);
      const answer = await promise;
      if (Array.isArray(answer)) expect(answer).toMatchObject([{ code: 'HOTSET_PROTOCOL' }]);
      else expect(['ping', 'flush', 'stats', 'hot', 'inspect']).toContain(method);
    }
    expect(fixture.ends.length).toBe(1);
  });

  it.each([
    [-32602, undefined, 'HOTSET_INVALID_ARGUMENT'],
    [-32601, undefined, 'HOTSET_PROTOCOL'],
    [-32603, undefined, 'HOTSET_PROTOCOL'],
    [-32000, { code: 'HOTSET_TOO_LARGE' }, 'HOTSET_TOO_LARGE'],
    [-32001, { code: 'HOTSET_NO_ROOM' }, 'HOTSET_NO_ROOM'],
    [-32002, { code: 'HOTSET_FORBIDDEN' }, 'HOTSET_FORBIDDEN'],
    [-32003, { code: 'HOTSET_INVALID_KEY' }, 'HOTSET_INVALID_KEY'],
    [-32004, { code: 'HOTSET_NOT_A_NUMBER' }, 'HOTSET_NOT_A_NUMBER'],
    [-32005, { code: 'HOTSET_TOO_MANY' }, 'HOTSET_TOO_MANY'],
    [-32006, { code: 'HOTSET_REPLY_TOO_LARGE' }, 'HOTSET_REPLY_TOO_LARGE'],
    [-32007, { code: 'HOTSET_NO_VERSIONS' }, 'HOTSET_NO_VERSIONS'],
    [-32008, { code: 'HOTSET_INVALID_CURSOR' }, 'HOTSET_INVALID_CURSOR'],
    [-32009, { code: 'HOTSET_NO_TAGS' }, 'HOTSET_NO_TAGS'],
    [-32099, { code: 'HOTSET_FROM_THE_FUTURE' }, 'HOTSET_PROTOCOL'],
    [-32099, { code: 'toString' }, 'HOTSET_PROTOCOL'],
  ])('the error %i with %o is %s', async (code, data, name) => {
    const { client, end } = await connectedClient();
    const promise = client.get('a');
    await settled();
    end.refuse(end.take()[0]!, code, 'what was wrong', data);
    await expect(promise).rejects.toMatchObject({ code: name, message: 'what was wrong' });
  });

  it.each<[string, (client: HotsetClient) => Promise<unknown>]>([
    ['key', (c) => c.get(7 as never)],
    ['key', (c) => c.getMany([undefined as never])],
    ['key', (c) => c.delete(null as never)],
    ['key', (c) => c.inspect({} as never)],
    ['keys', (c) => c.getMany('abc')],
    ['keys', (c) => c.getMany(7 as never)],
    ['as', (c) => c.get('a', { as: 'text' as never })],
    ['value', (c) => c.set('a', undefined as never)],
    ['value', (c) => c.set('a', 7n as never)],
    ['value', (c) => c.set('a', (() => 1) as never)],
    ['value', (c) => c.set('a', Number.NaN)],
    ['value', (c) => c.add('a', [Number.POSITIVE_INFINITY])],
    ['value', (c) => c.replace('a', { deep: [{ n: Number.NEGATIVE_INFINITY }] })],
    ['value', (c) => c.set('a', [1, undefined])],
    ['value', (c) => c.compareAndSet('a', '1', { deep: [7n] })],
    ['version', (c) => c.compareAndSet('a', 1 as never, 1)],
    ['flags', (c) => c.set('a', 1, { flags: 1n as never })],
    ['flags', (c) => c.set('a', 1, { flags: Number.NaN })],
    ['by', (c) => c.increment('a', 2n ** 64n)],
    ['by', (c) => c.increment('a', 'x' as never)],
    ['initial', (c) => c.increment('a', 1, { initial: -1 })],
    ['initial', (c) => c.increment('a', 1, { initial: 0.5 })],
    ['ttlMs', (c) => c.increment('a', 1, { initial: 0, ttlMs: Number.NaN })],
    ['value', (c) => c.append('a', 5 as never)],
    ['value', (c) => c.prepend('a', 'half of \ud83d')],
    ['key', (c) => c.append(5 as never, 'x')],
    ['key', (c) => c.getAndDelete(5 as never)],
    ['as', (c) => c.getAndDelete('a', { as: 'text' as never })],
    ['key', (c) => c.getAndTouch(5 as never, 1)],
    ['ttlMs', (c) => c.getAndTouch('a', -1)],
    ['tags', (c) => c.set('a', 1, { tags: 'x' as never })],
    ['tags', (c) => c.set('a', 1, { tags: [''] })],
    ['tags', (c) => c.invalidateTags('x' as never)],
    ['tags', (c) => c.invalidateTags(null as never)],
    ['prefix', (c) => c.deletePrefix('')],
    ['prefix', (c) => c.deletePrefix(null as never)],
    ['prefix', (c) => c.keys({ prefix: 5 as never })],
    ['cursor', (c) => c.keys({ cursor: 5 as never })],
    ['limit', (c) => c.keys({ limit: 1001 })],
    ['by', (c) => c.increment('a', Number.NaN)],
    ['by', (c) => c.increment('a', 2 ** 53)],
    ['limit', (c) => c.hot(Number.POSITIVE_INFINITY)],
    ['value', (c) => c.set('a', 'half of \ud83d')],
    ['ttlMs', (c) => c.set('a', 1, { ttlMs: -1 })],
    ['ttlMs', (c) => c.touch('a', Number.NaN)],
    ['topics', (c) => c.subscribe({}, () => {})],
    ['topics', (c) => c.subscribe(null as never, () => {})],
    ['prefixes', (c) => c.subscribe({ prefixes: 'a' as never }, () => {})],
    ['keys', (c) => c.subscribe({ keys: [1 as never] }, () => {})],
    ['listener', (c) => c.subscribe({ keys: ['a'] }, undefined as never)],
  ])('rejects for a %s that is none, and sends nothing', async (name, call) => {
    const { client, end } = await connectedClient({ nearCache: {} });
    await expect(call(client)).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
      message: expect.stringMatching(new RegExp(`^${name} takes `)),
    });
    await settled();
    expect(end.take()).toEqual([]);
  });

  it('rejects for a timeout that is none', async () => {
    const { client } = await connectedClient();
    await expect(client.get('a', { timeoutMs: 0 })).rejects.toMatchObject({ code: 'HOTSET_INVALID_OPTION' });
    await expect(client.set('a', 1, { ttl: 1 } as object)).rejects.toThrow('there is no option "ttl"');
    await expect(client.keys({ prefixes: [] } as object)).rejects.toThrow('there is no option "prefixes"');
    await expect(client.increment('a', 1, { ttl: 1 } as object)).rejects.toThrow('there is no option "ttl"');
  });

  it('deletePrefix goes on with the cursor until there is none', async () => {
    const { client, end } = await connectedClient();
    const count = client.deletePrefix('a');
    for (const [cursor, next] of [
      [undefined, '1.5'],
      ['1.5', '1.2'],
      ['1.2', null],
    ]) {
      await settled();
      const [request] = end.take();
      expect(request!.method).toBe('deletePrefix');
      expect(request!.params).toEqual({ prefix: 'a', cursor });
      end.reply(request!, { deleted: 10, cursor: next });
    }
    expect(await count).toBe(30);
  });

  it('invalidateTags goes on as long as there are more', async () => {
    const { client, end } = await connectedClient();
    const count = client.invalidateTags(['x']);
    for (const more of [true, false]) {
      await settled();
      end.reply(end.take()[0]!, { removed: 10, more });
    }
    expect(await count).toBe(20);
  });
});

describe('frames', () => {
  it('hold the requests of one turn, up to maxBatch', async () => {
    const { client, end } = await connectedClient({ maxBatch: 3 });
    const answers = Promise.all(['a', 'b', 'c', 'd'].map((key) => client.get(key)));
    await settled();
    expect(end.frames.map((frame) => [frame].flat().length)).toEqual([3, 1]);
    const requests = end.take();
    end.say(requests.slice(0, 3).map(({ id }) => ({ jsonrpc: '2.0', id, result: entry(id) })));
    end.reply(requests[3]!, null);
    expect(await answers).toEqual([requests[0]!.id, requests[1]!.id, requests[2]!.id, undefined]);
  });

  it('do not grow beyond what a server takes', async () => {
    const { client, end } = await connectedClient();
    for (let i = 0; i < 4; i++) client.set('a', 'x'.repeat(8000)).catch(() => {});
    client.set('a', 'x'.repeat(100_000)).catch(() => {});
    client.get('b').catch(() => {});
    await settled();
    expect(end.frames.map((frame) => [frame].flat().length)).toEqual([2, 2, 1, 1]);
  });

  it('of which one was too large for the reply are requested one by one', async () => {
    const { client, end } = await connectedClient();
    const answers = Promise.all(['a', 'b', 'c'].map((key) => outcome(client.get(key))));
    const write = outcome(client.set('d', 1));
    await settled();
    const refuse = (request: (typeof requests)[number]): void =>
      end.refuse(request, -32006, 'too much', { code: 'HOTSET_REPLY_TOO_LARGE' });
    const requests = end.take();
    end.reply(requests[0]!, entry('first'));
    for (const request of requests.slice(1)) refuse(request);
    expect(await write).toMatchObject([{ code: 'HOTSET_REPLY_TOO_LARGE' }]);
    await settled();
    expect(end.frames.slice(1)).toMatchObject([{ params: { key: 'b' } }, { params: { key: 'c' } }]);
    const [b, c] = end.take();
    end.reply(b!, entry('second'));
    refuse(c!);
    expect(await answers).toMatchObject(['first', 'second', [{ code: 'HOTSET_REPLY_TOO_LARGE' }]]);
  });

  it('wait while maxInFlight requests have no answer, given up or not', async () => {
    const { client, end } = await connectedClient({ maxInFlight: 2 });
    const caller = new AbortController();
    client.get('a', { signal: caller.signal }).catch(() => {});
    for (const key of ['b', 'c', 'd']) client.get(key).catch(() => {});
    await settled();
    const requests = end.take();
    expect(requests.map(({ params }) => params.key)).toEqual(['a', 'b']);
    caller.abort();
    await settled();
    expect(end.take()).toEqual([]);
    end.reply(requests[0]!, null);
    await settled();
    expect(end.take().map(({ params }) => params.key)).toEqual(['c']);
  });
});

describe('a request without an answer', () => {
  it('ends with its timeout', async () => {
    const { client, end, scheduler } = await connectedClient({ timeoutMs: 50, heartbeatMs: 1000 });
    const usual = outcome(client.get('a'));
    const patient = outcome(client.set('b', 1, { timeoutMs: 80 }));
    const endless = client.get('c', { timeoutMs: Number.POSITIVE_INFINITY });
    await settled();
    scheduler.advance(50);
    expect(await usual).toMatchObject([
      { code: 'HOTSET_TIMEOUT', message: expect.stringContaining('it may be carried out all the same') },
    ]);
    scheduler.advance(30);
    expect(await patient).toMatchObject([{ code: 'HOTSET_TIMEOUT' }]);
    const requests = end.take();
    // Answers that come too late are nobody's.
    for (const request of requests) end.reply(request, entry('late'));
    expect(await endless).toBe('late');
    expect(scheduler.pending).toBe(1);
  });

  it('ends when its signal is aborted, also before it is sent', async () => {
    const { client, end } = await connectedClient();
    const caller = new AbortController();
    const promise = outcome(client.set('a', 1, { signal: caller.signal }));
    caller.abort(new Error('enough'));
    expect(await promise).toEqual([new Error('enough')]);
    await settled();
    expect(end.take()).toEqual([]);
    expect(await outcome(client.get('a', { signal: caller.signal }))).toEqual([new Error('enough')]);
    expect(await outcome(client.delete('a', { signal: caller.signal }))).toEqual([new Error('enough')]);
  });

  it('that could not be sent in time says so', async () => {
    const { client, scheduler } = makeClient({ timeoutMs: 50 });
    const promise = outcome(client.set('a', 1));
    await settled();
    scheduler.advance(50);
    expect(await promise).toMatchObject([
      { code: 'HOTSET_DISCONNECTED', message: expect.stringContaining('it was not sent') },
    ]);
  });

  it('that could not be sent in time says why there was no connection', async () => {
    const { client, end, scheduler } = await connectedClient({ timeoutMs: 50, backoffBaseMs: 1000 });
    end.drop(1013, 'the client does not read');
    const promise = outcome(client.set('a', 1));
    scheduler.advance(50);
    expect(await promise).toMatchObject([
      {
        code: 'HOTSET_DISCONNECTED',
        message:
          'set took longer than timeoutMs: 50, and there is no connection (the connection was closed with 1013: the client does not read); it was not sent',
        cause: { code: 'HOTSET_DISCONNECTED' },
      },
    ]);
  });

  it('is refused when too many wait', async () => {
    const { client, scheduler, end } = await connectedClient({ maxQueued: 2, maxInFlight: 1 });
    const answers = ['a', 'b', 'c'].map((key) => outcome(client.get(key)));
    expect(await answers[2]).toMatchObject([{ code: 'HOTSET_TOO_MANY' }]);
    end.drop();
    await settled();
    for (const key of ['d', 'e']) client.get(key).catch(() => {});
    expect(await outcome(client.get('f'))).toMatchObject([{ code: 'HOTSET_DISCONNECTED' }]);
    client.close();
    expect(await Promise.all(answers.slice(0, 2))).toMatchObject([
      [{ code: 'HOTSET_CLOSED' }],
      [{ code: 'HOTSET_CLOSED' }],
    ]);
    expect(scheduler.pending).toBe(0);
  });
});

describe('a frame that is not as the protocol has it', () => {
  const cutBy = async (fixture: ClientFixture, frame: unknown): Promise<boolean> => {
    fixture.end.sayRaw(frame);
    await settled();
    return fixture.end.end === 'terminated';
  };

  it.each([
    'no JSON',
    '',
    '7',
    'null',
    '[7]',
    '{"id":1}',
    '{"id":"1","result":1}',
    '{"id":999,"result":1}',
    '{"id":null,"error":{"code":-32700,"message":"parse error"}}',
    '{"id":1,"error":7}',
    new Uint8Array([1]),
    undefined,
  ])('%j ends the connection', async (frame) => {
    const fixture = await connectedClient();
    expect(await cutBy(fixture, frame)).toBe(true);
    expect(fixture.states.at(-1)).toBe('disconnected');
  });

  it.each([
    '[]',
    '{"method":"from the future","params":[1]}',
    '{"method":"invalidated"}',
    '{"method":"invalidated","params":{"key":7,"cause":{}}}',
    '{"method":"invalidatedAll","params":null}',
    '{"method":"lagged","params":{"dropped":7}}',
  ])('%s is passed over', async (frame) => {
    const fixture = await connectedClient({ nearCache: {} });
    expect(await cutBy(fixture, frame)).toBe(false);
  });

  it('throws nothing, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 5 }), async (frames) => {
        const fixture = await connectedClient({ nearCache: {} });
        for (const frame of frames) fixture.end.sayRaw(frame);
        const promise = fixture.client.get('a').catch(() => {});
        fixture.client.close();
        await promise;
        expect(fixture.scheduler.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
