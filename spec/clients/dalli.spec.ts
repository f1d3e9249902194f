/** Ruby's Dalli 3, which speaks the binary protocol: quiet calls in blocks of `multi`, Marshal and zlib for values. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { dalliTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('ruby/dalli_calls.rb', import.meta.url));

describeOnBoth('Dalli', dalliTool(), (target) => {
  it('serves all its calls', async () => {
    expect(await jsonOutputOf('ruby', [CALLS, String(target.port)])).toEqual({
      flush: [true],
      types: {
        text: true,
        empty: true,
        bytes: true,
        integer: true,
        float: true,
        object: true,
        compressed: true,
      },
      get_multi: true,
      'get_multi with a block': [
        ['integer', -42],
        ['text', 'grüße, 世界'],
      ],
      'get of a miss': null,
      fetch: ['one', 'one', 'one'],
      add: [true, false],
      // Dalli's way to say that there is nothing to replace.
      replace: [true, 0],
      append: [true, false],
      prepend: [true, false, 'abc'],
      delete: [true, null],
      incr: [15, null, 10, 11],
      decr: [14, 0, null, 7],
      'incr over 64 bits': ['18446744073709551615', 1],
      'get of a counter': '11',
      'incr of a word': 'Dalli::DalliError',
      cas: [true, 'older', null],
      'cas!': [true, 'nil'],
      'cas that comes late': false,
      get_cas: ['between', true, [null, 0]],
      get_multi_cas: true,
      set_cas: [true, false],
      replace_cas: [true, false],
      delete_cas: [false, true],
      touch: [true, null],
      gat: ['x', null],
      'multi set': true,
      'multi of others': { 'key-201': 'added', 'key-2': 'replaced' },
      big: [true, true],
      // A set that fails takes the old value with it.
      'too big': ['Dalli::DalliError', null],
      gzip: [true, true],
      'a long key': [true, 'v', true, 'v'],
      'a key with spaces': [true, 'v'],
      version: [true],
      stats: [String(64 * 2 ** 20), '64'],
      'stats settings': ['1024', 'on'],
      'stats items': true,
      'stats slabs': true,
      reset_stats: [[true], '0'],
      'get after flush': [[true], null],
      'set after close': [true, 'x'],
    });
  });
});
