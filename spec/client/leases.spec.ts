/** Leases, entries by key and watchers of the state, against a far end that the spec plays. */

import { describe, expect, it } from 'vitest';
import { connectedClient, entry, settled } from './fixture.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('getOrLease', () => {
  it('sends what it is given, and gives what comes', async () => {
    const { client, end } = await connectedClient();
    const answers = [
      client.getOrLease('a', { leaseMs: 1000 }),
      client.getOrLease('b', {
        leaseMs: 1.5,
        staleBelowMs: Number.POSITIVE_INFINITY,
        takeFrom: '7',
        as: 'bytes',
      }),
    ];
    await settled();
    const [first, second] = end.take();
    expect(first).toMatchObject({ method: 'getOrLease', params: { key: 'a', leaseMs: 1000 } });
    expect(second!.params).toEqual({
      key: 'b',
      leaseMs: 1.5,
      staleBelowMs: null,
      takeFrom: '7',
      as: 'base64',
    });
    end.reply(first!, { entry: null, lease: 'x.1', isLoading: false });
    end.reply(second!, { entry: entry('v'), lease: null, isLoading: true });
    expect(await Promise.all(answers)).toEqual([
      { entry: undefined, lease: 'x.1', isLoading: false },
      { entry: expect.objectContaining({ value: 'v' }), lease: undefined, isLoading: true },
    ]);
  });

  it.each([
    null,
    {},
    { entry: null, lease: 5, isLoading: false },
    { entry: null, lease: null },
    { entry: {}, lease: null, isLoading: true },
  ])('refuses the answer %j', async (result) => {
    const { client, end } = await connectedClient();
    const answer = client.getOrLease('a', { leaseMs: 1 });
    await settled();
    end.reply(end.take()[0]!, result);
    await expect(answer).rejects.toEqual(code('HOTSET_PROTOCOL'));
  });

  it.each([
    { leaseMs: 0 },
    { leaseMs: 1, staleBelowMs: -1 },
    { leaseMs: 1, takeFrom: 'x' },
    { leaseMs: 1, as: 'text' },
  ])('refuses %j', async (options) => {
    const { client } = await connectedClient();
    await expect(client.getOrLease('a', options as never)).rejects.toEqual(code('HOTSET_INVALID_ARGUMENT'));
  });

  it('refuses options that it does not know', async () => {
    const { client } = await connectedClient();
    await expect(client.getOrLease('a', { leaseMs: 1, lease: 1 } as never)).rejects.toEqual(
      code('HOTSET_INVALID_OPTION'),
    );
  });

  it('releases a lease that comes too late', async () => {
    const { client, end } = await connectedClient();
    const gone = new AbortController();
    const answers = ['a', 'b'].map((key) =>
      client.getOrLease(key, { leaseMs: 1000, signal: gone.signal }).catch((error) => error),
    );
    await settled();
    const [first, second] = end.take();
    gone.abort();
    await Promise.all(answers);
    end.reply(first!, { entry: null, lease: 'x.1', isLoading: false });
    end.reply(second!, { entry: null, lease: null, isLoading: true });
    await settled();
    expect(end.take()).toMatchObject([{ method: 'release', params: { key: 'a', lease: 'x.1' } }]);
  });

  it('is not sent again over another connection', async () => {
    const { client, end } = await connectedClient();
    const answer = client.getOrLease('a', { leaseMs: 1000 });
    await settled();
    end.drop();
    await expect(answer).rejects.toEqual(code('HOTSET_DISCONNECTED'));
  });
});

describe('fill and release', () => {
  it('send what they are given', async () => {
    const { client, end } = await connectedClient();
    const answers = [
      client.fill('a', 'x.1', { n: 1 }, { ttlMs: 5, tags: ['t'] }),
      client.fill('b', 'x.2', 'text'),
      client.release('c', 'x.3'),
      client.release('d', 'x.4'),
    ];
    await settled();
    const requests = end.take();
    expect(requests.map(({ method, params }) => ({ method, params }))).toEqual([
      { method: 'fill', params: { key: 'a', ttlMs: 5, tags: ['t'], lease: 'x.1', value: { n: 1 } } },
      { method: 'fill', params: { key: 'b', ttlMs: null, lease: 'x.2', value: 'text' } },
      { method: 'release', params: { key: 'c', lease: 'x.3' } },
      { method: 'release', params: { key: 'd', lease: 'x.4' } },
    ]);
    end.reply(requests[0]!, { result: 'stored', version: '9' });
    end.reply(requests[1]!, { result: 'exists' });
    end.reply(requests[2]!, { result: 'released' });
    end.reply(requests[3]!, { result: 'not-found' });
    expect(await Promise.all(answers)).toEqual([
      { result: 'stored', version: '9' },
      { result: 'exists', version: null },
      true,
      false,
    ]);
  });
});

describe('getEntries', () => {
  it('asks for as many keys at once as fit into a batch, and gives those that are there', async () => {
    const { client, end } = await connectedClient({ maxBatch: 2 });
    const answer = client.getEntries(['a', 'b', 'c']);
    await settled();
    const requests = end.take();
    expect(requests.map(({ params }) => params.keys)).toEqual([['a', 'b'], ['c']]);
    end.reply(requests[0]!, [null, entry('B', '2', 50)]);
    end.reply(requests[1]!, [entry('C')]);
    expect([...(await answer)]).toEqual([
      ['b', { value: 'B', flags: 0, version: '2', ttlMs: 50 }],
      ['c', { value: 'C', flags: 0, version: '1', ttlMs: Number.POSITIVE_INFINITY }],
    ]);
  });
});

describe('watchState', () => {
  it('calls each watcher with each state, until it is ended', async () => {
    const { client, end, errors } = await connectedClient();
    const seen: unknown[] = [];
    client.watchState(() => {
      throw new Error('a watcher that throws');
    });
    const stop = client.watchState((state, error) => seen.push([state, error?.code]));
    end.drop();
    expect(seen).toEqual([['disconnected', 'HOTSET_DISCONNECTED']]);
    expect(errors).toEqual([expect.objectContaining({ message: 'a watcher that throws' })]);
    stop();
    client.close();
    expect(seen).toHaveLength(1);
    expect(() => client.watchState(1 as never)).toThrow(code('HOTSET_INVALID_ARGUMENT'));
  });
});
