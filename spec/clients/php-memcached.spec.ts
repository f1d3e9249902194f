/** PHP's memcached extension, which libmemcached does the talking for, over both protocols. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth, type Target } from '../support/both-servers.js';
import { phpTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('php/calls.php', import.meta.url));

const RETURNED = {
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
  replace: [true, false],
  append: [true, false],
  prepend: [true, 'abc'],
  // A set that fails takes the old value with it.
  'too big': [false, 'ITEM TOO BIG', false],
  delete: [true, false],
  increment: [15, 15, false],
  decrement: [14, 0],
  'increment of a word': false,
  cas: [true, false, true, 'new'],
  getDelayed: [true, { swap: 'new' }],
  touch: [true, false],
  'set without a reply': true,
  'get after that': 'x',
  'buffered sets': [true, 'ACTION QUEUED', true, 'x'],
  getVersion: [1],
  getStats: [64 * 2 ** 20, 64],
  'getStats settings': 1024,
  flush: [true, false],
  quit: [true, true, 'x'],
};

const RETURNED_OVER_TEXT = {
  ...RETURNED,
  add: [true, false, 'NOT STORED'],
  'increment with an initial value': null,
  'expired at once': [true, false],
};

const RETURNED_OVER_BINARY = {
  ...RETURNED,
  add: [true, false, 'CONNECTION DATA EXISTS'],
  'increment with an initial value': [10, 12],
  // Times have no sign there: -1 is far in the future.
  'expired at once': [true, 'x'],
  getAllKeys: null,
};

describeOnBoth("PHP's memcached extension", phpTool(), (target) => {
  const calls = (protocol: string): Promise<Record<string, unknown>> =>
    jsonOutputOf('php', [CALLS, String(target.port), protocol]);

  it('serves all its calls over the text protocol and keeps the types of values', async () => {
    expect(await calls('text')).toEqual({ ...RETURNED_OVER_TEXT, getAllKeys: keysListed(target) });
  });

  it('serves all its calls over the binary protocol and keeps the types of values', async () => {
    expect(await calls('binary')).toEqual(RETURNED_OVER_BINARY);
  });
});

/** memcached lists only what its upkeep has moved to its cold items by then. */
function keysListed(target: Target): unknown {
  return target.name === 'hotset' ? true : expect.any(Boolean);
}
