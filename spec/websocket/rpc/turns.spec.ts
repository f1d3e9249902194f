/** How much is done in one turn, in what order things are sent, and what becomes of a client that does not read. */

import { describe, expect, it } from 'vitest';
import { Endpoint, type Peer, turn } from './fixture.js';

const LAGGED = (dropped: unknown): object[] => [
  { jsonrpc: '2.0', method: 'lagged', params: { dropped } },
  { jsonrpc: '2.0', method: 'invalidatedAll', params: { cause: 'lagged' } },
];

function get(id: number, key = 'k'): object {
  return { jsonrpc: '2.0', id, method: 'get', params: { key } };
}

function told(key: string, version: string | null, cause = 'stored'): object {
  return { jsonrpc: '2.0', method: 'invalidated', params: { key, cause, version } };
}

function set(endpoint: Endpoint, key: string, value = 'v'): void {
  endpoint.engine.set(key, value);
}

/** Turns until something has been sent; how many. */
async function turnsUntilSent({ sink }: Peer): Promise<number> {
  let turns = 0;
  for (; sink.frames.length === 0; turns++) await turn();
  return turns;
}

describe('a turn', () => {
  it('carries out so many requests of a batch, and then lets others go on', async () => {
    const endpoint = new Endpoint({}, { requestsPerTurn: 10 });
    const busy = endpoint.connect();
    const other = endpoint.connect();
    busy.send(Array.from({ length: 35 }, (_, id) => get(id)));
    expect(busy.sink.isPaused).toBe(true);
    expect(busy.handler.state).toBe('conn_waiting');
    expect(busy.texts()).toEqual([]);
    expect(other.call('ping')).toBe('pong');
    expect(await turnsUntilSent(busy)).toBe(3);
    const [replies] = busy.frames() as [{ id: number }[]];
    expect(replies.map(({ id }) => id)).toEqual(Array.from({ length: 35 }, (_, id) => id));
    expect(busy.sink.isPaused).toBe(false);
    expect(busy.handler.state).toBe('conn_read');
  });

  it('counts requests over frames', async () => {
    const endpoint = new Endpoint({}, { requestsPerTurn: 10 });
    const client = endpoint.connect();
    for (let id = 0; id < 25; id++) client.send(get(id));
    expect(client.frames()).toHaveLength(10);
    await turn();
    expect(client.frames()).toHaveLength(10);
    expect(client.sink.isPaused).toBe(true);
    await turn();
    expect(client.frames()).toHaveLength(5);
    expect(client.sink.isPaused).toBe(false);
  });

  it('counts keys', async () => {
    const endpoint = new Endpoint({}, { requestsPerTurn: 10 });
    const client = endpoint.connect();
    const keys = Array.from({ length: 25 }, (_, i) => `k${i}`);
    set(endpoint, 'k24');
    client.send({ jsonrpc: '2.0', id: 1, method: 'getMany', params: { keys } });
    expect(await turnsUntilSent(client)).toBe(2);
    expect(client.frames()).toMatchObject([{ result: [...Array(24).fill(null), { value: 'v' }] }]);
  });

  it.each([
    ['getMany', { keys: ['k', 'k'] }],
    ['get', { key: 'controls' }],
  ])('counts the bytes of a %s that is refused', async (method, params) => {
    const endpoint = new Endpoint({ maxReplyBytes: 150_000 });
    const client = endpoint.connect();
    set(endpoint, 'k', 'x'.repeat(100_000));
    set(endpoint, 'controls', '\u0001'.repeat(100_000));
    client.send(Array.from({ length: 12 }, (_, id) => ({ jsonrpc: '2.0', id, method, params })));
    expect(await turnsUntilSent(client)).toBeGreaterThanOrEqual(3);
    expect(client.frames()).toMatchObject([Array(12).fill({ error: { code: -32006 } })]);
  });

  it('counts the bytes of values', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    set(endpoint, 'k', 'x'.repeat(100_000));
    client.send(Array.from({ length: 9 }, (_, id) => get(id)));
    expect(await turnsUntilSent(client)).toBe(2);
    set(endpoint, 'n', '5'.padEnd(1_000_000));
    client.texts();
    client.send(
      Array.from({ length: 4 }, (_, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'increment',
        params: { key: 'n' },
      })),
    );
    expect(await turnsUntilSent(client)).toBeGreaterThanOrEqual(3);
  });

  it('carries out what came in the meantime afterwards', async () => {
    const endpoint = new Endpoint({}, { requestsPerTurn: 2 });
    const client = endpoint.connect();
    client.send([1, 2, 3].map((id) => get(id)));
    client.send(get(4));
    client.send('{');
    client.send(get(5));
    while (client.sink.frames.length < 4) await turn();
    expect(client.frames()).toMatchObject([
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      { id: 4 },
      { id: null },
      { id: 5 },
    ]);
  });

  it('of a client that has gone is over', async () => {
    const endpoint = new Endpoint({}, { requestsPerTurn: 1 });
    const client = endpoint.connect();
    client.send([1, 2, 3].map((id) => ({ ...get(id), method: 'set', params: { key: `k${id}`, value: id } })));
    client.handler.onClose();
    await turn();
    await turn();
    client.send(get(9));
    expect(client.texts()).toEqual([]);
    expect(endpoint.engine.size).toBe(1);
  });
});

describe('order', () => {
  it('a reply carried out before a change is sent before the change’s invalidation, however long it takes', async () => {
    const endpoint = new Endpoint({}, { requestsPerTurn: 2 });
    const client = endpoint.connect();
    set(endpoint, 'k');
    client.call('subscribe', { prefixes: [''] });
    client.send([1, 2, 3, 4, 5, 6].map((id) => get(id)));
    set(endpoint, 'k', 'new');
    await turn();
    set(endpoint, 'other');
    expect(await turnsUntilSent(client)).toBeGreaterThan(0);
    const frames = client.frames();
    await turn();
    frames.push(...client.frames());
    expect(frames).toMatchObject([
      [
        { result: { version: '1' } },
        { result: { version: '2' } },
        { id: 3 },
        { id: 4 },
        { id: 5 },
        { id: 6 },
      ],
      told('k', '2'),
      told('other', '3'),
    ]);
  });

  it('what waits behind a reply is bounded, and made good', async () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 500 }, { requestsPerTurn: 1 });
    const client = endpoint.connect();
    await client.ask('subscribe', { prefixes: [''] });
    await turn();
    client.send(Array.from({ length: 20 }, (_, id) => get(id)));
    for (let i = 0; i < 12; i++) {
      set(endpoint, `other${i}`);
      await turn();
    }
    expect(await turnsUntilSent(client)).toBeGreaterThan(0);
    const frames = client.frames();
    expect(frames).toMatchObject([Array(20).fill({ result: null }), LAGGED(12)]);
    set(endpoint, 'k');
    await turn();
    expect(client.frames()).toEqual([told('k', '13')]);
  });
});

describe('a client that does not read', () => {
  it('is not read from, nor answered, until it reads', async () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 1000 });
    const client = endpoint.connect();
    set(endpoint, 'k', 'x'.repeat(400));
    client.sink.reads = false;
    for (let id = 0; id < 5; id++) client.send(get(id));
    await turn();
    expect(client.frames()).toHaveLength(3);
    expect(client.sink.isPaused).toBe(true);
    expect(client.handler.state).toBe('conn_waiting');
    client.drain();
    expect(client.frames()).toMatchObject([{ id: 3 }, { id: 4 }]);
    expect(client.sink.isPaused).toBe(false);
    expect(client.sink.ended).toBeNull();
  });

  it('goes on in the middle of a batch', async () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 1000 }, { requestsPerTurn: 2 });
    const client = endpoint.connect();
    client.send([1, 2, 3, 4, 5].map((id) => get(id)));
    client.sink.unsentBytes = 2000;
    expect(await turnsUntilSent(client)).toBe(2);
    expect(client.sink.isPaused).toBe(true);
    client.drain();
    expect(client.sink.isPaused).toBe(false);
  });

  it('loses invalidations, and gets lagged before anything newer', async () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 1000 });
    const client = endpoint.connect();
    client.call('subscribe', { prefixes: [''] });
    client.sink.reads = false;
    for (let i = 0; i < 30; i++) {
      set(endpoint, `k${i}`);
      await turn();
    }
    const before = client.frames();
    expect(before).toEqual(Array.from({ length: before.length }, (_, i) => told(`k${i}`, `${i + 1}`)));
    expect(client.sink.unsentBytes).toBeLessThan(1200);
    expect(client.sink.isPaused).toBe(true);
    client.send(get(1, 'k29'));
    set(endpoint, 'last');
    client.sink.reads = true;
    client.drain();
    await turn();
    expect(client.frames()).toMatchObject([
      LAGGED(30 - before.length),
      { id: 1, result: { value: 'v' } },
      told('last', '31'),
    ]);
    expect(client.sink.isPaused).toBe(false);
  });

  it('hears that it has lost something after the reply that was begun before', async () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 1000 }, { requestsPerTurn: 2 });
    const client = endpoint.connect();
    set(endpoint, 'k', 'old');
    client.call('subscribe', { prefixes: [''] });
    client.send([get(1), get(2, 'x'), get(3, 'x')]);
    // Something else fills the queue, and the client does not read.
    client.sink.unsentBytes = 2000;
    set(endpoint, 'k', 'new'.repeat(400));
    for (let i = 0; i < 20; i++) {
      set(endpoint, `k${i}`.padEnd(200, 'x'));
      await turn();
    }
    expect(client.frames()).toMatchObject([[{ result: { value: 'old' } }, { id: 2 }, { id: 3 }]]);
    client.drain();
    expect(client.frames()).toMatchObject([LAGGED(expect.any(Number))]);
  });

  it('is cut when too much waits for it', async () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 1000, maxBacklogBytes: 5000 });
    const client = endpoint.connect();
    set(endpoint, 'k', 'x'.repeat(6000));
    client.call('subscribe', { prefixes: [''] });
    client.sink.reads = false;
    client.send(get(1));
    client.send(get(2));
    expect(client.sink.ended).toEqual({ code: 1013, reason: 'the client does not read what it is sent' });
    expect(client.frames()).toHaveLength(1);
    set(endpoint, 'k');
    client.drain();
    await turn();
    expect(client.texts()).toEqual([]);
  });
});

describe('when the server stops', () => {
  it('an idle handler ends at once', () => {
    const client = new Endpoint().connect();
    client.handler.drain();
    expect(client.sink.ended).toEqual({ code: 1001, reason: 'the server stops' });
    client.handler.drain();
    client.send(get(1));
    expect(client.texts()).toEqual([]);
  });

  it('pending requests are answered first', async () => {
    const client = new Endpoint({}, { requestsPerTurn: 2 }).connect();
    client.send([1, 2, 3, 4, 5].map((id) => get(id)));
    client.send(get(6));
    client.handler.drain();
    client.send(get(7));
    expect(client.sink.ended).toBeNull();
    while (client.sink.ended === null) await turn();
    expect(client.frames()).toMatchObject([Array(5).fill({ result: null }), { id: 6 }]);
    expect(client.sink.ended).toMatchObject({ code: 1001 });
  });

  it('a client that has to read first is waited for', () => {
    const endpoint = new Endpoint({ maxUnsentBytes: 100 });
    const client = endpoint.connect();
    client.sink.reads = false;
    for (let id = 0; id < 5; id++) client.send(get(id));
    client.handler.drain();
    expect(client.sink.ended).toBeNull();
    client.sink.reads = true;
    client.drain();
    expect(client.frames()).toHaveLength(5);
    expect(client.sink.ended).toMatchObject({ code: 1001 });
  });
});
