import {
  binaryRow,
  failure,
  hit,
  OPCODE,
  request,
  response,
  storeRequest,
  uint32,
} from '../binary-packet.js';
import type { Row, Table } from '../wire-table.js';

const { get, set, noop } = OPCODE;
const NOOP = request(noop);
const NOOPED = response(noop);
const EXTRAS_8 = '\0'.repeat(8);
const EXTRAS_20 = '\0'.repeat(20);
const GIB = 2 ** 30;

/** A request of a wrong shape, after a good one. */
function malformed(title: string, opcode: number, fields: Parameters<typeof request>[1]): Row {
  return binaryRow(
    title,
    [
      [
        [NOOP, request(opcode, { opaque: 6, ...fields }), NOOP],
        [NOOPED, failure(opcode, 'invalid', { opaque: 6 })],
      ],
    ],
    { closes: true },
  );
}

/** The same shape under several opcodes. */
function malformedAll(
  title: string,
  names: readonly (keyof typeof OPCODE)[],
  fields: Parameters<typeof request>[1],
): Row[] {
  return names.map((name) => malformed(`${name} ${title}`, OPCODE[name], fields));
}

/** A refusal waits for the extras and the key that the header announces, and not for the value. */
function refusedOnceWhole(
  title: string,
  opcode: number,
  status: 'invalid' | 'unknown',
  fields: Parameters<typeof request>[1],
): Row {
  const whole = request(opcode, { opaque: 6, ...fields });
  const end = whole.length - (fields?.value?.length ?? 0);
  return binaryRow(
    `${title} is answered when its extras and its key are there`,
    [
      [[NOOP, whole.slice(0, 24)], [NOOPED]],
      [whole.slice(24, end - 1), ''],
      [whole.slice(end - 1, end), failure(opcode, status, { opaque: 6 })],
    ],
    { closes: true },
  );
}

export const binaryFraming: Table = {
  name: 'binary packets',
  rows: [
    binaryRow('everything pipelined in one packet is answered in order', [
      [
        [
          storeRequest(set, 'a', 'x', { opaque: 1 }),
          request(get, { key: 'a', opaque: 2 }),
          request(noop, { opaque: 3 }),
          request(get, { key: 'b', opaque: 4 }),
        ],
        [
          response(set, { cas: 1, opaque: 1 }),
          hit(get, 'x', { cas: 1, opaque: 2 }),
          response(noop, { opaque: 3 }),
          failure(get, 'notFound', { opaque: 4 }),
        ],
      ],
    ]),
    binaryRow('data type and vbucket mean nothing', [
      [
        [
          storeRequest(set, 'a', 'x', { dataType: 7, status: 0x1234 }),
          request(get, { key: 'a', dataType: 1, status: 0xffff }),
        ],
        [response(set, { cas: 1 }), hit(get, 'x', { cas: 1 })],
      ],
    ]),

    ...malformedAll(
      'with extras',
      ['get', 'getq', 'getk', 'getkq', 'delete', 'deleteq', 'append', 'prepend', 'appendq', 'prependq'],
      {
        extras: uint32(0),
        key: 'a',
      },
    ),
    ...malformedAll('without a key', ['get', 'getk', 'delete', 'append', 'prepend'], {}),
    ...malformedAll('with a value', ['get', 'getq', 'getk', 'getkq', 'delete', 'deleteq'], {
      key: 'a',
      value: 'x',
    }),
    ...malformedAll(
      'without extras',
      [
        'set',
        'add',
        'replace',
        'setq',
        'addq',
        'replaceq',
        'incr',
        'decr',
        'incrq',
        'decrq',
        'touch',
        'gat',
        'gatq',
        'gatk',
        'gatkq',
      ],
      {
        key: 'a',
        value: 'xxxxxxxxxxxxxxxxxxxx',
      },
    ),
    ...malformedAll('without a key', ['set', 'add', 'replace'], { extras: EXTRAS_8, value: 'x' }),
    ...malformedAll('without a key', ['incr', 'decr'], { extras: EXTRAS_20 }),
    ...malformedAll('without a key', ['touch', 'gat'], { extras: uint32(0) }),
    ...malformedAll('with a value', ['incr', 'decr'], { extras: EXTRAS_20, key: 'a', value: 'x' }),
    ...malformedAll(
      'with extras of the wrong length',
      ['set', 'add', 'incr', 'decr', 'touch', 'gat', 'flush', 'flushq'],
      {
        extras: '12345',
        key: 'a',
      },
    ),
    ...malformedAll('with a key', ['noop', 'version', 'quit', 'quitq', 'flush', 'flushq'], { key: 'a' }),
    ...malformedAll('with a value', ['noop', 'version', 'quit'], { value: 'a' }),
    ...malformedAll('with extras', ['noop', 'version', 'quit', 'stat'], { extras: uint32(0) }),
    malformed('a key of 251 bytes', get, { key: 'k'.repeat(251) }),
    malformed('a key of 251 bytes for set', set, { extras: EXTRAS_8, key: 'k'.repeat(251), value: 'x' }),
    malformed('a key of 251 bytes for delete', OPCODE.delete, { key: 'k'.repeat(251) }),

    refusedOnceWhole('noop with extras and a key', noop, 'invalid', { extras: EXTRAS_8, key: 'abc' }),
    refusedOnceWhole('get with extras and a value', get, 'invalid', {
      extras: EXTRAS_8,
      key: 'a',
      value: 'xyz',
    }),
    refusedOnceWhole('set without extras', set, 'invalid', { key: 'abc', value: 'xyz' }),
    refusedOnceWhole('a key of 251 bytes', get, 'invalid', { key: 'k'.repeat(251) }),
    refusedOnceWhole('a body that is shorter than its parts', get, 'unknown', { key: 'abc', bodyLength: 2 }),

    binaryRow(
      'a body that is shorter than key and extras',
      [[request(get, { key: 'abc', bodyLength: 2, opaque: 6 }), failure(get, 'unknown', { opaque: 6 })]],
      { closes: true },
    ),
    binaryRow(
      'a body that is shorter than key and extras of set',
      [[request(set, { extras: EXTRAS_8, key: 'abc', bodyLength: 10 }), failure(set, 'unknown')]],
      { closes: true },
    ),
    binaryRow(
      'a body of more than 1 GiB',
      [
        [
          [NOOP, request(set, { extras: EXTRAS_8, key: 'a', bodyLength: GIB + 1, opaque: 6 })],
          [NOOPED, failure(set, 'invalid', { opaque: 6 })],
        ],
      ],
      { closes: true, not1618: '1.6.18 waits for the data' },
    ),
    binaryRow(
      'a body of almost 4 GiB',
      [
        [
          [NOOP, request(set, { extras: EXTRAS_8, key: 'a', bodyLength: 0xffffffff, opaque: 6 })],
          [NOOPED, failure(set, 'invalid', { opaque: 6 })],
        ],
      ],
      { closes: true, not1618: '1.6.18 takes the length for a negative one' },
    ),

    binaryRow('a wrong magic ends the connection', [[[NOOP, request(noop, { magic: 0x81 }), NOOP], NOOPED]], {
      closes: true,
    }),
    binaryRow('text ends a binary connection', [[`${NOOP}version\r\nversion\r\nversion\r\n`, NOOPED]], {
      closes: true,
    }),
    binaryRow('a first byte of 0x81 is text', [['\x81\0\r\n', 'ERROR\r\n']]),
  ],
};
