/** Go's gomemcache, which asks with `gets` for every Get. Compiled once for both servers. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { GO_WITH_DEBIAN_SOURCES, gomemcacheTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';
import { outputOf } from '../support/run-command.js';

const SOURCE = fileURLToPath(new URL('go/calls.go', import.meta.url));
const MISS = [null, 'memcache: cache miss'];
const BAD_KEY = 'malformed: key is too long or contains invalid characters';

let directory: string | undefined;
let calls: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  calls = join(directory, 'calls');
  const cache = `GOCACHE=${join(directory, 'cache')}`;
  await outputOf('env', [cache, ...GO_WITH_DEBIAN_SOURCES, 'build', '-o', calls, SOURCE]);
});
afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describeOnBoth('gomemcache', gomemcacheTool(), (target) => {
  it('serves all its calls', async () => {
    expect(await jsonOutputOf(calls, [String(target.port)])).toEqual({
      FlushAll: null,
      Set: null,
      Get: ['grüße\r\nEND\r\n', 0xfedcba98],
      'Get of a miss': MISS,
      empty: [null, ['', 0]],
      big: [null, true],
      // A set that fails takes the old value with it.
      'too big': [
        'memcache: unexpected response line from "set": "SERVER_ERROR object too large for cache\\r\\n"',
        MISS,
      ],
      'malformed keys': [BAD_KEY, BAD_KEY],
      'a key of 250 bytes': [null, ['v', 0]],
      GetMulti: [200, 'value of 199', null],
      Add: [null, 'memcache: item not stored'],
      Replace: [null, 'memcache: item not stored', ['c', 0]],
      Delete: [null, 'memcache: cache miss'],
      Increment: [
        [15, null],
        [0, 'memcache: cache miss'],
      ],
      Decrement: [
        [14, null],
        [0, null],
        [0, 'memcache: cache miss'],
      ],
      'Increment over 64 bits': [1, null],
      'Increment of a word': [0, 'memcache: client error: cannot increment or decrement non-numeric value'],
      CompareAndSwap: [null, 'memcache: compare-and-swap conflict', 'memcache: cache miss', ['new', 0]],
      Touch: [null, 'memcache: cache miss'],
      'expired at once': [null, MISS],
      '400 increments at once': ['400', 0],
      DeleteAll: [null, MISS],
      'Get after FlushAll': [null, MISS],
    });
  });
});
