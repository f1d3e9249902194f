/** Python's pylibmc, which libmemcached does the talking for, over both protocols. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { PYTHON, pylibmcTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('python/pylibmc_calls.py', import.meta.url));

/** What pylibmc says in other words, depending on the protocol. */
const WORDINGS = {
  text: { 'replace of a miss': false, 'incr of a word': 'ClientError' },
  binary: { 'replace of a miss': 'NotFound', 'incr of a word': 'UnknownReadFailure' },
} as const;

describeOnBoth('pylibmc', pylibmcTool(), (target) => {
  it.each(['text', 'binary'] as const)('serves all its calls over the %s protocol', async (protocol) => {
    expect(await jsonOutputOf(PYTHON, [CALLS, String(target.port), protocol])).toEqual({
      flush_all: true,
      types: {
        text: true,
        empty: true,
        bytes: true,
        integer: true,
        long: true,
        float: true,
        true: true,
        object: true,
      },
      'get_multi of types': true,
      'get of a miss': [null, 'default'],
      set_multi: [],
      get_multi: { 1: 'one', 2: 'two' },
      add_multi: ['2'],
      'get_multi after that': { 1: 'one', 2: 'two', 3: 'three' },
      delete_multi: true,
      'delete_multi again': false,
      '500 keys': [[], true, true],
      add: [true, false],
      replace: true,
      append: [true, false],
      prepend: [true, false, 'abc'],
      delete: [true, false, false],
      incr: [15, 15, 'NotFound'],
      decr: [14, 0, 'NotFound'],
      incr_multi: { a: 11, b: 12 },
      gets: ['old', true, [null, null]],
      cas: [true, false, 'new'],
      'cas of a miss': 'NotFound',
      touch: [true, false],
      compressed: [true, true, true, true],
      big: [true, true],
      // A set that fails takes the old value with it.
      'too big': ['TooBig', null],
      'a key of 250 bytes': [true, 'v'],
      'as a mapping': [false, true, 'new'],
      get_stats: [true, 64 * 2 ** 20],
      ketama: [true, 'x', 'x'],
      ketama_weighted: [true, 'y', 'y'],
      clone: 'new',
      pool: 'new',
      'get after flush_all': [true, null],
      'set after disconnect_all': [true, 'x'],
      ...WORDINGS[protocol],
    });
  });
});
