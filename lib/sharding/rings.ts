/**
 * Which server has a key: rings. A ring is made for a list of servers and never changes; the same list, in any process and in
 * any language, gives the same places.
 *
 * - **ketama** puts points of each server on a circle of 32 bits, and a key belongs to the next point. Made as libmemcached or
 *   twemproxy make theirs, down to the rounding of weights, so that clients of both kinds share a fleet. A lookup is O(log
 *   points), with 100 or 160 points for each server; making one is O(points log points), 40 MD5s for each server.
 * - **rendezvous** (Thaler and Ravishankar, 1996; weights after Schindler and Schomaker, 2005) gives each pair of key and server
 *   a score, and the key belongs to the best. O(servers) for a lookup, 4 ns for each. Shares are even, and a server that is
 *   added or removed moves no key between others, whatever the weights are.
 *
 * A lookup allocates nothing.
 */

import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { finished, KEY_HASHES, type KeyHash, md5Words, murmur3 } from './key-hashes.js';

/** A server on a ring. */
export interface RingServer {
  /** What places it: `host:port`, as other clients of the fleet write it, or the name that twemproxy's file gives it. */
  readonly name: string;
  /** Its share, relative to the others': a whole number from 1. Default: 1. */
  readonly weight?: number | undefined;
}

/** Finds servers. */
export interface Ring {
  /** The index of the key's server in the list that the ring was made for. */
  locate(key: string): number;
}

/** Makes a ring for at least one server. */
export type RingMaker = (servers: readonly RingServer[]) => Ring;

/** What `ketama` takes. */
export interface KetamaOptions {
  /**
   * - `'weighted'`: as libmemcached with `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`, php-memcached with `OPT_LIBKETAMA_COMPATIBLE`,
   *   pylibmc with `ketama_weighted`.
   * - `'plain'`: as libmemcached with `MEMCACHED_BEHAVIOR_KETAMA`, php-memcached with `DISTRIBUTION_CONSISTENT`. Weights above 1
   *   turn it into the weighted one, as there.
   * - `'twemproxy'`: as twemproxy with `distribution: ketama`.
   *
   * Default: `'weighted'`.
   */
  as?: 'weighted' | 'plain' | 'twemproxy' | undefined;
  /**
   * The hash of keys: libmemcached's `MEMCACHED_BEHAVIOR_HASH`, twemproxy's `hash`. Default: theirs, `'md5'` for weighted,
   * `'one_at_a_time'` for plain, and `'fnv1a_64'` for twemproxy.
   */
  hash?: keyof typeof KEY_HASHES | undefined;
  /** twemproxy's `hash_tag`, as in `'{}'`: only what stands between the two characters is hashed. Default: none. */
  hashTag?: string | undefined;
}

const KETAMA_OPTIONS: ReadonlySet<string> = new Set<keyof KetamaOptions>(['as', 'hash', 'hashTag']);
const DEFAULT_HASHES: Readonly<Record<NonNullable<KetamaOptions['as']>, keyof typeof KEY_HASHES>> = {
  weighted: 'md5',
  plain: 'one_at_a_time',
  twemproxy: 'fnv1a_64',
};

const POINTS_WEIGHTED = 160;
const POINTS_PLAIN = 100;
/** An MD5 has four points. */
const POINTS_PER_DIGEST = 4;
const MAX_WEIGHT = 2 ** 31 - 1;

/** The ring of libmemcached or of twemproxy. Throws `HOTSET_INVALID_OPTION`; so does what it returns, for a server. */
export function ketama(options: KetamaOptions = {}): RingMaker {
  rejectUnknownOptions(options, KETAMA_OPTIONS);
  const { as = 'weighted', hashTag } = options;
  if (!Object.hasOwn(DEFAULT_HASHES, as)) throw invalidOption('as', "'weighted', 'plain' or 'twemproxy'", as);
  const { hash = DEFAULT_HASHES[as] } = options;
  if (!Object.hasOwn(KEY_HASHES, hash)) throw invalidOption('hash', Object.keys(KEY_HASHES).join(', '), hash);
  if (hashTag !== undefined && (typeof hashTag !== 'string' || hashTag.length !== 2))
    throw invalidOption('hashTag', 'two characters', hashTag);
  const hashKey = KEY_HASHES[hash];
  return (list) => {
    const servers = checkedServers(list);
    const isWeighted = as !== 'plain' || servers.some(({ weight }) => weight > 1);
    const points = isWeighted ? weightedPoints(servers, as === 'twemproxy') : plainPoints(servers, hashKey);
    return circle(points, servers.length === 1, hashTag === undefined ? hashKey : tagged(hashKey, hashTag));
  };
}

/**
 * Rendezvous hashing: for a fleet that only hotset's clients use. docs/sharding.md has the arithmetic, for clients in other
 * languages. What it returns throws `HOTSET_INVALID_OPTION` for a server.
 */
export function rendezvous(): RingMaker {
  return (list) => {
    const servers = checkedServers(list);
    const first = Int32Array.from(servers, ({ name }) => murmur3(name, 1));
    const second = Int32Array.from(servers, ({ name }) => murmur3(name, 2));
    const weights = Float64Array.from(servers, ({ weight }) => weight);
    const areEven = weights.every((weight) => weight === weights[0]);
    return {
      locate(key) {
        const hash = murmur3(key, 0);
        let best = 0;
        let bestScore = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < first.length; i++) {
          const drawn = finished(finished(hash ^ first[i]!) ^ second[i]!);
          // The order of the draws is that of the scores where weights are even.
          const score = areEven ? drawn : weights[i]! / -Math.log((drawn + 0.5) / 2 ** 32);
          if (score > bestScore) {
            best = i;
            bestScore = score;
          }
        }
        return best;
      },
    };
  };
}

function checkedServers(servers: readonly RingServer[]): WeightedServer[] {
  if (!Array.isArray(servers) || servers.length === 0)
    throw invalidOption('servers', 'one server or more', servers);
  const names = new Set<string>();
  return servers.map(({ name, weight = 1 }: RingServer) => {
    if (typeof name !== 'string' || name === '' || names.has(name))
      throw invalidOption('name', 'a text that no other server has', name);
    if (!Number.isInteger(weight) || weight < 1 || weight > MAX_WEIGHT)
      throw invalidOption('weight', `a whole number from 1 to ${MAX_WEIGHT}`, weight);
    names.add(name);
    return { name, weight };
  });
}

interface WeightedServer {
  readonly name: string;
  readonly weight: number;
}

interface Point {
  readonly value: number;
  readonly server: number;
}

/** Both leave memcached's own port out. */
function pointText(name: string, number: number): string {
  return `${name.replace(/:11211$/, '')}-${number}`;
}

function plainPoints(servers: readonly RingServer[], hash: KeyHash): Point[] {
  return servers.flatMap(({ name }, server) =>
    Array.from({ length: POINTS_PLAIN }, (_, i) => ({ value: hash(pointText(name, i)), server })),
  );
}

/** Both compute with C's `float`, which decides whether a server has 156 points or 160; twemproxy adds a `double` in between. */
function weightedPoints(servers: readonly WeightedServer[], isTwemproxy: boolean): Point[] {
  const { fround } = Math;
  const total = fround(servers.reduce((sum, { weight }) => sum + weight, 0));
  const words = new Uint32Array(POINTS_PER_DIGEST);
  return servers.flatMap(({ name, weight }, server) => {
    const share = fround(fround(weight) / total);
    const digests = fround(
      fround(fround(share * POINTS_WEIGHTED) / POINTS_PER_DIGEST) * fround(servers.length),
    );
    const count = Math.floor(fround(digests + (isTwemproxy ? 1e-10 : fround(1e-10))));
    return Array.from({ length: count }, (_, i) => {
      md5Words(pointText(name, i), words);
      return Array.from(words, (value) => ({ value, server }));
    }).flat();
  });
}

function circle(points: Point[], isAlone: boolean, hash: KeyHash): Ring {
  points.sort((a, b) => a.value - b.value || a.server - b.server);
  const values = Uint32Array.from(points, ({ value }) => value);
  const servers = Uint32Array.from(points, ({ server }) => server);
  return {
    locate(key) {
      if (isAlone) return 0;
      const wanted = hash(key);
      let low = 0;
      let high = values.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (values[middle]! < wanted) low = middle + 1;
        else high = middle;
      }
      return servers[low === values.length ? 0 : low]!;
    },
  };
}

/** What stands between the first two of these characters, unless that is nothing. */
function tagged(hash: KeyHash, [open, close]: string): KeyHash {
  return (key) => {
    const start = key.indexOf(open!) + 1;
    const end = start === 0 ? -1 : key.indexOf(close!, start);
    return hash(end > start ? key.slice(start, end) : key);
  };
}
