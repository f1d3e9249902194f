/** `keys`, `deletePrefix` and `invalidateTags`: bounded requests, cursors that survive changes, and what is refused. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SCANNED } from '../../../lib/rpc-protocol.js';
import { STORE } from '../../support/stores.js';
import { Endpoint, type Peer, turn } from './fixture.js';

interface Page {
  readonly keys: string[];
  readonly cursor: string | null;
}

interface Deleted {
  readonly deleted: number;
  readonly cursor: string | null;
}

function refused(code: string, message: unknown = expect.any(String)): object {
  return { error: { code: expect.any(Number), message, data: { code } } };
}

async function allKeys(client: Peer, params: object, meanwhile: () => void = () => {}): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = (await client.ask('keys', { ...params, cursor })) as Page;
    keys.push(...page.keys);
    cursor = page.cursor;
    meanwhile();
  } while (cursor !== null);
  return keys;
}

describe('keys', () => {
  it('come page by page, those with the prefix', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    for (let i = 0; i < 250; i++) endpoint.engine.set(`${i % 2 === 0 ? 'even' : 'odd'}:${i}`, 'v');
    expect(await client.ask('keys')).toMatchObject({ keys: { length: 100 }, cursor: expect.any(String) });
    for (const limit of [1, 7, 1000]) {
      const keys = await allKeys(client, { prefix: 'even:', limit });
      expect(keys).toHaveLength(125);
      expect(new Set(keys).size).toBe(125);
      expect(keys.every((key) => key.startsWith('even:'))).toBe(true);
    }
    expect(await client.ask('keys', { prefix: 'x' })).toEqual({ keys: [], cursor: null });
    expect(endpoint.engine.stats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('of every kind that hotset.v1 can name, and no others', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    const named = ['"\\', 'grüße:鍵🔑', '\ufffd', 'k'.repeat(250), '"'.repeat(250)];
    for (const key of named) client.call('set', { key, value: 1 });
    // Others come from the memcached port, in base64, or from the process.
    for (const key of ['a b', 'a\n', '\x7f']) endpoint.engine.set(key, 'v');
    if (STORE === 'engine') endpoint.engine.set('\udcff', 'v');
    expect((await allKeys(client, {})).sort()).toEqual([...named].sort());
    expect(await allKeys(client, { prefix: 'grüße:' })).toEqual([named[1]]);
  });

  it('a cursor survives every change but a restart', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    for (let i = 0; i < 2000; i++) endpoint.engine.set(`key${i}`, 'v');
    let left = 2000;
    const keys = await allKeys(client, { limit: 50 }, () => {
      for (let i = 0; i < 100 && left > 50; i++) endpoint.engine.delete(`key${--left}`);
      endpoint.engine.set(`new${left}`, 'v');
    });
    for (let i = 0; i < 50; i++) expect(keys).toContain(`key${i}`);
    const { cursor } = (await client.ask('keys', { limit: 1 })) as Page;
    client.call('flush');
    expect(await client.ask('keys', { cursor })).toEqual({ keys: [], cursor: null });
    expect(await new Endpoint().connect().ask('keys', { cursor })).toEqual(refused('HOTSET_INVALID_CURSOR'));
  });

  it('refuses what is no cursor', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    for (let i = 0; i < 10; i++) endpoint.engine.set(`key${i}`, 'v');
    const { cursor } = (await client.ask('keys', { limit: 1 })) as Page;
    const [epoch] = cursor!.split('.') as [string];
    const check = async (text: string): Promise<void> => {
      const answer = await client.ask('keys', { cursor: text });
      if (!/^[0-9a-z]{1,7}\.[0-9a-z]{1,11}$/.test(text) || !text.startsWith(`${epoch}.`))
        expect(answer).toEqual(refused('HOTSET_INVALID_CURSOR'));
      else expect((answer as Page).keys.length).toBeLessThanOrEqual(10);
    };
    const texts = [
      '',
      '.',
      `${epoch}.`,
      `${epoch}.0`,
      `${epoch}.-1`,
      `${epoch}.1.1`,
      `${epoch}.ZZ`,
      ` ${cursor}`,
    ];
    for (const text of [...texts, `${epoch}.${'z'.repeat(12)}`, '1'.repeat(100_000)])
      expect(await client.ask('keys', { cursor: text }), text).toEqual(refused('HOTSET_INVALID_CURSOR'));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc
            .stringMatching(/^[0-9a-z]{1,11}$/)
            .map((place) => `${epoch}.1${place}`.slice(0, epoch.length + 11)),
        ),
        check,
      ),
      { numRuns: 200 },
    );
    expect(endpoint.errors).toEqual([]);
  });

  it.each(['a b', '\ud800', 'k'.repeat(251)])('refuses the prefix %j', async (prefix) => {
    const client = new Endpoint().connect();
    expect(await client.ask('keys', { prefix })).toEqual(refused('HOTSET_INVALID_KEY'));
    expect(await client.ask('deletePrefix', { prefix })).toEqual(refused('HOTSET_INVALID_KEY'));
  });

  it('fit into what a reply may hold: a page ends there', async () => {
    const endpoint = new Endpoint({ maxReplyBytes: 2000 });
    const client = endpoint.connect();
    const named = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(250, '"'));
    for (const key of named) endpoint.engine.set(key, 'v');
    const page = (await client.ask('keys', { limit: 1000 })) as Page;
    expect(JSON.stringify(page).length).toBeLessThan(2100);
    expect(page.keys.length).toBeGreaterThan(2);
    expect((await allKeys(client, { limit: 1000 })).sort()).toEqual([...named].sort());
    expect(await new Endpoint({ maxReplyBytes: 500 }).connect().ask('keys')).toEqual(
      refused('HOTSET_REPLY_TOO_LARGE'),
    );
  });
});

describe('deletePrefix', () => {
  it('deletes what begins so, and says how many', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    for (let i = 0; i < 1000; i++) endpoint.engine.set(`${i % 4 === 0 ? 'a:' : 'ab'}${i}`, 'v');
    endpoint.engine.set('a:expired', 'v', { ttlMs: 5 });
    endpoint.clock.advance(5);
    expect(await client.ask('deletePrefix', { prefix: 'a:' })).toEqual({ deleted: 250, cursor: null });
    expect(await client.ask('deletePrefix', { prefix: 'a:' })).toEqual({ deleted: 0, cursor: null });
    expect([...endpoint.engine.keys()]).toHaveLength(750);
    expect(await client.ask('deletePrefix', { prefix: 'a' })).toEqual({ deleted: 750, cursor: null });
    expect(endpoint.engine.verify()).toEqual([]);
    expect(endpoint.engine.stats().deletions).toBe(1000);
  });

  it('deletes keys that hotset.v1 cannot name', async () => {
    const endpoint = new Endpoint();
    endpoint.engine.set('a b', 'v');
    if (STORE === 'engine') endpoint.engine.set('a\udcff', 'v');
    expect(await endpoint.connect().ask('deletePrefix', { prefix: 'a' })).toMatchObject({ cursor: null });
    expect(endpoint.engine.size).toBe(0);
  });

  it('tells subscribers, but for its own client where that wants no echo', async () => {
    const endpoint = new Endpoint();
    const [writer, reader] = [endpoint.connect(), endpoint.connect()];
    for (const client of [writer, reader]) client.call('subscribe', { prefixes: [''], noEcho: true });
    for (const key of ['a1', 'a2', 'b']) endpoint.engine.set(key, 'v');
    await turn();
    for (const client of [writer, reader]) client.frames();
    expect(await writer.ask('deletePrefix', { prefix: 'a' })).toMatchObject({ deleted: 2 });
    await turn();
    expect(writer.frames()).toEqual([]);
    const [told] = reader.frames() as [{ params: { key: string; cause: string } }[]];
    expect(told.map(({ params }) => `${params.key} ${params.cause}`).sort()).toEqual([
      'a1 deleted',
      'a2 deleted',
    ]);
  });
});

describe.runIf(STORE === 'engine')('tags', () => {
  const NOT_FOUND = { result: 'not-found' };

  it('go with every kind of set, and what has one goes together', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'a', value: 1, tags: ['red', 'green', 'red'] });
    client.call('add', { key: 'b', value: 1, tags: ['green'] });
    client.call('set', { key: 'c', value: 1 });
    client.call('replace', { key: 'c', value: 2, tags: ['blue'] });
    client.call('set', { key: 'd', value: 1 });
    client.call('compareAndSet', { key: 'd', value: 2, version: '5', tags: ['blue'] });
    endpoint.engine.set('e', 1, { tags: ['red'] });
    expect(endpoint.engine.getEntry('a')!.tags).toEqual(['red', 'green']);
    expect(await client.ask('invalidateTags', { tags: ['green', 'none'] })).toEqual({
      removed: 2,
      more: false,
    });
    expect([...endpoint.engine.keys()].sort()).toEqual(['c', 'd', 'e']);
    expect(await client.ask('invalidateTags', { tags: [] })).toEqual({ removed: 0, more: false });
    expect(await client.ask('invalidateTags', { tags: ['red', 'blue'] })).toEqual({
      removed: 3,
      more: false,
    });
    expect(endpoint.engine.verify()).toEqual([]);
    expect(endpoint.engine.stats().deletions).toBe(5);
  });

  it('stay with what changes the value or the time, and go with a set', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    const tagsOf = (key: string): unknown => endpoint.engine.getEntry(key)!.tags;
    client.call('set', { key: 'k', value: '1', tags: ['t'] });
    for (const [method, params] of [
      ['append', { key: 'k', value: '0' }],
      ['increment', { key: 'k' }],
      ['touch', { key: 'k', ttlMs: 50 }],
      ['getAndTouch', { key: 'k', ttlMs: 60 }],
    ] as const) {
      client.call(method, params);
      expect(tagsOf('k'), method).toEqual(['t']);
    }
    client.call('set', { key: 'k', value: '1' });
    expect(tagsOf('k')).toEqual([]);
    client.call('set', { key: 'k', value: '1', tags: [] });
    expect(tagsOf('k')).toEqual([]);
    // A refused write changes nothing.
    expect(client.call('replace', { key: 'x', value: 1, tags: ['t'] })).toEqual(NOT_FOUND);
    expect(await client.ask('invalidateTags', { tags: ['t'] })).toEqual({ removed: 0, more: false });
  });

  it.each([
    ['t'],
    [[5]],
    [['']],
    [['x'.repeat(257)]],
    [Array.from({ length: 129 }, (_, i) => `${i}`)],
    [null],
  ])('not %j', async (tags) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    const message = expect.stringMatching(
      /^tags takes an array of at most 128 texts of 1 to 256 characters; got /,
    );
    const refusal = { error: { code: -32602, message } };
    expect(client.call('set', { key: 'k', value: 1, tags })).toEqual(refusal);
    expect(await client.ask('invalidateTags', { tags })).toEqual(refusal);
    expect(endpoint.engine.size).toBe(0);
  });

  it('tell subscribers of each entry', async () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 1, tags: ['t'] });
    client.call('subscribe', { prefixes: [''], noEcho: true });
    await client.ask('invalidateTags', { tags: ['t'] });
    await turn();
    expect(client.frames()).toMatchObject([{ params: { key: 'k', cause: 'deleted' } }]);
  });

  it('are forbidden to change for those who may only read', async () => {
    const client = new Endpoint({ access: 'read-only' }).connect();
    expect(client.call('invalidateTags', { tags: ['t'] })).toEqual(refused('HOTSET_FORBIDDEN'));
  });

  it('of many entries go a share at a time, in turns of about a thousand', async () => {
    const endpoint = new Endpoint({}, {}, { maxBytes: 256 * 1024 * 1024 });
    const client = endpoint.connect();
    const count = MAX_SCANNED + 1000;
    for (let i = 0; i < count; i++) endpoint.engine.set(`key${i}`, 'v', { tags: ['t'] });
    client.send({ jsonrpc: '2.0', id: 1, method: 'invalidateTags', params: { tags: ['t'] } });
    let before = endpoint.engine.size;
    while (client.sink.frames.length === 0) {
      await turn();
      expect(before - endpoint.engine.size).toBeLessThanOrEqual(1100);
      before = endpoint.engine.size;
    }
    expect(client.frames()).toMatchObject([{ result: { removed: MAX_SCANNED, more: true } }]);
    expect(await client.ask('invalidateTags', { tags: ['t'] })).toEqual({ removed: 1000, more: false });
    expect(endpoint.engine.verify()).toEqual([]);
  });
});

it.runIf(STORE === 'pages')('a store without tags refuses them, and stores nothing', () => {
  const endpoint = new Endpoint();
  const client = endpoint.connect();
  for (const method of ['set', 'add', 'replace', 'compareAndSet']) {
    const version = method === 'compareAndSet' ? { version: '1' } : {};
    const params = { key: 'k', value: 1, tags: ['t'], ...version };
    expect(client.call(method, params)).toEqual(refused('HOTSET_NO_TAGS'));
  }
  expect(client.call('invalidateTags', { tags: ['t'] })).toEqual(refused('HOTSET_NO_TAGS'));
  expect(endpoint.engine.size).toBe(0);
});

describe('a request over many entries', () => {
  const COUNT = MAX_SCANNED + 1000;

  function large(): Endpoint {
    const endpoint = new Endpoint({}, {}, { maxBytes: 128 * 1024 * 1024 });
    for (let i = 0; i < COUNT; i++) endpoint.engine.set(`key${i}`, 'v');
    return endpoint;
  }

  it('ends after its share, and lets others have their turn', async () => {
    const endpoint = large();
    const [client, other] = [endpoint.connect(), endpoint.connect()];
    client.send({ jsonrpc: '2.0', id: 1, method: 'keys', params: { prefix: 'rare' } });
    let turns = 0;
    for (; client.sink.frames.length === 0; turns++) {
      expect(other.call('get', { key: 'key1' })).toMatchObject({ value: 'v' });
      await turn();
    }
    // A turn is 512 steps.
    expect(turns).toBeGreaterThan(10);
    const [{ result }] = client.frames() as [{ result: Page }];
    expect(result).toEqual({ keys: [], cursor: expect.any(String) });
    expect(await client.ask('keys', { prefix: 'rare', cursor: result.cursor })).toEqual({
      keys: [],
      cursor: null,
    });
  });

  it('deletes its share, in turns of about a thousand', async () => {
    const endpoint = large();
    const client = endpoint.connect();
    client.send({ jsonrpc: '2.0', id: 1, method: 'deletePrefix', params: { prefix: 'key' } });
    let before = endpoint.engine.size;
    while (client.sink.frames.length === 0) {
      await turn();
      expect(before - endpoint.engine.size).toBeLessThanOrEqual(1100);
      before = endpoint.engine.size;
    }
    const [{ result }] = client.frames() as [{ result: Deleted }];
    expect(result).toEqual({ deleted: MAX_SCANNED, cursor: expect.any(String) });
    expect(await client.ask('deletePrefix', { prefix: 'key', cursor: result.cursor })).toEqual({
      deleted: 1000,
      cursor: null,
    });
    expect(endpoint.engine.size).toBe(0);
    expect(endpoint.engine.verify()).toEqual([]);
  });

  it('ends with its connection', async () => {
    const endpoint = large();
    const client = endpoint.connect();
    client.send({ jsonrpc: '2.0', id: 1, method: 'deletePrefix', params: { prefix: 'key' } });
    await turn();
    client.handler.onClose();
    const { size } = endpoint.engine;
    for (let i = 0; i < 20; i++) await turn();
    expect(endpoint.engine.size).toBe(size);
    expect(size).toBeGreaterThan(1000);
  });
});
