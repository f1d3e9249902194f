import { DIFFERENCE, row, type Table } from '../wire-table.js';

const NON_NUMERIC = 'CLIENT_ERROR cannot increment or decrement non-numeric value|';
const BAD_DELTA = 'CLIENT_ERROR invalid numeric delta argument|';

/** A stored value and what `incr k 0` makes of it. */
function stored(value: string, reply: string, options = {}) {
  return row(
    `a stored ${JSON.stringify(value)}`,
    [[`set k 0 0 ${value.length}|${value}|incr k 0|`, `STORED|${reply}`]],
    options,
  );
}

export const arithmetic: Table = {
  name: 'incr, decr and delete',
  rows: [
    row('incr and decr answer with the bare number', [
      ['set a 5 0 2|10|incr a 5|decr a 1|get a|', 'STORED|15|14|VALUE a 5 2|14|END|'],
    ]),
    row('on nothing', [['incr a 1|decr a 1|', 'NOT_FOUND|NOT_FOUND|']]),
    // No get before the last step: memcached does not write in place while something still refers to the item.
    row('a number that gets shorter keeps its length', [
      ['set a 0 0 2|10|decr a 1|', 'STORED|9|'],
      ['get a|', 'VALUE a 0 2|9 |END|'],
    ]),
    row('a padded number is a number, and stays padded', [
      ['set a 0 0 3|9  |decr a 1|', 'STORED|8|'],
      ['get a|', 'VALUE a 0 3|8  |END|'],
    ]),
    row('a padded number has room to grow', [
      ['set a 0 0 3|9  |incr a 1|get a|', 'STORED|10|VALUE a 0 3|10 |END|'],
    ]),
    row('a number that gets longer makes the value grow', [
      ['set a 0 0 1|9|incr a 1|get a|', 'STORED|10|VALUE a 0 2|10|END|'],
    ]),
    row('decr stops at 0', [['set a 0 0 1|5|decr a 10|get a|', 'STORED|0|VALUE a 0 1|0|END|']]),
    row('incr wraps at 2^64', [
      [
        'set a 0 0 20|18446744073709551615|incr a 1|get a|',
        'STORED|0|VALUE a 0 20|0                   |END|',
      ],
    ]),
    row('64-bit numbers are exact', [
      [
        'set a 0 0 19|9007199254740993000|incr a 1|decr a 2|incr a 9223372036854775807|',
        'STORED|9007199254740993001|9007199254740992999|18230571291595768806|',
      ],
    ]),
    row('numbers around 2^53 are exact', [
      [
        'set a 0 0 16|9007199254740991|incr a 1|incr a 1|decr a 1|',
        'STORED|9007199254740992|9007199254740993|9007199254740992|',
      ],
    ]),
    row('the cas id changes, also for 0', [
      [
        'set a 0 0 1|1|incr a 0|gets a|incr a 1|gets a|',
        'STORED|1|VALUE a 0 1 2|1|END|2|VALUE a 0 1 3|2|END|',
      ],
    ]),
    row('flags and exptime stay', [
      ['set a 9 2 1|1|incr a 100|get a|', 'STORED|101|VALUE a 9 3|101|END|'],
      [2],
      ['get a|', 'END|'],
    ]),
    row('the delta is an unsigned 64-bit number', [
      ['set a 0 0 1|1|incr a 18446744073709551615|', 'STORED|0|'],
      ['incr a x|incr a -1|incr a 18446744073709551616|incr a 1.5|decr a x|', BAD_DELTA.repeat(5)],
    ]),
    row('a delta that strtoull takes', [['incr a +1|incr a -0|', BAD_DELTA.repeat(2)]], {
      differs: DIFFERENCE.strictNumbers,
    }),
    row('a bad delta is found before a missing item', [['incr a x|', BAD_DELTA]]),
    row('without a delta', [['incr a|decr a|', 'CLIENT_ERROR bad command line format|'.repeat(2)]], {
      differs: DIFFERENCE.arguments,
    }),
    stored('abc', NON_NUMERIC),
    stored('', NON_NUMERIC),
    stored('-5', NON_NUMERIC),
    stored('1.5', NON_NUMERIC),
    stored('5abc', NON_NUMERIC),
    stored('  ', NON_NUMERIC),
    stored('18446744073709551616', NON_NUMERIC),
    stored(' 5', '5|'),
    stored('+5', '5|'),
    stored('005', '5|'),
    stored('5 6', '5|'),
    stored('5\t', '5|'),
    stored('5\r\n6', '5|'),
    stored('5\0x', '5|'),
    row('delete', [['set a 0 0 1|x|delete a|delete a|get a|', 'STORED|DELETED|NOT_FOUND|END|']]),
    row('delete takes a 0 for the sake of old clients', [['set a 0 0 1|x|delete a 0|', 'STORED|DELETED|']]),
    row('delete takes any word there', [['set a 0 0 1|x|delete a 5|', 'STORED|DELETED|']], {
      differs: DIFFERENCE.deleteUsage,
    }),
    row('delete without a key', [['delete|', 'CLIENT_ERROR bad command line format|']], {
      differs: DIFFERENCE.arguments,
    }),
    row(
      'delete with more than four tokens',
      [['delete a b c d e|', 'CLIENT_ERROR bad command line format|']],
      {
        differs: DIFFERENCE.arguments,
        deviates: {
          answers: ['NOT_FOUND|'],
          reason: "libmemcached's conformance test, memccapable, demands an error.",
        },
      },
    ),
  ],
};
