import { DIFFERENCE, row, type Table } from '../wire-table.js';

const LIMIT = 1048516;
const TOO_LARGE = 'SERVER_ERROR object too large for cache|';

export const storage: Table = {
  name: 'storage commands',
  rows: [
    row('set and get', [['set a 5 0 3|abc|get a|', 'STORED|VALUE a 5 3|abc|END|']]),
    row('an empty value', [['set a 0 0 0||get a|', 'STORED|VALUE a 0 0||END|']]),
    row('data may hold any bytes, CRLF and commands too', [
      ['set a 0 0 10|x|get b||get a|', 'STORED|VALUE a 0 10|x|get b||END|'],
      ['set b 0 0 4|\0\xff\x80\n|get b|', 'STORED|VALUE b 0 4|\0\xff\x80\n|END|'],
    ]),
    row('set replaces value, flags and time', [
      ['set a 1 100 1|x|set a 2 0 2|yy|get a|', 'STORED|STORED|VALUE a 2 2|yy|END|'],
    ]),
    row('add stores only where nothing is', [
      ['add a 1 0 1|x|add a 2 0 1|y|get a|', 'STORED|NOT_STORED|VALUE a 1 1|x|END|'],
    ]),
    row('replace stores only where something is', [
      [
        'replace a 1 0 1|x|set a 0 0 1|y|replace a 3 0 1|z|get a|',
        'NOT_STORED|STORED|STORED|VALUE a 3 1|z|END|',
      ],
    ]),
    row('append and prepend keep flags and ignore those given', [
      ['append a 1 0 1|x|prepend a 1 0 1|x|', 'NOT_STORED|NOT_STORED|'],
      [
        'set a 7 0 2|mm|append a 9 9 2|zz|prepend a 8 8 2|aa|get a|',
        'STORED|STORED|STORED|VALUE a 7 6|aammzz|END|',
      ],
    ]),
    row('append and prepend change the cas id', [
      [
        'set a 0 0 1|x|append a 0 0 1|y|gets a|prepend a 0 0 1|w|gets a|',
        'STORED|STORED|VALUE a 0 2 2|xy|END|STORED|VALUE a 0 3 3|wxy|END|',
      ],
    ]),
    row('append to nothing and of nothing', [
      ['set a 0 0 0||append a 0 0 0||append a 0 0 1|x|get a|', 'STORED|STORED|STORED|VALUE a 0 1|x|END|'],
    ]),
    row('cas stores only where the id matches', [
      ['set a 0 0 1|x|gets a|', 'STORED|VALUE a 0 1 1|x|END|'],
      [
        'cas a 3 0 1 2|y|cas a 3 0 1 1|z|cas a 3 0 1 1|w|gets a|',
        'EXISTS|STORED|EXISTS|VALUE a 3 1 2|z|END|',
      ],
    ]),
    row('cas on nothing', [['cas a 0 0 1 1|x|cas a 0 0 1 0|x|', 'NOT_FOUND|NOT_FOUND|']]),
    row('cas id 0 never matches', [['set a 0 0 1|x|cas a 0 0 1 0|y|', 'STORED|EXISTS|']]),
    row('cas ids up to 2^64-1 are numbers, 2^64 is none', [
      ['set a 0 0 1|x|cas a 0 0 1 18446744073709551615|y|', 'STORED|EXISTS|'],
    ]),
    row(
      'a cas id that is no number: the data is passed over',
      [
        [
          'cas a 0 0 1 x|y|get a|cas a 0 0 1 18446744073709551616|y|get a|cas a 0 0 1 -1|y|get a|',
          'CLIENT_ERROR bad command line format|END|'.repeat(3),
        ],
      ],
      { differs: DIFFERENCE.swallow },
    ),
    row('data that is longer than announced runs into the next line', [
      [
        'set a 0 0 1|x|set a 0 0 2|abget a|get a|',
        'STORED|CLIENT_ERROR bad data chunk|ERROR|VALUE a 0 1|x|END|',
      ],
    ]),
    row(
      'what is left of a bad data block may be an empty line',
      [['set a 0 0 2|abc|get a|', 'CLIENT_ERROR bad data chunk|CLIENT_ERROR bad command line format|END|']],
      { differs: DIFFERENCE.shortLine },
    ),
    row('data that is shorter than announced takes from the next line', [
      ['set a 0 0 5|abc|get a|get a|', 'CLIENT_ERROR bad data chunk|ERROR|END|'],
    ]),
    row('data must end in CR and LF', [['set a 0 0 1|x\n\nget a|', 'CLIENT_ERROR bad data chunk|END|']]),
    row('bad data with noreply is silent', [['set a 0 0 1 noreply|abcget a|', 'END|']]),
    row(
      'a bad length: nothing is passed over',
      [
        ['set a 0 0 x|get b|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 0 0 -1|get b|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 0 0 2147483646|get b|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 0 0 99999999999|get b|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 0 0 1.5|get b|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 0 0 0x1|get b|', 'CLIENT_ERROR bad command line format|END|'],
      ],
      { not1618: '1.6.18 takes some of these numbers' },
    ),
    row(
      'bad flags: the data is passed over',
      [
        ['set a x 0 1|y|get a|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a -1 0 1|y|get a|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 18446744073709551616 0 1|y|get a|', 'CLIENT_ERROR bad command line format|END|'],
      ],
      { differs: DIFFERENCE.swallow },
    ),
    row(
      'a bad exptime: the data is passed over',
      [
        ['set a 0 x 1|y|get a|', 'CLIENT_ERROR bad command line format|END|'],
        ['set a 0 9223372036854775808 1|y|get a|', 'CLIENT_ERROR bad command line format|END|'],
      ],
      { differs: DIFFERENCE.swallow },
    ),
    row('flags are 32 bits of a 64-bit number', [
      ['set a 4294967295 0 1|x|get a|', 'STORED|VALUE a 4294967295 1|x|END|'],
    ]),
    row(
      'wider flags are cut to 32 bits',
      [
        ['set a 4294967296 0 1|x|get a|', 'STORED|VALUE a 0 1|x|END|'],
        ['set a 18446744073709551615 0 1|x|get a|', 'STORED|VALUE a 4294967295 1|x|END|'],
      ],
      { not1618: '1.6.18 as Debian builds it refuses wider flags' },
    ),
    row('flags may have a sign and leading zeros', [
      ['set a +5 0 1|x|get a|set a 007 0 1|x|get a|', 'STORED|VALUE a 5 1|x|END|STORED|VALUE a 7 1|x|END|'],
    ]),
    row('an exptime is cut to 32 bits', [
      ['set a 0 2147483648 1|x|get a|', 'STORED|END|'],
      ['set a 0 4294967296 1|x|get a|', 'STORED|VALUE a 0 1|x|END|'],
      ['set a 0 -2147483649 1|x|get a|', 'STORED|VALUE a 0 1|x|END|'],
    ]),
    row('a NUL ends flags and exptime', [['set a 5\0x 100\0x 1|x|mg a f t|', 'STORED|HD f5 t100|']], {
      not1618: '1.6.18 ends a line at NUL',
    }),
    row('a negative exptime has passed at once', [['set a 0 -1 1|x|get a|', 'STORED|END|']]),
    row(
      'an item lives as long as its exptime',
      [['set a 0 2 1|x|', 'STORED|'], [1], ['get a|', 'VALUE a 0 1|x|END|'], [1], ['get a|', 'END|']],
      { ours: "memcached's clock has steps of a second" },
    ),
    row('an item is gone when its exptime has passed', [
      ['set a 0 2 1|x|get a|', 'STORED|VALUE a 0 1|x|END|'],
      [2],
      ['get a|', 'END|'],
    ]),
    row('30 days are relative', [
      ['set a 0 2592000 1|x|', 'STORED|'],
      [2591999],
      ['get a|', 'VALUE a 0 1|x|END|'],
      [1],
      ['get a|', 'END|'],
    ]),
    row('more than 30 days is a Unix time, and this one is long past', [
      ['set a 0 2592001 1|x|get a|', 'STORED|END|'],
    ]),
    row('a Unix time in the future', [['set a 0 2000000000 1|x|get a|', 'STORED|VALUE a 0 1|x|END|']]),
    row('append keeps the exptime', [
      ['set a 0 2 1|x|append a 0 0 1|y|get a|', 'STORED|STORED|VALUE a 0 2|xy|END|'],
      [2],
      ['get a|', 'END|'],
    ]),
    row('the largest item that fits', [[`set a 0 0 ${LIMIT}|${'x'.repeat(LIMIT)}|get b|`, 'STORED|END|']], {
      wholeOnly: true,
    }),
    row(
      'one byte more is too large, and takes the old value with it',
      [
        ['set a 0 0 1|x|', 'STORED|'],
        [`set a 0 0 ${LIMIT + 1}|${'x'.repeat(LIMIT + 1)}|get a|`, `${TOO_LARGE}END|`],
      ],
      { wholeOnly: true, not1618: '1.6.18 stores large items in chunks and has another limit' },
    ),
    row(
      'flags take four bytes of the limit',
      [[`set a 1 0 ${LIMIT - 3}|${'x'.repeat(LIMIT - 3)}|`, TOO_LARGE]],
      { wholeOnly: true, not1618: '1.6.18 stores large items in chunks and has another limit' },
    ),
    row(
      'a too large add, replace or cas leaves the old value',
      [
        ['set a 0 0 1|x|', 'STORED|'],
        [`add a 0 0 2000000|${'x'.repeat(2000000)}|get a|`, `${TOO_LARGE}VALUE a 0 1|x|END|`],
        [`replace a 0 0 2000000|${'x'.repeat(2000000)}|get a|`, `${TOO_LARGE}VALUE a 0 1|x|END|`],
        [`append a 0 0 2000000|${'x'.repeat(2000000)}|get a|`, `${TOO_LARGE}VALUE a 0 1|x|END|`],
        [`cas a 0 0 2000000 1|${'x'.repeat(2000000)}|get a|`, `${TOO_LARGE}VALUE a 0 1|x|END|`],
      ],
      { wholeOnly: true },
    ),
    row(
      'a too large set takes the old value with it',
      [
        ['set a 0 0 1|x|', 'STORED|'],
        [`set a 0 0 2000000|${'x'.repeat(2000000)}|get a|`, `${TOO_LARGE}END|`],
      ],
      { wholeOnly: true },
    ),
    row(
      'an append that would be too large is not stored',
      [
        [
          `set a 0 0 700000|${'x'.repeat(700000)}|append a 0 0 700000|${'x'.repeat(700000)}|`,
          'STORED|NOT_STORED|',
        ],
      ],
      { wholeOnly: true, not1618: '1.6.18 answers SERVER_ERROR out of memory storing object' },
    ),
    row('a value is there when its data is complete', [
      ['set a 0 0 3|ab', ''],
      ['get a|', 'END|', 'beside'],
      ['c|', 'STORED|'],
      ['get a|', 'VALUE a 0 3|abc|END|', 'beside'],
    ]),
    // memcached holds replies back while it waits for data, so the turns end before the next command.
    row('conditions hold when the data is complete', [
      ['set a 0 0 1|x|', 'STORED|'],
      ['cas a 0 0 1 1|', ''],
      ['set a 0 0 1|y|', 'STORED|', 'beside'],
      ['z|', 'EXISTS|'],
      ['add b 0 0 1|', ''],
      ['set b 0 0 1|y|', 'STORED|', 'beside'],
      ['z|', 'NOT_STORED|'],
      ['replace b 0 0 1|', ''],
      ['delete b|', 'DELETED|', 'beside'],
      ['z|', 'NOT_STORED|'],
      ['append a 0 0 1|', ''],
      ['set a 5 0 1|w|', 'STORED|', 'beside'],
      ['z|get a|', 'STORED|VALUE a 5 2|wz|END|'],
    ]),
    row('the time to live counts from the command line on', [
      ['set a 0 2 3|ab', ''],
      [2],
      ['c|get a|', 'STORED|END|'],
    ]),
    row('a flush before the data is complete does not take it', [
      ['set a 0 0 3|ab', ''],
      ['flush_all|', 'OK|', 'beside'],
      ['c|get a|', 'STORED|VALUE a 0 3|abc|END|'],
    ]),
    row('an expired item is none for add, replace and cas', [
      [
        'set a 0 -1 1|x|replace a 0 0 1|y|append a 0 0 1|y|cas a 0 0 1 1|y|add a 0 0 1|z|get a|',
        'STORED|NOT_STORED|NOT_STORED|NOT_FOUND|STORED|VALUE a 0 1|z|END|',
      ],
    ]),
    row('an item that has expired when it is stored takes a cas id', [
      ['set a 0 -1 1|x|set a 0 0 1|y|gets a|', 'STORED|STORED|VALUE a 0 1 2|y|END|'],
      ['ms b 1 T-1 c|x|ms b 1 c|y|', 'HD c3|HD c4|'],
    ]),
    row('touch with a negative exptime takes none', [
      ['set a 0 0 1|x|touch a -1|set a 0 0 1|y|gets a|', 'STORED|TOUCHED|STORED|VALUE a 0 1 2|y|END|'],
    ]),
    row('what is not stored takes no cas id', [
      [
        'set a 0 0 1|x|add a 0 0 1|y|replace b 0 0 1|y|append b 0 0 1|y|cas a 0 0 1 9|y|cas b 0 0 1 9|y|set b 0 0 1|z|gets b|',
        'STORED|NOT_STORED|NOT_STORED|NOT_STORED|EXISTS|NOT_FOUND|STORED|VALUE b 0 1 2|z|END|',
      ],
    ]),
    row('delete takes no cas id', [
      ['set a 0 0 1|x|delete a|set a 0 0 1|y|gets a|', 'STORED|DELETED|STORED|VALUE a 0 1 2|y|END|'],
    ]),
    row('numbers with leading zeros', [
      ['set a 007 000 001|x|get a|cas a 0 0 1 0001|y|', 'STORED|VALUE a 7 1|x|END|STORED|'],
    ]),
    row('a negative 0 is a 0', [['set a 0 -0 1|x|get a|', 'STORED|VALUE a 0 1|x|END|']]),
    row('values of other sizes replace each other', [
      [
        `set a 0 0 1|x|set a 0 0 1000|${'y'.repeat(1000)}|set a 0 0 2|zz|get a|`,
        'STORED|STORED|STORED|VALUE a 0 2|zz|END|',
      ],
    ]),
  ],
};
