/** What the near cache holds, and when it must not answer: each order of reply, invalidation and own write. */

import { describe, expect, it } from 'vitest';
import { accept, type ClientFixture, connectedClient, entry, makeClient, settled } from './fixture.js';

const NEAR = { nearCache: { maxStaleMs: 60_000 }, heartbeatMs: 1_000_000, timeoutMs: 1_000_000 };

const near = (): Promise<ClientFixture> => connectedClient(NEAR);

/** Reads `key`, answering what reaches the server. */
async function read(fixture: ClientFixture, key: string, answer: object | null): Promise<unknown> {
  const value = fixture.client.get(key);
  await settled();
  for (const request of fixture.end.take()) fixture.end.reply(request, answer);
  return value;
}

/** Whether a read of `key` would go to the server; it is left without an answer. */
async function asks(fixture: ClientFixture, key: string): Promise<boolean> {
  void fixture.client.get(key).catch(() => {});
  await settled();
  return fixture.end.take().length > 0;
}

describe('what is held', () => {
  it('is what was read, until its invalidation', async () => {
    const fixture = await near();
    expect(await read(fixture, 'a', entry('one', '5'))).toBe('one');
    expect(await read(fixture, 'a', entry('never asked'))).toBe('one');
    fixture.end.invalidate('b', 'stored', '6');
    expect(await asks(fixture, 'a')).toBe(false);
    fixture.end.invalidate('a', 'stored', '7');
    expect(await asks(fixture, 'a')).toBe(true);
    expect(fixture.client.nearStats()).toMatchObject({
      inUse: true,
      hits: 2,
      misses: 2,
      invalidations: 2,
      size: 0,
    });
  });

  it.each([
    ['stored', '5', false],
    ['stored', '6', true],
    ['stored', null, true],
    ['touched', '5', true],
    ['deleted', null, true],
    ['evicted', null, true],
    ['expired', null, true],
    ['something new', '5', true],
  ])('%s with version %s, of an entry with version 5: forgotten %s', async (cause, version, forgotten) => {
    const fixture = await near();
    await read(fixture, 'a', entry('one', '5'));
    fixture.end.invalidate('a', cause, version);
    expect(await asks(fixture, 'a')).toBe(forgotten);
  });

  it.each(['cleared', 'lagged'])('is all forgotten when the server says %s', async (cause) => {
    const fixture = await near();
    await read(fixture, 'a', entry('one'));
    fixture.end.invalidateAll(cause);
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('is of the configured prefixes', async () => {
    const fixture = await connectedClient({ ...NEAR, nearCache: { prefixes: ['user:', 'page:'] } });
    await read(fixture, 'user:1', entry('one'));
    await read(fixture, 'other', entry('two'));
    expect(await asks(fixture, 'user:1')).toBe(false);
    expect(await asks(fixture, 'other')).toBe(true);
    expect((fixture.end.frames[0] as { params: unknown }).params).toEqual({
      prefixes: ['user:', 'page:'],
      keys: [],
      noEcho: true,
    });
  });

  it('is a copy for each reader, and of what was written', async () => {
    const fixture = await near();
    const read1 = (await read(fixture, 'a', entry({ list: [1] }))) as { list: number[] };
    read1.list.push(2);
    expect(await fixture.client.get('a')).toEqual({ list: [1] });
    const bytes = new Uint8Array([1, 2]);
    const write = fixture.client.set('b', bytes);
    bytes[0] = 9;
    await settled();
    const [request] = fixture.end.take();
    expect(request?.params).toEqual({ key: 'b', ttlMs: null, base64: 'AQI=' });
    fixture.end.reply(request!, { result: 'stored', version: '2' });
    await write;
    const copy = (await fixture.client.get('b')) as Uint8Array;
    copy[1] = 9;
    expect(await fixture.client.get('b')).toEqual(new Uint8Array([1, 2]));
  });

  it('is no longer there than the server has it, counted from the request', async () => {
    const fixture = await near();
    const value = fixture.client.get('a');
    await settled();
    fixture.clock.advance(30);
    fixture.end.reply(fixture.end.take()[0]!, entry('one', '5', 100));
    await value;
    fixture.clock.advance(69);
    expect(await asks(fixture, 'a')).toBe(false);
    fixture.clock.advance(1);
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('is not what was read or written in another form', async () => {
    const fixture = await near();
    const asBytes = fixture.client.get('a', { as: 'bytes' });
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, { base64: 'AQI=', flags: 0, version: '1', ttlMs: null });
    expect(await asBytes).toEqual(new Uint8Array([1, 2]));
    expect(await asks(fixture, 'a')).toBe(true);
    const flagged = fixture.client.set('b', '1', { flags: 2 });
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, { result: 'stored', version: '2' });
    await flagged;
    expect(await asks(fixture, 'b')).toBe(true);
  });
});

describe('a read in flight', () => {
  it.each([
    ['an invalidation of another version', (f: ClientFixture) => f.end.invalidate('a', 'stored', '6'), false],
    ['an invalidation of its version', (f: ClientFixture) => f.end.invalidate('a', 'stored', '5'), true],
    ['a deletion', (f: ClientFixture) => f.end.invalidate('a', 'deleted', null), false],
    ['a shorter time to live', (f: ClientFixture) => f.end.invalidate('a', 'touched', '5'), false],
    ['an invalidation of all', (f: ClientFixture) => f.end.invalidateAll('lagged'), false],
    ['an invalidation of another key', (f: ClientFixture) => f.end.invalidate('b', 'stored', '6'), true],
    ['an own write', (f: ClientFixture) => void f.client.set('a', 'x').catch(() => {}), false],
    ['an own deletion', (f: ClientFixture) => void f.client.delete('a').catch(() => {}), false],
    ['an own touch', (f: ClientFixture) => void f.client.touch('a', 5).catch(() => {}), false],
    ['an own increment', (f: ClientFixture) => void f.client.increment('a').catch(() => {}), false],
    ['an own flush', (f: ClientFixture) => void f.client.flush().catch(() => {}), false],
    ['an own write to another key', (f: ClientFixture) => void f.client.set('b', 'x').catch(() => {}), true],
  ])('that sees %s: its value is returned, and kept: %s', async (_, happens, kept) => {
    const fixture = await near();
    const value = fixture.client.get('a');
    await settled();
    const [request] = fixture.end.take();
    happens(fixture);
    await settled();
    fixture.end.take();
    fixture.end.reply(request!, entry('one', '5'));
    expect(await value).toBe('one');
    expect(await asks(fixture, 'a')).toBe(!kept);
  });

  it('ends an entry of another version, so that no read goes back in time', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('old', '5'));
    const newer = fixture.client.getEntry('a');
    await settled();
    // The change was carried out, and has not been told yet.
    fixture.end.reply(fixture.end.take()[0]!, entry('new', '6'));
    await newer;
    expect(await fixture.client.get('a')).toBe('new');
    const gone = fixture.client.getEntry('a');
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, null);
    await gone;
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('is not kept when no caller waits for it any more', async () => {
    const fixture = await near();
    const caller = new AbortController();
    const value = fixture.client.get('a', { signal: caller.signal });
    await settled();
    const [request] = fixture.end.take();
    caller.abort(new Error('enough'));
    await expect(value).rejects.toThrow('enough');
    fixture.end.invalidate('a', 'stored', '6');
    fixture.end.reply(request!, entry('one', '5'));
    expect(await asks(fixture, 'a')).toBe(true);
  });
});

describe('an own write', () => {
  it('is not outrun by what was held: reads that are made after it go to the server', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('old', '5'));
    const write = fixture.client.set('a', 'new', { ttlMs: 500 });
    const value = fixture.client.get('a');
    await settled();
    const [set, get] = fixture.end.take();
    expect([set?.method, get?.method]).toEqual(['set', 'get']);
    fixture.end.reply(set!, { result: 'stored', version: '6' });
    fixture.end.reply(get!, entry('new', '6', 500));
    expect(await write).toEqual({ result: 'stored', version: '6' });
    expect(await value).toBe('new');
    expect(await asks(fixture, 'a')).toBe(false);
    fixture.clock.advance(500);
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('is held once it is stored, unless another one has begun', async () => {
    const fixture = await near();
    void fixture.client.set('a', 'one');
    void fixture.client.set('a', 'two');
    await settled();
    const [one, two] = fixture.end.take();
    fixture.end.reply(one!, { result: 'stored', version: '6' });
    expect(await asks(fixture, 'a')).toBe(true);
    fixture.end.reply(two!, { result: 'stored', version: '7' });
    expect(await fixture.client.get('a')).toBe('two');
  });

  it('that is reported overwritten before its own reply is not held', async () => {
    const fixture = await near();
    void fixture.client.set('a', 'mine');
    await settled();
    const [set] = fixture.end.take();
    fixture.end.invalidate('a', 'stored', '9');
    fixture.end.reply(set!, { result: 'stored', version: '6' });
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('that stores nothing leaves nothing', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('old', '5'));
    const add = fixture.client.add('a', 'new');
    await settled();
    fixture.end.reply(fixture.end.take()[0]!, { result: 'exists' });
    expect(await add).toEqual({ result: 'exists', version: null });
    expect(await asks(fixture, 'a')).toBe(true);
  });
});

describe('it is out of use', () => {
  it('before the subscription is answered, and when it is refused', async () => {
    const fixture = makeClient(NEAR);
    await settled();
    fixture.end.open();
    const value = fixture.client.get('a');
    await settled();
    const [subscribe, get] = fixture.end.take();
    expect([subscribe?.method, get?.method]).toEqual(['subscribe', 'get']);
    fixture.end.refuse(subscribe!, -32005, 'too many subscriptions', { code: 'HOTSET_TOO_MANY' });
    fixture.end.reply(get!, entry('one'));
    expect(await value).toBe('one');
    expect(await asks(fixture, 'a')).toBe(true);
    expect(fixture.errors).toMatchObject([{ code: 'HOTSET_TOO_MANY' }]);
    expect(fixture.client.nearStats()?.inUse).toBe(false);
  });

  it('from the moment when the connection is gone, and empty on the next one', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('old', '5'));
    fixture.end.drop();
    const value = fixture.client.get('a');
    fixture.scheduler.advance(100);
    await settled();
    await accept(fixture);
    const again = fixture.end.frames.flat() as { id: number; method: string }[];
    expect(again.map(({ method }) => method)).toEqual(['subscribe', 'get']);
    fixture.end.reply(again[1] as never, entry('new', '5'));
    expect(await value).toBe('new');
    expect(await fixture.client.get('a')).toBe('new');
  });

  it('on a connection on which the subscription is refused', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('old', '5'));
    fixture.end.drop();
    fixture.scheduler.advance(100);
    await settled();
    fixture.end.open();
    await settled();
    fixture.end.refuse(fixture.end.take()[0]!, -32005, 'too many', { code: 'HOTSET_TOO_MANY' });
    await read(fixture, 'a', entry('new', '6'));
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('when no request that was sent within maxStaleMs has been answered', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('one', '5'));
    fixture.clock.advance(60_000);
    expect(await fixture.client.get('a')).toBe('one');
    fixture.clock.advance(1);
    fixture.end.invalidate('b', 'stored', '9');
    // That the server speaks says nothing of when it was asked.
    expect(fixture.client.nearStats()?.inUse).toBe(false);
    const slow = fixture.client.get('b');
    await settled();
    fixture.clock.advance(50_000);
    fixture.end.reply(fixture.end.take()[0]!, entry('two', '9'));
    expect(await slow).toBe('two');
    expect(await fixture.client.get('a')).toBe('one');
    fixture.clock.advance(10_001);
    expect(fixture.client.nearStats()?.inUse).toBe(false);
  });

  it('when the clock is set back', async () => {
    const fixture = await near();
    await read(fixture, 'a', entry('one', '5'));
    fixture.clock.advance(-1);
    expect(await asks(fixture, 'a')).toBe(true);
  });

  it('and pings often enough not to be', async () => {
    const fixture = await connectedClient({ nearCache: { maxStaleMs: 3000 } });
    await read(fixture, 'a', entry('one', '5'));
    for (let beat = 0; beat < 20; beat++) {
      fixture.scheduler.advance(1000);
      await settled();
      for (const request of fixture.end.take()) fixture.end.reply(request, 'pong');
      expect(await asks(fixture, 'a')).toBe(false);
    }
    expect(fixture.ends.length).toBe(1);
  });
});

describe('over a slow link', () => {
  /** Every frame of either side takes half of the round trip. */
  function slowDown({ end, scheduler }: ClientFixture, roundTripMs: number): void {
    const { send, sayRaw } = end;
    end.send = (text) => {
      scheduler.schedule(roundTripMs / 2, () => {
        send.call(end, text);
        for (const request of end.take()) end.reply(request, request.method === 'get' ? entry('v') : 'pong');
      });
    };
    end.sayRaw = (data) => void scheduler.schedule(roundTripMs / 2, () => sayRaw.call(end, data));
  }

  it.each([
    [120, 'is always in use', 1, 1],
    [200, 'is always in use', 1, 1],
    [290, 'is in use now and then', 0.05, 0.5],
    [310, 'is out of use', 0, 0],
    [5000, 'is out of use', 0, 0],
  ])('of %d ms it %s, and the connection stays', async (roundTripMs, _what, minShare, maxShare) => {
    const fixture = await connectedClient({ nearCache: { maxStaleMs: 300 } });
    slowDown(fixture, roundTripMs);
    await passTime(fixture, 1000);
    const share = await passTime(fixture, 12_000);
    expect(share).toBeGreaterThanOrEqual(minShare);
    expect(share).toBeLessThanOrEqual(maxShare);
    expect(fixture.states).toEqual(['connecting', 'connected']);
    expect(fixture.ends.length).toBe(1);
    // Pings: three in each maxStaleMs.
    expect(fixture.end.frames.length).toBeLessThanOrEqual(1 + 13_000 / 100);
    fixture.client.close();
  });
});

/** The share of the time in which the near cache was in use. */
async function passTime({ client, scheduler }: ClientFixture, forMs: number): Promise<number> {
  const steps = forMs / 5;
  let used = 0;
  for (let step = 0; step < steps; step++) {
    scheduler.advance(5);
    await settled();
    if (client.nearStats()!.inUse) used++;
  }
  return used / steps;
}

it('keys that are not held are requested', async () => {
  const fixture = await connectedClient({ ...NEAR, maxBatch: 2 });
  await read(fixture, 'b', entry('held'));
  const values = fixture.client.getMany(['a', 'b', 'c', 'a', 'd']);
  await settled();
  const requests = fixture.end.take();
  expect(requests.map(({ params }) => params)).toEqual([{ keys: ['a', 'c'] }, { keys: ['d'] }]);
  fixture.end.reply(requests[0]!, [entry(1, '7'), null]);
  fixture.end.reply(requests[1]!, [entry(null, '8')]);
  expect([...(await values)]).toEqual([
    ['a', 1],
    ['b', 'held'],
    ['d', null],
  ]);
  expect([...(await fixture.client.getMany(['d', 'a']))]).toEqual([
    ['d', null],
    ['a', 1],
  ]);
});
