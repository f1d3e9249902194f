import { DIFFERENCE, row, type Table } from '../wire-table.js';

const NON_NUMERIC = 'CLIENT_ERROR cannot increment or decrement non-numeric value|';
const BAD_FLAG = 'CLIENT_ERROR invalid or duplicate flag|';
const BAD_MODE = 'CLIENT_ERROR invalid mode for ma M token|';
const MAX = '18446744073709551615';

export const metaArithmetic: Table = {
  name: 'ma',
  rows: [
    row('adds one', [['set a 5 0 2|10|ma a|ma a v|get a|', 'STORED|HD|VA 2|12|VALUE a 5 2|12|END|']]),
    row('on nothing', [['ma a|ma a v k O1|ma a MD|', 'NF|NF ka O1|NF|']]),
    row('D gives the delta', [
      ['set a 0 0 2|10|ma a D5 v|ma a D0 v|ma a D985 v|', 'STORED|VA 2|15|VA 2|15|VA 4|1000|'],
    ]),
    row(
      'modes',
      [
        [
          'set a 0 0 2|50|ma a MI v|ma a M+ v|ma a MD v|ma a M- v|ma a MD D10 v|',
          'STORED|VA 2|51|VA 2|52|VA 2|51|VA 2|50|VA 2|40|',
        ],
        ['ma a MIncr v|ma a MDECR v|', 'VA 2|41|VA 2|40|'],
      ],
      { not1618: '1.6.18 takes modes of exactly one letter' },
    ),
    row('modes of one letter', [
      [
        'set a 0 0 2|50|ma a MI v|ma a M+ v|ma a MD v|ma a M- v|ma a MD D10 v|',
        'STORED|VA 2|51|VA 2|52|VA 2|51|VA 2|50|VA 2|40|',
      ],
    ]),
    row('modes are upper case letters', [
      ['set a 0 0 2|50|ma a Mi|ma a Md|ma a Mx|ma a Mx q|mg a v|', `STORED|${BAD_MODE.repeat(4)}VA 2|50|`],
    ]),
    row('return flags come in the order asked', [
      ['set a 0 100 1|5|ma a t c k O7|ma a O8 k c t v|', 'STORED|HD t100 c2 ka O7|VA 1 O8 ka c3 t100|7|'],
    ]),
    row('flags that mean nothing here are ignored', [
      ['set a 0 0 2|10|ma a s f h l u L P v|', 'STORED|VA 2|11|'],
    ]),
    row('decrement stops at 0', [['set a 0 0 1|5|ma a MD D10 v|get a|', 'STORED|VA 1|0|VALUE a 0 1|0|END|']]),
    row('increment wraps at 2^64', [
      [`set a 0 0 20|${MAX}|ma a v|mg a v|`, 'STORED|VA 1|0|VA 20|0                   |'],
      [`set b 0 0 1|1|ma b D${MAX} v|`, 'STORED|VA 1|0|'],
    ]),
    row('64-bit numbers are exact', [
      [
        'set a 0 0 19|9007199254740993000|ma a v|ma a MD D2 v|',
        'STORED|VA 19|9007199254740993001|VA 19|9007199254740992999|',
      ],
    ]),
    row('a number that gets shorter keeps its length, and the reply does not', [
      ['set a 0 0 2|10|ma a MD v|', 'STORED|VA 1|9|'],
      ['mg a v s|ma a v|', 'VA 2 s2|9 |VA 2|10|'],
    ]),
    row('the cas id changes, also for 0', [
      ['set a 0 0 1|1|ma a c|ma a D0 c|mg a c|', 'STORED|HD c2|HD c3|HD c3|'],
    ]),
    row('flags and time stay', [
      ['set a 9 2 1|1|ma a|mg a f t v|', 'STORED|HD|VA 1 f9 t2|2|'],
      [2],
      ['ma a|', 'NF|'],
    ]),
    row('C must match', [
      [
        'set a 0 0 1|5|ma a C9|ma a C9 v k O1|mg a v|ma a C1 v|ma b C1|',
        'STORED|EX|EX ka O1|VA 1|5|VA 1|6|NF|',
      ],
    ]),
    // One packet each: memcached does not write in place while a reply still refers to the item.
    row('T gives a new time to live, before or after t as they stand', [
      ['set a 0 0 1|5|ma a T30 t|', 'STORED|HD t30|'],
      ['ma a t T60|mg a t|', 'HD t30|HD t60|'],
      ['ma a T0 t|mg a t|', 'HD t-1|HD t-1|'],
    ]),
    row('an item touched by T lives that long', [
      ['set a 0 0 1|5|ma a T2|', 'STORED|HD|'],
      [2],
      ['mg a|', 'EN|'],
    ]),

    row('N creates with the initial value, without the delta', [
      ['ma a N0 v|ma a N0 v|', 'VA 1|0|VA 1|1|'],
      ['ma b N30 J13 D7 t c v|ma b N90 J13 D7 t v|get b|', 'VA 2 t30 c3|13|VA 2 t30|20|VALUE b 0 2|20|END|'],
      [`ma c N0 J${MAX} v|ma c v|`, `VA 20|${MAX}|VA 1|0|`],
    ]),
    row('N with MD', [['ma a N0 J5 MD v|ma a N0 MD v|', 'VA 1|5|VA 1|4|']]),
    row('J without N means nothing', [['ma a J13|', 'NF|']]),
    row('an item that N creates expires', [
      ['ma a N2 J5|', 'HD|'],
      [2],
      ['mg a|ma a N30 J6 v|', 'EN|VA 1|6|'],
    ]),
    row('N with k and O', [['ma a N0 k O1|ma a N0 O2 k v|', 'HD ka O1|VA 1 O2 ka|1|']]),
    row('N with C creates', [['ma a N0 C9 v|ma a N0 C9 v|', 'VA 1|0|EX|']]),
    row('what N creates is an ordinary item', [
      [
        'ma a N30 J13|get a|incr a 1|append a 0 0 1|0|mg a v f|',
        'HD|VALUE a 0 2|13|END|14|STORED|VA 3 f0|140|',
      ],
    ]),

    row('q hides HD and VA', [
      ['set a 0 0 1|5|ma a q|ma a q v|ma a q v k O1 t|mn|mg a v|', 'STORED|MN|VA 1|8|'],
    ]),
    row('q does not hide failures', [
      [
        'ma b q|ma b q k|set a 0 0 1|5|ma a q C9|set s 0 0 1|x|ma s q|mn|',
        `NF|NF kb|STORED|EX|STORED|${NON_NUMERIC}MN|`,
      ],
    ]),
    row('q with N', [['ma a N0 q|ma b N0 J5 q v|mn|mg a v|mg b v|', 'MN|VA 1|0|VA 1|5|']], {
      differs: DIFFERENCE.metaQuiet,
    }),
    row(
      'E gives the cas id',
      [
        [
          'set a 0 0 1|5|ma a E50 c|mg a c|ma a C50 E18446744073709551615 c v|gets a|',
          `STORED|HD c50|HD c50|VA 1 c${MAX}|7|VALUE a 0 1 ${MAX}|7|END|`,
        ],
        ['ma b N0 E70 c|mg b c|', 'HD c70|HD c70|'],
      ],
      { differs: DIFFERENCE.explicitCas },
    ),

    row('stored values that are no numbers', [
      ['set a 0 0 3|abc|ma a|ma a v k O1|', `STORED|${NON_NUMERIC.repeat(2)}`],
      ['set a 0 0 0||ma a|set a 0 0 2|-5|ma a|set a 0 0 3|1.5|ma a|', `STORED|${NON_NUMERIC}`.repeat(3)],
      ['set a 0 0 20|18446744073709551616|ma a|', `STORED|${NON_NUMERIC}`],
    ]),
    row('stored values that are', [
      ['set a 0 0 2|5 |ma a v|set a 0 0 3|005|ma a v|set a 0 0 2|+5|ma a v|', 'STORED|VA 1|6|'.repeat(3)],
    ]),
    row('a miss is found before the number', [['ma a q|', 'NF|']]),

    row('bad flags have one message', [
      ['ma a z|ma a 5|ma a [|ma a v v|ma a T1 T2|', BAD_FLAG.repeat(5)],
      ['ma a Dx|ma a D|ma a D-1|ma a D18446744073709551616|', BAD_FLAG.repeat(4)],
      ['ma a Jx|ma a J|ma a J-1|ma a N|ma a Nx|ma a Tx|ma a T|ma a Cx|ma a C|', BAD_FLAG.repeat(9)],
    ]),
    row('a key that cannot be decoded', [['ma Zg b|ma %%% b k|', BAD_FLAG.repeat(2)]]),
    row('a bad E', [['ma a Ex|ma a E|', BAD_FLAG.repeat(2)]]),
    row('an opaque that is too long', [[`ma a O${'1'.repeat(32)}|`, 'CLIENT_ERROR opaque token too long|']]),
    row('a key in base64', [
      ['ma Zm9v b k|ma Zm9v b N0 k|ma Zm9v b k v|incr foo 1|', 'NF kZm9v b|HD kZm9v b|VA 1 kZm9v b|1|2|'],
    ]),
    row('incr and ma take turns', [
      ['ms a 1|5|ma a|incr a 1|ma a MD v|decr a 3|ma a v|', 'HD|HD|7|VA 1|6|3|VA 1|4|'],
    ]),
    // A number that grows is a new item to memcached; one that is written in place stays what it was.
    row('a number that grows ends stale and won', [
      ['set a 0 0 1|9|md a I|', 'STORED|HD|'],
      ['incr a 1|mg a h|', '10|HD h0|'],
      ['set b 0 0 1|9|md b I|', 'STORED|HD|'],
      ['ma b v|mg b|', 'VA 2|10|HD|'],
      ['set c 0 100 1|9|mg c R200|', 'STORED|HD W|'],
      ['ma c v|', 'VA 2|10|'],
      ['mg c t|', 'HD t100|'],
    ]),
    row('a number that is written in place stays stale and won', [
      ['set a 0 0 1|5|md a I|', 'STORED|HD|'],
      ['ma a v|', 'VA 1|6|'],
      ['mg a u|mg a|', 'HD X W|HD Z X|'],
      ['mg b N30 k|set b 0 0 1|5|mg b|', 'HD kb W|STORED|HD|'],
    ]),
    row('a number that is written in place stays fetched, one that grows does not', [
      ['set a 0 0 1|5|get a|', 'STORED|VALUE a 0 1|5|END|'],
      ['incr a 1|mg a u h|', '6|HD h1|'],
      ['incr a 4|mg a u h|', '10|HD h0|'],
    ]),
    row('a negative T: counted, then gone', [
      ['set a 0 0 1|5|ma a T-1 v|', 'STORED|VA 1|6|'],
      ['mg a|', 'EN|'],
    ]),
    row('a negative N: each one creates', [['ma a N-1 J5 v|ma a N-1 J6 v|mg a|', 'VA 1|5|VA 1|6|EN|']]),
  ],
};
