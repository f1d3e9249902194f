/** Python's python-memcached (the module `memcache`): flags 1 pickle, 2 integer, 8 compressed, 16 text. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { PYTHON, pythonMemcachedTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('python/python_memcached_calls.py', import.meta.url));

describeOnBoth('python-memcached', pythonMemcachedTool(), (target) => {
  it('serves all its calls', async () => {
    expect(await jsonOutputOf(PYTHON, [CALLS, String(target.port)])).toEqual({
      types: { text: true, bytes: true, integer: true, object: true, true: true },
      'get of a miss': null,
      set_multi: [],
      get_multi: { 1: 'one', 2: 'two' },
      delete_multi: 1,
      'get_multi after that': {},
      'set_multi noreply': [[], 'three'],
      add: [true, false],
      replace: [true, false],
      append: [true, false],
      prepend: [true, 'abc'],
      delete: [1, null],
      incr: [15, null],
      decr: [14, 0],
      cas: [true, false, 'new'],
      touch: [1, 0],
      compressed: [true, 100_000],
      get_stats: String(64 * 2 ** 20),
      'get_stats settings': '1024',
      'get after flush_all': null,
    });
  });
});
