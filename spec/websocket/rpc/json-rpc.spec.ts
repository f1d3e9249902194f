/** The standard, as tables: a frame in, a frame out. */

import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH } from '../../../lib/rpc-protocol.js';
import { Endpoint, turn } from './fixture.js';

function error(code: number, message: string, id: unknown = null): object {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

const NO_OBJECT = error(-32600, 'a request is an object');
const PONG = { jsonrpc: '2.0', id: 1, result: 'pong' };

const ROWS: readonly (readonly [what: string, frame: string | Buffer, reply: unknown])[] = [
  ['a request', '{"jsonrpc":"2.0","id":1,"method":"ping"}', PONG],
  ['with empty params', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}', PONG],
  ['with members that nobody knows', '{"jsonrpc":"2.0","id":1,"method":"ping","x":[1]}', PONG],
  ['between blanks', ' \r\n{"jsonrpc":"2.0","id":1,"method":"ping"}\t', PONG],
  ['an id of text', '{"jsonrpc":"2.0","id":"ä\\"1","method":"ping"}', { ...PONG, id: 'ä"1' }],
  ['an empty id', '{"jsonrpc":"2.0","id":"","method":"ping"}', { ...PONG, id: '' }],
  ['an id of 0', '{"jsonrpc":"2.0","id":0,"method":"ping"}', { ...PONG, id: 0 }],
  ['a broken id', '{"jsonrpc":"2.0","id":-1.5,"method":"ping"}', { ...PONG, id: -1.5 }],
  ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', { ...PONG, id: null }],
  ['a notification', '{"jsonrpc":"2.0","method":"ping"}', null],
  ['a notification of an unknown method', '{"jsonrpc":"2.0","method":"nothing"}', null],
  ['a notification with wrong params', '{"jsonrpc":"2.0","method":"get","params":{"key":5}}', null],

  ['nothing', '', error(-32700, 'the frame is not JSON')],
  ['half of a request', '{"jsonrpc":"2.0","id":1,"method":"pi', error(-32700, 'the frame is not JSON')],
  ['half of a batch', '[{"jsonrpc":"2.0","id":1,"method"', error(-32700, 'the frame is not JSON')],
  ['a byte order mark', '\ufeff{}', error(-32700, 'the frame is not JSON')],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), error(-32700, 'the frame is not UTF-8')],

  ...['5', 'null', 'true', '"ping"'].map((frame) => [frame, frame, NO_OBJECT] as const),
  ['no version', '{"id":1,"method":"ping"}', error(-32600, 'jsonrpc takes "2.0"', 1)],
  ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', error(-32600, 'jsonrpc takes "2.0"', 1)],
  [
    'a version of a number',
    '{"jsonrpc":2.0,"id":1,"method":"ping"}',
    error(-32600, 'jsonrpc takes "2.0"', 1),
  ],
  ...['true', '[1]', '{}', '1e999'].map(
    (id) =>
      [
        `an id of ${id}`,
        `{"jsonrpc":"2.0","id":${id},"method":"ping"}`,
        error(-32600, 'id takes a text, a finite number or null'),
      ] as const,
  ),
  ['no method', '{"jsonrpc":"2.0","id":1}', error(-32600, 'method takes a text', 1)],
  ['a method of a number', '{"jsonrpc":"2.0","method":1}', error(-32600, 'method takes a text')],
  ...['[]', '["k"]', '"k"', 'null', '5'].map(
    (params) =>
      [
        `params of ${params}`,
        `{"jsonrpc":"2.0","id":1,"method":"get","params":${params}}`,
        error(-32600, 'params go by name, in an object', 1),
      ] as const,
  ),

  ...['nothing', '', 'Ping', 'toString', '__proto__', 'constructor', 'rpc.discover'].map(
    (method) =>
      [
        `the method ${method}`,
        JSON.stringify({ jsonrpc: '2.0', id: 1, method }),
        error(-32601, 'there is no such method', 1),
      ] as const,
  ),

  ['a batch', `[${JSON.stringify({ ...PONG, result: undefined, method: 'ping' })}]`, [PONG]],
  [
    'a batch of several, in their order',
    '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"ping"},5,{"jsonrpc":"2.0","id":"1","method":"x"}]',
    [PONG, NO_OBJECT, error(-32601, 'there is no such method', '1')],
  ],
  ['a batch of nothing', '[]', error(-32600, 'a batch takes at least one request')],
  ['a batch of garbage', '[1]', [NO_OBJECT]],
  ['a batch of more garbage', '[1,"x",[]]', [NO_OBJECT, NO_OBJECT, NO_OBJECT]],
  ['a batch in a batch', '[[{"jsonrpc":"2.0","id":1,"method":"ping"}]]', [NO_OBJECT]],
  ['a batch of notifications', '[{"jsonrpc":"2.0","method":"ping"},{"jsonrpc":"2.0","method":"x"}]', null],
];

describe('JSON-RPC', () => {
  it.each(ROWS)('%s', (_what, frame, reply) => {
    const client = new Endpoint().connect();
    client.send(frame);
    expect(client.frames()).toEqual(reply === null ? [] : [reply]);
    expect(client.sink.ended).toBeNull();
    expect(client.call('ping')).toBe('pong');
  });

  it.each([
    ...['9007199254740993', '-9007199254740993', '123456789012345678901234567890', '0.10', '-0'],
    ...['1e2', '-1.50E+3', '1e-400', '0.1000000000000000055511151231257827', 'null', '""'],
    ...['"\\u00e4\\/"', '"\\ud800"', '"ä€😀"', `"${'x'.repeat(1022)}"`],
  ])('gives the id %s back as it came, in batches and in errors too', (id) => {
    const client = new Endpoint().connect();
    const request = (method: string): string => `{"jsonrpc":"2.0","id": ${id} ,"method":"${method}"}`;
    const pong = `{"jsonrpc":"2.0","id":${id},"result":"pong"}`;
    const unknown = `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"there is no such method"}}`;
    const nameless = `{"jsonrpc":"2.0","id":${id},"error":{"code":-32600,"message":"method takes a text"}}`;
    client.send(request('ping'));
    client.send(`[${request('ping')},${request('x')},{"jsonrpc":"2.0","id":${id}}]`);
    expect(client.texts()).toEqual([pong, `[${pong},${unknown},${nameless}]`]);
  });

  it('refuses an id that is longer than one may be', () => {
    const client = new Endpoint().connect();
    for (const id of [`"${'x'.repeat(1023)}"`, '1'.repeat(1025), `"${'x'.repeat(1_000_000)}"`]) {
      client.send(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
      expect(client.frames()).toEqual([error(-32600, 'id takes up to 1024 characters of JSON')]);
    }
  });

  it('takes the last of two members of one name', () => {
    const client = new Endpoint().connect();
    client.send('{"jsonrpc":"1.0","id":1,"method":"x","jsonrpc":"2.0","id":2,"m\\u0065thod":"p\\u0069ng"}');
    expect(client.frames()).toEqual([{ ...PONG, id: 2 }]);
  });

  it('refuses a binary frame, and ends', () => {
    const client = new Endpoint().connect();
    client.handler.receive(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'), true);
    client.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    expect(client.texts()).toEqual([]);
    expect(client.sink.ended).toEqual({ code: 1003, reason: 'hotset.v1 takes text frames' });
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('takes 100,000 levels of %s for what they are', async (_what, open, close) => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
    client.send(deep);
    client.send(`{"jsonrpc":"2.0","id":7,"method":"set","params":{"key":"k","value":${deep}}}`);
    client.send(`{"jsonrpc":"2.0","id":8,"method":"set","params":${deep}}`);
    client.send(`{"jsonrpc":"2.0","id":${deep},"method":"ping"}`);
    while (client.sink.frames.length < 4) await turn();
    for (const reply of client.frames().flat())
      expect(reply).toMatchObject({ error: { code: expect.any(Number) } });
    expect(endpoint.errors).toEqual([]);
    expect(endpoint.engine.size).toBe(0);
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('stores a value of as many levels of %s as there may be, and no more', (_what, open, close) => {
    const client = new Endpoint().connect();
    const set = (levels: number): void =>
      client.send(
        `{"jsonrpc":"2.0","id":1,"method":"set","params":{"key":"k","value":${open.repeat(levels)}1${close.repeat(levels)}}}`,
      );
    set(MAX_JSON_DEPTH);
    set(MAX_JSON_DEPTH + 1);
    expect(client.frames()).toMatchObject([
      { result: { result: 'stored' } },
      error(-32602, 'value takes JSON of up to 1000 levels', 1),
    ]);
  });

  it('takes __proto__ for an unknown param, and for a member like any other', () => {
    const endpoint = new Endpoint();
    const client = endpoint.connect();
    client.send(
      '{"jsonrpc":"2.0","id":1,"method":"get","params":{"__proto__":{"key":"k"},"key":"k"},"__proto__":{"method":"x"}}',
    );
    expect(client.frames()).toEqual([error(-32602, 'get has no "__proto__"; it takes key, as', 1)]);
    client.send(
      '{"jsonrpc":"2.0","id":2,"method":"set","params":{"key":"__proto__","value":{"__proto__":{"isAdmin":true}}}}',
    );
    client.texts();
    client.send('{"jsonrpc":"2.0","id":3,"method":"get","params":{"key":"__proto__"}}');
    expect(client.texts()).toEqual([
      '{"jsonrpc":"2.0","id":3,"result":{"value":{"__proto__":{"isAdmin":true}},"flags":2,"version":"1","ttlMs":null}}',
    ]);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});
