/** What a user gets from the built package. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
};

function node(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

it('names what it exports', () => {
  expect(Object.keys(manifest.exports)).toEqual(['.', './loading', './tcp', './snapshot', './package.json']);
  expect(
    node('--input-type=module', '-e', "console.log(Object.keys(await import('hotset')).sort().join())"),
  ).toBe(
    'CacheEngine,CoarseClock,DEFAULT_MAX_BYTES,ERROR_CODES,HotsetError,ManualClock,TickingClock,systemClock',
  );
  expect(
    node(
      '--input-type=module',
      '-e',
      "console.log(Object.keys(await import('hotset/loading')).sort().join())",
    ),
  ).toBe('DEFAULT_MAX_FLIGHTS,DEFAULT_MAX_NEGATIVES,LoadingCache,ManualScheduler,memoize,systemScheduler');
  expect(
    node('--input-type=module', '-e', "console.log(Object.keys(await import('hotset/tcp')).sort().join())"),
  ).toBe('BYTES_FLAGS,JSON_FLAGS,SharedCache,TEXT_FLAGS,createTcpServer,createWireEngine,keyText,wireKey');
  expect(
    node(
      '--input-type=module',
      '-e',
      "console.log(Object.keys(await import('hotset/snapshot')).sort().join())",
    ),
  ).toBe('loadSnapshot,saveSnapshot');
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
