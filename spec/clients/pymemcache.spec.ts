/** Python's pymemcache, which asks for no reply by default. */

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/both-servers.js';
import { PYTHON, pymemcacheTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const CALLS = fileURLToPath(new URL('python/pymemcache_calls.py', import.meta.url));
const SERDES = fileURLToPath(new URL('python/pymemcache_serdes.py', import.meta.url));

const RETURNED = {
  set: true,
  get: 'grüße',
  'get of a miss': null,
  'get of a miss with default': 'default',
  set_many: [],
  get_many: { one: '1', two: '2' },
  'add by noreply': [true, '1'],
  'delete by noreply': [true, null],
  delete_many: [true, {}],
  add: [true, false],
  replace: [true, false],
  append: [true, false],
  prepend: [true, '<3!'],
  delete: [true, false],
  incr: [15, null],
  decr: [14, 0, null],
  'incr of a word': 'cannot increment or decrement non-numeric value',
  gets: ['old', true],
  'gets of a miss': [null, null],
  cas: [true, false, null],
  'value after cas': 'new',
  gets_many: [['swap', 'new']],
  touch: [true, false],
  'touch by noreply': true,
  'expired at once': [true, null],
  big: [true, 1_000_000],
  empty: [true, ''],
  'a key of 250 bytes': [true, 'v'],
  'get after flush_all': null,
};

const RETURNED_BY_ONE_SERVER = {
  stats: { limit_maxbytes: 64 * 2 ** 20, pointer_size: 64, accepting_conns: 1 },
  'stats settings': 1024,
  version: 3,
};

describeOnBoth('pymemcache', pymemcacheTool(), (target) => {
  it.each([
    ['Client', { ...RETURNED, ...RETURNED_BY_ONE_SERVER }],
    ['PooledClient', { ...RETURNED, ...RETURNED_BY_ONE_SERVER }],
    ['HashClient', RETURNED],
  ])('serves a %s', async (client, expected) => {
    expect(await jsonOutputOf(PYTHON, [CALLS, String(target.port), client])).toEqual(expected);
  });

  it('keeps the flags that serializers use for types', async () => {
    expect(await jsonOutputOf(PYTHON, [SERDES, String(target.port)])).toEqual({
      'pickle_serde bytes': true,
      'pickle_serde text': true,
      'pickle_serde integer': true,
      'pickle_serde object': true,
      'pickle_serde get_many': true,
      'cas with a serializer': true,
    });
  });
});
