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
  './snapshot': 'loadSnapshot,saveSnapshot',
  './shared': 'SharedStore',
};

it('names what it exports', () => {
  expect(Object.keys(manifest.exports)).toEqual([...Object.keys(ENTRIES), './package.json']);
  for (const [entry, names] of Object.entries(ENTRIES)) {
    const script = `console.log(Object.keys(await import('${entry.replace('.', 'hotset')}')).sort().join())`;
    expect(node('--input-type=module', '-e', script)).toBe(names);
  }
});

it('packs the entries, and no module that only the build uses', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  const modules = files.map(({ path }) => path).filter((path) => path.endsWith('.js'));
  const entries = Object.keys(ENTRIES).map((entry) => join('dist', entry, 'index.js'));
  expect(modules.filter((path) => !path.startsWith('dist/chunks/')).toSorted()).toEqual(
    [...entries, 'dist/cli/main.js', 'dist/client/browser.js'].toSorted(),
  );
});

it('knows its version', () => {
  expect(VERSION).toBe(manifest.version);
});

it('can be required', () => {
  expect(node('-e', "console.log(typeof require('hotset').CacheEngine)")).toBe('function');
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
