import { DIFFERENCE, row, type Table } from '../wire-table.js';

export const admin: Table = {
  name: 'flush_all and administration',
  rows: [
    row('flush_all takes everything that is stored', [
      ['set a 0 0 1|x|set b 0 0 1|y|flush_all|get a b|', 'STORED|STORED|OK|END|'],
    ]),
    row('what is stored after it lives', [
      ['set a 0 0 1|x|flush_all|', 'STORED|OK|'],
      ['set b 0 0 1|y|get a b|', 'STORED|VALUE b 0 1|y|END|'],
    ]),
    row('flush_all 0 and negative are now', [
      ['set a 0 0 1|x|flush_all 0|get a|set a 0 0 1|x|', 'STORED|OK|END|STORED|'],
      ['flush_all -5|get a|', 'OK|END|'],
    ]),
    row('a delayed flush takes what is stored before and after it', [
      [
        'set a 0 0 1|x|flush_all 3|set b 0 0 1|y|get a b|',
        'STORED|OK|STORED|VALUE a 0 1|x|VALUE b 0 1|y|END|',
      ],
      [3],
      ['get a b|', 'END|'],
    ]),
    row(
      'a delayed flush strikes one second early, and goes on for that second',
      [
        ['set a 0 0 1|x|flush_all 2|get a|', 'STORED|OK|VALUE a 0 1|x|END|'],
        [1],
        ['get a|set b 0 0 1|y|get b|', 'END|STORED|END|'],
        [1],
        ['set b 0 0 1|y|get b|', 'STORED|VALUE b 0 1|y|END|'],
      ],
      { ours: "memcached's clock has steps of a second" },
    ),
    row(
      'flush_all cancels a pending one',
      [
        ['flush_all 2|flush_all|', 'OK|OK|'],
        ['set a 0 0 1|x|', 'STORED|'],
        [3],
        ['get a|', 'VALUE a 0 1|x|END|'],
      ],
      { not1618: '1.6.18 takes what is stored within the second of a flush' },
    ),
    row(
      'flush_all with a bad delay',
      [['flush_all x|flush_all 1.5|', 'CLIENT_ERROR invalid exptime argument|'.repeat(2)]],
      { not1618: '1.6.18 words it otherwise' },
    ),
    row('verbosity', [['verbosity 0|verbosity 1|verbosity 0 foo|', 'OK|OK|OK|']]),
    row('verbosity without a level', [['verbosity|', 'CLIENT_ERROR bad command line format|']], {
      differs: DIFFERENCE.verbosity,
    }),
    row('verbosity with a bad level', [['verbosity x|', 'CLIENT_ERROR bad command line format|']]),
    row('version', [['version|', 'VERSION 1.6.45|']], { differs: DIFFERENCE.version }),
    row('cache_memlimit', [
      [
        'cache_memlimit 64|cache_memlimit 7|cache_memlimit|cache_memlimit x|',
        'OK|MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m|ERROR|ERROR|',
      ],
      ['cache_memlimit 2000000000|', 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes|'],
    ]),
    row('shutdown where it is not enabled', [['shutdown|', 'SERVER_ERROR: shutdown not enabled|']], {
      differs: DIFFERENCE.shutdownText,
    }),
    row('stats sizes', [['stats sizes|', 'STAT sizes_status disabled|END|']]),
    row('stats items of an empty cache', [['stats items|', 'END|']]),
    row(
      'stats slabs of an empty cache',
      [['stats slabs|', 'STAT active_slabs 0|STAT total_malloced 0|END|']],
      { not1618: '1.6.18 allocates a page for each class at the start' },
    ),
    row('stats reset', [['stats reset|', 'RESET|']]),
    row('unknown stats', [['stats bogus|', 'ERROR|']], { not1618: '1.6.18 answers END to some' }),
    row(
      'stats cachedump',
      [
        ['set a 0 0 3|abc|stats cachedump 1 10|', 'STORED|ITEM a [3 b; 0 s]|END|'],
        ['stats cachedump 2 10|', 'END|'],
      ],
      { ours: 'memcached dumps its cold queue only, which a thread of its own fills later' },
    ),
    row('stats cachedump with bad arguments', [
      ['stats cachedump|stats cachedump 1|', 'CLIENT_ERROR bad command line|'.repeat(2)],
      ['stats cachedump x 1|stats cachedump 1 x|', 'CLIENT_ERROR bad command line format|'.repeat(2)],
      ['stats cachedump 64 1|', 'CLIENT_ERROR Illegal slab id|'],
    ]),
    row('debug commands are unknown', [['misbehave|debugitem a|', 'ERROR|ERROR|']]),
    row('flush_all with a Unix time to come', [
      ['set a 0 0 1|x|flush_all 2000000000|get a|', 'STORED|OK|VALUE a 0 1|x|END|'],
    ]),
    row('flush_all with a Unix time takes what is older', [
      ['set a 0 0 1|x|flush_all 2592001|get a|', 'STORED|OK|VALUE a 0 1|x|END|'],
    ]),
  ],
};
