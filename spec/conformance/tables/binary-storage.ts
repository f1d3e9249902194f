import {
  binaryRow,
  failure,
  hit,
  OPCODE,
  request,
  response,
  storeRequest,
  touchRequest,
} from '../binary-packet.js';
import type { Table } from '../wire-table.js';

const { get, set, add, replace, append, prepend, noop } = OPCODE;
const { setq, addq, replaceq, appendq, prependq } = OPCODE;
const removeq = OPCODE.deleteq;
const remove = OPCODE.delete;

const BIG = 'x'.repeat(2000000);
const NOOP = request(noop);
const NOOPED = response(noop);
const FAR_FUTURE = 0xffffffff;

function getRequest(key: string): string {
  return request(get, { key });
}

function stored(opcode: number, cas: number): string {
  return response(opcode, { cas });
}

export const binaryStorage: Table = {
  name: 'binary storage commands',
  rows: [
    binaryRow('set and get', [
      [storeRequest(set, 'a', 'abc', { flags: 5 }), stored(set, 1)],
      [getRequest('a'), hit(get, 'abc', { flags: 5, cas: 1 })],
    ]),
    binaryRow('an empty value', [
      [
        [storeRequest(set, 'a', ''), getRequest('a')],
        [stored(set, 1), hit(get, '', { cas: 1 })],
      ],
    ]),
    binaryRow('keys and values may hold any bytes', [
      [
        [storeRequest(set, ' \r\n\0\xff|', '\0\r\n\x80|'), getRequest(' \r\n\0\xff|')],
        [stored(set, 1), hit(get, '\0\r\n\x80|', { cas: 1 })],
      ],
    ]),
    binaryRow('flags are 32 bits', [
      [
        [storeRequest(set, 'a', 'x', { flags: 0xffffffff }), getRequest('a')],
        [stored(set, 1), hit(get, 'x', { flags: 0xffffffff, cas: 1 })],
      ],
    ]),
    binaryRow('a key of 250 bytes is good', [
      [
        [storeRequest(set, 'k'.repeat(250), 'x'), getRequest('k'.repeat(250))],
        [stored(set, 1), hit(get, 'x', { cas: 1 })],
      ],
    ]),
    binaryRow('add stores only where nothing is', [
      [
        [
          storeRequest(add, 'a', 'x', { flags: 3 }),
          storeRequest(add, 'a', 'y', { opaque: 7 }),
          getRequest('a'),
        ],
        [stored(add, 1), failure(add, 'exists', { opaque: 7 }), hit(get, 'x', { flags: 3, cas: 1 })],
      ],
    ]),
    binaryRow('replace stores only where something is', [
      [
        [
          storeRequest(replace, 'a', 'x', { opaque: 7 }),
          storeRequest(set, 'a', 'y'),
          storeRequest(replace, 'a', 'z'),
          getRequest('a'),
        ],
        [
          failure(replace, 'notFound', { opaque: 7 }),
          stored(set, 1),
          stored(replace, 2),
          hit(get, 'z', { cas: 2 }),
        ],
      ],
    ]),
    binaryRow('append and prepend keep flags', [
      [
        [
          request(append, { key: 'a', value: 'x', opaque: 1 }),
          request(prepend, { key: 'a', value: 'x', opaque: 2 }),
        ],
        [failure(append, 'notStored', { opaque: 1 }), failure(prepend, 'notStored', { opaque: 2 })],
      ],
      [
        [
          storeRequest(set, 'a', 'mm', { flags: 7 }),
          request(append, { key: 'a', value: 'zz' }),
          request(prepend, { key: 'a', value: 'aa' }),
          getRequest('a'),
        ],
        [stored(set, 1), stored(append, 2), stored(prepend, 3), hit(get, 'aammzz', { flags: 7, cas: 3 })],
      ],
    ]),
    binaryRow('append of nothing changes the cas id', [
      [
        [storeRequest(set, 'a', 'x'), request(append, { key: 'a' }), getRequest('a')],
        [stored(set, 1), stored(append, 2), hit(get, 'x', { cas: 2 })],
      ],
    ]),
    binaryRow('append keeps the exptime', [
      [
        [
          storeRequest(set, 'a', 'x', { exptime: 2 }),
          request(append, { key: 'a', value: 'y' }),
          getRequest('a'),
        ],
        [stored(set, 1), stored(append, 2), hit(get, 'xy', { cas: 2 })],
      ],
      [2],
      [getRequest('a'), failure(get, 'notFound')],
    ]),

    binaryRow('set with a cas id', [
      [
        [storeRequest(set, 'a', 'x', { cas: 5, opaque: 9 }), storeRequest(set, 'a', 'x')],
        [failure(set, 'notFound', { opaque: 9 }), stored(set, 1)],
      ],
      [
        [
          storeRequest(set, 'a', 'y', { cas: 9, opaque: 8 }),
          storeRequest(set, 'a', 'z', { cas: 1 }),
          storeRequest(set, 'a', 'w', { cas: 1 }),
          getRequest('a'),
        ],
        [
          failure(set, 'exists', { opaque: 8 }),
          stored(set, 2),
          failure(set, 'exists'),
          hit(get, 'z', { cas: 2 }),
        ],
      ],
    ]),
    binaryRow('replace with a cas id', [
      [
        [storeRequest(replace, 'a', 'x', { cas: 5 }), storeRequest(set, 'a', 'x')],
        [failure(replace, 'notFound'), stored(set, 1)],
      ],
      [
        [storeRequest(replace, 'a', 'y', { cas: 9 }), storeRequest(replace, 'a', 'z', { cas: 1 })],
        [failure(replace, 'exists'), stored(replace, 2)],
      ],
    ]),
    binaryRow('add with a cas id stores where the id matches', [
      [
        [storeRequest(add, 'a', 'x', { cas: 4 }), storeRequest(set, 'a', 'x')],
        [failure(add, 'notFound'), stored(set, 1)],
      ],
      [
        [storeRequest(add, 'a', 'y', { cas: 1 }), getRequest('b')],
        [stored(add, 2), failure(get, 'notFound')],
      ],
    ]),
    binaryRow('append and prepend with a cas id', [
      [
        [request(append, { key: 'a', value: 'x', cas: 5 }), storeRequest(set, 'a', 'm')],
        [failure(append, 'notStored'), stored(set, 1)],
      ],
      [
        [
          request(append, { key: 'a', value: 'z', cas: 9 }),
          request(append, { key: 'a', value: 'z', cas: 1 }),
        ],
        [failure(append, 'exists'), stored(append, 2)],
      ],
      [
        [
          request(prepend, { key: 'a', value: 'a', cas: 1 }),
          request(prepend, { key: 'a', value: 'a', cas: 2 }),
          getRequest('a'),
        ],
        [failure(prepend, 'exists'), stored(prepend, 3), hit(get, 'amz', { cas: 3 })],
      ],
    ]),
    binaryRow('a cas id takes 64 bits', [
      [
        [
          storeRequest(set, 'a', 'x'),
          storeRequest(set, 'a', 'y', { cas: 0x1_0000_0001n }),
          storeRequest(set, 'a', 'y', { cas: 2n ** 64n - 1n }),
        ],
        [stored(set, 1), failure(set, 'exists'), failure(set, 'exists')],
      ],
    ]),

    binaryRow('quiet forms are silent when they store', [
      [
        [
          storeRequest(setq, 'a', 'm', { opaque: 1 }),
          storeRequest(addq, 'b', 'x', { opaque: 2 }),
          storeRequest(replaceq, 'b', 'y', { opaque: 3 }),
          request(appendq, { key: 'a', value: 'z', opaque: 4 }),
          request(prependq, { key: 'a', value: 'a', opaque: 5 }),
          NOOP,
        ],
        NOOPED,
      ],
      [
        [getRequest('a'), getRequest('b')],
        [hit(get, 'amz', { cas: 5 }), hit(get, 'y', { cas: 3 })],
      ],
    ]),
    binaryRow('quiet forms tell of failures, under their own opcodes', [
      [
        [
          storeRequest(set, 'a', 'x'),
          storeRequest(addq, 'a', 'y', { opaque: 1 }),
          storeRequest(replaceq, 'b', 'y', { opaque: 2 }),
          request(appendq, { key: 'b', value: 'y', opaque: 3 }),
          request(prependq, { key: 'b', value: 'y', opaque: 4 }),
          storeRequest(setq, 'a', 'y', { cas: 9, opaque: 5 }),
          storeRequest(setq, 'b', 'y', { cas: 9, opaque: 6 }),
          request(appendq, { key: 'a', value: 'y', cas: 9, opaque: 7 }),
          NOOP,
        ],
        [
          stored(set, 1),
          failure(addq, 'exists', { opaque: 1 }),
          failure(replaceq, 'notFound', { opaque: 2 }),
          failure(appendq, 'notStored', { opaque: 3 }),
          failure(prependq, 'notStored', { opaque: 4 }),
          failure(setq, 'exists', { opaque: 5 }),
          failure(setq, 'notFound', { opaque: 6 }),
          failure(appendq, 'exists', { opaque: 7 }),
          NOOPED,
        ],
      ],
    ]),

    binaryRow('delete', [
      [
        [
          request(remove, { key: 'a', opaque: 3 }),
          storeRequest(set, 'a', 'x'),
          request(remove, { key: 'a', opaque: 4 }),
          getRequest('a'),
        ],
        [
          failure(remove, 'notFound', { opaque: 3 }),
          stored(set, 1),
          response(remove, { opaque: 4 }),
          failure(get, 'notFound'),
        ],
      ],
    ]),
    binaryRow('delete with a cas id', [
      [
        [
          storeRequest(set, 'a', 'x'),
          request(remove, { key: 'a', cas: 9 }),
          getRequest('a'),
          request(remove, { key: 'a', cas: 1 }),
          request(remove, { key: 'a', cas: 1 }),
        ],
        [
          stored(set, 1),
          failure(remove, 'exists'),
          hit(get, 'x', { cas: 1 }),
          response(remove),
          failure(remove, 'notFound'),
        ],
      ],
    ]),
    binaryRow('deleteq', [
      [
        [
          storeRequest(set, 'a', 'x'),
          request(removeq, { key: 'a', cas: 9, opaque: 1 }),
          request(removeq, { key: 'a' }),
          request(removeq, { key: 'a', opaque: 2 }),
          NOOP,
        ],
        [
          stored(set, 1),
          failure(removeq, 'exists', { opaque: 1 }),
          failure(removeq, 'notFound', { opaque: 2 }),
          NOOPED,
        ],
      ],
    ]),

    binaryRow('an item is gone when its exptime has passed', [
      [
        [storeRequest(set, 'a', 'x', { exptime: 2 }), storeRequest(set, 'b', 'x'), getRequest('a')],
        [stored(set, 1), stored(set, 2), hit(get, 'x', { cas: 1 })],
      ],
      [2],
      [
        [getRequest('a'), getRequest('b')],
        [failure(get, 'notFound'), hit(get, 'x', { cas: 2 })],
      ],
    ]),
    binaryRow('exptimes are unsigned, and Unix times above 30 days', [
      [
        [
          storeRequest(set, 'a', 'x', { exptime: FAR_FUTURE }),
          getRequest('a'),
          storeRequest(set, 'b', 'x', { exptime: 0x80000000 }),
          getRequest('b'),
        ],
        [stored(set, 1), hit(get, 'x', { cas: 1 }), stored(set, 2), hit(get, 'x', { cas: 2 })],
      ],
      [
        [
          storeRequest(set, 'c', 'x', { exptime: 2592001 }),
          getRequest('c'),
          storeRequest(set, 'd', 'x', { exptime: 2000000000 }),
          getRequest('d'),
        ],
        [stored(set, 3), failure(get, 'notFound'), stored(set, 4), hit(get, 'x', { cas: 4 })],
      ],
    ]),
    binaryRow('touch with the largest exptime keeps the item', [
      [
        [
          storeRequest(set, 'a', 'x', { exptime: 5 }),
          touchRequest(OPCODE.touch, 'a', FAR_FUTURE),
          getRequest('a'),
        ],
        [stored(set, 1), hit(OPCODE.touch, '', { cas: 1 }), hit(get, 'x', { cas: 1 })],
      ],
    ]),

    binaryRow(
      'a too large set takes the old value with it',
      [
        [
          [storeRequest(set, 'a', 'x'), storeRequest(set, 'a', BIG, { opaque: 6 }), getRequest('a')],
          [stored(set, 1), failure(set, 'tooLarge', { opaque: 6 }), failure(get, 'notFound')],
        ],
      ],
      { wholeOnly: true },
    ),
    binaryRow(
      'too large data of the other commands leaves it',
      [
        [
          [
            storeRequest(set, 'a', 'x'),
            storeRequest(add, 'a', BIG),
            storeRequest(replace, 'a', BIG),
            request(append, { key: 'a', value: BIG }),
          ],
          [
            stored(set, 1),
            failure(add, 'tooLarge'),
            failure(replace, 'tooLarge'),
            failure(append, 'tooLarge'),
          ],
        ],
        [getRequest('a'), hit(get, 'x', { cas: 1 })],
      ],
      { wholeOnly: true },
    ),
    binaryRow(
      'a too large setq is told',
      [
        [
          [storeRequest(setq, 'a', BIG, { opaque: 6 }), NOOP],
          [failure(setq, 'tooLarge', { opaque: 6 }), NOOPED],
        ],
      ],
      { wholeOnly: true },
    ),
    binaryRow(
      'an append that would be too large is not stored',
      [
        [
          [
            storeRequest(set, 'a', 'x'.repeat(700000)),
            request(append, { key: 'a', value: 'x'.repeat(700000) }),
          ],
          [stored(set, 1), failure(append, 'notStored')],
        ],
      ],
      { wholeOnly: true },
    ),
    binaryRow('30 days are relative', [
      [storeRequest(set, 'a', 'x', { exptime: 2592000 }), stored(set, 1)],
      [2591999],
      [getRequest('a'), hit(get, 'x', { cas: 1 })],
      [1],
      [getRequest('a'), failure(get, 'notFound')],
    ]),
    binaryRow('what has expired is not there', [
      [
        [
          storeRequest(set, 'a', 'x', { exptime: 2592001 }),
          request(append, { key: 'a', value: 'y' }),
          storeRequest(replace, 'a', 'y'),
          request(remove, { key: 'a' }),
          touchRequest(OPCODE.touch, 'a', 0),
          storeRequest(add, 'a', 'z'),
        ],
        [
          stored(set, 1),
          failure(append, 'notStored'),
          failure(replace, 'notFound'),
          failure(remove, 'notFound'),
          failure(OPCODE.touch, 'notFound'),
          stored(add, 2),
        ],
      ],
    ]),
    binaryRow('a value is there when all of its packet is', [
      [storeRequest(set, 'a', 'abc').slice(0, -1), ''],
      [getRequest('a'), failure(get, 'notFound'), 'beside'],
      ['c', stored(set, 1)],
      [getRequest('a'), hit(get, 'abc', { cas: 1 }), 'beside'],
    ]),
    binaryRow('a cas id must match when all of the packet is there', [
      [storeRequest(set, 'a', 'x'), stored(set, 1)],
      [storeRequest(set, 'a', 'z', { cas: 1 }).slice(0, -1), ''],
      [storeRequest(set, 'a', 'y'), stored(set, 2), 'beside'],
      ['z', failure(set, 'exists')],
    ]),
  ],
};
