import { DIFFERENCE, row, type Table } from '../wire-table.js';

export const noreply: Table = {
  name: 'noreply',
  rows: [
    row('silences every answer of a command that takes it', [
      [
        'set a 0 0 1 noreply|5|add a 0 0 1 noreply|x|replace b 0 0 1 noreply|x|append a 0 0 1 noreply|0|prepend a 0 0 1 noreply|1|',
        '',
      ],
      [
        'cas a 0 0 1 1 noreply|x|cas zz 0 0 1 1 noreply|x|incr a 1 noreply|decr a 1 noreply|touch a 0 noreply|touch zz 0 noreply|',
        '',
      ],
      ['get a|', 'VALUE a 0 3|150|END|'],
      ['delete zz noreply|delete a noreply|verbosity 0 noreply|', ''],
      ['get a|', 'END|'],
      ['set b 0 0 1|x|flush_all noreply|get b|', 'STORED|END|'],
    ]),
    row('silences errors that are found after it', [
      [
        'set a 0 0 1|x|incr a 1 noreply|incr a x noreply|touch a x noreply|get a|',
        'STORED|VALUE a 0 1|x|END|',
      ],
    ]),
    row('silences a key that is too long', [
      [`delete ${'k'.repeat(251)} noreply|incr ${'k'.repeat(251)} 1 noreply|get a|`, 'END|'],
    ]),
    row('silences bad flags, whose data is passed over', [['set a x 0 1 noreply|y|get a|', 'END|']], {
      differs: DIFFERENCE.swallow,
    }),
    row('silences too large data', [[`set a 0 0 2000000 noreply|${'x'.repeat(2000000)}|get a|`, 'END|']], {
      wholeOnly: true,
    }),
    row(
      'does not silence a bad length, which is found before it',
      [['set a 0 0 x noreply|get a|', 'CLIENT_ERROR bad command line format|END|']],
      { differs: DIFFERENCE.quietErrors },
    ),
    row(
      'does not silence missing arguments',
      [['set a 0 noreply|get a|', 'CLIENT_ERROR bad command line format|END|']],
      { differs: DIFFERENCE.quietErrors },
    ),
    row(
      'counts only as the last word, in lower case',
      [['set a 0 0 1 noreply foo|x|set a 0 0 1 NOREPLY|x|', 'STORED|STORED|']],
      { not1618: '1.6.18 counts arguments' },
    ),
    row('cas with noreply in the place of the id', [['cas a 0 0 1 noreply|x|get a|', 'END|']], {
      not1618: '1.6.18 does not pass over the data',
    }),
    row('is a key for get', [['get a noreply|', 'END|']]),
    row('may have spaces behind it', [['set a 0 0 1 noreply  |x|delete a noreply |get a|', 'END|']]),
    row('is a whole word', [['set a 0 0 1 noreplyx|x|set a 0 0 1 norepl|x|', 'STORED|STORED|']]),
    row('after the 0 of delete', [['set a 0 0 1|x|delete a 0 noreply|get a|', 'STORED|END|']]),
    row(
      'silences a storage key that is too long, whose data is passed over',
      [[`set ${'k'.repeat(251)} 0 0 1 noreply|x|get a|`, 'END|']],
      { differs: DIFFERENCE.swallow },
    ),
    row(
      'with flush_all and a time',
      [
        [
          'set a 0 0 1|x|flush_all 0 noreply|get a|flush_all 100 noreply|set a 0 0 1|x|get a|',
          'STORED|END|STORED|VALUE a 0 1|x|END|',
        ],
      ],
      { not1618: '1.6.18 takes what is stored within the second of a flush' },
    ),
  ],
};
