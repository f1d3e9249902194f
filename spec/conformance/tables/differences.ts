import { DIFFERENCE, row, type Table } from '../wire-table.js';

const NOT_PIPELINED =
  'hotset sends replies in the order of the commands, so a dump may stand anywhere in a pipeline.';
const WHOLE_WORDS = 'hotset takes whole words: an abbreviation can do what nobody meant.';
const BASE64_END =
  'In hotset padding stands only at the end of base64. memcached decodes it elsewhere, to a key that nobody meant.';
const WRAPPED_NEGATIVE =
  'memcached takes a negative number below -2^63 for what is left of it in 64 bits. hotset refuses negative numbers.';
const NO_PADDING =
  'memcached pads a shorter number to its old length unless a reply that waits, of the same packet, refers to the item. In hotset the item does not depend on how bytes arrive in packets.';
const LOST_TTL =
  'memcached gives the new TTL to the item that the longer number replaces. In hotset T takes effect whenever the reply says so.';

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
      'padding within base64',
      [['mg Zg==Zg== b k|mg =AAA b k|', 'CLIENT_ERROR error decoding key|'.repeat(2)]],
      {
        deviates: { answers: ['EN kZg== b|EN kAAA= b|'], reason: BASE64_END },
      },
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
    row('commands of extstore', [['extstore free_memchunks 1 1|', 'ERROR|']], {
      deviates: { answers: ['OK|'], reason: 'hotset has no storage on disk beside the cache.' },
    }),
  ],
};
