/** Rings: the published vectors, shares by weight, and what moves when a server comes or goes. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ketama, type RingMaker, rendezvous } from '../../lib/sharding/index.js';
import { murmur3 } from '../../lib/sharding/key-hashes.js';
import { keysOf, LIBMEMCACHED_FLEETS, placesOf, sha256, TWEMPROXY_FLEETS } from './fleets.js';

const RINGS: readonly (readonly [name: string, maker: RingMaker])[] = [
  ['ketama, weighted', ketama()],
  ['ketama, plain', ketama({ as: 'plain' })],
  ['ketama, twemproxy', ketama({ as: 'twemproxy' })],
  ['rendezvous', rendezvous()],
];

const KEYS = keysOf(20_000);
const serversOf = (count: number, network = 0) =>
  Array.from({ length: count }, (_, i) => ({ name: `10.${network}.0.${i + 1}:11211` }));

/** How many of the keys each server has. */
function countsOf(maker: RingMaker, servers: readonly { name: string; weight?: number }[]): number[] {
  const ring = maker(servers);
  const counts = servers.map(() => 0);
  for (const key of KEYS) counts[ring.locate(key)]!++;
  return counts;
}

interface Vector {
  readonly name: string;
  readonly sha256: string;
  readonly places: Readonly<Record<string, string>>;
}

describe.each([
  ['libmemcached', LIBMEMCACHED_FLEETS],
  ['twemproxy', TWEMPROXY_FLEETS],
] as const)('the vectors of %s', (file, fleets) => {
  const path = fileURLToPath(new URL(`vectors/${file}.jsonl`, import.meta.url));
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const vectors = lines.map((line) => JSON.parse(line) as Vector);

  it.each(fleets)('$name', (fleet) => {
    const { places, sha256: hash } = vectors.find(({ name }) => name === fleet.name)!;
    expect(Object.fromEntries(Object.keys(places).map((key) => [key, placesOf(fleet, [key])[0]]))).toEqual(
      places,
    );
    expect(sha256(placesOf(fleet, keysOf(10_000)))).toBe(hash);
  });
});

describe('rendezvous', () => {
  it('places keys as docs/sharding.md says, for ever', () => {
    const servers = ['a:1', 'b:1', 'c:1'].map((name, i) => ({ name, weight: i + 1 }));
    const even = rendezvous()(servers.map(({ name }) => ({ name })));
    const weighted = rendezvous()(servers);
    const keys = ['', 'k', 'key-1', 'key-2', 'key-3', 'grüße', 'x'.repeat(250)];
    expect(keys.map((key) => even.locate(key))).toMatchInlineSnapshot(`
      [
        1,
        0,
        0,
        2,
        2,
        0,
        1,
      ]
    `);
    expect(keys.map((key) => weighted.locate(key))).toMatchInlineSnapshot(`
      [
        1,
        0,
        0,
        2,
        2,
        2,
        1,
      ]
    `);
  });

  it('hashes as MurmurHash3 does', () => {
    // Vectors of Appleby's own program, and of others that are checked with it.
    expect(murmur3('', 1)).toBe(0x514e28b7);
    expect(murmur3('hello', 0)).toBe(0x248bfa47);
    expect(murmur3('hello, world', 0)).toBe(0x149bbb7f);
    expect(murmur3('aaa', 0x9747b28c)).toBe(0x283e0130);
    expect(murmur3('The quick brown fox jumps over the lazy dog', 0)).toBe(0x2e4ff723);
  });

  it('gives every server its share by weight, within what chance allows', () => {
    for (const weights of [Array.from({ length: 50 }, () => 1), [1, 2, 3, 10], [100, 1, 50]]) {
      const servers = serversOf(weights.length).map((server, i) => ({ ...server, weight: weights[i]! }));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [i, count] of countsOf(rendezvous(), servers).entries()) {
        const expected = (KEYS.length * weights[i]!) / total;
        expect(Math.abs(count - expected)).toBeLessThan(4.5 * Math.sqrt(expected));
      }
    }
  });
});

describe.each(RINGS)('%s', (name, maker) => {
  it('moves 1/(N+1) of the keys to a server that is added, and none between others', () => {
    const shares: number[] = [];
    let between = 0;
    for (const count of [2, 3, 5, 10, 20])
      for (let network = 0; network < 4; network++) {
        const servers = serversOf(count + 1, network);
        const [before, after] = [maker(servers.slice(0, -1)), maker(servers)];
        let moved = 0;
        for (const key of KEYS) {
          const place = after.locate(key);
          if (place === before.locate(key)) continue;
          moved++;
          if (place !== count) between++;
        }
        shares.push((moved / KEYS.length) * (count + 1));
      }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.9);
    expect(mean).toBeLessThan(1.1);
    // A circle with 100 or 160 points for a server has arcs of uneven length.
    const [least, most] = name === 'rendezvous' ? [0.9, 1.1] : [0.65, 1.35];
    expect(between).toBe(0);
    expect(Math.min(...shares)).toBeGreaterThan(least!);
    expect(Math.max(...shares)).toBeLessThan(most!);
  });

  it('gives a server with twice the weight about twice the keys', () => {
    const servers = serversOf(4).map((server, i) => ({ ...server, weight: i === 0 ? 2 : 1 }));
    const [heavy, ...others] = countsOf(maker, servers);
    const light = others.reduce((sum, count) => sum + count, 0) / others.length;
    expect(heavy! / light).toBeGreaterThan(1.6);
    expect(heavy! / light).toBeLessThan(2.4);
  });

  it('depends on nothing but names and weights, in their order', () => {
    const servers = serversOf(5);
    const ring = maker(servers);
    const turned = maker(servers.toReversed());
    for (const key of KEYS.slice(0, 2000)) expect(4 - turned.locate(key)).toBe(ring.locate(key));
  });

  it('refuses no servers, names twice or empty, and weights that are none', () => {
    const refused = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
    for (const servers of [
      [],
      [{ name: '' }],
      [{ name: 'a' }, { name: 'a' }],
      [{ name: 'a', weight: 0 }],
      [{ name: 'a', weight: 1.5 }],
      [{ name: 'a', weight: Number.NaN }],
    ])
      expect(() => maker(servers)).toThrow(refused);
  });
});

it('ketama refuses options that it does not have', () => {
  const refused = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
  for (const options of [{ as: 'spy' }, { hash: 'crc32' }, { hashTag: '{' }, { hashtag: '{}' }])
    expect(() => ketama(options as object)).toThrow(refused);
});
