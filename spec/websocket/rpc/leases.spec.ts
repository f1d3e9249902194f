/** `getOrLease`, `fill` and `release`: the right to load a key, for one client of all. */

import { describe, expect, it } from 'vitest';
import { Endpoint, type Peer, turn } from './fixture.js';

interface Leased {
  readonly entry: { readonly value: unknown; readonly version: string; readonly ttlMs: number | null } | null;
  readonly lease: string | null;
  readonly isLoading: boolean;
}

const key = 'k';
const lease = (client: Peer, params: object = {}): Leased =>
  client.call('getOrLease', { key, leaseMs: 1000, ...params }) as Leased;
const fill = (client: Peer, token: string | null, value: unknown = 'loaded', params: object = {}): unknown =>
  client.call('fill', { key, lease: token, value, ...params });

const STORED = { result: 'stored', version: expect.any(String) };
const VOID = { result: expect.stringMatching(/^(exists|not-found)$/) };
const LOADING = { entry: null, lease: null, isLoading: true };

describe('a lease', () => {
  it('of what is missing goes to the first, and ends with its fill', () => {
    const endpoint = new Endpoint();
    const [one, other] = [endpoint.connect(), endpoint.connect()];
    const first = lease(one);
    expect(first).toEqual({ entry: null, lease: expect.any(String), isLoading: false });
    expect(lease(other)).toEqual(LOADING);
    expect(lease(one)).toEqual(LOADING);
    expect(fill(one, first.lease, { a: 1 }, { ttlMs: 1500 })).toEqual(STORED);
    expect(lease(other)).toEqual({
      entry: { value: { a: 1 }, flags: 2, version: expect.any(String), ttlMs: 1500 },
      lease: null,
      isLoading: false,
    });
    expect(fill(one, first.lease)).toEqual(VOID);
  });

  it('of what is missing ends after leaseMs, to the millisecond', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    const first = lease(client, { leaseMs: 250 });
    endpoint.clock.advance(249);
    expect(lease(client)).toEqual(LOADING);
    endpoint.clock.advance(1);
    const second = lease(client);
    expect(second.lease).toEqual(expect.any(String));
    expect(fill(client, first.lease)).toEqual(VOID);
    expect(fill(client, second.lease)).toEqual(STORED);
  });

  it('of what is stale comes with it', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key, value: 'old', ttlMs: 1000 });
    const stale = { staleBelowMs: 500 };
    endpoint.clock.advance(500);
    expect(lease(client, stale)).toMatchObject({ entry: { value: 'old' }, lease: null, isLoading: false });
    endpoint.clock.advance(1);
    expect(lease(client)).toMatchObject({ lease: null, isLoading: false });
    const first = lease(client, stale);
    expect(first).toMatchObject({ entry: { value: 'old' }, lease: expect.any(String), isLoading: false });
    expect(lease(client, stale)).toMatchObject({ entry: { value: 'old' }, lease: null, isLoading: true });
    // Who does not find it stale is not waiting for anybody.
    expect(lease(client)).toMatchObject({ entry: { value: 'old' }, lease: null, isLoading: false });
    expect(fill(client, first.lease, 'new')).toEqual(STORED);
    expect(lease(client, stale)).toMatchObject({ entry: { value: 'new', ttlMs: null }, lease: null });
  });

  it('of whatever is there, where all of it counts as stale', () => {
    const client = new Endpoint().connect();
    client.call('set', { key, value: 'old' });
    expect(lease(client, { staleBelowMs: 1e9 })).toMatchObject({ lease: null, isLoading: false });
    const first = lease(client, { staleBelowMs: null });
    expect(first).toMatchObject({ entry: { value: 'old' }, lease: expect.any(String) });
    expect(lease(client, { staleBelowMs: null })).toMatchObject({ isLoading: true });
    expect(fill(client, first.lease)).toEqual(STORED);
  });

  it('of a stale entry is taken from a holder who leaves it, by one client', () => {
    const client = new Endpoint().connect();
    client.call('set', { key, value: 'old', ttlMs: 1000 });
    const stale = { staleBelowMs: 2000 };
    const first = lease(client, stale);
    const { version } = lease(client, stale).entry!;
    expect(lease(client, { ...stale, takeFrom: '1' === version ? '2' : '1' })).toMatchObject({
      isLoading: true,
    });
    const second = lease(client, { ...stale, takeFrom: version });
    expect(second).toMatchObject({ entry: { value: 'old' }, lease: expect.any(String), isLoading: false });
    expect(lease(client, { ...stale, takeFrom: version })).toMatchObject({ lease: null, isLoading: true });
    expect(fill(client, first.lease)).toEqual(VOID);
    expect(fill(client, second.lease)).toEqual(STORED);
  });

  it.each([
    ['set', { value: 'x' }],
    ['delete', {}],
    ['getAndDelete', {}],
    ['append', { value: 'x' }],
    ['deletePrefix', { prefix: 'k' }],
    ['flush', {}],
  ] as const)('is void after a %s', async (method, params) => {
    for (const isStale of [false, true]) {
      const client = new Endpoint().connect();
      if (isStale) client.call('set', { key, value: 'old', ttlMs: 1000 });
      const { lease: token } = lease(client, { staleBelowMs: 2000 });
      expect(token).toEqual(expect.any(String));
      const names = method === 'flush' || method === 'deletePrefix' ? params : { key, ...params };
      await client.ask(method, names);
      expect(fill(client, token)).toEqual(VOID);
      expect(client.call('release', { key, lease: token })).toEqual({ result: 'not-found' });
    }
  });

  it('that is released goes to the next, with what was there', () => {
    for (const isStale of [false, true]) {
      const client = new Endpoint().connect();
      if (isStale) client.call('set', { key, value: 'old', ttlMs: 1000 });
      const first = lease(client, { staleBelowMs: 2000 });
      expect(client.call('release', { key, lease: first.lease })).toEqual({ result: 'released' });
      expect(client.call('release', { key, lease: first.lease })).toEqual({ result: 'not-found' });
      expect(client.call('get', { key })).toEqual(isStale ? expect.objectContaining({ value: 'old' }) : null);
      expect(fill(client, first.lease)).toEqual(VOID);
      const second = lease(client, { staleBelowMs: 2000 });
      expect(second.lease).toEqual(expect.any(String));
      expect(second.entry?.value).toBe(isStale ? 'old' : undefined);
    }
  });

  it('does not take an empty value for a missing one', () => {
    const client = new Endpoint().connect();
    client.call('set', { key, value: '' });
    expect(lease(client)).toMatchObject({ entry: { value: '' }, lease: null, isLoading: false });
  });

  it.each(['', 'nonsense', '1', '.1', '0.1', '-1.1', `0.${'9'.repeat(21)}`])(
    'that is none, %j, is void',
    (token) => {
      const client = new Endpoint().connect();
      client.call('set', { key, value: 'v' });
      expect(fill(client, token)).toEqual(VOID);
      expect(client.call('release', { key, lease: token })).toEqual({ result: 'not-found' });
      expect(client.call('get', { key })).toMatchObject({ value: 'v' });
    },
  );

  it('is refused where there are no versions', () => {
    const client = new Endpoint({}, { casIds: false }).connect();
    expect(lease(client)).toMatchObject({ error: { data: { code: 'HOTSET_NO_VERSIONS' } } });
  });

  it('is not given with an entry that does not fit into the reply', () => {
    const client = new Endpoint({ maxReplyBytes: 2000 }).connect();
    client.call('set', { key, value: 'x'.repeat(3000), ttlMs: 1000 });
    expect(lease(client, { staleBelowMs: null })).toMatchObject({
      error: { data: { code: 'HOTSET_REPLY_TOO_LARGE' } },
    });
    const { lease: token } = lease(client, { key: 'other' });
    expect(token).toEqual(expect.any(String));
  });

  it.each([
    [{ leaseMs: 0 }, 'leaseMs takes milliseconds, more than 0; got 0'],
    [{ leaseMs: null }, 'leaseMs takes milliseconds, more than 0; got null'],
    [
      { leaseMs: 1, staleBelowMs: -1 },
      'staleBelowMs takes milliseconds, 0 or more, or null for never; got -1',
    ],
    [{ leaseMs: 1, takeFrom: 1 }, 'takeFrom takes a text of digits; got 1'],
  ])('takes no %j', (params, message) => {
    const client = new Endpoint().connect();
    expect(client.call('getOrLease', { key, ...params })).toMatchObject({ error: { code: -32602, message } });
  });

  it('is announced to subscribers as the changes that it makes, and not to its holder', async () => {
    const endpoint = new Endpoint();
    const [holder, other] = [endpoint.connect(), endpoint.connect()];
    for (const client of [holder, other]) client.call('subscribe', { keys: [key], noEcho: true });
    const { lease: token } = lease(holder);
    await turn();
    fill(holder, token);
    await turn();
    expect(holder.frames()).toEqual([]);
    expect(other.frames()).toMatchObject([{ params: { cause: 'stored' } }, { params: { cause: 'stored' } }]);
  });
});
