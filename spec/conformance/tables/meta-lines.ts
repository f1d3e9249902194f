import { OPCODE, response, storeRequest } from '../binary-packet.js';
import { DIFFERENCE, row, type Table } from '../wire-table.js';

const BAD_LINE = 'CLIENT_ERROR bad command line format|';
const LONG_KEY = 'k'.repeat(250);
const TOO_LONG_KEY = 'k'.repeat(251);
/** The longest key whose base64 form, 248 bytes, is no longer than a key may be. */
const RAW_KEY = 'r'.repeat(186);
const TOO_LONG_RAW_KEY = 'r'.repeat(187);

const LONG_OPAQUE = `O${'1'.repeat(32)}`;

function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}

/** 18 flags: with command and key, 20 words. */
const MANY_FLAGS = 'c f h k l s t u v L P I D1 J1 F1 E1 C9 q';

export const metaLines: Table = {
  name: 'meta lines, flags and keys',
  rows: [
    row('mn', [['mn|mn x|mn noreply|', 'MN|MN|MN|']]),
    row('runs of spaces separate, spaces may trail', [
      ['ms  a  2   F5  |hi|mg   a   v  f |', 'HD|VA 2 f5|hi|'],
    ]),
    row('a line may end in LF alone', [['ms a 2\nhi|mg a v\nmd a\nma a\nmn \n', 'HD|VA 2|hi|HD|NF|MN|']]),
    row('without a key', [['mg|mg |ms|md|ma|', BAD_LINE.repeat(5)]], { differs: DIFFERENCE.arguments }),
    row('me without a key', [['me|', BAD_LINE]]),
    row('commands are case sensitive', [['MG a|Mg a|mG a|MN|mx a|mgg a|', 'ERROR|'.repeat(6)]]),
    row('noreply is a flag, and a bad one', [['mg a noreply|', 'CLIENT_ERROR invalid flag|']]),

    row('an unknown letter', [
      [
        'mg a z|mg a A|mg a vz|mg a Z|mg a X|mg a W|mg a S|mg a g|',
        `${'CLIENT_ERROR invalid flag|'.repeat(2)}EN|${'CLIENT_ERROR invalid flag|'.repeat(5)}`,
      ],
    ]),
    row('digits and what lies between the letters', [
      ['mg a 5|mg a 0|mg a [|mg a \\|mg a ]|mg a ^|mg a _|mg a `|', 'CLIENT_ERROR invalid flag|'.repeat(8)],
    ]),
    row(
      'a first byte that no flag can have',
      [['mg a !|mg a -|mg a @|mg a {|mg a \x7f|mg a \xff|mg a :|', BAD_LINE.repeat(7)]],
      { differs: DIFFERENCE.metaErrors },
    ),
    row('a flag given twice', [
      ['mg a v v|mg a v s v|mg a O1 O2|mg a T1 T2|', 'CLIENT_ERROR duplicate flag|'.repeat(4)],
    ]),
    row(
      'what is wrong first: letters, then arguments, the key and the opaque',
      [
        ['mg a Tx q q|md a Cx C1|', 'CLIENT_ERROR duplicate flag|'.repeat(2)],
        ['mg a Tx z|', 'CLIENT_ERROR invalid flag|'],
        ['mg a q q !|mg a Tx !|', 'CLIENT_ERROR bad command line format|'.repeat(2)],
        [`mg a O${'1'.repeat(32)} q q|`, 'CLIENT_ERROR duplicate flag|'],
        [`mg a O${'1'.repeat(32)} Tx|`, 'CLIENT_ERROR bad token in command line format|'],
        [`mg a! O${'1'.repeat(32)} b|`, 'CLIENT_ERROR error decoding key|'],
        ['mg a! b Tx|', 'CLIENT_ERROR bad token in command line format|'],
      ],
      { differs: DIFFERENCE.metaErrors },
    ),
    row('numbers that are none', [
      [
        'mg a Tx|mg a T|mg a T1.5|mg a Nx|mg a N|mg a Rx|mg a R|mg a Cx|mg a C|mg a C-1|',
        'CLIENT_ERROR bad token in command line format|'.repeat(10),
      ],
      ['mg a C18446744073709551616|', 'CLIENT_ERROR bad token in command line format|'],
    ]),
    row(
      'numbers that strtol takes',
      [['mg a T+5|mg a N+5|mg a T99999999999|', 'CLIENT_ERROR bad token in command line format|'.repeat(3)]],
      { differs: DIFFERENCE.strictNumbers },
    ),
    row('a bad flag on a miss, with q', [['mg a q z|mg a z q|', 'CLIENT_ERROR invalid flag|'.repeat(2)]]),

    row(
      'twenty words are fine',
      [[`set a 0 0 1|x|mg a ${MANY_FLAGS}|`, 'STORED|VA 1 c1 f0 h0 ka l0 s1 t-1|x|']],
      { differs: DIFFERENCE.metaTokens },
    ),
    row('nineteen words are fine', [
      [
        'set a 0 0 1|x|mg a c f h k l s t u v L P I D1 J1 F1 O1 C9|',
        'STORED|VA 1 c1 f0 h0 ka l0 s1 t-1 O1|x|',
      ],
    ]),
    row('twenty-one words are too many', [
      [`mg a ${MANY_FLAGS} O1|`, 'CLIENT_ERROR options flags are too long|'],
      [`mg a${' v'.repeat(30)}|`, 'CLIENT_ERROR options flags are too long|'],
    ]),
    row(
      'too many words for the other commands',
      [
        [
          `md a ${MANY_FLAGS} O1|ma a ${MANY_FLAGS} O1|`,
          'CLIENT_ERROR options flags are too long|CLIENT_ERROR invalid or duplicate flag|',
        ],
        [`ms a 1 ${MANY_FLAGS}|z|mn|`, 'CLIENT_ERROR options flags are too long|MN|'],
      ],
      { differs: DIFFERENCE.metaTokens },
    ),

    row('a key of 250 bytes is good', [
      [
        `ms ${LONG_KEY} 1|x|mg ${LONG_KEY} v k|md ${LONG_KEY} k|ma ${LONG_KEY} k|`,
        `HD|VA 1 k${LONG_KEY}|x|HD k${LONG_KEY}|NF k${LONG_KEY}|`,
      ],
    ]),
    row('a key of 251 bytes is a bad command line', [
      [
        `mg ${TOO_LONG_KEY} v|mg ${TOO_LONG_KEY} q|md ${TOO_LONG_KEY}|me ${TOO_LONG_KEY}|`,
        BAD_LINE.repeat(4),
      ],
    ]),
    row(
      'a key of 251 bytes is a bad flag to ma',
      [[`ma ${TOO_LONG_KEY}|ma ${TOO_LONG_KEY} q|`, 'CLIENT_ERROR invalid or duplicate flag|'.repeat(2)]],
      { differs: DIFFERENCE.metaErrors },
    ),
    row(
      'a byte that no flag can have comes before all other errors',
      [
        ['mg a z !|mg a v v !|md a z !|ma a z !|', BAD_LINE.repeat(4)],
        [`mg ${TOO_LONG_KEY} !|ma ${TOO_LONG_KEY} !|mg a !${' v'.repeat(30)}|`, BAD_LINE.repeat(3)],
      ],
      { differs: DIFFERENCE.metaErrors },
    ),
    row(
      'letters are looked at before arguments, and the last bad argument is told',
      [
        [
          'mg a Tx z|mg a Tx v v|mg a v v z|mg a z v v|',
          'CLIENT_ERROR invalid flag|CLIENT_ERROR duplicate flag|CLIENT_ERROR duplicate flag|CLIENT_ERROR invalid flag|',
        ],
        [
          'mg a Tx Dx|mg a Dx Tx|',
          'CLIENT_ERROR invalid numeric delta value|CLIENT_ERROR bad token in command line format|',
        ],
        [
          'mg %%% b z|mg %%% b Tx|mg %%% Tx b|',
          'CLIENT_ERROR invalid flag|CLIENT_ERROR bad token in command line format|CLIENT_ERROR error decoding key|',
        ],
        [
          'mg a Fx Tx|mg a Tx Fx|mg %%% b Fx|mg a Fx|',
          'CLIENT_ERROR bad token in command line format|CLIENT_ERROR bad token in command line format|CLIENT_ERROR error decoding key|CLIENT_ERROR bad command line format|',
        ],
        ['ms a 1 MZ Fx|x|', BAD_LINE],
      ],
      { not1618: '1.6.18 finds some of these errors in another order' },
    ),
    row(
      'an opaque that is too long comes after all other errors',
      [
        [
          `mg a ${LONG_OPAQUE} z|mg a ${LONG_OPAQUE} v v|`,
          'CLIENT_ERROR invalid flag|CLIENT_ERROR duplicate flag|',
        ],
        [
          `mg a ${LONG_OPAQUE} Tx|mg %%% b ${LONG_OPAQUE}|`,
          'CLIENT_ERROR bad token in command line format|CLIENT_ERROR error decoding key|',
        ],
        [`ms a 1 ${LONG_OPAQUE} MZ|x|`, 'CLIENT_ERROR invalid mode for ms M token|'],
        [
          `ma a ${LONG_OPAQUE} MZ|ma a ${LONG_OPAQUE} z|`,
          'CLIENT_ERROR invalid mode for ma M token|CLIENT_ERROR invalid or duplicate flag|',
        ],
        [`ms a 1 ${LONG_OPAQUE}|x|ma a ${LONG_OPAQUE}|`, 'CLIENT_ERROR opaque token too long|'.repeat(2)],
      ],
      { not1618: '1.6.18 finds some of these errors in another order' },
    ),
    row('a long key of ms: the data is passed over', [[`ms ${TOO_LONG_KEY} 1|x|mn|`, `${BAD_LINE}MN|`]], {
      differs: DIFFERENCE.swallow,
    }),
    row('keys may hold any byte but space and LF', [
      ['ms \x01\xff\t! 1|x|mg \x01\xff\t! k v|', 'HD|VA 1 k\x01\xff\t!|x|'],
    ]),

    row('b: the key comes in base64, and is an ordinary key', [
      [
        'ms Zm9vYmFy 2 b|hi|get foobar|mg foobar v|mg Zm9vYmFy b v|',
        'HD|VALUE foobar 0 2|hi|END|VA 2|hi|VA 2|hi|',
      ],
      ['set bar 0 0 1|x|mg YmFy b v|md YmFy b|get bar|', 'STORED|VA 1|x|HD|END|'],
    ]),
    row('k of an item that was stored with b is base64, with a b behind', [
      [
        'ms Zm9v 2 b|hi|mg Zm9v b k v|mg foo k|mg foo s k O1|',
        'HD|VA 2 kZm9v b|hi|HD kZm9v b|HD s2 kZm9v b O1|',
      ],
    ]),
    row('k of an item that was stored without b is plain', [
      ['set foo 0 0 1|x|mg Zm9v b k|mg Zm9v k b v|', 'STORED|HD kfoo|VA 1 kfoo|x|'],
    ]),
    row('a classic store over it makes the key plain', [
      [
        'ms Zm9v 2 b|hi|set foo 0 0 1|x|mg foo k|ms Zm9v 2 b|hi|mg foo k|',
        'HD|STORED|HD kfoo|HD|HD kZm9v b|',
      ],
    ]),
    row('k of ma goes by its own b, and not by what the item was stored with', [
      ['ms Zm9v 1 b|5|ma foo k v|ma Zm9v b k v|ma Zm9v k b q|mn|', 'HD|VA 1 kfoo|6|VA 1 kZm9v b|7|MN|'],
      ['set foo 0 0 1|5|ma Zm9v k b v|ma foo k v|', 'STORED|VA 1 kZm9v b|6|VA 1 kfoo|7|'],
    ]),
    row('only ms stores an item with b: ma N does not, and neither does what MA adds to', [
      [
        'ma Zm9v b N0 J5 k|mg Zm9v b k|me foo|',
        'HD kZm9v b|HD kfoo|ME foo exp=-1 la=0 cas=1 fetch=yes cls=1 size=63|',
      ],
      ['ms Zm9v 1 b MA|5|ms Zm9v 1 b MP|5|mg foo k v|', 'HD|HD|VA 3 kfoo|555|'],
      ['ms Zm9v 1 b MR|5|mg foo k v|', 'HD|VA 1 kZm9v b|5|'],
    ]),
    row('a key that came with the binary protocol goes by the b of ma', [
      [storeRequest(OPCODE.set, 'a b\nc', '5'), response(OPCODE.set, { cas: 1 }), 'beside'],
      ['ma YSBiCmM= b k v|ma YSBiCmM= b k|', 'VA 1 kYSBiCmM= b|6|HD kYSBiCmM= b|'],
    ]),
    row(
      'a key that a line cannot hold goes out as base64, whatever it was stored with',
      [
        [storeRequest(OPCODE.set, 'a b\nc', '5'), response(OPCODE.set, { cas: 1 }), 'beside'],
        ['mg YSBiCmM= b k v|mg YSBiCmM= b k N0|', 'VA 1 kYSBiCmM= b|5|HD kYSBiCmM= b|'],
        ['me YSBiCmM= b|', 'ME YSBiCmM= exp=-1 la=0 cas=1 fetch=yes cls=1 size=65|'],
        ['ma IAo= b N0 J5|mg IAo= b k|', 'HD|HD kIAo= b|'],
      ],
      { ours: 'memcached sends such a key as it is, and its newline ends the line' },
    ),
    row('k of a miss with b is base64', [
      ['mg Zm8= b k|mg Zm8= k b O1|mg Zm8= b|mg Zm8= b q k|mn|', 'EN kZm8= b|EN kZm8= b O1|EN|MN|'],
    ]),
    row('an item that N creates with b is stored without it', [
      ['mg Zm9v b N30 k|mg foo k|', 'HD kfoo W|HD kfoo Z|'],
    ]),
    row('a key in base64 may hold spaces, CRLF and NUL', [
      [
        `ms ${base64('a b|\0'.replace('|', '\r\n'))} 2 b|hi|mg ${base64('a b\r\n\0')} b v k|`,
        `HD|VA 2 k${base64('a b\r\n\0')} b|hi|`,
      ],
      [`ma ${base64('n n')} b N0 J5 v|md ${base64('n n')} b k|`, `VA 1|5|HD k${base64('n n')} b|`],
    ]),
    row('186 bytes are the longest that fit in base64', [
      [
        `ms ${base64(RAW_KEY)} 1 b|x|get ${RAW_KEY}|mg ${base64(RAW_KEY)} b k|`,
        `HD|VALUE ${RAW_KEY} 0 1|x|END|HD k${base64(RAW_KEY)} b|`,
      ],
      [`mg ${base64(TOO_LONG_RAW_KEY)} b|`, BAD_LINE],
    ]),
    row('base64 is strict', [
      ['mg Zg b|mg Zg= b|mg %%% b|mg Z b|mg -_-_ b|', 'CLIENT_ERROR error decoding key|'.repeat(5)],
      ['mg Zg== b k|mg Zm8= b k|', 'EN kZg== b|EN kZm8= b|'],
    ]),
    row('a pipeline of all of them', [
      [
        'ms a 1 q|1|ms b 1 q|2|mg a v k q|mg c v k q|ma a q|md b q|mg b q|mg a v q|mn|ms d 1|4|mn|',
        'VA 1 ka|1|VA 1|2|MN|HD|MN|',
      ],
    ]),
    row('k stays base64 where the item stays, and not where a new one takes its place', [
      [
        'ms Yg== 2 b q|xy|touch b 100|mg b t k|gat 0 b|mg b k|',
        'TOUCHED|HD t100 kYg== b|VALUE b 0 2|xy|END|HD kYg== b|',
      ],
      ['append b 0 0 1|z|mg b k v|', 'STORED|VA 3 kb|xyz|'],
      ['ms Y2M= 1 b|5|md Y2M= b I|mg cc k|', 'HD|HD|HD kY2M= b X W|'],
      ['ms Y2Q= 1 b|5|ms cd 1 MA|1|mg cd k|', 'HD|HD|HD kcd|'],
      ['ms bg== 1 b|5|', 'HD|'],
      ['incr n 1|mg n k v|', '6|VA 1 kbg== b|6|'],
      ['ma n D100|', 'HD|'],
      ['mg n k v|', 'VA 3 kn|106|'],
    ]),
  ],
};
