import {
  binaryRow,
  countRequest,
  failure,
  hit,
  OPCODE,
  request,
  response,
  storeRequest,
  uint64,
} from '../binary-packet.js';
import { type Table, wire } from '../wire-table.js';

const { get, set, incr, decr, incrq, decrq, noop } = OPCODE;
const MAX = 2n ** 64n - 1n;
/** The exptime that does not let incr and decr create. */
const NO_CREATION = 0xffffffff;
const NOOP = request(noop);
const NOOPED = response(noop);

function counted(opcode: number, value: number | bigint, cas: number, opaque = 0): string {
  return response(opcode, { value: uint64(value), cas, opaque });
}

function stored(cas: number): string {
  return response(set, { cas });
}

/** A stored value and what incr by 0 makes of it. */
function number(value: string, result: number | null) {
  return binaryRow(`a stored ${JSON.stringify(value)}`, [
    [
      [storeRequest(set, 'a', value), countRequest(incr, 'a', 0)],
      [stored(1), result === null ? failure(incr, 'nonNumeric') : counted(incr, result, 2)],
    ],
  ]);
}

export const binaryArithmetic: Table = {
  name: 'binary incr and decr',
  rows: [
    binaryRow('answer with 8 bytes', [
      [
        [
          storeRequest(set, 'a', '10', { flags: 5 }),
          countRequest(incr, 'a', 5, { opaque: 7 }),
          countRequest(decr, 'a', 1),
        ],
        [stored(1), counted(incr, 15, 2, 7), counted(decr, 14, 3)],
      ],
      [request(get, { key: 'a' }), hit(get, '14', { flags: 5, cas: 3 })],
    ]),
    binaryRow('create with the initial value, without the delta', [
      [
        [
          countRequest(incr, 'a', 1, { initial: 10 }),
          countRequest(incr, 'a', 1, { initial: 10 }),
          countRequest(decr, 'b', 1, { initial: 5 }),
        ],
        [counted(incr, 10, 1), counted(incr, 11, 2), counted(decr, 5, 3)],
      ],
      [request(get, { key: 'a' }), hit(get, '11', { cas: 2 })],
    ]),
    binaryRow('do not create with an exptime of all ones', [
      [
        [
          countRequest(incr, 'a', 1, { initial: 10, exptime: NO_CREATION, opaque: 3 }),
          countRequest(decr, 'a', 1, { exptime: NO_CREATION }),
        ],
        [failure(incr, 'notFound', { opaque: 3 }), failure(decr, 'notFound')],
      ],
      [request(get, { key: 'a' }), failure(get, 'notFound')],
    ]),
    binaryRow('count with an exptime of all ones', [
      [
        [storeRequest(set, 'a', '1'), countRequest(incr, 'a', 1, { exptime: NO_CREATION })],
        [stored(1), counted(incr, 2, 2)],
      ],
    ]),
    binaryRow('what they create expires, and what is there keeps its time', [
      [
        [
          countRequest(incr, 'a', 1, { initial: 3, exptime: 2 }),
          storeRequest(set, 'b', '1'),
          countRequest(incr, 'b', 1, { exptime: 1 }),
        ],
        [counted(incr, 3, 1), stored(2), counted(incr, 2, 3)],
      ],
      [2],
      [
        [request(get, { key: 'a' }), request(get, { key: 'b' })],
        [failure(get, 'notFound'), hit(get, '2', { cas: 3 })],
      ],
    ]),
    binaryRow('an initial value of 64 bits', [
      [countRequest(incr, 'a', 1, { initial: MAX }), counted(incr, MAX, 1)],
      [request(get, { key: 'a' }), hit(get, '18446744073709551615', { cas: 1 })],
    ]),
    binaryRow('incr wraps at 2^64', [
      [
        [countRequest(incr, 'a', 1, { initial: MAX }), countRequest(incr, 'a', 1)],
        [counted(incr, MAX, 1), counted(incr, 0, 2)],
      ],
      [countRequest(incr, 'a', MAX), counted(incr, MAX, 3)],
      [countRequest(incr, 'a', 3), counted(incr, 2, 4)],
    ]),
    binaryRow('decr stops at 0', [
      [
        [storeRequest(set, 'a', '5'), countRequest(decr, 'a', 10)],
        [stored(1), counted(decr, 0, 2)],
      ],
      [request(get, { key: 'a' }), hit(get, '0', { cas: 2 })],
    ]),
    binaryRow('64-bit numbers are exact', [
      [
        [
          storeRequest(set, 'a', '9007199254740993000'),
          countRequest(incr, 'a', 1),
          countRequest(decr, 'a', 2n ** 53n + 1n),
        ],
        [
          stored(1),
          counted(incr, 9007199254740993001n, 2),
          counted(decr, 9007199254740993001n - 2n ** 53n - 1n, 3),
        ],
      ],
    ]),
    binaryRow('a number that gets shorter keeps its length', [
      [
        [storeRequest(set, 'a', '10', { flags: 9 }), countRequest(decr, 'a', 1)],
        [stored(1), counted(decr, 9, 2)],
      ],
      [request(get, { key: 'a' }), hit(get, '9 ', { flags: 9, cas: 2 })],
    ]),
    binaryRow('the cas id changes, also for 0', [
      [
        [storeRequest(set, 'a', '1'), countRequest(incr, 'a', 0), countRequest(decr, 'a', 0)],
        [stored(1), counted(incr, 1, 2), counted(decr, 1, 3)],
      ],
    ]),
    binaryRow('a cas id must match', [
      [
        [
          storeRequest(set, 'a', '1'),
          countRequest(incr, 'a', 1, { cas: 9 }),
          countRequest(decr, 'a', 1, { cas: 9 }),
          countRequest(incr, 'a', 1, { cas: 1 }),
        ],
        [stored(1), failure(incr, 'exists'), failure(decr, 'exists'), counted(incr, 2, 2)],
      ],
    ]),
    binaryRow('a cas id means nothing where they create', [
      [countRequest(incr, 'a', 1, { initial: 3, cas: 77 }), counted(incr, 3, 1)],
    ]),
    binaryRow('quiet forms are silent when they count', [
      [
        [
          storeRequest(set, 'a', '1'),
          countRequest(incrq, 'a', 5),
          countRequest(decrq, 'a', 1),
          countRequest(incrq, 'b', 1, { initial: 3 }),
          NOOP,
        ],
        [stored(1), NOOPED],
      ],
      [
        [request(get, { key: 'a' }), request(get, { key: 'b' })],
        [hit(get, '5', { cas: 3 }), hit(get, '3', { cas: 4 })],
      ],
    ]),
    binaryRow('quiet forms tell of failures, under their own opcodes', [
      [
        [
          storeRequest(set, 'a', 'x'),
          countRequest(incrq, 'a', 1, { opaque: 1 }),
          countRequest(decrq, 'b', 1, { exptime: NO_CREATION, opaque: 2 }),
          countRequest(incrq, 'a', 1, { cas: 9, opaque: 3 }),
          NOOP,
        ],
        [
          stored(1),
          failure(incrq, 'nonNumeric', { opaque: 1 }),
          failure(decrq, 'notFound', { opaque: 2 }),
          failure(incrq, 'exists', { opaque: 3 }),
          NOOPED,
        ],
      ],
    ]),
    number('abc', null),
    number('', null),
    number('-5', null),
    number('1.5', null),
    number('18446744073709551616', null),
    number('5 ', 5),
    number(' 5', 5),
    number('005', 5),
    binaryRow('text and binary count together', [
      [countRequest(incr, 'a', 1, { initial: 5 }), counted(incr, 5, 1)],
      [wire('incr a 10|ma a v|get a|'), wire('15|VA 2|16|VALUE a 0 2|16|END|'), 'beside'],
      [countRequest(decr, 'a', 10), counted(decr, 6, 4)],
      [wire('get a|'), wire('VALUE a 0 2|6 |END|'), 'beside'],
    ]),
  ],
};
