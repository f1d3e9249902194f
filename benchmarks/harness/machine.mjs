/** What a figure was taken on: a figure without it says nothing. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';

const NOT_INSTALLED = 'not installed';

const require = createRequire(import.meta.url);

export function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadAverage: os.loadavg().map((load) => Number(load.toFixed(2))),
  };
}

/** Measured against, or measured with. */
const PACKAGES = [
  'lru-cache',
  'mnemonist',
  'lru.min',
  'lru_map',
  'tiny-lru',
  'quick-lru',
  '@isaacs/ttlcache',
  '@cacheable/memory',
  'node-cache',
  'bentocache',
  'cacheable',
  'ioredis',
  'tinybench',
  'esbuild',
];

export function versions() {
  return {
    node: process.version,
    v8: process.versions.v8,
    hotset: packageVersion('../../package.json'),
    ...Object.fromEntries(PACKAGES.map((name) => [name, installedVersion(name)])),
    memcached: memcachedVersion() ?? NOT_INSTALLED,
  };
}

/** The memcached to compare with: `HOTSET_MEMCACHED`, or the one on the path. */
export const MEMCACHED_BINARY = process.env.HOTSET_MEMCACHED ?? 'memcached';

/** Its version, or null. */
export function memcachedVersion() {
  try {
    return execFileSync(MEMCACHED_BINARY, ['-V'], { encoding: 'utf8' })
      .trim()
      .replace(/^memcached /, '');
  } catch {
    return null;
  }
}

/** npm puts a workspace's packages beside the root's own, or below the workspace where versions differ. */
function installedVersion(name) {
  const own = packageVersion(`../node_modules/${name}/package.json`);
  return own === NOT_INSTALLED ? packageVersion(`../../node_modules/${name}/package.json`) : own;
}

function packageVersion(path) {
  try {
    return JSON.parse(readFileSync(require.resolve(path), 'utf8')).version;
  } catch {
    return NOT_INSTALLED;
  }
}
