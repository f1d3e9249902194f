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
import { type Table, wire } from '../wire-table.js';

const { get, getq, getk, getkq, set, setq, noop, touch, gat, gatq, gatk, gatkq } = OPCODE;
const NOOP = request(noop);
const NOOPED = response(noop);
const NEVER = 0;

/** Text on a second connection. */
function text(send: string, reply: string) {
  return [wire(send), wire(reply), 'beside'] as const;
}

/** A miss that is told with the key in the place of the text. */
function missWithKey(opcode: number, key: string, opaque = 0): string {
  return response(opcode, { status: 1, key, opaque });
}

export const binaryRetrieval: Table = {
  name: 'binary retrieval and touch',
  rows: [
    binaryRow('get and getk', [
      [storeRequest(set, 'a', 'abc', { flags: 5 }), response(set, { cas: 1 })],
      [
        [request(get, { key: 'a', opaque: 1 }), request(getk, { key: 'a', opaque: 2 })],
        [
          hit(get, 'abc', { flags: 5, cas: 1, opaque: 1 }),
          hit(getk, 'abc', { key: 'a', flags: 5, cas: 1, opaque: 2 }),
        ],
      ],
    ]),
    binaryRow('a miss of get has a text, one of getk the key', [
      [
        [request(get, { key: 'b', opaque: 0xdeadbeef }), request(getk, { key: 'bb', opaque: 0xffffffff })],
        [failure(get, 'notFound', { opaque: 0xdeadbeef }), missWithKey(getk, 'bb', 0xffffffff)],
      ],
    ]),
    binaryRow('getq and getkq are silent on a miss', [
      [
        [
          storeRequest(set, 'a', 'x'),
          request(getq, { key: 'a', opaque: 1 }),
          request(getkq, { key: 'a', opaque: 2 }),
          request(getq, { key: 'b' }),
          request(getkq, { key: 'b' }),
          NOOP,
        ],
        [
          response(set, { cas: 1 }),
          hit(getq, 'x', { cas: 1, opaque: 1 }),
          hit(getkq, 'x', { key: 'a', cas: 1, opaque: 2 }),
          NOOPED,
        ],
      ],
    ]),
    binaryRow('a pipeline of quiet gets ends with noop', [
      [[storeRequest(setq, 'a', '1'), storeRequest(setq, 'c', '3')], []],
      [
        [
          ...['a', 'b', 'c', 'd', 'a'].map((key, opaque) => request(getkq, { key, opaque })),
          request(noop, { opaque: 99 }),
        ],
        [
          hit(getkq, '1', { key: 'a', cas: 1, opaque: 0 }),
          hit(getkq, '3', { key: 'c', cas: 2, opaque: 2 }),
          hit(getkq, '1', { key: 'a', cas: 1, opaque: 4 }),
          response(noop, { opaque: 99 }),
        ],
      ],
    ]),
    binaryRow('the cas id of a get means nothing', [
      [
        [storeRequest(set, 'a', 'x'), request(get, { key: 'a', cas: 77 })],
        [response(set, { cas: 1 }), hit(get, 'x', { cas: 1 })],
      ],
    ]),

    binaryRow('touch answers with the flags', [
      [
        [
          touchRequest(touch, 'a', NEVER, { opaque: 4 }),
          storeRequest(set, 'a', 'x', { flags: 3 }),
          touchRequest(touch, 'a', 100, { opaque: 5 }),
        ],
        [
          failure(touch, 'notFound', { opaque: 4 }),
          response(set, { cas: 1 }),
          hit(touch, '', { flags: 3, cas: 1, opaque: 5 }),
        ],
      ],
    ]),
    binaryRow('touch changes the exptime', [
      [
        [
          storeRequest(set, 'a', 'x', { exptime: 1 }),
          storeRequest(set, 'b', 'y'),
          touchRequest(touch, 'a', 100),
          touchRequest(touch, 'b', 2),
        ],
        [
          response(set, { cas: 1 }),
          response(set, { cas: 2 }),
          hit(touch, '', { cas: 1 }),
          hit(touch, '', { cas: 2 }),
        ],
      ],
      [2],
      [
        [request(get, { key: 'a' }), request(get, { key: 'b' })],
        [hit(get, 'x', { cas: 1 }), failure(get, 'notFound')],
      ],
    ]),
    binaryRow('gat and gatk', [
      [
        [
          storeRequest(set, 'a', 'x', { flags: 3 }),
          touchRequest(gat, 'a', NEVER, { opaque: 1 }),
          touchRequest(gatk, 'a', NEVER, { opaque: 2 }),
        ],
        [
          response(set, { cas: 1 }),
          hit(gat, 'x', { flags: 3, cas: 1, opaque: 1 }),
          hit(gatk, 'x', { key: 'a', flags: 3, cas: 1, opaque: 2 }),
        ],
      ],
      [
        [touchRequest(gat, 'b', NEVER), touchRequest(gatk, 'b', NEVER, { opaque: 2 })],
        [failure(gat, 'notFound'), missWithKey(gatk, 'b', 2)],
      ],
    ]),
    binaryRow('gatq and gatkq are silent on a miss', [
      [
        [
          storeRequest(set, 'a', 'x'),
          touchRequest(gatq, 'a', NEVER),
          touchRequest(gatkq, 'a', NEVER),
          touchRequest(gatq, 'b', NEVER),
          touchRequest(gatkq, 'b', NEVER),
          NOOP,
        ],
        [
          response(set, { cas: 1 }),
          hit(gatq, 'x', { cas: 1 }),
          hit(gatkq, 'x', { key: 'a', cas: 1 }),
          NOOPED,
        ],
      ],
    ]),
    binaryRow('gat changes the exptime', [
      [
        [
          storeRequest(set, 'a', 'x', { exptime: 1 }),
          storeRequest(set, 'b', 'y'),
          touchRequest(gat, 'a', 100),
          touchRequest(gatkq, 'b', 2),
        ],
        [
          response(set, { cas: 1 }),
          response(set, { cas: 2 }),
          hit(gat, 'x', { cas: 1 }),
          hit(gatkq, 'y', { key: 'b', cas: 2 }),
        ],
      ],
      [2],
      [
        [request(get, { key: 'a' }), request(get, { key: 'b' })],
        [hit(get, 'x', { cas: 1 }), failure(get, 'notFound')],
      ],
    ]),

    // Shared with the text protocol

    binaryRow('text reads what binary stores', [
      [storeRequest(set, 'a', 'abc', { flags: 0x01020304, exptime: 100 }), response(set, { cas: 1 })],
      text('gets a|mg a t f k|', 'VALUE a 16909060 3 1|abc|END|HD t100 f16909060 ka|'),
    ]),
    binaryRow('binary reads what text stores', [
      text('set a 16909060 0 3|abc|', 'STORED|'),
      [request(get, { key: 'a' }), response(get, { extras: '\x01\x02\x03\x04', value: 'abc', cas: 1 })],
      text('ms b 1 F7|x|append b 0 0 1|y|', 'HD|STORED|'),
      [request(get, { key: 'b' }), hit(get, 'xy', { flags: 7, cas: 3 })],
    ]),
    binaryRow('binary keys may be none of the text protocol', [
      [storeRequest(set, 'a b', 'x'), response(set, { cas: 1 })],
      text(`mg ${Buffer.from('a b').toString('base64')} b v|`, 'VA 1|x|'),
    ]),
    binaryRow('both change the same item', [
      text('set a 3 0 1|5|', 'STORED|'),
      [storeRequest(OPCODE.replace, 'a', '6', { cas: 1 }), response(OPCODE.replace, { cas: 2 })],
      text('cas a 0 0 1 1|x|cas a 4 0 1 2|7|gets a|', 'EXISTS|STORED|VALUE a 4 1 3|7|END|'),
      [request(OPCODE.delete, { key: 'a', cas: 3 }), response(OPCODE.delete)],
      text('get a|', 'END|'),
    ]),
    binaryRow('binary gets of stale and won items', [
      text('ms a 1|x|md a I|mg b N30|', 'HD|HD|HD W|'),
      [
        [request(get, { key: 'a' }), request(getk, { key: 'b' })],
        [hit(get, 'x', { cas: 2 }), hit(getk, '', { key: 'b', cas: 3 })],
      ],
      text('mg a|mg b|', 'HD X W|HD Z|'),
      [storeRequest(setq, 'a', 'y'), ''],
      [NOOP, NOOPED],
      text('mg a v|', 'VA 1|y|'),
    ]),
    binaryRow('a binary get is an access', [
      text('set a 0 0 1|x|', 'STORED|'),
      [request(get, { key: 'a' }), hit(get, 'x', { cas: 1 })],
      text('mg a h|', 'HD h1|'),
    ]),
    binaryRow('a flush in text takes binary items', [
      [storeRequest(set, 'a', 'x'), response(set, { cas: 1 })],
      text('flush_all|', 'OK|'),
      [request(get, { key: 'a' }), failure(get, 'notFound')],
    ]),
    binaryRow(
      'a pipeline of a thousand quiet gets',
      [
        [storeRequest(set, 'a', 'x'), response(set, { cas: 1 })],
        [
          [
            ...Array.from({ length: 1000 }, (_, opaque) =>
              request(getkq, { key: opaque % 2 === 0 ? 'a' : 'b', opaque }),
            ),
            NOOP,
          ],
          [
            ...Array.from({ length: 500 }, (_, index) =>
              hit(getkq, 'x', { key: 'a', cas: 1, opaque: 2 * index }),
            ),
            NOOPED,
          ],
        ],
      ],
      { wholeOnly: true },
    ),
  ],
};
