import { DIFFERENCE, row, type Table } from '../wire-table.js';

const LONG_OPAQUE = `O${'1'.repeat(32)}`;

const NOT_PIPELINED =
  'hotset sends replies in the order of the commands, so a dump may stand anywhere in a pipeline.';
const WHOLE_WORDS = 'hotset takes whole words: an abbreviation can do what nobody meant.';
const STRICT_BASE64 =
  'memcached skips bytes that are not of base64, and decodes padding anywhere, to a key that nobody meant. hotset takes neither.';
const WRAPPED_NEGATIVE =
  'memcached takes a negative number below -2^63 for what is left of it in 64 bits. hotset refuses negative numbers.';
const NO_PADDING =
  'memcached pads a shorter number to its old length unless a reply that waits, of the same packet, refers to the item. In hotset the item does not depend on how bytes arrive in packets.';
const LOST_TTL =
  'memcached gives the new TTL to the item that the longer number replaces. In hotset T takes effect whenever the reply says so.';
const LOST_CAS =
  'memcached says that the item has the cas id that E gives, and gives the longer number another one. In hotset it has the one of the reply.';

/** Where hotset answers otherwise than memcached 1.6.45 and is meant to; more such rows stand in the other tables. */
export const differences: Table = {
  name: 'differences from memcached 1.6.45',
  rows: [
    row('a dump in a pipeline', [['get a|lru_crawler metadump all|version|', 'END|OK|END|VERSION 1.6.45|']], {
      differs: DIFFERENCE.version,
      deviates: {
        answers: ['END|ERROR cannot pipeline other commands before metadump|VERSION 1.6.45|'],
        reason: NOT_PIPELINED,
      },
    }),
    row('a dump of keys in a pipeline', [['get a|lru_crawler mgdump all|', 'END|OK|EN|']], {
      differs: '1.6.18 has no mgdump',
      deviates: {
        answers: ['END|ERROR cannot pipeline other commands before mgdump|'],
        reason: NOT_PIPELINED,
      },
    }),
    row('abbreviated words of stats', [['stats res|', 'ERROR|']], {
      deviates: { answers: ['RESET|'], reason: WHOLE_WORDS },
    }),
    row('abbreviated words of watch', [['watch fet|', 'ERROR|']], {
      deviates: { answers: ['OK|'], reason: WHOLE_WORDS },
    }),
    row(
      'loose base64',
      [['mg Zg==Zg== b k|mg =AAA b k|mg Zm%9v b k|', 'CLIENT_ERROR error decoding key|'.repeat(3)]],
      { deviates: { answers: ['EN kZg== b|EN kAAA= b|EN kZm9v b|'], reason: STRICT_BASE64 } },
    ),
    row(
      'client flags below -2^63',
      [['set a -18446744073709551615 0 1|x|', 'CLIENT_ERROR bad command line format|']],
      {
        not1618: '1.6.18 does not pass over the data',
        deviates: { answers: ['STORED|'], reason: WRAPPED_NEGATIVE },
      },
    ),
    row(
      'a stored number below -2^63',
      [
        [
          'set a 0 0 20|-9223372036854775809|incr a 0|',
          'STORED|CLIENT_ERROR cannot increment or decrement non-numeric value|',
        ],
      ],
      { deviates: { answers: ['STORED|9223372036854775807|'], reason: WRAPPED_NEGATIVE } },
    ),
    row(
      'a number that gets shorter after a retrieval in the same packet',
      [['set a 0 0 2|10|get a|decr a 1|get a|', 'STORED|VALUE a 0 2|10|END|9|VALUE a 0 2|9 |END|']],
      {
        wholeOnly: true,
        deviates: { answers: ['STORED|VALUE a 0 2|10|END|9|VALUE a 0 1|9|END|'], reason: NO_PADDING },
      },
    ),
    row(
      'T of a number that gets longer',
      [['set a 0 100 1|9|ma a T300 t|mg a t|', 'STORED|HD t300|HD t300|']],
      { deviates: { answers: ['STORED|HD t300|HD t100|'], reason: LOST_TTL } },
    ),
    row('E of a number that gets longer', [['set a 0 0 1|9|ma a E50 c|mg a c|', 'STORED|HD c50|HD c50|']], {
      not1618: '1.6.18 has no E flag',
      deviates: { answers: ['STORED|HD c50|HD c2|'], reason: LOST_CAS },
    }),
    row(
      'a number of a storage command that is white space',
      [['set a 0 \t 1|x|', 'CLIENT_ERROR bad command line format|']],
      {
        not1618: '1.6.18 does not pass over the data',
        deviates: {
          answers: ['STORED|'],
          reason: 'memcached reads on into the next word, and takes the length for the exptime.',
        },
      },
    ),
    row(
      'an opaque that is too long, in a command that creates an item',
      [
        [
          `mg a N30 ${LONG_OPAQUE}|ma b N30 ${LONG_OPAQUE}|get a b|`,
          'CLIENT_ERROR opaque token too long|CLIENT_ERROR opaque token too long|END|',
        ],
      ],
      {
        deviates: {
          answers: [
            'CLIENT_ERROR opaque token too long|CLIENT_ERROR opaque token too long|VALUE a 0 0||VALUE b 0 1|0|END|',
          ],
          reason:
            'memcached refuses the command when it has created the item. In hotset a refused command stores nothing.',
        },
      },
    ),
    row('a space before flush_all and verbosity', [[' flush_all| verbosity 1|', 'ERROR|ERROR|']], {
      not1618: '1.6.18 skips spaces before every command',
      deviates: {
        answers: ['OK|OK|'],
        reason: 'memcached skips spaces before some commands and not before others. hotset skips none.',
      },
    }),
  ],
};
