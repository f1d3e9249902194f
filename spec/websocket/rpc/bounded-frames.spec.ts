/** A frame's cost is bounded before anything is made of what it says: JSON.parse never sees more than a few short texts. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Access } from '../../../lib/rpc-protocol.js';
import { Endpoint, turn } from './fixture.js';

const MEGABYTES_22 = 22 * 1024 * 1024;
const OBJECTS = `[${'{},'.repeat(MEGABYTES_22 / 3)}{}]`;
const ACCESSES: readonly Access[] = ['full', 'read-only', 'metadata'];

function request(method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
}

/** Sends the frame, and returns the code of the error that answers it, and how much was given to JSON.parse. */
async function outcome(frame: string, access: Access = 'full'): Promise<{ code: unknown; parsed: number }> {
  const endpoint = new Endpoint({ access }, { maxItemBytes: 64 * 1024 * 1024 }, { maxBytes: '256MiB' });
  const client = endpoint.connect();
  const parse = vi.spyOn(JSON, 'parse');
  client.send(frame);
  while (client.sink.frames.length === 0) await turn();
  const parsed = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
  parse.mockRestore();
  const reply = client.frames()[0] as { error?: { code: number } };
  expect(client.sink.ended).toBeNull();
  expect(await client.ask('ping')).toBe('pong');
  expect(endpoint.engine.size).toBe(0);
  return { code: reply.error?.code, parsed };
}

describe('a frame of 22 MB', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each(ACCESSES)('of objects is refused unparsed where access is %s', async (access) =>
    expect(await outcome(OBJECTS, access)).toEqual({ code: -32005, parsed: 0 }),
  );

  it.each([
    ['the value', request('set', `{"key":"k","value":${OBJECTS}}`)],
    ['what should be keys', request('getMany', `{"keys":${OBJECTS}}`)],
    ['what should be prefixes', request('subscribe', `{"prefixes":${OBJECTS}}`)],
    ['what should be a key', request('get', `{"key":${OBJECTS}}`)],
    ['the params', request('get', OBJECTS)],
    ['a member that nobody knows', `{"x":${OBJECTS}}`],
    ['one of a batch', `[${request('ping', '{}')},${request('set', `{"key":"k","value":${OBJECTS}}`)}]`],
  ])('is refused unparsed where %s is that large', async (_what, frame) =>
    expect(await outcome(frame)).toEqual({ code: -32005, parsed: 0 }),
  );

  it.each([
    ['keys', '"k",', 'getMany', 'keys'],
    ['prefixes', '"p",', 'subscribe', 'prefixes'],
    ['keys to subscribe to', '"k",', 'subscribe', 'keys'],
  ])('of more %s than there may be is refused unparsed', async (_what, text, method, name) => {
    const list = `[${text.repeat(500_000)}"k"]`;
    expect(await outcome(request(method, `{"${name}":${list}}`))).toEqual({ code: -32005, parsed: 0 });
  });

  it('of params of other names is refused unparsed', async () => {
    const members = Array.from({ length: 200_000 }, (_, i) => `"x${i}":${i}`).join();
    expect(await outcome(request('get', `{${members},"key":"k"}`))).toEqual({ code: -32602, parsed: 0 });
  });

  it.each(['read-only', 'metadata'] as const)(
    'is forbidden before its value is parsed where access is %s',
    async (access) => {
      const text = JSON.stringify('x'.repeat(MEGABYTES_22));
      expect(await outcome(request('set', `{"key":"k","value":${text}}`), access)).toEqual({
        code: -32002,
        parsed: 0,
      });
    },
  );
});

it('parses no value, neither to store it nor to show it', () => {
  const client = new Endpoint().connect();
  const parse = vi.spyOn(JSON, 'parse');
  client.send(request('set', '{"key":"k","value":{"a":[1,2,{"b":null}]}}'));
  client.send(request('get', '{"key":"k"}'));
  expect(parse.mock.calls.flat()).toEqual(['"k"', '"k"']);
  parse.mockRestore();
});

it('shows a stored value with more values in it than JSON may have as bytes', () => {
  const endpoint = new Endpoint({}, { maxItemBytes: 64 * 1024 * 1024 }, { maxBytes: '256MiB' });
  const value = `[${'0,'.repeat(1_000_000)}0]`;
  endpoint.engine.set('k', Buffer.from(value), { flags: 2 });
  expect(endpoint.connect().call('get', { key: 'k' })).toMatchObject({
    base64: Buffer.from(value).toString('base64'),
  });
});
