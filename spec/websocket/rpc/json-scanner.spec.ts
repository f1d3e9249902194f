/** The scanner against JSON.parse, and its limits. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_NODES } from '../../../lib/rpc-protocol.js';
import { isJson, JsonScanner } from '../../../lib/websocket/rpc/json-scanner.js';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function nested(levels: number, open: string, close: string): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`;
}

describe('isJson', () => {
  it.each([
    ...[
      '0',
      '-0',
      '-',
      '01',
      '1.',
      '.5',
      '1.5',
      '1e5',
      '1E+5',
      '1e-5',
      '1e',
      '1e+',
      '--1',
      '+1',
      '0x1',
      '1e400',
    ],
    ...[
      '9007199254740993',
      '1'.repeat(400),
      'NaN',
      'Infinity',
      '-Infinity',
      '1 2',
      '1,',
      '00',
      '-01',
      '0.0e0',
    ],
    ...['true', 'false', 'null', 'nul', 'nulll', 'True', 'tru e', 'undefined', ''],
    ...[
      '""',
      '"',
      '"a',
      '"\\"',
      '"\\u12"',
      '"\\u12g4"',
      '"\\uD800"',
      '"\\x"',
      '"\u0000"',
      '"\t"',
      '"\u2028"',
      "'a'",
    ],
    ...['"\\b\\f\\n\\r\\t\\/\\\\\\""', '"\ud800"', '"é€😀"'],
    ...['[]', '[', ']', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '[1,2]', '[[]]', '[}', '[]]', ' [ ] '],
    ...['{}', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{a:1}', '{"a" :1}', '{"a":1 , "b":2}'],
    ...[
      '{"a":1,"a":2}',
      '{1:1}',
      '{"a"}',
      '{"a":1]',
      '{"__proto__":1}',
      '\ufeff{}',
      '\u00a01',
      '1\n',
      '\v1',
      '/**/1',
    ],
  ])('agrees with JSON.parse on %j', (text) => expect(isJson(text)).toBe(parses(text)));

  it('agrees with JSON.parse on what is almost JSON', () => {
    const json = fc.json({ maxDepth: 4 });
    const damaged = fc
      .tuple(json, fc.nat(), fc.constantFrom(...'[]{}",:\\0-1.eE u\n\0'), fc.boolean())
      .map(([text, at, char, inserts]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + char + text.slice(inserts ? place : place + 1);
      });
    fc.assert(
      fc.property(fc.oneof(json, damaged), (text) => isJson(text) === parses(text)),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('takes any number of levels of %s', (_what, open, close) => {
    expect(isJson(nested(300_000, open, close))).toBe(true);
    expect(isJson(nested(300_000, open, close).slice(0, -1))).toBe(false);
    expect(new JsonScanner(nested(300_000, open, close)).value()).toMatchObject({
      depth: 300_000,
      nodes: 300_001,
    });
  });

  it('takes as many values as the limit, and no more', () => {
    // The array is one of them.
    expect(isJson(`[${'0,'.repeat(MAX_JSON_NODES - 2)}0]`)).toBe(true);
    expect(isJson(`[${'0,'.repeat(MAX_JSON_NODES - 1)}0]`)).toBe(false);
  });
});

it('finds where values begin and end, and of how many values they are made', () => {
  const scanner = new JsonScanner(' { "a" : [1, {"b":"}"}] ,"\\u0062":  -0.0\n} ');
  const found: unknown[] = [];
  scanner.members((name) => found.push([name, scanner.value()]));
  scanner.end();
  expect(found).toEqual([
    ['a', { json: '[1, {"b":"}"}]', nodes: 4, depth: 2 }],
    ['b', { json: '-0.0', nodes: 1, depth: 0 }],
  ]);
});
