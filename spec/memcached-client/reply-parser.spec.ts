/** Replies in any pieces, and servers that send what is none. */

import { describe, expect, it } from 'vitest';
import { LINE_MAX_BYTES, ReplyParser } from '../../lib/memcached-client/reply-parser.js';

const MAX_VALUE_BYTES = 20;

const STREAM = Buffer.from(
  [
    'VA 5 t-1 c7 Oab\r\nvalue\r\n',
    'EN\r\n',
    'VA 0 W c8\r\n\r\n',
    'VA 12 c9\r\nline\r\nend\r\n\n\r\n',
    'HD\r\n',
    'VALUE key 0 2 41\r\n\r\n\r\n',
    `VA 21 c1\r\n${'x'.repeat(21)}\r\n`,
    'END\r\n',
    'VALUE k\u00e9y 4294967295 20 18446744073709551615\r\n12345678901234567890\r\n',
    'SERVER_ERROR out of memory\r\n',
  ].join(''),
  'latin1',
);

const REPLIES = [
  ['VA 5 t-1 c7 Oab', 'value'],
  ['EN', null],
  ['VA 0 W c8', ''],
  ['VA 12 c9', 'line\r\nend\r\n\n'],
  ['HD', null],
  ['VALUE key 0 2 41', '\r\n'],
  ['VA 21 c1', null],
  ['END', null],
  ['VALUE k\u00e9y 4294967295 20 18446744073709551615', '12345678901234567890'],
  ['SERVER_ERROR out of memory', null],
];

function parsed(chunks: readonly Buffer[], maxValueBytes = MAX_VALUE_BYTES): unknown[] {
  const replies: unknown[] = [];
  const parser = new ReplyParser(maxValueBytes, (line, data) =>
    replies.push([line, data === null ? null : data.toString('latin1')]),
  );
  for (const chunk of chunks) {
    parser.feed(chunk);
    // The socket's buffer is used again.
    chunk.fill(0);
  }
  return replies;
}

const copy = (bytes: Buffer): Buffer => Buffer.from(bytes);

describe('ReplyParser', () => {
  it('reads a stream that comes whole', () => {
    expect(parsed([copy(STREAM)])).toEqual(REPLIES);
  });

  it('reads it byte by byte', () => {
    expect(parsed(Array.from(STREAM, (byte) => Buffer.of(byte)))).toEqual(REPLIES);
  });

  it('reads it split everywhere', () => {
    for (let at = 1; at < STREAM.length; at++)
      expect(parsed([copy(STREAM.subarray(0, at)), copy(STREAM.subarray(at))]), `${at}`).toEqual(REPLIES);
  });

  it('reads a value of many chunks', () => {
    const value = Buffer.alloc(300_000, 'abcdefg');
    const stream = Buffer.concat([
      Buffer.from(`VA ${value.length} c1\r\n`),
      value,
      Buffer.from('\r\nEN\r\n'),
    ]);
    const chunks = [];
    for (let at = 0; at < stream.length; at += 65_536) chunks.push(copy(stream.subarray(at, at + 65_536)));
    expect(parsed(chunks, value.length)).toEqual([
      [`VA ${value.length} c1`, value.toString()],
      ['EN', null],
    ]);
  });

  it('reports nothing once it is stopped', () => {
    const lines: string[] = [];
    const parser = new ReplyParser(MAX_VALUE_BYTES, (line) => {
      lines.push(line);
      parser.stop();
    });
    parser.feed(Buffer.from('HD\r\nHD\r\n'));
    expect(lines).toEqual(['HD']);
  });

  it.each([
    ['a line without an end', 'x'.repeat(LINE_MAX_BYTES + 1)],
    ['a line that ends in LF alone', 'HD\n'],
    ['an empty line feed', '\n'],
    ['data that is longer than announced', 'VA 1 c1\r\nxx\r\n'],
    ['data that is shorter than announced', 'VA 3 c1\r\nx\r\nEN\r\n'],
    ['a length that is none', 'VA -1 c1\r\n'],
    ['a length without digits', 'VA \r\n'],
    ['a length beyond reason', 'VA 9999999999 c1\r\n'],
    ['a VALUE without a length', 'VALUE key 0\r\n'],
  ])('refuses %s, whole and byte by byte', (_, text) => {
    const bytes = Buffer.from(text);
    expect(() => parsed([copy(bytes)])).toThrow(expect.objectContaining({ code: 'HOTSET_PROTOCOL' }));
    expect(() => parsed(Array.from(bytes, (byte) => Buffer.of(byte)))).toThrow(
      expect.objectContaining({ code: 'HOTSET_PROTOCOL' }),
    );
  });

  it('takes no memory for a value that is too long, and passes over it', () => {
    const parser = new ReplyParser(MAX_VALUE_BYTES, () => {
      throw new Error('nothing is whole');
    });
    parser.feed(Buffer.from('VA 1073741824 c1\r\n'));
    const before = process.memoryUsage().arrayBuffers;
    for (let times = 0; times < 100; times++) parser.feed(Buffer.alloc(1000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
