/** What a user gets from the built package. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VERSION } from '../../lib/version.js';

const ROOT = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
  dependencies?: object;
  peerDependencies: object;
  peerDependenciesMeta: object;
};

function node(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** entry -> what its module exports, types aside. */
const ENTRIES: Readonly<Record<string, string>> = {
  '.': 'CacheEngine,CoarseClock,DEFAULT_MAX_BYTES,ERROR_CODES,HotsetError,ManualClock,monotonicClock,systemClock',
  './loading':
    'DEFAULT_MAX_FLIGHTS,DEFAULT_MAX_NEGATIVES,LoadingCache,ManualScheduler,memoize,systemScheduler',
  './memcached': 'BYTES_FLAGS,JSON_FLAGS,TEXT_FLAGS',
  './tcp': 'createTcpServer',
  './websocket': 'attachWebSocket',
  './client': 'HotsetClient',
  './http': 'DEFAULT_HTTP_PORT,createHttpServer,createMetrics',
  './live-view': 'attachLiveView',
  './snapshot': 'loadSnapshot,saveSnapshot',
  './shared': 'SharedStore',
  './sharding': 'FleetClient,ketama,rendezvous,shardedTier',
  './tiered':
    'InvalidationBus,MemcachedClient,TieredCache,clientInvalidations,clientTier,keyvTier,loadLeases,memcachedTier,redisPubSub,redisTier,redisTracking',
  './express': 'responseCache',
  './express-rate-limit': 'HotsetRateLimitStore',
  './express-session': 'HotsetSessionStore',
  './fastify': 'fastifyResponseCache',
  './keyv': 'KeyvHotset',
  './opentelemetry': 'observe,traceLoads',
  './redis': 'HotsetClientSideCache,HotsetPooledClientSideCache',
  './undici': 'HotsetCacheStore',
  './unstorage': 'default,hotsetDriver',
};

/** `./loading` → `hotset/loading`. */
const nameOf = (entry: string): string => entry.replace('.', 'hotset');

it('writes exports of package.json and jsr.json from one table: npm run exports', () => {
  node('scripts/entries.mjs', '--check');
});

it('names what it exports', () => {
  expect(Object.keys(manifest.exports)).toEqual([...Object.keys(ENTRIES), './package.json']);
  const script = `
    const names = ${JSON.stringify(Object.keys(ENTRIES).map(nameOf))};
    console.log(JSON.stringify(await Promise.all(names.map(async (name) => Object.keys(await import(name)).sort().join()))));`;
  expect(JSON.parse(node('--input-type=module', '-e', script))).toEqual(Object.values(ENTRIES));
});

it('has the same classes and functions for import and for require, in one process', () => {
  const script = `
    import { createRequire } from 'node:module';
    const require = createRequire(process.cwd() + '/x.js');
    for (const name of ${JSON.stringify(Object.keys(ENTRIES).map(nameOf))}) {
      const imported = await import(name);
      const required = require(name);
      for (const key of new Set([...Object.keys(imported), ...Object.keys(required)]))
        if (imported[key] !== required[key]) console.log(name, key);
    }
    const { HotsetError } = await import('hotset');
    try {
      new (require('hotset/loading').LoadingCache)(new (require('hotset').CacheEngine)(), { nothing: 1 });
    } catch (error) {
      console.log(error instanceof HotsetError);
    }`;
  expect(node('--input-type=module', '-e', script)).toBe('true');
});

it('packs what entries need, no module that only the build uses, and no reference to a source map', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const entries = (JSON.stringify(manifest.exports).match(/\.\/dist\/[^"]+/g) ?? []).map((path) =>
    path.slice(2),
  );
  expect(paths).toEqual(expect.arrayContaining(entries));
  const code = paths.filter((path) => /\.[cm]?js$/.test(path));
  expect(code.filter((path) => !path.startsWith('dist/chunks/')).toSorted()).toEqual(
    [
      ...entries.filter((path) => !path.startsWith('dist/types/')),
      'dist/cli/main.js',
      'dist/client/browser.js',
    ].toSorted(),
  );
  expect(paths.filter((path) => path.endsWith('.map'))).toEqual([]);
  const texts = paths
    .filter((path) => path.startsWith('dist/'))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'));
  expect(texts.filter((text) => text.includes('sourceMappingURL='))).toEqual([]);
});

it('needs no other package for the core, and says which are optional', () => {
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.peerDependenciesMeta)).toEqual(Object.keys(manifest.peerDependencies));
});

it('knows its version', () => {
  expect(VERSION).toBe(manifest.version);
});

it('loads no network code with the core', () => {
  const loaded = node(
    '--input-type=module',
    '-e',
    "const before = new Set(process.moduleLoadList); await import('hotset'); console.log(process.moduleLoadList.filter((name) => !before.has(name)).join())",
  );
  expect(loaded.split(',')).not.toContainEqual(
    expect.stringMatching(/NativeModule (net|tls|http|dgram|dns)$/),
  );
});

it('does not keep a process alive', () => {
  const script =
    "const { CacheEngine } = await import('hotset'); const c = new CacheEngine({ ttlMs: 1e6 }); c.set('a', 1); console.log(c.get('a'))";
  expect(node('--input-type=module', '-e', script)).toBe('1');
});
