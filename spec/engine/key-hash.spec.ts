/** Key hashes: the same for what a Map takes for the same, and spread well enough over tables. */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyHash } from '../../lib/engine/key-hash.js';

const KEYS = 100_000;
const TABLES = 128;

/** The largest of the tables' shares, 1 being the mean. */
function largestShare(keyOf: (i: number) => unknown): number {
  const sizes = new Uint32Array(TABLES);
  for (let i = 0; i < KEYS; i++) sizes[keyHash(keyOf(i)) & (TABLES - 1)]!++;
  return Math.max(...sizes) / (KEYS / TABLES);
}

function hex(i: number): string {
  return createHash('md5').update(`${i}`).digest('hex');
}

function uuid(i: number): string {
  return hex(i).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const padded = (i: number): string => `${i}`.padStart(8, '0');

describe('a key has one hash', () => {
  it.each<[string, unknown, unknown]>([
    ['0 and -0', 0, -0],
    ['NaN and NaN', Number.NaN, Number('x')],
    ['bigints of one value', 12345678901234567890n, BigInt('12345678901234567890')],
    ['negative bigints', -1n, BigInt('-1')],
    [
      'a string joined of two and a whole one',
      `${'user:1234567'}${'8:profile:settings'}`,
      'user:12345678:profile:settings',
    ],
    ['a joined string', ['user:', 12345678, ':profile'].join(''), 'user:12345678:profile'],
    ['a concatenated string', 'user:'.concat(String(12345678), ':profile'), 'user:12345678:profile'],
    [
      'a slice of a longer string',
      `<<<<<<${'user:12345678:profile'}>>>>`.slice(6, 27),
      'user:12345678:profile',
    ],
    ['a slice of a two-byte string', '€€€user:12345678:profile'.slice(3), 'user:12345678:profile'],
    ['a decoded string', Buffer.from('user:12345678:profile').toString(), 'user:12345678:profile'],
    [
      'a decoded two-byte string',
      Buffer.from('schlüssel:€:12345678').toString('utf8'),
      'schlüssel:€:12345678',
    ],
    ['a short slice', 'abcdefgh'.slice(2, 4), 'cd'],
    ['an empty slice', 'abc'.slice(1, 1), ''],
  ])('%s', (_, one, other) => {
    expect(new Map([[one, 1]]).has(other)).toBe(true);
    expect(keyHash(one)).toBe(keyHash(other));
  });

  it.each<[unknown]>([
    [0],
    [-1],
    [2 ** 31],
    [2 ** 53],
    [1e300],
    [0.1],
    [Number.NaN],
    [Infinity],
    [-Infinity],
    [''],
    ['a'],
    ['long'.repeat(1e5)],
    [10n ** 30n],
    [true],
    [false],
    [null],
    [undefined],
    [Symbol('s')],
    [{}],
    [() => 1],
    [[]],
  ])('%s: a whole number of 32 bits, the same each time', (key) => {
    const hash = keyHash(key);
    expect(hash | 0).toBe(hash);
    expect(Object.is(keyHash(key), hash)).toBe(true);
  });

  it('but keys that a Map tells apart mostly have different ones', () => {
    const keys = [0, 1, -1, 0.5, 0.25, 2 ** 32, 2 ** 40, 'a', 'b', 'ab', 'ba', '', true, false, 5n, -5n];
    expect(new Set(keys.map(keyHash)).size).toBeGreaterThanOrEqual(keys.length - 3);
  });
});

describe('over 128 tables', () => {
  it.each<[string, (i: number) => unknown]>([
    ['integers', (i) => i],
    ['negative integers', (i) => -i],
    ['multiples of 256', (i) => i * 256],
    ['multiples of 2^32', (i) => i * 2 ** 32],
    ['milliseconds of a day', (i) => 1.7e12 + i],
    ['halves', (i) => i / 2],
    ['thousandths', (i) => i / 1000],
    ['bigints', (i) => BigInt(i)],
    ['snowflakes', (i) => BigInt(i) << 22n],
    ['counters as text', (i) => `${i}`],
    ['padded counters', padded],
    ['user:N', (i) => `user:${i}`],
    ['user:N:profile', (i) => `user:${i}:profile`],
    ['padded user:N:profile', (i) => `user:${padded(i)}:profile`],
    ['UUIDs', uuid],
    ['session:UUID', (i) => `session:${uuid(i)}`],
    ['session:UUID:data', (i) => `session:${uuid(i)}:data`],
    ['SHA-like hex', hex],
    ['instants', (i) => new Date(1.7e12 + i * 1000).toISOString()],
  ])('%s: none has three times the mean', (_, keyOf) => {
    expect(largestShare(keyOf)).toBeLessThan(3);
  });

  // Await a decision: a sample of twelve characters misses what tells such keys apart. Measured shares: 11 to 128.
  it.each<[string, (i: number) => unknown]>([
    ['bigints that are multiples of 2^32', (i) => BigInt(i) << 32n],
    ['e-mail addresses', (i) => `user${i}@example-company.com`],
    ['URLs', (i) => `https://shop.example.com/api/v2/products/${i}?include=price,stock&currency=EUR`],
    ['queries', (i) => `select * from users where id = ${i} and deleted = false limit 1`],
    ['JSON', (i) => JSON.stringify({ type: 'user', id: i, fields: ['name', 'email'] })],
    ['tenants', (i) => `tenant:${i % 100}:order:${Math.floor(i / 100)}:v1`],
    ['long prefixes', (i) => `my-service:production:eu-west-1:cache:v3:user:${i}:settings:notifications`],
  ])('%s: none has three times the mean', (_, keyOf) => {
    expect(largestShare(keyOf)).toBeLessThan(3);
  });
});
