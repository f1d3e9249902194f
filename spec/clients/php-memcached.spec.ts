/** PHP's memcached extension, which libmemcached does the talking for. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { phpTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('php/calls.php', import.meta.url));

describeOnBoth("PHP's memcached extension", phpTool(), (target) => {
  it('serves all its calls and keeps the types of values', async () => {
    expect(await jsonOutputOf('php', [CALLS, String(target.port)])).toEqual({
      types: {
        text: true,
        empty: true,
        int: true,
        float: true,
        true: true,
        false: true,
        array: true,
        compressed: true,
      },
      getMulti: true,
      setMulti: [true, { one: 1, two: 'zwei' }],
      deleteMulti: { one: true, none: 16 },
      'get of a miss': [false, true],
      'get with a callback': 'made for made',
      'get of what was made': 'made for made',
      add: [true, false, true],
      replace: [true, false],
      append: [true, false],
      prepend: [true, 'abc'],
      delete: [true, false],
      increment: [15, 15, false],
      decrement: [14, 0],
      cas: [true, false, true, 'new'],
      touch: [true, false],
      'expired at once': [true, false],
      getVersion: [1],
      getStats: [64 * 2 ** 20, 64],
      // memcached lists only what its upkeep has moved to its cold items by then.
      getAllKeys: target.name === 'hotset' ? true : expect.any(Boolean),
      flush: [true, false],
    });
  });
});
