/** Fleets and keys that the rings are compared over, here and in vectors/. */

import { createHash } from 'node:crypto';
import { type KetamaOptions, ketama } from '../../lib/sharding/index.js';

export interface WeightedServer {
  readonly name: string;
  readonly weight: number;
}

export interface Fleet {
  readonly name: string;
  readonly options: KetamaOptions;
  readonly servers: readonly WeightedServer[];
}

const even = (...names: string[]): WeightedServer[] => names.map((name) => ({ name, weight: 1 }));

/** libmemcached's own port and others, names and addresses, also a path: of a Unix socket, whose port is 0. */
const THREE = even('10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.2:11212');
const WEIGHTED: WeightedServer[] = [
  { name: 'cache-a.example:11211', weight: 1 },
  { name: 'cache-b.example:11311', weight: 2 },
  { name: 'cache-c.example:22122', weight: 3 },
  { name: '192.168.7.9:11211', weight: 10 },
  { name: '/run/memcached.sock:0', weight: 1 },
];
/** So many that some have 156 points in libmemcached's and twemproxy's arithmetic. */
const MANY = Array.from({ length: 49 }, (_, i) => ({ name: `10.1.0.${i + 1}:11211`, weight: 1 }));

export const LIBMEMCACHED_FLEETS: readonly Fleet[] = [
  { name: 'weighted, three servers', options: {}, servers: THREE },
  { name: 'weighted, weights', options: {}, servers: WEIGHTED },
  { name: 'weighted, 49 servers', options: {}, servers: MANY },
  { name: 'weighted, fnv1a_64', options: { hash: 'fnv1a_64' }, servers: WEIGHTED },
  { name: 'plain, three servers', options: { as: 'plain' }, servers: THREE },
  { name: 'plain, md5', options: { as: 'plain', hash: 'md5' }, servers: MANY },
  { name: 'plain, fnv1a_64', options: { as: 'plain', hash: 'fnv1a_64' }, servers: THREE },
  { name: 'plain, weights', options: { as: 'plain' }, servers: WEIGHTED },
  { name: 'one server', options: {}, servers: even('localhost:11211') },
];

const NAMED: WeightedServer[] = [
  { name: 'alpha', weight: 1 },
  { name: 'beta', weight: 2 },
  { name: 'gamma', weight: 5 },
];

export const TWEMPROXY_FLEETS: readonly Fleet[] = [
  { name: 'three servers', options: { as: 'twemproxy' }, servers: THREE },
  { name: 'names and weights', options: { as: 'twemproxy' }, servers: NAMED },
  { name: 'md5', options: { as: 'twemproxy', hash: 'md5' }, servers: NAMED },
  { name: 'one_at_a_time', options: { as: 'twemproxy', hash: 'one_at_a_time' }, servers: NAMED },
  { name: 'hash_tag', options: { as: 'twemproxy', hashTag: '{}' }, servers: THREE },
];

/** Some with bytes from 128 on, some with what `hash_tag` looks at, some of the greatest length. */
export function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % 10 === 1) return `müller:${i}:名`;
    if (i % 10 === 2) return `{user:${i % 500}}:part-${i}`;
    if (i % 10 === 3) return `{}${i}{x}`;
    if (i % 10 === 4) return `${'long-'.repeat(40)}${i}`;
    return i % 2 === 0 ? `key-${i}` : `page/${(i * 2654435761) % 4294967296}`;
  });
}

/** The name of each key's server, by hotset. */
export function placesOf({ options, servers }: Fleet, keys: readonly string[]): string[] {
  const ring = ketama(options)(servers);
  return keys.map((key) => servers[ring.locate(key)]!.name);
}

const EXPLICIT = 100;

/** What vectors/ has: a fleet on each line, as JSON, with a hash of all places and a hundred of them in full. */
export function vectorsText(
  fleets: readonly Fleet[],
  keys: readonly string[],
  places: readonly (readonly string[])[],
): string {
  const lines = fleets.map(({ name, options, servers }, fleet) =>
    JSON.stringify({
      name,
      options,
      servers: servers.map((server) => [server.name, server.weight]),
      sha256: sha256(places[fleet]!),
      places: Object.fromEntries(
        keys
          .map((key, i) => [key, places[fleet]![i]!] as const)
          .filter(([key]) => key.length < 100)
          .slice(0, EXPLICIT),
      ),
    }),
  );
  return `${lines.join('\n')}\n`;
}

/** Of the names, a line feed between them. */
export function sha256(places: readonly string[]): string {
  return createHash('sha256').update(places.join('\n')).digest('hex');
}
