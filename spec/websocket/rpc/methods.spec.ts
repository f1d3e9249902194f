/** Every method: what it takes, what it gives, and what it counts. */

import { describe, expect, it } from 'vitest';
import { Endpoint } from './fixture.js';

describe('set and get', () => {
  it.each([
    ['a text', { value: 'grüße' }, { value: 'grüße', flags: 0 }],
    ['an empty text', { value: '' }, { value: '', flags: 0 }],
    ['a number', { value: 5 }, { value: 5, flags: 2 }],
    ['null', { value: null }, { value: null, flags: 2 }],
    ['an object', { value: { a: [1, { b: null }] } }, { value: { a: [1, { b: null }] }, flags: 2 }],
    ['bytes', { base64: '/wA=' }, { base64: '/wA=', flags: 4 }],
    ['no bytes', { base64: '' }, { base64: '', flags: 4 }],
    ['text with flags of its own', { value: 'x', flags: 16 }, { value: 'x', flags: 16 }],
    ['text that is to be read as bytes', { value: 'x', flags: 7 }, { base64: 'eA==', flags: 7 }],
    ['bytes that are said to be text', { base64: '/wA=', flags: 0 }, { base64: '/wA=', flags: 0 }],
    ['text that is said to be JSON', { value: '{"a":', flags: 2 }, { base64: 'eyJhIjo=', flags: 2 }],
  ])('%s', (_what, given, expected) => {
    const client = new Endpoint().connect();
    expect(client.call('set', { key: 'k', ...given })).toEqual({ result: 'stored', version: '1' });
    expect(client.call('get', { key: 'k' })).toEqual({ ...expected, version: '1', ttlMs: null });
  });
});

it('ping', () => {
  expect(new Endpoint().connect().call('ping')).toBe('pong');
});
