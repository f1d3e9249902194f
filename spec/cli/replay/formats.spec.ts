/** What lines of traces say, by format. */

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/cli/errors.js';
import { DELETE, type Format, formatOf, READ, type Request, WRITE } from '../../../lib/cli/replay/formats.js';

/** `NaN` where a line does not say. */
const none = Number.NaN;

function formatFor(
  lines: readonly string[],
  options: { name?: string; columns?: string; pattern?: string } = {},
): Format {
  return formatOf(options.name ?? 'auto', lines, options.columns, options.pattern);
}

function only(format: Format, line: string): Request {
  const requests = format.parse(line);
  expect(requests).toHaveLength(1);
  return (requests as readonly Request[])[0]!;
}

describe('columns', () => {
  it('a key a line, with or without size and TTL', () => {
    const format = formatFor(['user:1']);
    expect(format.name).toBe('columns');
    expect(only(format, 'user:1')).toEqual({
      key: 'user:1',
      operation: READ,
      size: none,
      ttl: none,
      time: none,
    });
    expect(only(format, '  user:1\t200 60 ')).toEqual({
      key: 'user:1',
      operation: READ,
      size: 200,
      ttl: 60,
      time: none,
    });
    expect(only(format, 'user:1 -')).toMatchObject({ size: none });
  });

  it.each([
    ['user:1 big', 'the size is big'],
    ['user:1 -5', 'the size is -5'],
    ['user:1 5 soon', 'the TTL is soon'],
  ])('%s: %s', (line, reason) => {
    expect(formatFor(['user:1']).parse(line)).toBe(reason);
  });

  it('a line with a number is no header', () => {
    const format = formatFor(['my key 17', 'my key 18']);
    expect(format.name).toBe('columns');
    expect(format.parse('my key 18')).toBe('the size is key');
  });

  it('CSV, whose header names the columns', () => {
    const header = 'Timestamp,Op,Key,Size,Client';
    const format = formatFor([header, '1,get,a,2,x']);
    expect(format.name).toBe('CSV with a header');
    expect(format.parse(header)).toEqual([]);
    expect(only(format, '17,SET,"a,""b""",99,x')).toEqual({
      key: 'a,"b"',
      operation: WRITE,
      size: 99,
      ttl: none,
      time: 17,
    });
    expect(only(format, '17,delete,a,,x')).toMatchObject({ operation: DELETE, size: none });
    expect(format.parse('17,incr,a,1,x')).toEqual([]);
    expect(format.parse('17,get,,1,x')).toBe('there is no key');
    expect(format.parse('late,get,a,1,x')).toBe('the time is late');
  });

  it('columns that the user names', () => {
    const format = formatFor(['0,k,1,2,3,get,0'], { columns: 'time,key,-,size,-,op,ttl' });
    expect(only(format, '5,k,1,2,3,get,30')).toEqual({
      key: 'k',
      operation: READ,
      size: 2,
      ttl: 30,
      time: 5,
    });
    expect(() => formatFor(['a'], { columns: 'time,size' })).toThrow(UsageError);
    expect(() => formatFor(['a'], { columns: 'key,colour' })).toThrow(/got colour/);
  });
});

describe("memcached's watch", () => {
  const get = 'ts=1780000000.250000 gid=7 type=item_get key=user%3A1 status=found clsid=4 cfd=12 size=512';
  const format = formatFor(['OK', get]);

  it('is known by its lines', () => {
    expect(format.name).toBe("memcached's watch");
    expect(format.parse('OK')).toEqual([]);
    expect(format.parse('skipped=100')).toEqual([]);
    expect(format.parse('what is this')).toBe('no line of watch');
  });

  it('reads, stores and deletions, but no look-ups of the server’s own', () => {
    const log = formatFor(['OK', get]);
    const read = (key: string, status: string, size: number): string =>
      `ts=5.074979 gid=1 type=item_get key=${key} status=${status} clsid=0 cfd=12 size=${size}`;
    const store = (status: string): string =>
      `ts=6.500000 gid=8 type=item_store key=a status=${status} cmd=set ttl=60 clsid=1 cfd=12 size=40`;
    for (const line of [read('a', 'not_found', 0), read('b', 'found', 7), read('a', 'not_found', 0)])
      expect(log.parse(line)).toEqual([]);
    expect(log.parse(store('stored'))).toEqual([
      { key: 'a', operation: READ, size: none, ttl: none, time: 5.074979 },
      { key: 'b', operation: READ, size: 7, ttl: none, time: 5.074979 },
      { key: 'a', operation: WRITE, size: 40, ttl: 60, time: 6.5 },
    ]);
    expect(log.parse(read('a', 'found', 40))).toEqual([]);
    expect(log.parse(store('not_stored'))).toEqual([]);
    expect(log.parse(read('a', 'found', 40))).toEqual([]);
    expect(log.parse('ts=7.0 gid=9 type=deleted key=a cmd=delete clsid=1 size=40')).toMatchObject([
      { operation: DELETE },
    ]);
    expect(log.parse('ts=7.0 gid=9 type=eviction key=a fetch=yes ttl=0 la=1 clsid=1 size=1')).toEqual([]);
    expect(log.rest?.()).toEqual([]);
  });

  it('reads that nothing follows come a little later', () => {
    const log = formatFor(['OK', get]);
    const keys: string[] = [];
    for (let read = 0; read < 100; read++)
      for (const { key } of log.parse(get.replace('user%3A1', `${read}`)) as Request[]) keys.push(key);
    expect(keys).toHaveLength(36);
    for (const { key } of log.rest!()) keys.push(key);
    expect(keys).toEqual(Array.from({ length: 100 }, (_, read) => `${read}`));
  });
});

describe("Redis' MONITOR", () => {
  const line = (command: string): string => `1780000000.5 [0 127.0.0.1:40000] ${command}`;
  const format = formatFor(['OK', line('"GET" "a"')]);

  it('is known by its lines', () => {
    expect(format.name).toBe("Redis' MONITOR");
    expect(format.parse('garbage')).toBe('no line of MONITOR');
  });

  it('commands', () => {
    expect(only(format, line('"get" "a b\\"c"'))).toMatchObject({
      key: 'a b\\"c',
      operation: READ,
      time: 1_780_000_000.5,
    });
    expect(only(format, line('"SET" "a" "va\\x00l" "EX" "30"'))).toMatchObject({
      operation: WRITE,
      size: 4,
      ttl: 30,
    });
    expect(only(format, line('"SET" "a" "value" "px" "1500"'))).toMatchObject({ ttl: 1.5 });
    expect(only(format, line('"SETEX" "a" "10" "value"'))).toMatchObject({
      operation: WRITE,
      size: 5,
      ttl: 10,
    });
    expect(format.parse(line('"MGET" "a" "b"'))).toHaveLength(2);
    expect(format.parse(line('"DEL" "a" "b" "c"'))).toHaveLength(3);
    expect(format.parse(line('"PING"'))).toEqual([]);
    expect(format.parse(line('"GET"'))).toEqual([]);
  });
});

describe('a pattern', () => {
  const log = '10.0.0.1 - - [30/Nov/2026:04:05:06 +0000] "GET /item/5 HTTP/1.1" 200 1234';
  const pattern = '\\[(?<time>[^\\]]+)\\] "(?<method>\\S+) (?<url>\\S+) [^"]*" \\d+ (?<bytes>\\d+|-)';

  it('finds key, size, time and operation in any log', () => {
    expect(only(formatFor([log], { pattern }), log)).toEqual({
      key: '/item/5',
      operation: READ,
      size: 1234,
      ttl: none,
      time: Date.UTC(2026, 10, 30, 4, 5, 6) / 1000,
    });
  });

  it('what it does not match is bad', () => {
    expect(formatFor([log], { pattern }).parse('nothing')).toBe('the pattern does not match');
  });

  it.each([
    ['(', /no regular expression/],
    ['(?<size>.)', /needs a group/],
    ['(?<key>.)(?<colour>.)', /it names colour/],
  ])('refuses %s', (source, message) => {
    expect(() => formatFor([log], { pattern: source })).toThrow(message);
  });
});
