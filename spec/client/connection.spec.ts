/** Connecting, noticing that a connection is gone, connecting again, and what happens to requests and subscriptions. */

import { describe, expect, it } from 'vitest';
import { type ClientState, HotsetClient, type Invalidation } from '../../lib/client/index.js';
import { accept, connectedClient, entry, type FarEnd, makeClient, settled } from './fixture.js';

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => [error]);

describe('connecting', () => {
  it('offers the subprotocol, and the token in base64url', async () => {
    const plain = makeClient();
    const withToken = makeClient({ token: 'secret?>~' });
    await settled();
    expect(plain.end).toMatchObject({ url: 'ws://cache.example/ws', offered: ['hotset.v1'] });
    const [, token] = withToken.end.offered;
    expect(token).toBe(`hotset.token.${Buffer.from('secret?>~').toString('base64url')}`);
  });

  it('goes through its states', async () => {
    const fixture = makeClient();
    expect(fixture.client.state).toBe('connecting');
    await settled();
    await accept(fixture);
    fixture.end.drop();
    fixture.scheduler.advance(100);
    await settled();
    await accept(fixture);
    fixture.client.close();
    fixture.client.close();
    expect(fixture.states).toEqual([
      'connecting',
      'connected',
      'disconnected',
      'connecting',
      'connected',
      'closed',
    ]);
    expect(fixture.end.end).toBe('closed');
    expect(fixture.scheduler.pending).toBe(0);
    expect(await outcome(fixture.client.get('a'))).toMatchObject([{ code: 'HOTSET_CLOSED' }]);
  });

  it('can be closed before anything has happened', async () => {
    const fixture = makeClient();
    const promise = outcome(fixture.client.get('a'));
    fixture.client.close();
    expect(await promise).toMatchObject([{ code: 'HOTSET_CLOSED' }]);
    await settled();
    expect(fixture.ends).toEqual([]);
  });

  it('ends a socket that comes too late', async () => {
    let finish: (socket: never) => void = () => {};
    const fixture = makeClient({ socket: () => new Promise((resolve) => (finish = resolve as never)) });
    await settled();
    fixture.client.close();
    const { end } = await connectedClient();
    finish(end as never);
    await settled();
    expect(end.end).toBe('terminated');
    end.open();
    expect(fixture.client.state).toBe('closed');
  });

  it('gives up an attempt that takes too long, fails, or ends in another protocol', async () => {
    const fixture = makeClient({ connectTimeoutMs: 500, backoffBaseMs: 10 });
    await settled();
    fixture.scheduler.advance(500);
    expect([fixture.client.state, fixture.end.end]).toEqual(['disconnected', 'terminated']);
    fixture.scheduler.advance(10);
    await settled();
    fixture.end.onerror?.({} as never);
    expect(fixture.client.state).toBe('disconnected');
    fixture.scheduler.advance(20);
    await settled();
    fixture.end.open('');
    expect([fixture.client.state, fixture.end.end]).toEqual(['disconnected', 'terminated']);
    expect(fixture.ends.length).toBe(3);
  });

  it('says why', async () => {
    const reasons: (string | undefined)[] = [];
    const fixture = makeClient({ onStateChange: (_: ClientState, error) => reasons.push(error?.message) });
    await settled();
    fixture.end.onerror?.({ message: 'Unexpected server response: 401' } as never);
    fixture.end.drop();
    fixture.scheduler.advance(100);
    await settled();
    fixture.end.open();
    fixture.end.drop(1001, 'the server stops');
    expect(reasons).toEqual([
      undefined,
      'Unexpected server response: 401',
      undefined,
      undefined,
      'the connection was closed with 1001: the server stops',
    ]);
  });

  it('waits longer each time, up to maxBackoffMs, until a connection was of use', async () => {
    const fixture = makeClient({ backoffBaseMs: 100, maxBackoffMs: 1000 });
    await settled();
    for (const waitMs of [100, 200, 400, 800, 1000, 1000]) {
      // A server that takes a connection and answers nothing is of no use.
      fixture.end.open();
      fixture.end.drop();
      const attempts = fixture.ends.length;
      fixture.scheduler.advance(waitMs * 0.99);
      await settled();
      expect(fixture.ends.length).toBe(attempts);
      fixture.scheduler.advance(waitMs * 0.01);
      await settled();
      expect(fixture.ends.length).toBe(attempts + 1);
    }
    fixture.end.open();
    const pong = fixture.client.ping();
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, 'pong');
    await pong;
    fixture.end.drop();
    fixture.scheduler.advance(100);
    await settled();
    expect(fixture.ends.length).toBe(8);
  });

  it('waits a random part of that', async () => {
    const fixture = makeClient({ backoffBaseMs: 100, random: () => 0.25 });
    await settled();
    fixture.end.drop();
    fixture.scheduler.advance(24);
    await settled();
    expect(fixture.ends.length).toBe(1);
    fixture.scheduler.advance(1);
    await settled();
    expect(fixture.ends.length).toBe(2);
  });

  it('ignores listeners that throw', async () => {
    const fixture = await connectedClient({
      onStateChange: () => {
        throw new Error('state');
      },
      onError: () => {
        throw new Error('error');
      },
    });
    expect(fixture.client.state).toBe('connected');
  });
});

describe('a silent server', () => {
  it('is pinged, and dropped when no pong comes', async () => {
    const fixture = await connectedClient({ heartbeatMs: 100 });
    for (let beat = 0; beat < 3; beat++) {
      fixture.scheduler.advance(100);
      await settled();
      const [ping] = fixture.end.take();
      expect(ping?.method).toBe('ping');
      fixture.end.reply(ping!, 'pong');
    }
    fixture.scheduler.advance(100);
    await settled();
    fixture.scheduler.advance(100);
    expect(fixture.client.state).toBe('disconnected');
    expect(fixture.end.end).toBe('terminated');
  });

  it.each<[string, (end: FarEnd, beat: number) => void]>([
    ['bytes of a long frame come', (end, beat) => Object.assign(end, { bytesRead: beat })],
    ['bytes of a long frame go', (end, beat) => Object.assign(end, { bufferedAmount: 1_000_000 - beat })],
  ])('is not cut off while %s', async (_what, move) => {
    const fixture = await connectedClient({ heartbeatMs: 100, timeoutMs: 100_000 });
    const { end, scheduler, client } = fixture;
    move(end, 0);
    const get = client.get('long');
    for (let beat = 1; beat <= 20; beat++) {
      scheduler.advance(100);
      await settled();
      move(end, beat);
    }
    expect(client.state).toBe('connected');
    end.reply(end.take()[0]!, entry('value'));
    expect(await get).toBe('value');
  });

  it('is cut off while more and more waits to be sent, and nothing goes', async () => {
    const { client, end, scheduler } = await connectedClient({ heartbeatMs: 100, timeoutMs: 100_000 });
    end.send = () => {
      end.bufferedAmount += 50;
    };
    for (let beat = 0; beat < 4 && client.state === 'connected'; beat++) {
      void client.get('a').catch(() => {});
      await settled();
      scheduler.advance(100);
      await settled();
    }
    expect(client.state).toBe('disconnected');
    client.close();
  });

  it('is cut off while requests go out and nothing comes back', async () => {
    // As in a browser, whose system takes short frames at once.
    const { client, scheduler } = await connectedClient({ heartbeatMs: 100, timeoutMs: 100_000 });
    for (let beat = 0; beat < 4 && client.state === 'connected'; beat++) {
      void client.get('a').catch(() => {});
      await settled();
      scheduler.advance(100);
      await settled();
    }
    expect(client.state).toBe('disconnected');
    client.close();
  });

  it('is not cut off while it speaks', async () => {
    const fixture = await connectedClient({ heartbeatMs: 100, timeoutMs: 10_000 });
    void fixture.client.get('slow').catch(() => {});
    for (let beat = 0; beat < 5; beat++) {
      fixture.scheduler.advance(100);
      await settled();
      fixture.end.invalidate('a', 'stored', '1');
    }
    expect(fixture.client.state).toBe('connected');
  });
});

describe('when the connection breaks', () => {
  it('reads are sent again, before what waits, and writes are not', async () => {
    const fixture = await connectedClient();
    const read = fixture.client.get('read');
    const write = outcome(fixture.client.set('write', 1));
    await settled();
    fixture.end.take();
    fixture.end.drop();
    const later = fixture.client.set('later', 1);
    expect(await write).toMatchObject([
      { code: 'HOTSET_DISCONNECTED', message: expect.stringContaining('it may have been carried out') },
    ]);
    fixture.scheduler.advance(100);
    await settled();
    fixture.end.open();
    await settled();
    const requests = fixture.end.take();
    expect(requests.map(({ params }) => params.key)).toEqual(['read', 'later']);
    fixture.end.reply(requests[0]!, entry('value'));
    fixture.end.reply(requests[1]!, { result: 'stored', version: '1' });
    expect(await read).toBe('value');
    expect(await later).toEqual({ result: 'stored', version: '1' });
  });

  it('what a former socket does is ignored', async () => {
    const fixture = await connectedClient();
    const former = fixture.end;
    former.drop();
    fixture.scheduler.advance(100);
    await settled();
    await accept(fixture);
    former.sayRaw('no JSON');
    former.drop();
    former.onerror?.({ message: 'late' } as never);
    former.open();
    expect(fixture.client.state).toBe('connected');
    expect(fixture.ends.length).toBe(2);
  });

  it('a socket that does not take what is sent is given up', async () => {
    const fixture = await connectedClient();
    fixture.end.send = () => {
      throw new Error('not open');
    };
    const write = outcome(fixture.client.set('a', 1));
    const read = fixture.client.get('a');
    expect(await write).toMatchObject([{ code: 'HOTSET_DISCONNECTED' }]);
    fixture.scheduler.advance(100);
    await settled();
    fixture.end.open();
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, entry('value'));
    expect(await read).toBe('value');
  });
});

describe('subscriptions', () => {
  it('reach the subscribers, with the current version', async () => {
    const fixture = await connectedClient();
    const users: Invalidation[] = [];
    const one: Invalidation[] = [];
    const began = [
      fixture.client.subscribe({ prefixes: ['user:', 'page:'] }, (each) => users.push(each)),
      fixture.client.subscribe({ keys: ['other'], noEcho: true }, (each) => one.push(each)),
    ];
    await settled();
    const requests = fixture.end.take();
    expect(requests.map(({ params }) => params)).toEqual([
      { prefixes: ['user:', 'page:'], keys: [], noEcho: false },
      { prefixes: [], keys: ['other'], noEcho: true },
    ]);
    requests.forEach((request, i) => void fixture.end.reply(request, { subscription: i + 7 }));
    const [stop] = await Promise.all(began);
    fixture.end.invalidate('user:1', 'stored', '5');
    fixture.end.invalidate('other', 'deleted', null);
    fixture.end.invalidate('others', 'stored', '6');
    fixture.end.invalidateAll('cleared');
    const all = { key: undefined, cause: 'cleared', version: null };
    expect(users).toEqual([{ key: 'user:1', cause: 'stored', version: '5' }, all]);
    expect(one).toEqual([{ key: 'other', cause: 'deleted', version: null }, all]);
    stop?.();
    stop?.();
    fixture.end.invalidate('user:1', 'stored', '9');
    await settled();
    expect(users.length).toBe(2);
    expect(fixture.end.take().map(({ method, params }) => [method, params])).toEqual([
      ['unsubscribe', { subscription: 7 }],
    ]);
  });

  it('are resumed before anything else, and their listeners notified', async () => {
    const fixture = await connectedClient();
    const heard: Invalidation[] = [];
    const began = fixture.client.subscribe({ keys: ['a'] }, (each) => heard.push(each));
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, { subscription: 1 });
    const stop = await began;
    fixture.end.drop();
    void fixture.client.get('a').catch(() => {});
    fixture.scheduler.advance(100);
    await settled();
    fixture.end.open();
    await settled();
    const requests = fixture.end.take();
    expect(requests.map(({ method }) => method)).toEqual(['subscribe', 'get']);
    expect(heard).toEqual([]);
    // Ended before the answer is here: the server has to be told as soon as it has a number for it.
    stop();
    fixture.end.reply(requests[0]!, { subscription: 4 });
    await settled();
    expect(fixture.end.take().map(({ params }) => params)).toEqual([{ subscription: 4 }]);
    expect(heard).toEqual([]);
  });

  it('say that something may have been missed', async () => {
    const fixture = await connectedClient();
    const heard: Invalidation[] = [];
    const began = fixture.client.subscribe({ keys: ['a'] }, (each) => heard.push(each));
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, { subscription: 1 });
    await began;
    fixture.end.drop();
    fixture.scheduler.advance(100);
    await settled();
    await accept(fixture);
    expect(heard).toEqual([{ key: undefined, cause: 'reconnected', version: null }]);
  });

  it('that are refused reject; those refused later are reported', async () => {
    const fixture = await connectedClient();
    const refused = outcome(fixture.client.subscribe({ keys: ['a'] }, () => {}));
    const began = fixture.client.subscribe({ keys: ['b'] }, () => {});
    await settled();
    const [first, second] = fixture.end.take();
    fixture.end.refuse(first!, -32005, 'maxSubscriptions is 1', { code: 'HOTSET_TOO_MANY' });
    fixture.end.reply(second!, { subscription: 1 });
    expect(await refused).toMatchObject([{ code: 'HOTSET_TOO_MANY' }]);
    await began;
    fixture.end.drop();
    fixture.scheduler.advance(100);
    await settled();
    fixture.end.open();
    await settled();
    fixture.end.refuse(fixture.end.take()[0]!, -32002, 'not any more', { code: 'HOTSET_FORBIDDEN' });
    await settled();
    expect(fixture.errors).toMatchObject([{ code: 'HOTSET_FORBIDDEN' }]);
  });

  it('without a caller are ended', async () => {
    const fixture = await connectedClient();
    const caller = new AbortController();
    const began = outcome(fixture.client.subscribe({ keys: ['a'] }, () => {}, { signal: caller.signal }));
    await settled();
    const [request] = fixture.end.take();
    caller.abort(new Error('enough'));
    expect(await began).toEqual([new Error('enough')]);
    fixture.end.reply(request!, { subscription: 3 });
    await settled();
    expect(fixture.end.take().map(({ method, params }) => [method, params])).toEqual([
      ['unsubscribe', { subscription: 3 }],
    ]);
  });

  it('go on when a listener throws', async () => {
    const fixture = await connectedClient();
    const heard: Invalidation[] = [];
    const throwing = new Error('not my day');
    const began = [
      fixture.client.subscribe({ keys: ['a'] }, () => {
        throw throwing;
      }),
      fixture.client.subscribe({ keys: ['a'] }, (each) => heard.push(each)),
    ];
    await settled();
    for (const request of fixture.end.take()) fixture.end.reply(request, { subscription: 1 });
    await Promise.all(began);
    fixture.end.invalidate('a', 'stored', '1');
    expect(heard.length).toBe(1);
    expect(fixture.errors).toEqual([throwing]);
  });
});

describe('options', () => {
  const make = (url: unknown, options: object): HotsetClient => new HotsetClient(url as string, options);

  it.each(['http://cache.example', 'cache.example', '', 7, null, 'ws://a/#b', 'ws+unix:'])(
    '%j is no address',
    (url) => {
      expect(() => make(url, {})).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }));
    },
  );

  it.each([
    { token: '' },
    { token: 'ä' },
    { token: 7 },
    { timeoutMs: 0 },
    { timeoutMs: '5' },
    { connectTimeoutMs: Number.POSITIVE_INFINITY },
    { heartbeatMs: -1 },
    { backoffBaseMs: 0 },
    { maxBackoffMs: 2 ** 31 },
    { maxQueued: 0 },
    { maxInFlight: 1.5 },
    { maxBatch: 0 },
    { onStateChange: 1 },
    { onError: null },
    { socket: {} },
    { clock: {} },
    { scheduler: {} },
    { random: 0.5 },
    { prefixes: [''] },
  ])('%j makes no sense', (options) => {
    const [name] = Object.keys(options);
    expect(() => make('ws://a', options)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining(name!) }),
    );
  });

  it.each([
    { maxBytes: 0 },
    { maxEntries: 0 },
    { prefixes: [] },
    { prefixes: 'user:' },
    { prefixes: [7] },
    { prefixes: Array(101).fill('a') },
    { maxStaleMs: 0 },
    { noEcho: true },
  ])('a near cache of %j makes no sense', (nearCache) => {
    const [name] = Object.keys(nearCache);
    expect(() => make('ws://a', { nearCache })).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining(name!) }),
    );
  });
});
