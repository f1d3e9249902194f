/** Perl's Cache::Memcached: flags 1 for what Storable froze, 2 for what zlib compressed. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { perlMemcachedTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('perl/calls.pl', import.meta.url));

describeOnBoth("Perl's Cache::Memcached", perlMemcachedTool(), (target) => {
  it('serves all its calls', async () => {
    expect(await jsonOutputOf('perl', [CALLS, String(target.port)])).toEqual({
      types: { text: 1, empty: 1, bytes: 1, number: 1, object: 1 },
      get_multi: 1,
      'get of a miss': null,
      'get_multi of 200 keys': [200, 'value of 200'],
      add: [1, ''],
      replace: [1, ''],
      append: [1, ''],
      prepend: [1, 'abc'],
      delete: [1, '', null],
      remove: [1, null],
      incr: ['15', '16', null],
      decr: ['15', '0', null],
      'incr of a word': null,
      compressed: [1, 1],
      'read uncompressed': 1,
      big: [1, 1],
      // A set that fails takes the old value with it.
      'too big': ['', null],
      namespace: [1, 'spaced', 'spaced', 'hello'],
      'key with a hash': [1, 'x'],
      'expired at once': [1, null],
      stats: [String(64 * 2 ** 20), '64'],
      'stats items': 1,
      'stats slabs': 1,
      'get after flush_all': [1, null],
      'set after disconnect_all': [1, 'x'],
    });
  });
});
