import { binaryRow, failure, OPCODE, request, response, storeRequest, uint32 } from '../binary-packet.js';
import { DIFFERENCE, type Table, wire } from '../wire-table.js';

const { get, set, noop, version, quit, quitq, flush, flushq, stat, verbosity } = OPCODE;
const NOOP = request(noop);
const NOOPED = response(noop);

/** Text on a second connection: it does not tell the cas id, of which memcached takes one for a flush. */
function text(send: string, reply: string) {
  return [wire(send), wire(reply), 'beside'] as const;
}

const BODY_OF_UNKNOWN =
  'memcached passes over more than the body of an unknown opcode, and so loses the packets after it.';

export const binaryAdmin: Table = {
  name: 'binary flush and administration',
  rows: [
    binaryRow('noop', [
      [
        [request(noop, { opaque: 0x01020304, cas: 5 }), NOOP],
        [response(noop, { opaque: 0x01020304 }), NOOPED],
      ],
    ]),
    binaryRow(
      'version',
      [[request(version, { opaque: 3 }), response(version, { value: '1.6.45', opaque: 3 })]],
      {
        differs: DIFFERENCE.version,
      },
    ),
    binaryRow(
      'quit answers and ends',
      [[[request(quit, { opaque: 3 }), NOOP], response(quit, { opaque: 3 })]],
      { closes: true },
    ),
    binaryRow('quitq ends', [[[NOOP, request(quitq), NOOP], NOOPED]], { closes: true }),
    binaryRow(
      'quit sends what waits before it',
      [
        [
          [storeRequest(set, 'a', 'x'), request(OPCODE.getq, { key: 'a' }), request(quit)],
          [
            response(set, { cas: 1 }),
            response(OPCODE.getq, { extras: uint32(0), value: 'x', cas: 1 }),
            response(quit),
          ],
        ],
      ],
      { closes: true },
    ),

    binaryRow('flush takes everything that is stored', [
      [
        [storeRequest(set, 'a', 'x'), request(flush, { opaque: 5 }), request(get, { key: 'a' })],
        [response(set, { cas: 1 }), response(flush, { opaque: 5 }), failure(get, 'notFound')],
      ],
    ]),
    binaryRow('what is stored after it lives', [
      [
        [storeRequest(set, 'a', 'x'), request(flush), storeRequest(OPCODE.setq, 'b', 'y'), NOOP],
        [response(set, { cas: 1 }), response(flush), NOOPED],
      ],
      text('get a b|', 'VALUE b 0 1|y|END|'),
    ]),
    binaryRow('flush with 0 is now', [
      [
        [storeRequest(set, 'a', 'x'), request(flush, { extras: uint32(0) }), request(get, { key: 'a' })],
        [response(set, { cas: 1 }), response(flush), failure(get, 'notFound')],
      ],
    ]),
    binaryRow('flush with a delay', [
      [
        [
          storeRequest(set, 'a', 'x'),
          request(flush, { extras: uint32(3), opaque: 5 }),
          request(get, { key: 'a' }),
        ],
        [
          response(set, { cas: 1 }),
          response(flush, { opaque: 5 }),
          response(get, { extras: uint32(0), value: 'x', cas: 1 }),
        ],
      ],
      [3],
      [request(get, { key: 'a' }), failure(get, 'notFound')],
    ]),
    binaryRow('flushq is silent', [
      [
        [storeRequest(set, 'a', 'x'), request(flushq), request(get, { key: 'a' })],
        [response(set, { cas: 1 }), failure(get, 'notFound')],
      ],
      [[request(flushq, { extras: uint32(100) }), NOOP], NOOPED],
    ]),

    binaryRow('stat of an empty group is one empty packet', [
      [request(stat, { key: 'items', opaque: 2 }), response(stat, { opaque: 2 })],
    ]),
    binaryRow('each stat is a packet, and an empty one ends', [
      [
        request(stat, { key: 'sizes', opaque: 2 }),
        [
          response(stat, { key: 'sizes_status', value: 'disabled', opaque: 2 }),
          response(stat, { opaque: 2 }),
        ],
      ],
    ]),
    binaryRow('stat reset', [[request(stat, { key: 'reset', opaque: 3 }), response(stat, { opaque: 3 })]]),
    binaryRow('unknown stats', [
      [
        [request(stat, { key: 'bogus', opaque: 3 }), NOOP],
        [failure(stat, 'notFound', { opaque: 3 }), NOOPED],
      ],
    ]),
    binaryRow('words too many for a stat', [
      ...['items x', 'slabs x', 'sizes x', ' reset', 'detail  on', 'cachedump 1 10', 'extstore'].map(
        (key) => [request(stat, { key }), failure(stat, 'notFound')] as const,
      ),
      ...['reset x', 'detail off x'].map((key) => [request(stat, { key }), response(stat)] as const),
    ]),
    binaryRow('stat detail', [
      [
        [
          request(stat, { key: 'detail on', opaque: 1 }),
          request(OPCODE.getq, { key: 'foo:a' }),
          request(stat, { key: 'detail dump', opaque: 2 }),
        ],
        [
          response(stat, { opaque: 1 }),
          response(stat, {
            key: 'detailed',
            value: 'PREFIX foo get 1 hit 0 set 0 del 0\r\nEND\r\n',
            opaque: 2,
          }),
          response(stat, { opaque: 2 }),
        ],
      ],
      [request(stat, { key: 'detail off' }), response(stat)],
    ]),
    binaryRow('stat detail with a bad argument', [
      [
        [request(stat, { key: 'detail' }), request(stat, { key: 'detail x' })],
        [failure(stat, 'notFound'), failure(stat, 'notFound')],
      ],
    ]),

    binaryRow('verbosity is unknown', [
      [
        [request(verbosity, { opaque: 1 }), NOOP],
        [failure(verbosity, 'unknown', { opaque: 1 }), NOOPED],
      ],
    ]),
    binaryRow(
      'verbosity with a level',
      [
        [
          [request(verbosity, { extras: uint32(1) }), NOOP],
          [failure(verbosity, 'unknown'), NOOPED],
        ],
      ],
      {
        ours: 'memcached loses its place behind it, and may wait or close',
      },
    ),
    binaryRow('SASL where it is not enabled', [
      [
        [
          request(OPCODE.saslList, { opaque: 1 }),
          request(OPCODE.saslAuth, { key: 'PLAIN', value: '\0user\0pass', opaque: 2 }),
          request(OPCODE.saslStep, { key: 'PLAIN', value: '\0user\0pass', opaque: 3 }),
          NOOP,
        ],
        [
          failure(OPCODE.saslList, 'unknown', { opaque: 1 }),
          failure(OPCODE.saslAuth, 'unknown', { opaque: 2 }),
          failure(OPCODE.saslStep, 'unknown', { opaque: 3 }),
          NOOPED,
        ],
      ],
    ]),
    binaryRow('unknown opcodes', [
      [
        [0x1f, 0x25, 0x30, 0x3d, 0x7f, 0x80, 0xff].map((opcode) => request(opcode, { opaque: opcode })),
        [0x1f, 0x25, 0x30, 0x3d, 0x7f, 0x80, 0xff].map((opcode) =>
          failure(opcode, 'unknown', { opaque: opcode }),
        ),
      ],
    ]),
    binaryRow(
      'the body of an unknown opcode is passed over',
      [
        [
          [
            request(0x30, { extras: '1234', key: 'abc', value: 'hello' }),
            request(0x31, { value: '\x80\x0a' }),
            NOOP,
          ],
          [failure(0x30, 'unknown'), failure(0x31, 'unknown'), NOOPED],
        ],
      ],
      {
        differs: DIFFERENCE.binaryBody,
        deviates: {
          answers: [''],
          closes: true,
          reason: BODY_OF_UNKNOWN,
          shown: {
            sent: 'binary: opcode 0x30 with a body, opcode 0x31 with a body, noop',
            memcached: 'no answer; the connection ends',
            hotset: 'unknown command, unknown command, noop',
          },
        },
      },
    ),
  ],
};
