import { DIFFERENCE, row, type Table } from '../wire-table.js';

export const retrieval: Table = {
  name: 'retrieval and touch',
  rows: [
    row('misses are left out, order and duplicates kept', [
      [
        'set a 0 0 1|1|set b 0 0 1|2|get b x a b y|',
        'STORED|STORED|VALUE b 0 1|2|VALUE a 0 1|1|VALUE b 0 1|2|END|',
      ],
    ]),
    row('gets tells the cas id, which each store changes', [
      [
        'set a 0 0 1|1|set b 0 0 1|2|gets a b|set a 0 0 1|3|gets a|',
        'STORED|STORED|VALUE a 0 1 1|1|VALUE b 0 1 2|2|END|STORED|VALUE a 0 1 3|3|END|',
      ],
    ]),
    row('get of a key named noreply', [
      ['set noreply 0 0 1|x|get noreply|', 'STORED|VALUE noreply 0 1|x|END|'],
    ]),
    row('touch changes the exptime only', [
      ['set a 3 2 1|x|gets a|touch a 100|gets a|', 'STORED|VALUE a 3 1 1|x|END|TOUCHED|VALUE a 3 1 1|x|END|'],
      [2],
      ['get a|touch b 1|', 'VALUE a 3 1|x|END|NOT_FOUND|'],
    ]),
    row('touch with a negative exptime: touched, then gone', [
      ['set a 0 0 1|x|touch a -1|get a|', 'STORED|TOUCHED|END|'],
    ]),
    row('touch with 0: never', [
      ['set a 0 1 1|x|touch a 0|', 'STORED|TOUCHED|'],
      [2],
      ['get a|', 'VALUE a 0 1|x|END|'],
    ]),
    row('touch with a bad exptime', [
      ['touch a x|touch a 1.5|', 'CLIENT_ERROR invalid exptime argument|'.repeat(2)],
    ]),
    row(
      'touch with an exptime that strtol takes',
      [['touch a +5|touch a 99999999999|', 'CLIENT_ERROR invalid exptime argument|'.repeat(2)]],
      { differs: DIFFERENCE.strictNumbers },
    ),
    row('gat is get and touch', [
      [
        'set a 3 2 1|x|set b 4 0 1|y|gat 100 a c b|gats 100 a|',
        'STORED|STORED|VALUE a 3 1|x|VALUE b 4 1|y|END|VALUE a 3 1 1|x|END|',
      ],
      [2],
      ['get a b|', 'VALUE a 3 1|x|VALUE b 4 1|y|END|'],
    ]),
    row('gat with a negative exptime: sent, then gone', [
      ['set a 0 0 1|x|gat -1 a|get a|', 'STORED|VALUE a 0 1|x|END|END|'],
    ]),
    row('gat with a bad exptime', [
      ['gat x a|gats 1.5 a|', 'CLIENT_ERROR invalid exptime argument|'.repeat(2)],
    ]),
    row('gat without a key', [['gat 10|gats 10|', 'CLIENT_ERROR bad command line format|'.repeat(2)]], {
      differs: DIFFERENCE.arguments,
    }),
    row('gat of a key named noreply', [
      ['set noreply 0 0 1|x|gat 0 noreply|', 'STORED|VALUE noreply 0 1|x|END|'],
    ]),
    row('gat and gats leave the cas id', [
      [
        'set a 0 0 1|x|gats 100 a|gat 0 a|gats 0 a|',
        'STORED|VALUE a 0 1 1|x|END|VALUE a 0 1|x|END|VALUE a 0 1 1|x|END|',
      ],
    ]),
    row('touch and gat do not find what has expired', [
      ['set a 0 -1 1|x|touch a 0|gat 0 a|get a|', 'STORED|NOT_FOUND|END|END|'],
    ]),
    row('touch with a Unix time', [
      [
        'set a 0 0 1|x|touch a 2000000000|get a|touch a 2592001|get a|',
        'STORED|TOUCHED|VALUE a 0 1|x|END|TOUCHED|END|',
      ],
    ]),
    row('exptimes with a sign and leading zeros', [
      [
        'set a 0 0 1|x|touch a 007|touch a -0|get a|gat 00 a|',
        'STORED|TOUCHED|TOUCHED|VALUE a 0 1|x|END|VALUE a 0 1|x|END|',
      ],
    ]),
    row(
      'a multi-get of a thousand keys',
      [[`set k 0 0 1|x|get ${'k m '.repeat(500)}|`, `STORED|${'VALUE k 0 1|x|'.repeat(500)}END|`]],
      { wholeOnly: true },
    ),
  ],
};
