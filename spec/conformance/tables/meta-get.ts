import { DIFFERENCE, row, type Table } from '../wire-table.js';

export const metaGet: Table = {
  name: 'mg and me',
  rows: [
    row('mg without flags tells whether the item is there', [['set a 0 0 1|x|mg a|mg b|', 'STORED|HD|EN|']]),
    row('v sends the value', [['set a 5 0 3|abc|mg a v|mg b v|', 'STORED|VA 3|abc|EN|']]),
    row('v of an empty value', [['set a 0 0 0||mg a v|', 'STORED|VA 0||']]),
    row('values may hold any bytes', [
      ['set a 0 0 6|\0|\xff\x80\n|mg a v s|', 'STORED|VA 6 s6|\0|\xff\x80\n|'],
    ]),
    row('each return flag', [
      [
        'set a 5 0 3|abc|mg a s|mg a f|mg a c|mg a t|mg a k|mg a O12|',
        'STORED|HD s3|HD f5|HD c1|HD t-1|HD ka|HD O12|',
      ],
      [
        'set b 4294967295 100 0||mg b h|mg b h|mg b l|mg b t f s|',
        'STORED|HD h0|HD h1|HD l0|HD t100 f4294967295 s0|',
      ],
    ]),
    row('return flags come in the order asked', [
      ['set a 5 0 3|abc|mg a k f O1 s c t h l v|', 'STORED|VA 3 ka f5 O1 s3 c1 t-1 h0 l0|abc|'],
      ['mg a v l h t c s O1 f k|', 'VA 3 l0 h1 t-1 c1 s3 O1 f5 ka|abc|'],
    ]),
    row('a miss returns k and O only', [
      ['mg a v s f c t h l u|mg a k|mg a O7|mg a O7 v k|mg a k s O7|', 'EN|EN ka|EN O7|EN O7 ka|EN ka O7|'],
    ]),
    row('flags that mean nothing here are ignored', [
      ['set a 0 0 1|x|mg a L P I F5 D1 J1 v|mg a Lfoo Pbar|mg a|', 'STORED|VA 1|x|HD|HD|'],
    ]),

    // Times

    row('t counts down, -1 is for ever', [
      ['set a 0 100 1|x|mg a t|', 'STORED|HD t100|'],
      [2],
      ['mg a t|', 'HD t98|'],
    ]),
    row('t of an item with a Unix time', [['set a 0 2000000000 1|x|mg a t|', 'STORED|HD t232774400|']], {
      ours: 'it depends on the time of day',
    }),
    row('T sets a time to live, before or after t as they stand', [
      [
        'set a 0 100 1|x|mg a t T300|mg a t|mg a T50 t|mg a T0 t|mg a t|',
        'STORED|HD t100|HD t300|HD t50|HD t-1|HD t-1|',
      ],
      ['mg b T300 t|', 'EN|'],
    ]),
    row('an item touched by T lives that long', [
      ['set a 0 100 1|x|set b 0 1 1|y|mg a T2|mg b T100 v|', 'STORED|STORED|HD|VA 1|y|'],
      [2],
      ['mg a|mg b v|', 'EN|VA 1|y|'],
    ]),
    row('a negative T: sent, then gone', [['set a 0 0 1|x|mg a T-1 v|mg a|', 'STORED|VA 1|x|EN|']]),
    row('T with more than 30 days is a Unix time', [
      [
        'set a 0 0 1|x|set b 0 0 1|y|mg a T2592001|mg a|mg b T2000000000 v|mg b|',
        'STORED|STORED|HD|EN|VA 1|y|HD|',
      ],
    ]),
    row('T does not change the cas id', [['set a 0 0 1|x|mg a T30 c|mg a c|', 'STORED|HD c1|HD c1|']]),
    row('an item is missed when its time has passed', [
      ['set a 0 1 1|x|mg a|', 'STORED|HD|'],
      [2],
      ['mg a v k|', 'EN ka|'],
    ]),

    // Access

    row('h and l show the state before this access', [
      ['set a 0 0 1|x|mg a l h|', 'STORED|HD l0 h0|'],
      [2],
      ['mg a h l|', 'HD h1 l2|'],
    ]),
    row(
      'l counts from the first access',
      [['set a 0 0 1|x|', 'STORED|'], [2], ['mg a l|mg a l|', 'HD l2|HD l0|']],
      { ours: 'memcached notes the time of the second access first' },
    ),
    row('l counts from the store', [['set a 0 0 1|x|', 'STORED|'], [2], ['mg a l|', 'HD l2|']]),
    row('u leaves no trace', [
      ['set a 0 0 1|x|', 'STORED|'],
      [2],
      ['mg a u h l v|mg a u h l|mg a h l|', 'VA 1 h0 l2|x|HD h0 l2|HD h0 l2|'],
      ['mg a u h|', 'HD h1|'],
    ]),
    row('a classic get is an access', [
      [
        'set a 0 0 1|x|get a|mg a u h|set b 0 0 1|x|gat 0 b|mg b u h|',
        'STORED|VALUE a 0 1|x|END|HD h1|STORED|VALUE b 0 1|x|END|HD h1|',
      ],
    ]),
    row('a touch is an access', [['set a 0 0 1|x|touch a 0|mg a u h|', 'STORED|TOUCHED|HD h1|']]),
    row('a store begins again', [
      ['set a 0 0 1|x|mg a h|set a 0 0 1|y|mg a h|', 'STORED|HD h0|STORED|HD h0|'],
      ['append a 0 0 1|z|mg a h|ms a 1|w|mg a h|', 'STORED|HD h0|HD|HD h0|'],
    ]),

    // q, O and keys

    row('q hides a miss, not a hit', [
      ['set a 0 0 1|x|mg a q|mg a q v k O1|mg b q|mg b q v k O2|mn|', 'STORED|HD|VA 1 ka O1|x|MN|'],
    ]),
    row('a pipeline of quiet gets ends with mn', [
      [
        'set a 0 0 1|1|set c 0 0 1|3|mg a v k q|mg b v k q|mg c v k q|mg d v k q|mn|',
        'STORED|STORED|VA 1 ka|1|VA 1 kc|3|MN|',
      ],
    ]),
    row('O is sent back as it came', [
      ['set a 0 0 1|x|mg a O|mg a Oabc|mg a O!"%/()=?|mg b O|', 'STORED|HD O|HD Oabc|HD O!"%/()=?|EN O|'],
    ]),
    row('an opaque of 31 bytes is good, one of 32 too long', [
      [`mg a O${'1'.repeat(31)}|`, `EN O${'1'.repeat(31)}|`],
      [`mg a O${'1'.repeat(32)}|`, 'CLIENT_ERROR opaque token too long|'],
    ]),

    // C

    row(
      'C that matches: the value is not sent',
      [['set a 7 0 1|x|mg a v C1|mg a C1 v c f|mg a v|', 'STORED|HD|HD c1 f7|VA 1|x|']],
      { differs: DIFFERENCE.metaGetCas },
    ),
    row('C that does not match: the value is sent', [
      [
        'set a 7 0 1|x|mg a v C2|mg a C0 v c|mg a v C18446744073709551615|mg b v C1|',
        'STORED|VA 1|x|VA 1 c1|x|VA 1|x|EN|',
      ],
    ]),

    // N

    row('N creates an empty item on a miss, and wins', [
      ['mg a N30 s f t c v|', 'VA 0 s0 f0 t30 c1 W||'],
      ['mg a N30 s v|mg a|mg a k O1|', 'VA 0 s0 Z||HD Z|HD ka O1 Z|'],
    ]),
    row('N on a hit does nothing', [['set a 0 0 1|x|mg a N30 t v|', 'STORED|VA 1 t-1|x|']]),
    row('N0 creates an item for ever', [['mg a N0 t|mg a t|', 'HD t-1 W|HD t-1 Z|']]),
    row('an item made by N that expires is won again', [
      ['mg a N1|mg a N1|', 'HD W|HD Z|'],
      [2],
      ['mg a N30 t|mg a t|', 'HD t30 W|HD t30 Z|'],
    ]),
    row('a negative N: each one wins', [['mg a N-1|mg a N-1|mg a|', 'HD W|HD W|EN|']]),
    row('N with q is a hit, and shown', [['mg a N30 q v|mg a N30 q|mn|', 'VA 0 W||HD Z|MN|']]),
    row('N with k and O', [['mg a N30 k O5|', 'HD ka O5 W|']]),
    row('N with h and l', [['mg a N30 h l|', 'HD h0 l0 W|']]),
    row('an item made by N is an ordinary empty item', [
      ['mg a N30|get a|add a 0 0 1|x|mg a|', 'HD W|VALUE a 0 0||END|NOT_STORED|HD Z|'],
      ['append a 0 0 2|xy|mg a v t|', 'STORED|VA 2 t30|xy|'],
      ['mg b N30|replace b 3 0 1|z|mg b f v t|', 'HD W|STORED|VA 1 f3 t-1|z|'],
      ['mg c N30|delete c|mg c|', 'HD W|DELETED|EN|'],
      ['mg d N30|incr d 1|', 'HD W|CLIENT_ERROR cannot increment or decrement non-numeric value|'],
    ]),
    row('set takes the token of N back', [
      ['mg a N30|set a 0 0 1|x|mg a v|', 'HD W|STORED|VA 1|x|'],
      ['mg b N30|ms b 1|x|mg b v|', 'HD W|HD|VA 1|x|'],
      ['mg c N30 c|cas c 0 0 1 3|x|mg c v|', 'HD c5 W|EXISTS|VA 0 Z||'],
    ]),
    row('the winner of N stores by cas', [
      ['mg a N30 c|mg a N30 c|ms a 1 C1|x|mg a v|', 'HD c1 W|HD c1 Z|HD|VA 1|x|'],
      ['mg b N30 c|cas b 0 0 1 3|y|mg b v|', 'HD c3 W|STORED|VA 1|y|'],
    ]),
    row('touch, gat and T leave the token of N', [
      [
        'mg a N30|touch a 100|mg a t|gat 200 a|mg a t|mg a T300 t|',
        'HD W|TOUCHED|HD t100 Z|VALUE a 0 0||END|HD t200 Z|HD t300 Z|',
      ],
    ]),
    row(
      'N with E gives the cas id',
      [['mg a N30 E77 c|mg a N30 E99 c|mg a E99 c|', 'HD c77 W|HD c77 Z|HD c77 Z|']],
      { differs: DIFFERENCE.explicitCas },
    ),

    // R

    row('R wins when less time is left', [
      ['set a 0 30 1|x|mg a R30|mg a R31|mg a R31|mg a R10|mg a|', 'STORED|HD|HD W|HD Z|HD Z|HD Z|'],
    ]),
    row('R with time passing', [
      ['set a 0 10 1|x|mg a R9 t|', 'STORED|HD t10|'],
      [2],
      ['mg a R9 t v|mg a R9 t|', 'VA 1 t8 W|x|HD t8 Z|'],
    ]),
    row('R never wins where there is no time to live', [
      ['set a 0 0 1|x|mg a R100|mg a R2592000|', 'STORED|HD|HD|'],
    ]),
    row('R on a miss', [['mg a R30|', 'EN|']]),
    row('R0 and negative R never win', [['set a 0 30 1|x|mg a R0|mg a R-1|', 'STORED|HD|HD|']]),
    row('R after T sees the new time, R before T the old one', [
      [
        'set a 0 30 1|x|mg a T100 R50|mg a R50|set b 0 30 1|x|mg b R50 T100|mg b|',
        'STORED|HD|HD|STORED|HD W|HD Z|',
      ],
    ]),
    row('N and R in one: who creates wins once', [['mg a N10 R30|mg a N10 R30|', 'HD W|HD Z|']]),
    row('a new value ends the token of R', [
      ['set a 0 30 1|x|mg a R31|set a 0 30 1|y|mg a|mg a R31|mg a|', 'STORED|HD W|STORED|HD|HD W|HD Z|'],
    ]),
    row('a touch does not end the token of R', [
      ['set a 0 30 1|x|mg a R31|touch a 100|mg a R31 t|', 'STORED|HD W|TOUCHED|HD t100 Z|'],
    ]),

    // Stale items

    row('a stale item: the first wins, the others are told', [
      ['set a 0 0 1|x|md a I T30|mg a v t c|mg a v|mg a|', 'STORED|HD|VA 1 t30 c2 X W|x|VA 1 Z X|x|HD Z X|'],
    ]),
    row('marks come after every other flag', [
      ['set a 0 0 1|x|md a I|mg a k O1 v s|mg a O2 k|', 'STORED|HD|VA 1 ka O1 s1 X W|x|HD O2 ka Z X|'],
    ]),
    row('N and R on a stale item', [
      ['set a 0 30 1|x|md a I|mg a N10 R31|mg a R31|', 'STORED|HD|HD X W|HD Z X|'],
    ]),
    row('a classic get of a stale item is a hit and takes no token', [
      ['set a 0 0 1|x|md a I|get a|gat 0 a|mg a|', 'STORED|HD|VALUE a 0 1|x|END|VALUE a 0 1|x|END|HD X W|'],
    ]),

    // me

    row('me tells about an item', [
      [
        'set a 0 0 1|x|me a|mg a|me a|set foo 3 0 3|abc|me foo|',
        'STORED|ME a exp=-1 la=0 cas=1 fetch=no cls=1 size=61|HD|ME a exp=-1 la=0 cas=1 fetch=yes cls=1 size=61|STORED|ME foo exp=-1 la=0 cas=2 fetch=no cls=1 size=69|',
      ],
    ]),
    row(
      'me of an item with a time to live',
      [
        ['set a 0 100 1|x|me a|', 'STORED|ME a exp=100 la=0 cas=1 fetch=no cls=1 size=61|'],
        [2],
        ['me a|', 'ME a exp=98 la=2 cas=1 fetch=no cls=1 size=61|'],
      ],
      { differs: DIFFERENCE.metaExptime },
    ),
    row('me does not count as an access', [
      [
        'set a 0 0 1|x|me a|me a|mg a h|',
        `STORED|${'ME a exp=-1 la=0 cas=1 fetch=no cls=1 size=61|'.repeat(2)}HD h0|`,
      ],
    ]),
    row('me on nothing', [['me a|me a k O1|', 'EN|EN|']]),
    row(
      'me takes a key in base64',
      [['set foo 0 0 1|x|me Zm9v b|', 'STORED|ME foo exp=-1 la=0 cas=1 fetch=no cls=1 size=63|']],
      {
        deviates: {
          answers: ['STORED|EN|'],
          reason: 'memcached honours b only as the first of two flags or more.',
        },
      },
    ),
    row('me ignores other flags', [['me a z z|me a v v|me a Tx|me a O1|', 'EN|EN|EN|EN|']]),
    row('me with a byte that no flag can have', [['me a !|', 'CLIENT_ERROR bad command line format|']], {
      differs: DIFFERENCE.metaErrors,
    }),
    row(
      'a bad E',
      [
        [
          'mg a N30 Ex|mg a E|mg a E-1|mg a N30 E18446744073709551616|',
          'CLIENT_ERROR bad token in command line format|'.repeat(4),
        ],
      ],
      { differs: DIFFERENCE.explicitCas },
    ),
    row('what has expired or been flushed is a miss', [
      ['ms a 1 T-1|x|mg a v|md a|ma a|me a|mg a N30|', 'HD|EN|NF|NF|EN|HD W|'],
      ['flush_all|mg a|md a|ma a|me a|', 'OK|EN|NF|NF|EN|'],
    ]),
  ],
};
