import { DIFFERENCE, row, type Table } from '../wire-table.js';

const LONG_KEY = 'k'.repeat(250);
const TOO_LONG_KEY = 'k'.repeat(251);
const DOUBLE_CRLF =
  'memcached sends a second CRLF after the error of a retrieval, which a client reads as the next reply.';

export const lines: Table = {
  name: 'lines and tokens',
  rows: [
    row('a line may end in LF alone', [['get a\nset a 0 0 1\r\nx|get a\n', 'END|STORED|VALUE a 0 1|x|END|']]),
    row('an empty line is a bad command line', [['|', 'CLIENT_ERROR bad command line format|']], {
      differs: DIFFERENCE.shortLine,
    }),
    row('a bare LF is a bad command line', [['\n', 'CLIENT_ERROR bad command line format|']], {
      differs: DIFFERENCE.shortLine,
    }),
    row('a line of two spaces or more is unknown', [['  |   |   \n', 'ERROR|'.repeat(3)]], {
      not1618: '1.6.18 answers these lines otherwise in part',
    }),
    row(
      'a line of fewer than three bytes before its LF is a bad command line, CR included',
      [[' |  \nab\nmn\n\r|', 'CLIENT_ERROR bad command line format|'.repeat(5)]],
      { differs: DIFFERENCE.shortLine },
    ),
    row('three bytes are enough', [['mn \nabc\nmn|', 'MN|ERROR|MN|']]),
    row('a one-character line is a bad command line', [['x|', 'CLIENT_ERROR bad command line format|']], {
      differs: DIFFERENCE.shortLine,
    }),
    row('a space before a command makes it unknown', [[' get a| bogus noreply|  noreply|', 'ERROR|']], {
      differs: DIFFERENCE.leadingSpace,
    }),
    row('an HTTP request with a space before it ends the connection', [[' GET / HTTP/1.1|', '']], {
      closes: true,
    }),
    row('an unknown command is an error', [['bogus|bogus a b c|', 'ERROR|ERROR|']]),
    row('commands are case sensitive', [['GET a|Set a 0 0 1|', 'ERROR|ERROR|']]),
    row('a longer word that begins like a command is unknown', [
      ['getx a|ge a|setting a|', 'ERROR|ERROR|ERROR|'],
    ]),
    row('a space before a command, and noreply behind it', [[' get a noreply| noreply|get a|', 'END|']], {
      differs: DIFFERENCE.leadingSpace,
    }),
    row('a space before an HTTP request', [[' GET / HTTP/1.1|', '']], { closes: true }),
    row('a line that says only noreply is silent, too', [['noreply|noreply |get a|', 'END|']], {
      not1618: '1.6.18 answers unknown commands whatever their last word is',
    }),
    row('an unknown command with noreply is silent', [['bogus noreply|get a|', 'END|']], {
      differs: DIFFERENCE.quietErrors,
    }),
    row('an HTTP request ends the connection', [['GET / HTTP/1.1|', '']], { closes: true }),
    row('a byte of 0x80 later on is text', [['get \x80|\x80\0|', 'END|ERROR|']]),
    row('runs of spaces separate, spaces may trail', [
      ['set   a  0   0 1  |x|get   a   |', 'STORED|VALUE a 0 1|x|END|'],
    ]),
    row(
      'tab, NUL, lone CR and 8-bit bytes are key bytes',
      [
        [
          'set a\tb 0 0 1|x|set a\0b 0 0 1|y|set a\rb 0 0 1|z|set \xe9\xff 0 0 1|w|',
          'STORED|STORED|STORED|STORED|',
        ],
        [
          'get a\tb a\0b a\rb \xe9\xff|',
          'VALUE a\tb 0 1|x|VALUE a\0b 0 1|y|VALUE a\rb 0 1|z|VALUE \xe9\xff 0 1|w|END|',
        ],
      ],
      { not1618: '1.6.18 ends a line at NUL' },
    ),
    row('tab, lone CR and 8-bit bytes are key bytes', [
      ['set a\tb 0 0 1|x|set a\rb 0 0 1|z|set \xe9\xff 0 0 1|w|', 'STORED|STORED|STORED|'],
      ['get a\tb a\rb \xe9\xff|', 'VALUE a\tb 0 1|x|VALUE a\rb 0 1|z|VALUE \xe9\xff 0 1|w|END|'],
    ]),
    row('a key of 250 bytes is good', [
      [`set ${LONG_KEY} 0 0 1|x|get ${LONG_KEY}|`, `STORED|VALUE ${LONG_KEY} 0 1|x|END|`],
    ]),
    row(
      'a key of 251 bytes is a bad command line for get',
      [
        [`get ${TOO_LONG_KEY}|`, 'CLIENT_ERROR bad command line format|'],
        [`gets ${TOO_LONG_KEY}|`, 'CLIENT_ERROR bad command line format|'],
        [`gat 0 ${TOO_LONG_KEY}|`, 'CLIENT_ERROR bad command line format|'],
      ],
      { deviates: { answers: Array(3).fill('CLIENT_ERROR bad command line format||'), reason: DOUBLE_CRLF } },
    ),
    row(
      'one long key makes the whole multi-get an error',
      [
        ['set a 0 0 1|x|', 'STORED|'],
        [`get a ${TOO_LONG_KEY} a|`, 'CLIENT_ERROR bad command line format|'],
      ],
      {
        not1618: '1.6.18 has sent the items before the long key',
        deviates: {
          answers: ['STORED|', 'CLIENT_ERROR bad command line format||'],
          reason: DOUBLE_CRLF,
        },
      },
    ),
    row(
      'a key of 251 bytes for other commands',
      [`delete ${TOO_LONG_KEY}|`, `incr ${TOO_LONG_KEY} 1|`, `touch ${TOO_LONG_KEY} 0|`].map(
        (line) => [line, 'CLIENT_ERROR bad command line format|'] as const,
      ),
    ),
    row(
      'a long key of a storage command: the data is passed over',
      [[`set ${TOO_LONG_KEY} 0 0 1|x|get a|`, 'CLIENT_ERROR bad command line format|END|']],
      { differs: DIFFERENCE.swallow },
    ),
    row(
      'too few arguments of storage commands',
      [['set|set a|set a 0|set a 0 0|cas a 0 0|', 'CLIENT_ERROR bad command line format|'.repeat(5)]],
      { differs: DIFFERENCE.arguments },
    ),
    row(
      'a minus alone is a 0 where a number may have a sign',
      [
        ['set a 0 0 -||get a|touch a -|gat - a|', 'STORED|VALUE a 0 0||END|TOUCHED|VALUE a 0 0||END|'],
        ['ms b -||mg b T- v|mg c N- t|mg b R-|flush_all -|', 'HD|VA 0||HD t-1 W|HD|OK|'],
        [
          'incr a -|verbosity -|mg a C-|',
          'CLIENT_ERROR invalid numeric delta argument|CLIENT_ERROR bad command line format|CLIENT_ERROR bad token in command line format|',
        ],
        [
          'set a - 0 1|x|set a 0 - 1|x|',
          'CLIENT_ERROR bad command line format|CLIENT_ERROR bad command line format|',
        ],
      ],
      { differs: DIFFERENCE.strictNumbers },
    ),
    row('get without a key', [['get|gets|get  |', 'CLIENT_ERROR bad command line format|'.repeat(3)]], {
      differs: DIFFERENCE.arguments,
    }),
    row(
      'version and quit ignore what follows',
      [
        ['version noreply|', 'VERSION 1.6.45|'],
        ['quit x|get a|', ''],
      ],
      { closes: true, differs: DIFFERENCE.version },
    ),
    row(
      'quit flushes what is pending and ends',
      [['set a 0 0 1|x|get a|quit|get a|', 'STORED|VALUE a 0 1|x|END|']],
      { closes: true },
    ),
    row('2048 bytes without an end are fine', [
      [`get ${'a'.repeat(100)}${' '.repeat(1943)}`, ''],
      ['|', 'END|'],
    ]),
    row('2049 bytes without an end close the connection', [['x'.repeat(2049), '']], { closes: true }),
    row('a get line may be longer than 2048 bytes', [
      ['set k1 0 0 1|x|', 'STORED|'],
      [`get ${'k1 '.repeat(800)}`, ''],
      ['|', `${'VALUE k1 0 1|x|'.repeat(800)}END|`],
    ]),
    row('everything pipelined in one packet is answered in order', [
      [
        'set a 0 0 1|1|incr a 5|get a|delete a|get a|add a 7 0 2|zz|gets a|',
        'STORED|6|VALUE a 0 1|6|END|DELETED|END|STORED|VALUE a 7 2 3|zz|END|',
      ],
    ]),
    row('only one CR before the LF is dropped', [
      ['set a\r 0 0 1|x|get a\r\r\n', 'STORED|VALUE a\r 0 1|x|END|'],
    ]),
    row(
      'an unknown command with an HTTP version ends the connection',
      [
        ['set a 0 0 1|x|', 'STORED|'],
        ['foo HTTP/1.0|get a|', ''],
      ],
      { closes: true },
    ),
    row('an HTTP version alone is an unknown command', [['HTTP/1.0| HTTP/1.0|get a|', 'ERROR|ERROR|END|']], {
      not1618: '1.6.18 closes the connection',
    }),
    row('an HTTP version is a key for get', [
      ['set HTTP/1.1 0 0 1|x|get HTTP/1.1|', 'STORED|VALUE HTTP/1.1 0 1|x|END|'],
    ]),
    row(
      'what is too much is ignored',
      [
        [
          'set a 0 0 1 foo bar|5|incr a 1 foo bar|touch a 0 foo bar|flush_all 0 foo bar|',
          'STORED|6|TOUCHED|OK|',
        ],
      ],
      { differs: DIFFERENCE.arguments },
    ),
    row('2048 bytes that are no get are fine as well', [
      ['x'.repeat(2048), ''],
      ['\n', 'ERROR|'],
    ]),
    row(
      'a longer line is fine if its end comes with it',
      [
        [`${'x'.repeat(5000)}|`, 'ERROR|'],
        [`set a 0 0 1${' '.repeat(5000)}|x|`, 'STORED|'],
      ],
      { wholeOnly: true },
    ),
    row(
      'a get line with up to 100 spaces in front may be longer',
      [
        [`${' '.repeat(100)}get ${'k '.repeat(1500)}`, ''],
        ['|', 'ERROR|'],
      ],
      { differs: DIFFERENCE.leadingSpace },
    ),
    row('a gets line may be longer', [
      [`gets ${'k '.repeat(1500)}`, ''],
      ['|', 'END|'],
    ]),
    row('a gat line may not be longer', [[`gat 0 ${'k '.repeat(1500)}`, '']], { closes: true }),
    row('101 spaces in front are too many', [[`${' '.repeat(101)}get ${'k '.repeat(1500)}`, '']], {
      closes: true,
    }),
    row('a line of spaces that is too long', [[' '.repeat(2049), '']], { closes: true }),
  ],
};
