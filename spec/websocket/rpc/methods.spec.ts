/** Every method: what it takes, what it gives, and what it counts. */

import { describe, expect, it } from 'vitest';
import { COUNTERS, type CounterName } from '../../../lib/memcached/counters.js';
import { STORE } from '../../support/stores.js';
import { Endpoint, type Peer } from './fixture.js';

const STORED = { result: 'stored', version: expect.stringMatching(/^\d+$/) };
const NOT_FOUND = { result: 'not-found' };
const EXISTS = { result: 'exists' };

function refused(code: number, hotsetCode?: string, message: unknown = expect.any(String)): object {
  return {
    error: hotsetCode === undefined ? { code, message } : { code, message, data: { code: hotsetCode } },
  };
}

function isResult(given: unknown): boolean {
  return given === null || typeof given !== 'object' || !Object.hasOwn(given, 'error');
}

/** The counters that are not 0. */
function counted(endpoint: Endpoint): Partial<Record<CounterName, number>> {
  return Object.fromEntries(
    COUNTERS.map((name, i) => [name, endpoint.items.counters[i]!] as const).filter(([, count]) => count > 0),
  );
}

describe('values', () => {
  it.each([
    ['a text', { value: 'grüße' }, { value: 'grüße', flags: 0 }],
    ['an empty text', { value: '' }, { value: '', flags: 0 }],
    ['a text with a NUL and a byte order mark', { value: '\ufeff\0"' }, { value: '\ufeff\0"', flags: 0 }],
    ['a long text', { value: 'ä'.repeat(5000) }, { value: 'ä'.repeat(5000), flags: 0 }],
    ['a number', { value: 5 }, { value: 5, flags: 2 }],
    ['null', { value: null }, { value: null, flags: 2 }],
    ['false', { value: false }, { value: false, flags: 2 }],
    ['an object', { value: { a: [1, { b: null }] } }, { value: { a: [1, { b: null }] }, flags: 2 }],
    ['half a character in JSON', { value: ['\ud800'] }, { value: ['\ud800'], flags: 2 }],
    ['bytes', { base64: '/wA=' }, { base64: '/wA=', flags: 4 }],
    ['no bytes', { base64: '' }, { base64: '', flags: 4 }],
    ['text with flags of its own', { value: 'x', flags: 16 }, { value: 'x', flags: 16 }],
    ['the highest flags', { value: 'x', flags: 4294967295 }, { base64: 'eA==', flags: 4294967295 }],
    ['text that is to be read as bytes', { value: 'x', flags: 7 }, { base64: 'eA==', flags: 7 }],
    ['bytes that are said to be text', { base64: '/wA=', flags: 0 }, { base64: '/wA=', flags: 0 }],
    ['text that is said to be JSON', { value: '{"a":', flags: 2 }, { base64: 'eyJhIjo=', flags: 2 }],
    ['nothing that is said to be JSON', { value: '', flags: 2 }, { base64: '', flags: 2 }],
  ])('%s', (_what, given, expected) => {
    const client = new Endpoint().connect();
    expect(client.call('set', { key: 'k', ...given })).toEqual({ result: 'stored', version: '1' });
    expect(client.call('get', { key: 'k' })).toEqual({ ...expected, version: '1', ttlMs: null });
  });

  it('are base64 on request', () => {
    const client = new Endpoint().connect();
    client.call('set', { key: 'k', value: 'ä' });
    expect(client.call('get', { key: 'k', as: 'base64' })).toMatchObject({ base64: 'w6Q=' });
    expect(client.call('getMany', { keys: ['k', 'x'], as: 'base64' })).toMatchObject([
      { base64: 'w6Q=' },
      null,
    ]);
  });

  it('that are JSON go out as they were stored', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    endpoint.engine.set('k', Buffer.from('{"id": 12345678901234567890, "a":1.0,"a":2}'), { flags: 2 });
    client.send({ jsonrpc: '2.0', id: 1, method: 'get', params: { key: 'k' } });
    expect(client.texts()[0]).toContain('"value":{"id": 12345678901234567890, "a":1.0,"a":2}');
  });

  it.each([0, 1, 16])('with flags %i are text', (flags) => {
    const endpoint = new Endpoint();
    endpoint.engine.set('k', 'ä', { flags });
    expect(endpoint.connect().call('get', { key: 'k' })).toMatchObject({ value: 'ä', flags });
  });
});

describe('keys', () => {
  it.each(['k', 'grüße:ключ:鍵:🔑', 'k'.repeat(250), '__proto__', '"\\'])('%s', (key) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key, value: 'v' });
    expect(endpoint.engine.has(key)).toBe(true);
    expect(client.call('getMany', { keys: [key] })).toMatchObject([{ value: 'v' }]);
    expect(client.call('delete', { key })).toEqual({ result: 'deleted' });
    expect(endpoint.engine.size).toBe(0);
  });

  it.each(['', 'a b', 'a\n', 'a\0', 'k'.repeat(251), 'ä'.repeat(126), '\ud800'])('not %j', (key) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    for (const [method, params] of [
      ['get', { key }],
      ['getMany', { keys: ['k', key] }],
      ['set', { key, value: 'v' }],
      ['compareAndSet', { key, value: 'v', version: '1' }],
      ['append', { key, value: 'v' }],
      ['prepend', { key, value: 'v' }],
      ['delete', { key }],
      ['getAndDelete', { key }],
      ['touch', { key, ttlMs: 1 }],
      ['getAndTouch', { key, ttlMs: 1 }],
      ['increment', { key }],
      ['increment', { key, initial: 1 }],
      ['getOrLease', { key, leaseMs: 1 }],
      ['fill', { key, lease: '', value: 1 }],
      ['release', { key, lease: '' }],
      ['inspect', { key }],
      ['subscribe', { keys: [key] }],
    ] as const)
      expect(client.call(method, params)).toEqual(refused(-32003, 'HOTSET_INVALID_KEY'));
    if (key !== '')
      expect(client.call('subscribe', { prefixes: [key] })).toEqual(refused(-32003, 'HOTSET_INVALID_KEY'));
    expect(counted(endpoint)).toEqual({});
    expect(endpoint.errors).toEqual([]);
  });
});

describe('params', () => {
  const TTL = 'ttlMs takes milliseconds, 0 or more, or null for never; got ';
  const BY = 'a whole number, of at most 2^53 - 1 either way, or below 2^64 as a text of digits';
  const INITIAL = 'a whole number from 0, of at most 2^53 - 1, or below 2^64 as a text of digits';
  const CURSOR = 'the text that the request before returned';
  it.each<readonly [string, object, string]>([
    ['get', {}, 'key is missing: a text'],
    ['get', { key: 5 }, 'key takes a text; got 5'],
    ['get', { key: null }, 'key takes a text; got null'],
    ['get', { key: 'k', as: 'text' }, 'as takes "base64"; got "text"'],
    ['get', { key: 'k', kye: 1 }, 'get has no "kye"; it takes key, as'],
    ['get', { key: 'k', toString: 1 }, 'get has no "toString"; it takes key, as'],
    ['getMany', {}, 'keys is missing: an array of texts'],
    ['getMany', { keys: 'k' }, 'keys takes an array of texts; got "k"'],
    ['getMany', { keys: ['k', 5] }, 'keys takes an array of texts; got an array'],
    ['set', { key: 'k' }, 'value or base64 is missing'],
    ['set', { key: 'k', value: 'v', base64: '' }, 'value and base64 do not go together'],
    ['set', { key: 'k', value: '\ud800' }, 'value takes well-formed text, or any other JSON; got "\\ud800"'],
    ['set', { key: 'k', base64: 'a' }, 'base64 takes base64; got "a"'],
    ['set', { key: 'k', base64: 'ab-_' }, 'base64 takes base64; got "ab-_"'],
    ['set', { key: 'k', base64: 'a===' }, 'base64 takes base64; got "a==="'],
    ['set', { key: 'k', base64: 5 }, 'base64 takes base64; got 5'],
    ['set', { key: 'k', value: 'v', ttlMs: -1 }, `${TTL}-1`],
    ['set', { key: 'k', value: 'v', ttlMs: '5' }, `${TTL}"5"`],
    ['set', { key: 'k', value: 'v', flags: -1 }, 'flags takes a whole number from 0 to 4294967295; got -1'],
    ['set', { key: 'k', value: 'v', flags: 0.5 }, 'flags takes a whole number from 0 to 4294967295; got 0.5'],
    [
      'set',
      { key: 'k', value: 'v', flags: 4294967296 },
      'flags takes a whole number from 0 to 4294967295; got 4294967296',
    ],
    ['compareAndSet', { key: 'k', value: 'v' }, 'version is missing: a text of digits'],
    ['compareAndSet', { key: 'k', value: 'v', version: 1 }, 'version takes a text of digits; got 1'],
    ['compareAndSet', { key: 'k', value: 'v', version: '-1' }, 'version takes a text of digits; got "-1"'],
    ['touch', { key: 'k' }, 'ttlMs is missing: milliseconds, 0 or more, or null for never'],
    ['touch', { key: 'k', ttlMs: {} }, `${TTL}an object`],
    ...[0.5, '1.0', '', '+1', '18446744073709551616', '-18446744073709551616', 9007199254740992, null].map(
      (by) => ['increment', { key: 'k', by }, `by takes ${BY}; got ${JSON.stringify(by)}`] as const,
    ),
    ...[-1, '-1', 0.5, '18446744073709551616', null].map(
      (initial) =>
        [
          'increment',
          { key: 'k', initial },
          `initial takes ${INITIAL}; got ${JSON.stringify(initial)}`,
        ] as const,
    ),
    ['increment', { key: 'k', ttlMs: 5 }, 'ttlMs is that of an entry with initial, which is missing'],
    ['increment', { key: 'k', initial: 1, ttlMs: -1 }, `${TTL}-1`],
    ['append', { key: 'k' }, 'value or base64 is missing'],
    ['append', { key: 'k', value: 5 }, 'value takes a text; got 5'],
    ['append', { key: 'k', value: ['x'] }, 'value takes a text; got an array'],
    ['prepend', { key: 'k', value: '\ud800' }, 'value takes well-formed text; got "\\ud800"'],
    ['prepend', { key: 'k', value: '', base64: '' }, 'value and base64 do not go together'],
    ['append', { key: 'k', base64: 'a' }, 'base64 takes base64; got "a"'],
    ['append', { key: 'k', value: '', ttlMs: 5 }, 'append has no "ttlMs"; it takes key, value, base64'],
    ['getAndDelete', { key: 'k', as: 'text' }, 'as takes "base64"; got "text"'],
    ['getAndTouch', { key: 'k' }, 'ttlMs is missing: milliseconds, 0 or more, or null for never'],
    ['getAndTouch', { key: 'k', ttlMs: -1 }, `${TTL}-1`],
    ['deletePrefix', {}, 'prefix is missing: a text of at least one character'],
    ['deletePrefix', { prefix: '' }, 'prefix takes a text of at least one character; got ""'],
    ['deletePrefix', { prefix: 'k', cursor: 5 }, `cursor takes ${CURSOR}; got 5`],
    ['keys', { prefix: 5 }, 'prefix takes a text; got 5'],
    ['keys', { cursor: null }, `cursor takes ${CURSOR}; got null`],
    ...[0, 1001, 1.5, '5'].map(
      (limit) =>
        [
          'keys',
          { limit },
          `limit takes a whole number from 1 to 1000; got ${JSON.stringify(limit)}`,
        ] as const,
    ),
    ['hot', { limit: 0 }, 'limit takes a whole number from 1 to 100; got 0'],
    ['hot', { limit: 101 }, 'limit takes a whole number from 1 to 100; got 101'],
    ['subscribe', {}, 'prefixes or keys is missing: an array of at least one text'],
    ['subscribe', { prefixes: [], keys: [] }, 'prefixes or keys is missing: an array of at least one text'],
    ['subscribe', { prefixes: [5] }, 'prefixes takes an array of texts; got an array'],
    ['subscribe', { prefixes: [''], noEcho: 1 }, 'noEcho takes true or false; got 1'],
    ['unsubscribe', {}, 'subscription is missing: the number that subscribe returned'],
    ['ping', { x: 1 }, 'ping has no "x"; it takes nothing'],
    ['stats', { x: 1 }, 'stats has no "x"; it takes nothing'],
    ['flush', { x: 1 }, 'flush has no "x"; it takes nothing'],
  ])('%s %j', (method, params, message) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: '1' });
    const before = counted(endpoint);
    expect(client.call(method, params)).toEqual(refused(-32602, undefined, message));
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: '1', version: '1' });
    expect(counted(endpoint)).toEqual({ ...before, cmd_get: 1, get_hits: 1 });
  });

  it('takes numbers that JSON writes larger than there are for wrong ones', () => {
    const client = new Endpoint().connect();
    client.send('{"jsonrpc":"2.0","id":1,"method":"touch","params":{"key":"k","ttlMs":1e999}}');
    expect(client.frames()).toMatchObject([{ error: { code: -32602, message: `${TTL}Infinity` } }]);
  });

  it('takes a long base64 text without running out of stack', async () => {
    const client = new Endpoint({}, { maxItemBytes: 8 * 1024 * 1024 }).connect();
    const bytes = Buffer.alloc(6 * 1024 * 1024, 'x');
    expect(await client.ask('set', { key: 'k', base64: bytes.toString('base64') })).toEqual(STORED);
    expect(await client.ask('inspect', { key: 'k' })).toMatchObject({ valueBytes: bytes.length });
  });
});

describe('JSON values', () => {
  it.each([
    ...['9007199254740993', '-9007199254740993', '1e400', '-1E-400', '-0', '0.10', '1.0', '1'.repeat(400)],
    ...['0.1000000000000000055511151231257827', '[1e400,-0]', '{"a":{"b":[9007199254740993]}}'],
    ...['{"a":1,"a":2}', '{ "a" : [ 1 , 2 ] }', '{"\\u0061":"\\u00e4\\/ä"}', '["\\ud800"]', 'true', 'null'],
  ])('keep every digit: %s', (json) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.send(`{"jsonrpc":"2.0","id":1,"method":"set","params":{"key":"k","value": ${json} }}`);
    expect(client.frames()).toMatchObject([{ result: { result: 'stored' } }]);
    const slot = endpoint.items.peekText('k');
    expect(String(endpoint.items.entries.valueAt(slot))).toBe(json);
    client.send('{"jsonrpc":"2.0","id":2,"method":"get","params":{"key":"k"}}');
    expect(client.texts()[0]).toContain(`"result":{"value":${json},"flags":2,`);
  });
});

describe('time to live', () => {
  it('is reported, and exact to the millisecond', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'v', ttlMs: 1500.5 });
    endpoint.clock.advance(1000);
    expect(client.call('get', { key: 'k' })).toMatchObject({ ttlMs: STORE === 'pages' ? 501 : 500.5 });
    endpoint.clock.advance(500);
    expect(client.call('get', { key: 'k' })).not.toBeNull();
    endpoint.clock.advance(1);
    expect(client.call('get', { key: 'k' })).toBeNull();
  });

  it.each([
    [0, null],
    // Pages keep 139 years.
    [1e308, { ttlMs: STORE === 'pages' ? null : expect.any(Number) }],
    [60 * 60 * 24 * 31 * 1000, { ttlMs: 60 * 60 * 24 * 31 * 1000 }],
    [null, { ttlMs: null }],
  ])('of %j', (ttlMs, expected) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    expect(client.call('set', { key: 'a', value: 'v', ttlMs })).toEqual(STORED);
    client.call('set', { key: 'b', value: 'v', ttlMs: 5 });
    expect(client.call('touch', { key: 'b', ttlMs })).toEqual({ result: 'touched' });
    for (const key of ['a', 'b']) {
      if (expected === null) expect(client.call('get', { key })).toBeNull();
      else expect(client.call('get', { key })).toMatchObject(expected);
    }
    expect(endpoint.engine.verify()).toEqual([]);
  });

  it('of a delayed flush holds here too', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'v' });
    endpoint.items.flush(10);
    endpoint.clock.advance(11_000);
    expect(client.call('get', { key: 'k' })).toBeNull();
  });
});

describe('writes', () => {
  it('add stores where there is nothing', () => {
    const client = new Endpoint().connect();
    expect(client.call('add', { key: 'k', value: 'a' })).toEqual(STORED);
    expect(client.call('add', { key: 'k', value: 'b' })).toEqual(EXISTS);
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: 'a' });
  });

  it('replace stores where there is something', () => {
    const client = new Endpoint().connect();
    expect(client.call('replace', { key: 'k', value: 'a' })).toEqual(NOT_FOUND);
    client.call('set', { key: 'k', value: 'a' });
    expect(client.call('replace', { key: 'k', value: 'b' })).toEqual(STORED);
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: 'b' });
  });

  it('compareAndSet stores over the version that is named', () => {
    const client = new Endpoint().connect();
    const write = (version: string): unknown =>
      client.call('compareAndSet', { key: 'k', value: 'b', version });
    expect(write('1')).toEqual(NOT_FOUND);
    const { version } = client.call('set', { key: 'k', value: 'a' }) as { version: string };
    for (const other of ['0', '999', '18446744073709551615', '99999999999999999999'])
      expect(write(other)).toEqual(EXISTS);
    const { version: next } = write(version) as { version: string };
    expect(next).not.toBe(version);
    expect(write(version)).toEqual(EXISTS);
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: 'b', version: next });
  });

  it('compareAndSet knows versions that no number holds', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'a' });
    endpoint.items.entries.setVersionAt(endpoint.items.peekText('k'), 2n ** 64n - 1n, false);
    const { version } = client.call('get', { key: 'k' }) as { version: string };
    expect(version).toBe('18446744073709551615');
    expect(client.call('compareAndSet', { key: 'k', value: 'b', version })).toEqual(STORED);
  });

  it('without cas ids there are no versions', () => {
    const client = new Endpoint({}, { casIds: false }).connect();
    expect(client.call('set', { key: 'k', value: '1' })).toEqual({ result: 'stored', version: null });
    expect(client.call('increment', { key: 'k' })).toEqual({ result: 'stored', value: '2', version: null });
    expect(client.call('get', { key: 'k' })).toMatchObject({ version: null });
    expect(client.call('inspect', { key: 'k' })).toMatchObject({ version: null });
    expect(client.call('compareAndSet', { key: 'k', value: 'v', version: '1' })).toEqual(
      refused(-32007, 'HOTSET_NO_VERSIONS'),
    );
  });

  it('delete', () => {
    const client = new Endpoint().connect();
    client.call('set', { key: 'k', value: 'v' });
    expect(client.call('delete', { key: 'k' })).toEqual({ result: 'deleted' });
    expect(client.call('delete', { key: 'k' })).toEqual(NOT_FOUND);
  });

  it('touch', () => {
    const client = new Endpoint().connect();
    expect(client.call('touch', { key: 'k', ttlMs: 5 })).toEqual(NOT_FOUND);
    const { version } = client.call('set', { key: 'k', value: 'v' }) as { version: string };
    expect(client.call('touch', { key: 'k', ttlMs: 5 })).toEqual({ result: 'touched' });
    expect(client.call('get', { key: 'k' })).toMatchObject({ ttlMs: 5, version });
    expect(client.call('touch', { key: 'k', ttlMs: null })).toEqual({ result: 'touched' });
    expect(client.call('get', { key: 'k' })).toMatchObject({ ttlMs: null });
  });

  it.each([
    ['10', undefined, '11'],
    ['10', 5, '15'],
    ['10', 0, '10'],
    ['10', -3, '7'],
    ['10', -11, '0'],
    ['18446744073709551615', 1, '0'],
    ['1', Number.MAX_SAFE_INTEGER, '9007199254740992'],
    ['1', '18446744073709551614', '18446744073709551615'],
    ['18446744073709551615', '-18446744073709551614', '1'],
    ['9007199254740993', '-0', '9007199254740993'],
  ])('increment %s by %j', (before, by, value) => {
    const client = new Endpoint().connect();
    client.call('set', { key: 'k', value: before });
    expect(client.call('increment', { key: 'k', by })).toEqual({ ...STORED, value });
  });

  it.each(['x', '', '-1', '1.5', '18446744073709551616'])('increment not %j', (value) => {
    const client = new Endpoint().connect();
    expect(client.call('increment', { key: 'k' })).toEqual(NOT_FOUND);
    client.call('set', { key: 'k', value });
    expect(client.call('increment', { key: 'k' })).toEqual(refused(-32004, 'HOTSET_NOT_A_NUMBER'));
    expect(client.call('get', { key: 'k' })).toMatchObject({ value, version: '1' });
  });

  it.each([
    [5, '5'],
    [0, '0'],
    ['18446744073709551615', '18446744073709551615'],
    ['007', '7'],
  ])('increment stores %j where there is nothing, for a time, and once', (initial, value) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    const next = (): unknown => client.call('increment', { key: 'k', by: -1, initial, ttlMs: 1000 });
    expect(next()).toEqual({ ...STORED, value });
    endpoint.clock.advance(400);
    expect(client.call('get', { key: 'k' })).toMatchObject({ value, flags: 0, ttlMs: 600 });
    next();
    expect(client.call('get', { key: 'k' })).toMatchObject({ ttlMs: 600 });
    endpoint.clock.advance(600);
    expect(next()).toEqual({ ...STORED, value });
    expect(client.call('increment', { key: 'gone', initial, ttlMs: 0 })).toEqual({ ...STORED, value });
    expect(client.call('get', { key: 'gone' })).toBeNull();
    client.call('increment', { key: 'stays', initial });
    expect(client.call('get', { key: 'stays' })).toMatchObject({ ttlMs: null });
    expect(endpoint.engine.verify()).toEqual([]);
  });

  it.each([
    ['append', 'a', { value: 'ü' }, 'aü'],
    ['prepend', 'a', { value: 'ü' }, 'üa'],
    ['append', 'a', { base64: 'Yg==' }, 'ab'],
    ['append', '', { value: '' }, ''],
    ['prepend', 'x'.repeat(5000), { value: 'y'.repeat(5000) }, 'y'.repeat(5000) + 'x'.repeat(5000)],
  ])('%s to %s', (method, before, more, value) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    expect(client.call(method, { key: 'k', ...more })).toEqual(NOT_FOUND);
    client.call('set', { key: 'k', value: before, ttlMs: 1000, flags: 16 });
    expect(client.call(method, { key: 'k', ...more })).toEqual({ result: 'stored', version: '2' });
    expect(client.call('get', { key: 'k' })).toEqual({ value, flags: 16, version: '2', ttlMs: 1000 });
    expect(endpoint.engine.verify()).toEqual([]);
  });

  it('append to JSON adds to its text', () => {
    const client = new Endpoint().connect();
    client.call('set', { key: 'k', value: [1] });
    client.call('append', { key: 'k', value: ' ' });
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: [1], flags: 2 });
    client.call('append', { key: 'k', value: '!' });
    expect(client.call('get', { key: 'k' })).toMatchObject({ base64: 'WzFdICE=', flags: 2 });
  });

  it.each(['append', 'prepend'])('%s beyond the item limit leaves the value', (method) => {
    const endpoint = new Endpoint({}, { maxItemBytes: 2048 });
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'x'.repeat(1500) });
    for (const value of ['x'.repeat(600), 'x'.repeat(2048)])
      expect(client.call(method, { key: 'k', value })).toEqual(refused(-32000, 'HOTSET_TOO_LARGE'));
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: 'x'.repeat(1500), version: '1' });
  });

  it('getAndDelete', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    expect(client.call('getAndDelete', { key: 'k' })).toBeNull();
    client.call('set', { key: 'k', value: 'ü', ttlMs: 5 });
    expect(client.call('getAndDelete', { key: 'k' })).toEqual({
      value: 'ü',
      flags: 0,
      version: '1',
      ttlMs: 5,
    });
    expect(client.call('getAndDelete', { key: 'k' })).toBeNull();
    client.call('set', { key: 'k', value: 'a' });
    expect(client.call('getAndDelete', { key: 'k', as: 'base64' })).toMatchObject({ base64: 'YQ==' });
    expect(endpoint.engine.size).toBe(0);
  });

  it('getAndTouch gives the value with its new time', () => {
    const client = new Endpoint().connect();
    expect(client.call('getAndTouch', { key: 'k', ttlMs: 5 })).toBeNull();
    client.call('set', { key: 'k', value: 'v', ttlMs: 5 });
    expect(client.call('getAndTouch', { key: 'k', ttlMs: null })).toEqual({
      value: 'v',
      flags: 0,
      version: '1',
      ttlMs: null,
    });
    expect(client.call('getAndTouch', { key: 'k', ttlMs: 7, as: 'base64' })).toMatchObject({
      base64: 'dg==',
      ttlMs: 7,
    });
    expect(client.call('get', { key: 'k' })).toMatchObject({ ttlMs: 7, version: '1' });
    expect(client.call('getAndTouch', { key: 'k', ttlMs: 0 })).toMatchObject({ value: 'v', ttlMs: 0 });
    expect(client.call('get', { key: 'k' })).toBeNull();
  });

  it.each(['getAndDelete', 'getAndTouch'])(
    '%s changes nothing when its value does not fit into a reply',
    (method) => {
      const endpoint = new Endpoint({ maxReplyBytes: 1000 });
      const client = endpoint.connect();
      client.call('set', { key: 'k', value: '\0'.repeat(900), ttlMs: 1000 });
      const params = method === 'getAndTouch' ? { key: 'k', ttlMs: 5 } : { key: 'k' };
      expect(client.call(method, params)).toEqual(refused(-32006, 'HOTSET_REPLY_TOO_LARGE'));
      expect(client.call('inspect', { key: 'k' })).toMatchObject({ ttlMs: 1000 });
    },
  );

  it('flush', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'v' });
    expect(client.call('flush')).toEqual({ result: 'flushed' });
    expect(endpoint.engine.size).toBe(0);
  });

  it.each(['set', 'replace', 'compareAndSet'])('a %s that is too large leaves the old value', (method) => {
    const endpoint = new Endpoint({}, { maxItemBytes: 2048 });
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'old' });
    const version = method === 'compareAndSet' ? { version: '1' } : {};
    for (const value of [{ value: 'x'.repeat(2048) }, { base64: 'AAAA'.repeat(700) }])
      expect(client.call(method, { key: 'k', ...value, ...version })).toEqual(
        refused(-32000, 'HOTSET_TOO_LARGE'),
      );
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: 'old', version: '1' });
    expect(counted(endpoint)).toMatchObject({ store_too_large: 2 });
  });

  it('what the budget never has room for is too large as well', () => {
    const client = new Endpoint({}, {}, { maxBytes: 40_000 }).connect();
    client.call('set', { key: 'k', value: 'old' });
    expect(client.call('set', { key: 'k', value: 'x'.repeat(80_000) })).toEqual(
      refused(-32000, 'HOTSET_TOO_LARGE'),
    );
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: 'old' });
  });

  it('a full cache that does not evict says so', () => {
    const endpoint = new Endpoint({}, {}, { maxBytes: 40_000, evict: false });
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: '1' });
    client.call('set', { key: 'filler', value: 'x'.repeat(20_000) });
    for (const [method, params] of [
      ['set', { key: 'k', value: 'x'.repeat(30_000) }],
      ['add', { key: 'new', value: 'x'.repeat(30_000) }],
    ] as const)
      expect(client.call(method, params)).toEqual(refused(-32001, 'HOTSET_NO_ROOM'));
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: '1' });
    expect(endpoint.engine.verify()).toEqual([]);
  });

  it('return their own version, also when a listener in the process writes something else over them', () => {
    const endpoint = new Endpoint();
    const { engine } = endpoint;
    const client = endpoint.connect();
    engine.subscribe('', ({ version }) => {
      if (Number(version) % 2 === 1) engine.set('k', '7');
    });
    expect(client.call('set', { key: 'k', value: 'mine' })).toEqual({ result: 'stored', version: '1' });
    expect(client.call('increment', { key: 'k' })).toEqual({ result: 'stored', value: '8', version: '3' });
    expect(client.call('get', { key: 'k' })).toMatchObject({ value: '7', version: '4' });
  });

  it('are not carried out twice when the reply has no room', () => {
    const client = new Endpoint({ maxReplyBytes: 1 }).connect();
    expect(client.call('set', { key: 'n', value: '1' })).toEqual(STORED);
    expect(client.call('increment', { key: 'n' })).toMatchObject({ value: '2' });
  });
});

describe('counters', () => {
  const calls: readonly (readonly [
    method: string,
    params: object,
    counts: Partial<Record<CounterName, number>>,
  ])[] = [
    ['get', { key: 'k' }, { cmd_get: 1, get_hits: 1 }],
    ['get', { key: 'x' }, { cmd_get: 1, get_misses: 1 }],
    ['getMany', { keys: ['k', 'x', 'k'] }, { cmd_get: 3, get_hits: 2, get_misses: 1 }],
    ['set', { key: 'x', value: 1 }, { cmd_set: 1 }],
    ['add', { key: 'k', value: 1 }, { cmd_set: 1 }],
    ['replace', { key: 'x', value: 1 }, { cmd_set: 1 }],
    ['compareAndSet', { key: 'k', value: 1, version: '1' }, { cmd_set: 1, cas_hits: 1 }],
    ['compareAndSet', { key: 'k', value: 1, version: '2' }, { cmd_set: 1, cas_badval: 1 }],
    ['compareAndSet', { key: 'x', value: 1, version: '2' }, { cmd_set: 1, cas_misses: 1 }],
    ['delete', { key: 'k' }, { delete_hits: 1 }],
    ['delete', { key: 'x' }, { delete_misses: 1 }],
    ['touch', { key: 'k', ttlMs: 5 }, { cmd_touch: 1, touch_hits: 1 }],
    ['touch', { key: 'x', ttlMs: 5 }, { cmd_touch: 1, touch_misses: 1 }],
    ['increment', { key: 'k' }, { incr_hits: 1 }],
    ['increment', { key: 'k', by: -1 }, { decr_hits: 1 }],
    ['increment', { key: 'x' }, { incr_misses: 1 }],
    ['increment', { key: 'x', by: -1 }, { decr_misses: 1 }],
    ['increment', { key: 'k', initial: 1 }, { incr_hits: 1 }],
    // As `ma` with `N`.
    ['increment', { key: 'x', initial: 1 }, {}],
    ['append', { key: 'k', value: '' }, { cmd_set: 1 }],
    ['prepend', { key: 'x', value: '' }, { cmd_set: 1 }],
    ['getAndDelete', { key: 'k' }, { cmd_get: 1, get_hits: 1, delete_hits: 1 }],
    ['getAndDelete', { key: 'x' }, { cmd_get: 1, get_misses: 1 }],
    ['getAndTouch', { key: 'k', ttlMs: 5 }, { cmd_touch: 1, touch_hits: 1 }],
    ['getAndTouch', { key: 'x', ttlMs: 5 }, { cmd_touch: 1, touch_misses: 1 }],
    ['getOrLease', { key: 'k', leaseMs: 1 }, { cmd_get: 1, get_hits: 1 }],
    ['getOrLease', { key: 'x', leaseMs: 1 }, { cmd_get: 1, get_misses: 1 }],
    ['fill', { key: 'k', lease: '0.1', value: 1 }, {}],
    ['release', { key: 'k', lease: '0.1' }, {}],
    ['deletePrefix', { prefix: 'k' }, { delete_hits: 1 }],
    ['deletePrefix', { prefix: 'x' }, {}],
    ['keys', {}, {}],
    ['flush', {}, { cmd_flush: 1 }],
    ['inspect', { key: 'k' }, {}],
    ['stats', {}, {}],
    ['missRatioCurve', {}, {}],
    ['history', {}, {}],
    ['hot', {}, {}],
    ['ping', {}, {}],
    ['subscribe', { prefixes: [''] }, {}],
  ];
  it.each(calls)('%s %j', (method, params, counts) => {
    const endpoint = new Endpoint();
    endpoint.engine.set('k', '5');
    expect(endpoint.connect().call(method, params)).toSatisfy(isResult);
    expect(counted(endpoint)).toEqual(counts);
  });
});

describe('inspect', () => {
  it('returns everything but the value, and changes nothing', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'grüße', ttlMs: 60_000, flags: 16 });
    client.call('set', { key: 'newer', value: '' });
    endpoint.clock.advance(2000);
    client.call('get', { key: 'newer' });
    const before = endpoint.engine.stats();
    expect(client.call('inspect', { key: 'k' })).toEqual({
      bytes: endpoint.engine.getEntry('k')!.bytes,
      flags: 16,
      version: '1',
      ttlMs: 58_000,
      ageMs: STORE === 'pages' ? null : 2000,
      idleMs: 2000,
      fetched: false,
      valueBytes: 7,
    });
    expect(client.call('inspect', { key: 'newer' })).toMatchObject({ idleMs: 0, fetched: true });
    expect(client.call('inspect', { key: 'x' })).toBeNull();
    expect(endpoint.engine.stats()).toEqual(before);
    endpoint.clock.advance(-5000);
    expect(client.call('inspect', { key: 'k' })).toMatchObject({
      ageMs: STORE === 'pages' ? null : 0,
      idleMs: 0,
    });
    expect([...endpoint.engine.keys()]).toEqual(['newer', 'k']);
  });
});

describe('stats', () => {
  it('reports engine, commands, connections and network', () => {
    const endpoint = new Endpoint({ access: 'read-only' });
    endpoint.engine.set('k', '5');
    endpoint.clock.advance(5000);
    const client = endpoint.connect();
    client.call('get', { key: 'k' });
    expect(client.call('stats')).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      uptimeMs: 5000,
      access: 'read-only',
      engine: { size: 1, hits: 1, maxEntries: null, maxBytes: 64 * 1024 * 1024 },
      commands: { cmd_get: 1, get_hits: 1, get_misses: 0 },
      connections: { current: 0, total: 0, rejected: 0, max: 0 },
      network: { bytesRead: 0, bytesWritten: 0 },
    });
  });
});

describe('access', () => {
  const METADATA = [
    'ping',
    'stats',
    'missRatioCurve',
    'history',
    'inspect',
    'keys',
    'hot',
    'subscribe',
    'unsubscribe',
  ];
  const VALUES = ['get', 'getMany'];
  const CHANGES = [
    ...[
      'set',
      'add',
      'replace',
      'compareAndSet',
      'append',
      'prepend',
      'delete',
      'getAndDelete',
      'deletePrefix',
    ],
    ...['touch', 'getAndTouch', 'increment', 'flush', ...(STORE === 'engine' ? ['invalidateTags'] : [])],
    ...['getOrLease', 'fill', 'release'],
  ];
  const PARAMS: Readonly<Record<string, object>> = {
    get: { key: 'k' },
    getMany: { keys: ['k'] },
    set: { key: 'k', value: 1 },
    add: { key: 'k', value: 1 },
    replace: { key: 'k', value: 1 },
    compareAndSet: { key: 'k', value: 1, version: '1' },
    append: { key: 'k', value: '' },
    prepend: { key: 'k', value: '' },
    delete: { key: 'k' },
    getAndDelete: { key: 'k' },
    deletePrefix: { prefix: 'k' },
    invalidateTags: { tags: ['t'] },
    touch: { key: 'k', ttlMs: 1 },
    getAndTouch: { key: 'k', ttlMs: 1 },
    increment: { key: 'k' },
    getOrLease: { key: 'k', leaseMs: 1 },
    fill: { key: 'k', lease: '', value: 1 },
    release: { key: 'k', lease: '' },
    inspect: { key: 'k' },
    subscribe: { keys: ['k'] },
    unsubscribe: { subscription: 1 },
  };
  const call = (client: Peer, method: string): unknown => client.call(method, PARAMS[method]);

  it.each([
    ['full', [...METADATA, ...VALUES, ...CHANGES], []],
    ['read-only', [...METADATA, ...VALUES], CHANGES],
    ['metadata', METADATA, [...VALUES, ...CHANGES]],
  ] as const)('%s', (access, allowed, forbidden) => {
    const endpoint = new Endpoint({ access });
    endpoint.engine.set('k', '5');
    const client = endpoint.connect();
    for (const method of forbidden) expect(call(client, method)).toEqual(refused(-32002, 'HOTSET_FORBIDDEN'));
    expect(endpoint.engine.getEntry('k')).toMatchObject({ value: '5', version: 1 });
    for (const method of allowed) expect(call(client, method)).toSatisfy(isResult);
  });

  it.each(['flush', 'deletePrefix'])('%s where the server forbids to flush', (method) => {
    const endpoint = new Endpoint({}, { allowFlush: false });
    endpoint.engine.set('k', '5');
    expect(call(endpoint.connect(), method)).toEqual(refused(-32002, 'HOTSET_FORBIDDEN'));
    expect(endpoint.engine.size).toBe(1);
  });

  it.each(['hot', 'keys'])('%s where the server forbids to list keys', (method) => {
    const client = new Endpoint({}, { allowDump: false }).connect();
    expect(client.call(method)).toEqual(refused(-32002, 'HOTSET_FORBIDDEN'));
  });

  it('prefixes where the server forbids to watch, and single keys not', () => {
    const client = new Endpoint({}, { allowWatch: false }).connect();
    expect(client.call('subscribe', { prefixes: [''] })).toEqual(refused(-32002, 'HOTSET_FORBIDDEN'));
    expect(client.call('subscribe', { keys: ['k'] })).toEqual({ subscription: 1 });
  });
});

describe('a fault of the server', () => {
  it.runIf(STORE === 'engine')('is reported to both, and the connection stays open', () => {
    const fault = new Error('the listener of a removal');
    const endpoint = new Endpoint(
      {},
      {},
      {
        onRemoval() {
          throw fault;
        },
      },
    );
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: 'v' });
    expect(client.call('delete', { key: 'k' })).toEqual(refused(-32603, undefined, 'the server has failed'));
    expect(endpoint.errors).toEqual([fault]);
    expect(client.call('get', { key: 'k' })).toBeNull();
    expect(endpoint.engine.verify()).toEqual([]);
  });
});

describe('limits', () => {
  it('of keys', () => {
    const client = new Endpoint({ maxBatch: 3 }).connect();
    expect(client.call('getMany', { keys: ['a', 'b', 'c'] })).toEqual([null, null, null]);
    expect(client.call('getMany', { keys: ['a', 'b', 'c', 'd'] })).toEqual(
      refused(-32005, 'HOTSET_TOO_MANY', 'keys takes up to 3 elements'),
    );
    expect(client.call('getMany', { keys: [] })).toEqual([]);
  });

  it('of requests in a batch, of which none is carried out', () => {
    const endpoint = new Endpoint({ maxBatch: 3 });
    const client = endpoint.connect();
    const request = { jsonrpc: '2.0', id: 1, method: 'set', params: { key: 'k', value: 1 } };
    client.send(Array(4).fill(request));
    expect(client.frames()).toEqual([
      {
        jsonrpc: '2.0',
        id: null,
        ...refused(-32005, 'HOTSET_TOO_MANY', 'a batch takes up to 3 requests'),
      },
    ]);
    expect(endpoint.engine.size).toBe(0);
    client.send(Array(3).fill(request));
    expect(client.frames()).toMatchObject([[{ id: 1 }, { id: 1 }, { id: 1 }]]);
  });

  it('of subscriptions', () => {
    const client = new Endpoint({ maxSubscriptions: 2 }).connect();
    const subscribe = (params: object): unknown => client.call('subscribe', params);
    expect(subscribe({ prefixes: Array.from({ length: 101 }, (_, i) => `${i}`) })).toEqual(
      refused(-32005, 'HOTSET_TOO_MANY', 'a subscription takes up to 100 prefixes and keys'),
    );
    expect(subscribe({ prefixes: [''] })).toEqual({ subscription: 1 });
    expect(subscribe({ prefixes: [''] })).toEqual({ subscription: 2 });
    expect(subscribe({ prefixes: [''] })).toEqual(
      refused(-32005, 'HOTSET_TOO_MANY', 'a connection may have 2 subscriptions'),
    );
    expect(client.call('unsubscribe', { subscription: 1 })).toEqual({ result: 'unsubscribed' });
    expect(client.call('unsubscribe', { subscription: 1 })).toEqual(NOT_FOUND);
    expect(subscribe({ prefixes: [''] })).toEqual({ subscription: 3 });
  });

  it('of the text of all subscriptions, which is given back', async () => {
    const client = new Endpoint().connect();
    const long = (start: string): string[] =>
      Array.from({ length: 100 }, (_, i) => `${start}${i}`.padEnd(250, 'x'));
    let made = 0;
    for (;;) {
      const result = await client.ask('subscribe', { keys: long(`${made}-`) });
      if ((result as { error?: unknown }).error !== undefined) {
        expect(result).toEqual(refused(-32005, 'HOTSET_TOO_MANY', expect.stringContaining('262144 bytes')));
        break;
      }
      made++;
    }
    expect(made).toBe(10);
    for (let subscription = 1; subscription <= made; subscription++)
      await client.ask('unsubscribe', { subscription });
    for (let i = 0; i < made; i++)
      expect(await client.ask('subscribe', { prefixes: long(`${i}+`) })).toHaveProperty('subscription');
  });

  it('of what the subscriptions of all clients take, which is given back', () => {
    const endpoint = new Endpoint({ maxSubscriptionBytes: 10_000 });
    const [first, second] = [endpoint.connect(), endpoint.connect()];
    const full = refused(
      -32005,
      'HOTSET_TOO_MANY',
      'the subscriptions of all clients take as much memory as they may',
    );
    const [a, b] = ['a', 'b'].map((letter) => ({ prefixes: [letter.repeat(100)] }));
    expect(first.call('subscribe', a)).toEqual({ subscription: 1 });
    for (const client of [first, second]) expect(client.call('subscribe', b)).toEqual(full);
    expect(second.call('subscribe', a)).toEqual({ subscription: 1 });
    expect(first.call('unsubscribe', { subscription: 1 })).toEqual({ result: 'unsubscribed' });
    expect(first.call('subscribe', b)).toEqual(full);
    second.handler.onClose();
    expect(first.call('subscribe', b)).toEqual({ subscription: 2 });
    expect(first.call('subscribe', { keys: Array.from({ length: 8 }, (_, i) => `${i}`) })).toEqual(full);
    expect(first.call('subscribe', { keys: ['k'] })).toEqual({ subscription: 3 });
  });

  it.each([
    ['get', { key: 'k' }],
    ['get', { key: 'k', as: 'base64' }],
    ['getMany', { keys: ['small', 'k'] }],
    ['getMany', { keys: Array(20).fill('small') }],
  ])('of a reply: %s %j', (method, params) => {
    const endpoint = new Endpoint({ maxReplyBytes: 1000 });
    const client = endpoint.connect();
    client.call('set', { key: 'k', value: '\0'.repeat(900) });
    client.call('set', { key: 'small', value: 'x'.repeat(100) });
    expect(client.call(method, params)).toEqual(refused(-32006, 'HOTSET_REPLY_TOO_LARGE'));
    expect(client.call('get', { key: 'small' })).toMatchObject({ flags: 0 });
  });

  it('of the replies to all clients: while too much of them waits, others have to be short', async () => {
    const endpoint = new Endpoint({ maxRepliesBytes: 100_000 });
    const [slow, gone, other] = [endpoint.connect(), endpoint.connect(), endpoint.connect()];
    other.call('set', { key: 'k', value: 'x'.repeat(60_000) });
    other.call('set', { key: 'small', value: 'x' });
    for (const client of [slow, gone]) {
      client.sink.reads = false;
      expect(client.call('get', { key: 'k' })).toHaveProperty('value');
    }
    expect(other.call('get', { key: 'k' })).toEqual(refused(-32006, 'HOTSET_REPLY_TOO_LARGE'));
    expect(await other.ask('getMany', { keys: ['small', 'k'] })).toEqual(
      refused(-32006, 'HOTSET_REPLY_TOO_LARGE'),
    );
    expect(other.call('get', { key: 'small' })).toMatchObject({ value: 'x' });
    gone.handler.onClose();
    expect(other.call('get', { key: 'k' })).toHaveProperty('value');
    slow.drain();
    expect(endpoint.context.waitingBytes).toBe(0);
  });

  it('of a batch’s reply: what does not fit is refused, one by one, and what changes something is answered', () => {
    const client = new Endpoint({ maxReplyBytes: 1000 }).connect();
    client.call('set', { key: 'k', value: 'x'.repeat(300) });
    const get = { jsonrpc: '2.0', id: 1, method: 'get', params: { key: 'k' } };
    client.send([
      ...Array(5).fill(get),
      { jsonrpc: '2.0', id: 2, method: 'increment', params: { key: 'x' } },
    ]);
    const [replies] = client.frames() as [{ result?: unknown; error?: { code: number } }[]];
    expect(replies.map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      -32006,
      -32006,
      -32006,
      undefined,
    ]);
  });
});
