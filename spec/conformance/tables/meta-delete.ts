import { DIFFERENCE, row, type Table } from '../wire-table.js';

export const metaDelete: Table = {
  name: 'md',
  rows: [
    row('removes', [['set a 0 0 1|x|md a|md a|mg a|', 'STORED|HD|NF|EN|']]),
    row('k, O and b come back, whatever happens', [
      ['set a 0 0 1|x|md a C9 O1 k|md a k O2|md a O3 k|', 'STORED|EX O1 ka|HD ka O2|NF O3 ka|'],
      ['md Zm9v b k|ms Zm9v 1 b|x|md Zm9v k b|md Zm9v b|', 'NF kZm9v b|HD|HD kZm9v b|NF|'],
    ]),
    row('q hides HD only', [
      ['set a 0 0 1|x|md a q C9|md a q k O1|md a q|md a q k|mn|', 'STORED|EX|NF|NF ka|MN|'],
      ['set a 0 0 1|x|md a I q|md a q|mn|', 'STORED|MN|'],
    ]),
    row('flags that mean nothing here are ignored', [
      ['set a 0 0 1|x|md a c f t v s h l u L P N30 T30|mg a|', 'STORED|HD|EN|'],
    ]),
    row('C must match', [
      ['set a 0 0 1|x|md a C2|mg a v|md a C1|mg a|', 'STORED|EX|VA 1|x|HD|EN|'],
      ['md a C1|', 'NF|'],
      ['set a 0 0 1|x|md a C18446744073709551615|mg a|', 'STORED|EX|HD|'],
    ]),
    row('I keeps the item and marks it stale', [
      ['set a 7 0 1|x|md a I|mg a v f t|mg a|', 'STORED|HD|VA 1 f7 t-1 X W|x|HD Z X|'],
      ['get a|', 'VALUE a 7 1|x|END|'],
    ]),
    row('I gives a new cas id', [
      [
        'set a 0 0 1|x|md a I|mg a c|md a I|mg a c|cas a 0 0 1 1|y|',
        'STORED|HD|HD c2 X W|HD|HD c3 X W|EXISTS|',
      ],
    ]),
    row('I on a miss', [['md a I|md a I T30 k|mg a|', 'NF|NF ka|EN|']]),
    row('I keeps the time to live, unless T gives one', [
      [
        'set a 0 100 1|x|md a I|mg a t|md a I T30|mg a t|md a I T0|mg a t|',
        'STORED|HD|HD t100 X W|HD|HD t30 X W|HD|HD t-1 X W|',
      ],
    ]),
    row('a stale item goes when its time has passed', [
      ['set a 0 0 1|x|md a I T2|mg a|', 'STORED|HD|HD X W|'],
      [2],
      ['mg a|', 'EN|'],
    ]),
    row('I with a negative T has passed at once', [['set a 0 0 1|x|md a I T-1|mg a|', 'STORED|HD|EN|']]),
    row('I takes the token back that is out', [
      ['set a 0 0 1|x|md a I|mg a|mg a|md a I|mg a|mg a|', 'STORED|HD|HD X W|HD Z X|HD|HD X W|HD Z X|'],
      ['mg b N30|mg b|md b I|mg b|mg b|', 'HD W|HD Z|HD|HD X W|HD Z X|'],
    ]),
    row('I with C must match', [['set a 0 0 1|x|md a I C9|mg a|md a I C1|mg a|', 'STORED|EX|HD|HD|HD X W|']]),
    row('T without I means nothing', [['set a 0 0 1|x|md a T30|mg a|', 'STORED|HD|EN|']]),
    row('touch, gat and a number in place leave the marks', [
      ['set a 0 0 1|5|md a I|touch a 0|mg a|', 'STORED|HD|TOUCHED|HD X W|'],
      ['touch a 0|mg a|gat 0 a|mg a|', 'TOUCHED|HD Z X|VALUE a 0 1|5|END|HD Z X|'],
      ['mg a T100|', 'HD Z X|'],
    ]),
    row('a number in place leaves the marks', [
      ['set a 0 0 1|5|md a I|incr a 1|mg a|mg a|', 'STORED|HD|6|HD X W|HD Z X|'],
    ]),
    row('delete takes a stale item', [['set a 0 0 1|x|md a I|delete a|mg a|', 'STORED|HD|DELETED|EN|']]),
    row('md takes a stale item', [['set a 0 0 1|x|md a I|mg a|md a|mg a|', 'STORED|HD|HD X W|HD|EN|']]),
    row(
      'I with E gives the cas id',
      [
        [
          'set a 0 0 1|x|md a I E50|mg a c|md a I C50 E18446744073709551615|mg a c|',
          'STORED|HD|HD c50 X W|HD|HD c18446744073709551615 X W|',
        ],
      ],
      { differs: DIFFERENCE.explicitCas },
    ),

    row(
      'x drops the value, its flags and its time',
      [['set a 7 100 3|abc|md a x|mg a s f t v|get a|', 'STORED|HD|VA 0 s0 f0 t-1||VALUE a 0 0||END|']],
      { differs: DIFFERENCE.metaRemove },
    ),
    row(
      'x with F and T',
      [
        ['set a 7 100 3|abc|md a x F9 T30|mg a s f t v|', 'STORED|HD|VA 0 s0 f9 t30||'],
        ['md a x T2|', 'HD|'],
        [2],
        ['mg a|', 'EN|'],
      ],
      { differs: DIFFERENCE.metaRemove },
    ),
    row(
      'x with I is stale as well',
      [['set a 7 0 3|abc|md a x I T30|mg a s t v|mg a|', 'STORED|HD|VA 0 s0 t30 X W||HD Z X|']],
      { differs: DIFFERENCE.metaRemove },
    ),
    row(
      'x on a miss, and with a cas id that does not match',
      [['md a x k|set a 0 0 3|abc|md a x C9|mg a v|md a x q|mg a v|', 'NF ka|STORED|EX|VA 3|abc|VA 0||']],
      { differs: DIFFERENCE.metaRemove },
    ),
    row(
      'what x leaves is an ordinary empty item',
      [
        [
          'set a 0 0 3|abc|md a x|add a 0 0 1|x|append a 0 0 1|y|mg a v|',
          'STORED|HD|NOT_STORED|STORED|VA 1|y|',
        ],
      ],
      { differs: DIFFERENCE.metaRemove },
    ),

    row(
      'x keeps the cas id, unless E gives one or I takes it',
      [
        ['set a 0 0 1|x|md a x T100 F5|gets a|cas a 0 0 1 1|y|', 'STORED|HD|VALUE a 5 0 1||END|STORED|'],
        ['md a C2 x|mg a c|md a x E50|mg a c|md a x I|mg a c|', 'HD|HD c2|HD|HD c50|HD|HD c3 X W|'],
        ['md a x I E60|mg a c|set b 0 0 1|x|gets b|', 'HD|HD c60 X W|STORED|VALUE b 0 1 4|x|END|'],
      ],
      { differs: DIFFERENCE.metaRemove },
    ),
    row(
      'bad flags',
      [
        ['md a z|', 'CLIENT_ERROR invalid flag|'],
        ['md a 5|', 'CLIENT_ERROR invalid flag|'],
        ['md a q q|', 'CLIENT_ERROR duplicate flag|'],
        ['md a Cx|md a C|md a Tx|md a T|', 'CLIENT_ERROR bad token in command line format|'.repeat(4)],
        ['md a !|', 'CLIENT_ERROR bad command line format|'],
      ],
      { differs: DIFFERENCE.metaErrors },
    ),
    row('an opaque that is too long', [
      [
        `md a O${'1'.repeat(31)}|md a O${'1'.repeat(32)}|`,
        `NF O${'1'.repeat(31)}|CLIENT_ERROR opaque token too long|`,
      ],
    ]),
    row(
      'a key that cannot be decoded',
      [['md %%% b|md Zg b|', 'CLIENT_ERROR error decoding key|'.repeat(2)]],
      { differs: DIFFERENCE.metaErrors },
    ),
  ],
};
