import { DIFFERENCE, row, type Table } from '../wire-table.js';

const TOO_LARGE = 'SERVER_ERROR object too large for cache|';
const BAD_LINE = 'CLIENT_ERROR bad command line format|';
const BIG = `2000000|${'x'.repeat(2000000)}|`;
const MAX_CAS = '18446744073709551615';

/** A refused mode, whose data is passed over. */
function refusedMode(mode: string) {
  return [`ms a 1 ${mode}|z|mn|`, 'CLIENT_ERROR invalid mode for ms M token|MN|'] as const;
}

export const metaSet: Table = {
  name: 'ms',
  rows: [
    row('stores', [['ms a 2|hi|mg a v f t c|get a|', 'HD|VA 2 f0 t-1 c1|hi|VALUE a 0 2|hi|END|']]),
    row('an empty value', [['ms a 0||mg a v|', 'HD|VA 0||']]),
    row('F gives the client flags', [
      [
        'ms a 2 F5|hi|get a|ms a 2 F4294967295|hi|get a|',
        'HD|VALUE a 5 2|hi|END|HD|VALUE a 4294967295 2|hi|END|',
      ],
      ['ms a 2|hi|mg a f|', 'HD|HD f0|'],
    ]),
    row('T gives the time to live', [
      ['ms a 2 T2|hi|mg a t|ms b 1 T0|x|mg b t|', 'HD|HD t2|HD|HD t-1|'],
      [2],
      ['mg a|mg b|', 'EN|HD|'],
    ]),
    row('a negative T has passed at once', [['ms a 1 T-1|x|mg a|get a|', 'HD|EN|END|']]),
    row('a store without T is for ever', [['ms a 1 T30|x|ms a 1|y|mg a t|', 'HD|HD|HD t-1|']]),
    row('k, O, b and c come back in the order asked', [
      [
        'ms a 2 c k O9|hi|ms a 2 O9 k c|hi|ms Zm9v 2 c b O1 k|hi|',
        'HD c1 ka O9|HD O9 ka c2|HD c3 O1 kZm9v b|',
      ],
    ]),
    row('c is 0 when nothing is stored', [
      [
        'ms a 1|x|ms a 1 ME c k|y|ms b 1 C4 c O2|y|ms a 1 C999 c|y|ms b 1 MR c|y|',
        'HD|NS c0 ka|NF c0 O2|EX c0|NS c0|',
      ],
    ]),
    row(
      's is the size of the value',
      [['ms a 2 s|hi|ms a 3 MA s c|abc|ms a 0 k s||', 'HD s2|HD s5 c2|HD ka s0|']],
      { differs: DIFFERENCE.metaSize },
    ),
    row('flags that mean nothing here are ignored', [
      ['ms a 1 v l h t f u L P N0 D1 J1|x|mg a v|', 'HD|VA 1|x|'],
    ]),

    // q

    row('q hides HD only', [
      ['ms a 1 q|x|ms a 1 q c k O1|y|mn|', 'MN|'],
      ['ms a 1 ME q|z|ms b 1 MR q k|z|ms a 1 C99 q O1|z|ms b 1 C99 q|z|mn|', 'NS|NS kb|EX O1|NF|MN|'],
      ['mg a v|', 'VA 1|y|'],
    ]),

    // Modes

    row('ME stores only where nothing is', [['ms a 1 ME|x|ms a 1 ME|y|mg a v|', 'HD|NS|VA 1|x|']]),
    row('MR stores only where something is', [
      ['ms a 1 MR|x|mg a|ms a 1|x|ms a 1 MR F3 T30|y|mg a v f t|', 'NS|EN|HD|HD|VA 1 f3 t30|y|'],
    ]),
    row('MS stores', [['ms a 1 MS|x|ms a 1 MS|y|mg a v|', 'HD|HD|VA 1|y|']]),
    row('MA and MP keep flags and time', [
      ['ms a 1 MA|x|ms a 1 MP|x|', 'NS|NS|'],
      [
        'ms a 2 F7 T30|mm|ms a 2 MA F9 T90|zz|ms a 2 MP F8 T0 c|aa|mg a v f t|',
        'HD|HD|HD c3|VA 6 f7 t30|aammzz|',
      ],
    ]),
    row('MA of nothing changes the cas id', [['ms a 1|x|ms a 0 MA||mg a v c|', 'HD|HD|VA 1 c2|x|']]),
    row(
      'MA and MP with N create',
      [
        ['ms a 2 MA N30|hi|mg a v t f|ms a 2 MA N90|yo|mg a v t|', 'HD|VA 2 t30 f0|hi|HD|VA 4 t30|hiyo|'],
        ['ms b 2 MP N0 F5|hi|mg b v t|ms b 1 MP N0|<|mg b v|', 'HD|VA 2 t-1|hi|HD|VA 3|<hi|'],
      ],
      { differs: DIFFERENCE.metaVivify },
    ),
    row('an item that MA with N creates can expire', [['ms a 2 MA N2|hi|', 'HD|'], [2], ['mg a|', 'EN|']], {
      differs: DIFFERENCE.metaVivify,
    }),
    row('modes are upper case letters', ['Ms', 'Me', 'Ma', 'Mp', 'Mr', 'Mx', 'M1'].map(refusedMode)),
    row(
      'only the first letter of a mode counts',
      [['ms a 1 MSET|x|ms a 1 MEXTRA|y|ms a 1 MAppend|z|mg a v|', 'HD|NS|HD|VA 2|xz|']],
      { differs: DIFFERENCE.metaMode },
    ),
    row('a longer word of lower case is no mode', [refusedMode('Mset')], { differs: DIFFERENCE.metaMode }),

    // C

    row('C stores only where the id matches', [
      ['ms a 1|x|ms a 1 C2|y|ms a 1 C1|z|ms a 1 C1|w|mg a v c|', 'HD|EX|HD|EX|VA 1 c2|z|'],
      ['ms b 1 C1|x|ms b 1 C0|x|mg b|', 'NF|NF|EN|'],
    ]),
    row('C0 never matches', [['ms a 1|x|ms a 1 C0|y|mg a v|', 'HD|EX|VA 1|x|']]),
    row('C takes 64 bits', [[`ms a 1|x|ms a 1 C${MAX_CAS}|y|mg a v|`, 'HD|EX|VA 1|x|']]),
    row('C with MR', [
      ['ms a 1 MR C1|x|ms a 1 c|x|', 'NF|HD c1|'],
      ['ms a 1 MR C9|y|ms a 1 MR C1|z|mg a v|', 'EX|HD|VA 1|z|'],
    ]),
    row('C with MA and MP', [
      ['ms a 1 MA C1|x|ms a 1 c|x|', 'NS|HD c1|'],
      ['ms a 1 MA C9|y|ms a 1 MA C1 c|z|', 'EX|HD c2|'],
      ['ms a 1 MP C1|q|ms a 1 MP C2|w|mg a v|', 'EX|HD|VA 3|wxz|'],
    ]),
    row('C with ME means nothing on a miss', [['ms a 1 ME C9|x|mg a v|', 'HD|VA 1|x|']]),
    row('C takes the id that gets and mg tell, and cas the one that ms tells', [
      ['ms a 1 c|x|cas a 0 0 1 1|y|gets a|ms a 1 C2 c|z|', 'HD c1|STORED|VALUE a 0 1 2|y|END|HD c3|'],
    ]),

    // E

    row('E of an item that expires at once', [['ms a 1 E99 T-1 c|x|mg a|', 'HD c99|EN|']], {
      differs: DIFFERENCE.explicitCas,
    }),
    row(
      'E gives the cas id',
      [
        [
          'ms a 1 E100 c|x|mg a c|gets a|ms a 1 C100 E200|y|mg a c|',
          'HD c100|HD c100|VALUE a 0 1 100|x|END|HD|HD c200|',
        ],
      ],
      { differs: DIFFERENCE.explicitCas },
    ),
    row(
      'E takes 64 bits',
      [
        [
          `ms a 1 E${MAX_CAS} c|x|gets a|ms a 1 C18446744073709551614|y|ms a 1 C${MAX_CAS} E1 c|z|mg a c v|`,
          `HD c${MAX_CAS}|VALUE a 0 1 ${MAX_CAS}|x|END|EX|HD c1|VA 1 c1|z|`,
        ],
        ['ms b 1 E9007199254740993|x|mg b c|', 'HD|HD c9007199254740993|'],
      ],
      { differs: DIFFERENCE.explicitCas },
    ),
    row('E with append', [['ms a 1|x|ms a 1 MA E50 c|y|mg a c v|', 'HD|HD c50|VA 2 c50|xy|']], {
      differs: DIFFERENCE.explicitCas,
    }),
    row('E may be lower than the id before', [['ms a 1 E100|x|ms a 1 E5|y|mg a c v|', 'HD|HD|VA 1 c5|y|']], {
      differs: DIFFERENCE.explicitCas,
    }),

    // I

    row('I with a lower C stores a stale value', [
      ['ms a 1|x|ms a 1|y|ms a 1 I C1 c|z|', 'HD|HD|HD c3|'],
      ['mg a v c|mg a v|', 'VA 1 c3 X W|z|VA 1 Z X|z|'],
    ]),
    row('I keeps the time to live', [
      ['ms a 1 T30|x|ms a 1 T40|y|ms a 1 I C1 T90|z|mg a t|', 'HD|HD|HD|HD t40 X W|'],
    ]),
    row('I keeps the token that is out', [
      ['ms a 1|x|ms a 1 T30|y|mg a R31|ms a 1 I C1|z|mg a v|', 'HD|HD|HD W|HD|VA 1 Z X|z|'],
    ]),
    row('I with an equal C stores as ever', [['ms a 1|x|ms a 1 I C1 T30|y|mg a v t|', 'HD|HD|VA 1 t30|y|']]),
    row('I with a higher C does not store', [['ms a 1|x|ms a 1 I C9|y|mg a v|', 'HD|EX|VA 1|x|']]),
    row('I with C0 does not store', [['ms a 1|x|ms a 1 I C0|y|mg a v|', 'HD|EX|VA 1|x|']]),
    row('I without C is no condition', [['ms a 1|x|ms a 1 I|y|mg a v|', 'HD|HD|VA 1|y|']]),
    row('I on a miss', [['ms a 1 I C1|x|mg a|', 'NF|EN|']]),

    // What ends stale and won

    row('a store ends what md I began', [
      ['ms a 1|x|md a I|ms a 1|y|mg a|', 'HD|HD|HD|HD|'],
      ['md a I|mg a|ms a 1|z|mg a|', 'HD|HD X W|HD|HD|'],
      ['md a I|append a 0 0 1|w|mg a|', 'HD|STORED|HD|'],
      ['md a I|prepend a 0 0 1|w|mg a|', 'HD|STORED|HD|'],
      ['md a I|replace a 0 0 1|w|mg a|', 'HD|STORED|HD|'],
      ['md a I|ms a 1 MA|w|mg a|', 'HD|HD|HD|'],
      ['md a I|set a 0 0 1|w|mg a|', 'HD|STORED|HD|'],
    ]),
    row('a failed store does not end what md I began', [
      [
        'ms a 1|x|md a I|add a 0 0 1|y|ms a 1 C99|y|cas a 0 0 1 99|y|mg a|mg a|',
        'HD|HD|NOT_STORED|EX|EXISTS|HD X W|HD Z X|',
      ],
    ]),
    row('the winner stores by cas, the others cannot', [
      [
        'ms a 1|x|md a I|mg a c|mg a c|ms a 1 C2|y|ms a 1 C1|z|mg a v|',
        'HD|HD|HD c2 X W|HD c2 Z X|HD|EX|VA 1|y|',
      ],
    ]),

    // Errors

    row('a missing or bad length: nothing is passed over', [
      ['ms a|mn|', `${BAD_LINE}MN|`],
      ['ms a x|mn|', `${BAD_LINE}MN|`],
      ['ms a F5 2|mn|', `${BAD_LINE}MN|`],
      ['ms a -1|mn|', `${BAD_LINE}MN|`],
      ['ms a 1.5|mn|', `${BAD_LINE}MN|`],
      ['ms a 2147483646|mn|', `${BAD_LINE}MN|`],
    ]),
    row('a bad length with q is told', [['ms a x q|mn|', `${BAD_LINE}MN|`]]),
    row('bad flags: the data is passed over', [
      ['ms a 1 S4|z|mn|', 'CLIENT_ERROR invalid flag|MN|'],
      ['ms a 1 z|z|mn|', 'CLIENT_ERROR invalid flag|MN|'],
      ['ms a 1 F5 F5|z|mn|', 'CLIENT_ERROR duplicate flag|MN|'],
      ['ms a 1 Fx|z|mn|', `${BAD_LINE}MN|`],
      ['ms a 1 F-1|z|mn|', `${BAD_LINE}MN|`],
      ['ms a 1 Tx|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
      ['ms a 1 T|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
      ['ms a 1 T1.5|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
      ['ms a 1 Cx|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
      ['ms a 1 C-1|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
      [`ms a 1 O${'1'.repeat(32)}|z|mn|`, 'CLIENT_ERROR opaque token too long|MN|'],
      ['ms %%% 1 b|z|mn|', 'CLIENT_ERROR error decoding key|MN|'],
      ['mg a|', 'EN|'],
    ]),
    row(
      'bad E: the data is passed over',
      [
        ['ms a 1 Ex|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
        ['ms a 1 E|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
        ['ms a 1 E18446744073709551616|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
      ],
      { differs: DIFFERENCE.explicitCas },
    ),
    row('C of more than 64 bits', [
      ['ms a 1 C18446744073709551616|z|mn|', 'CLIENT_ERROR bad token in command line format|MN|'],
    ]),
    row(
      'a first byte that no flag can have: nothing is passed over',
      [
        ['ms a 2 !|mn|mg a|', `${BAD_LINE}MN|EN|`],
        ['ms a 2 {|mn|mg a|', `${BAD_LINE}MN|EN|`],
      ],
      { differs: DIFFERENCE.swallow },
    ),
    row('a flag that is told to be bad with q', [['ms a 1 q S4|z|mn|', 'CLIENT_ERROR invalid flag|MN|']]),
    row('data that does not end in CRLF', [
      ['ms a 1|x|', 'HD|'],
      ['ms a 2|abcdmn|', 'CLIENT_ERROR bad data chunk|MN|'],
      ['ms a 2 q|abcdmn|', 'CLIENT_ERROR bad data chunk|MN|'],
      ['mg a v|', 'VA 1|x|'],
    ]),
    row(
      'too large data takes the old value with it',
      [
        ['ms a 1|x|', 'HD|'],
        [`ms a ${BIG}mg a|`, `${TOO_LARGE}EN|`],
      ],
      { wholeOnly: true },
    ),
    row(
      'too large data takes the old value with it in every mode',
      [
        ...['ME', 'MR', 'MA', 'MP', 'C99'].flatMap((flag) => [
          ['ms a 1|x|', 'HD|'] as const,
          [`ms a ${BIG.replace('|', ` ${flag}|`)}mg a|`, `${TOO_LARGE}EN|`] as const,
        ]),
      ],
      { wholeOnly: true },
    ),
    row('too large data with q is told', [[`ms a ${BIG.replace('|', ' q|')}mn|`, `${TOO_LARGE}MN|`]], {
      wholeOnly: true,
    }),

    // Classic commands on what ms has stored

    row('classic commands work on it', [
      [
        'ms a 2 F3 T100|10|get a|gets a|incr a 5|decr a 1|',
        'HD|VALUE a 3 2|10|END|VALUE a 3 2 1|10|END|15|14|',
      ],
      [
        'append a 0 0 1|0|mg a v f t|touch a 50|mg a t|add a 0 0 1|x|replace a 4 0 1|y|mg a v f t|',
        'STORED|VA 3 f3 t100|140|TOUCHED|HD t50|NOT_STORED|STORED|VA 1 f4 t-1|y|',
      ],
      ['delete a|mg a|', 'DELETED|EN|'],
    ]),
    row('flush_all takes it', [['ms a 1|x|flush_all|mg a|ms a 1|y|mg a v|', 'HD|OK|EN|HD|VA 1|y|']]),
    row('T with more than 30 days is a Unix time', [
      [
        'ms a 1 T2592001|x|mg a|ms a 1 T2000000000|x|mg a|ms a 1 T2592000|x|mg a t|',
        'HD|EN|HD|HD|HD|HD t2592000|',
      ],
    ]),
    row('numbers with leading zeros, and a negative 0', [
      [
        'ms a 01 F007 T010|x|mg a s f t|ms a 1 T-0|x|mg a t|mg b N-0 t|',
        'HD|HD s1 f7 t10|HD|HD t-1|HD t-1 W|',
      ],
    ]),
    row(
      'wider flags: the data is passed over',
      [['ms a 1 F4294967296|x|mn|ms a 1 F18446744073709551615|x|mn|', `${BAD_LINE}MN|`.repeat(2)]],
      { differs: DIFFERENCE.strictNumbers },
    ),
    row('an opaque of 31 bytes', [[`ms a 1 O${'1'.repeat(31)}|x|`, `HD O${'1'.repeat(31)}|`]]),
    row('data may hold CRLF and commands', [['ms a 9|x|mg b||mg a v|', 'HD|VA 9|x|mg b||']]),
    row('a value is there when its data is complete', [
      ['ms a 3 c|ab', ''],
      ['mg a|', 'EN|', 'beside'],
      ['c|', 'HD c1|'],
      ['mg a v|', 'VA 3|abc|', 'beside'],
    ]),
    row('C holds when the data is complete', [
      ['ms a 1|x|', 'HD|'],
      ['ms a 1 C1|', ''],
      ['set a 0 0 1|y|', 'STORED|', 'beside'],
      ['z|', 'EX|'],
      ['ms a 1 I C1|', ''],
      ['set a 0 0 1|w|', 'STORED|', 'beside'],
      ['z|mg a v|', 'HD|VA 1 X W|z|'],
    ]),
    row('on what has expired', [
      ['ms a 1 T-1|x|ms a 1 MR|y|ms a 1 MA|y|ms a 1 C1|y|ms a 1 ME|z|mg a v|', 'HD|NS|NS|NF|HD|VA 1|z|'],
    ]),
    row('a delayed flush takes it', [
      ['ms a 1|x|flush_all 3|ms b 1|y|mg a|mg b|', 'HD|OK|HD|HD|HD|'],
      [3],
      ['mg a|mg b|', 'EN|EN|'],
    ]),
  ],
};
