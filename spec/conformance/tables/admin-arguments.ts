/** Words too few, words too many and `noreply`, for every administrative command. */

import { DIFFERENCE, type Row, row, type Table, type Turn } from '../wire-table.js';

const BAD_FORMAT = 'CLIENT_ERROR bad command line format';

/**
 * A command line, and the answer to it alone and with one, two and three words more; one answer stands for all four.
 * With `noreply` at the end, and with a word before that, there is none.
 */
type Case = readonly [line: string, answers: string | readonly [string, string, string, string]];

const EXTRA_WORDS = ['', ' x', ' x y', ' x y z'];

type Options = Parameters<typeof row>[2];

function words(title: string, cases: readonly Case[], options: Options = {}): Row {
  return row(
    title,
    // Each line on its own: memcached refuses some when others wait beside them.
    cases.flatMap(([line, answers]) =>
      EXTRA_WORDS.map(
        (extra, i): Turn => [`${line}${extra}|`, `${typeof answers === 'string' ? answers : answers[i]}|`],
      ),
    ),
    options,
  );
}

function silent(title: string, lines: readonly string[], options: Options = {}): Row {
  return row(
    `${title}: noreply`,
    [...lines.map((line) => [`${line} noreply|${line} x noreply|`, ''] as const), ['mn|', 'MN|']],
    options,
  );
}

const once = (answer: string): Case[1] => [answer, 'ERROR', 'ERROR', 'ERROR'];

const GENERAL: readonly Case[] = [
  ['verbosity 0', 'OK'],
  ['verbosity x', BAD_FORMAT],
  ['flush_all 0', 'OK'],
  ['cache_memlimit 64', 'OK'],
  ['cache_memlimit 7', 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m'],
  ['cache_memlimit x', 'ERROR'],
  ['debugtime', 'ERROR'],
  ['debugtime 1', 'ERROR'],
  ['debugitem', 'ERROR'],
  ['misbehave', 'ERROR'],
  ['bogus', 'ERROR'],
];

const LRU: readonly Case[] = [
  ['lru', 'ERROR'],
  ['lru bogus', 'ERROR'],
  ['lru tune', 'ERROR'],
  ['lru tune 10', 'ERROR'],
  ['lru tune 10 20', 'ERROR'],
  ['lru tune 10 20 0.1', 'ERROR'],
  ['lru tune 10 20 0.1 2.0', 'OK'],
  ['lru tune 50 50 0.1 2.0', 'ERROR hot and warm pcts must not exceed 80'],
  ['lru tune 10 20 0 2.0', 'ERROR hot/warm age factors must be greater than 0'],
  ['lru mode', 'ERROR'],
  ['lru mode flat', 'OK'],
  ['lru mode segmented', 'OK'],
  ['lru temp_ttl', 'ERROR'],
  ['lru temp_ttl -1', 'OK'],
  ['lru temp_ttl 9', 'OK'],
];

const CRAWLER: readonly Case[] = [
  ['lru_crawler', 'ERROR'],
  ['lru_crawler bogus', 'ERROR'],
  ['lru_crawler enable', once('ERROR failed to start lru crawler thread')],
  ['lru_crawler sleep', ['ERROR', BAD_FORMAT, 'ERROR', 'ERROR']],
  ['lru_crawler sleep 100', once('OK')],
  ['lru_crawler sleep 1000001', once('CLIENT_ERROR sleep must be one second or less')],
  ['lru_crawler tocrawl', ['ERROR', BAD_FORMAT, 'ERROR', 'ERROR']],
  ['lru_crawler tocrawl 0', once('OK')],
  ['lru_crawler crawl', ['ERROR', 'BADCLASS invalid class id', 'ERROR', 'ERROR']],
  ['lru_crawler crawl 64', once('BADCLASS invalid class id')],
  ['lru_crawler metadump', ['ERROR', 'BADCLASS invalid class id', 'ERROR', 'ERROR']],
  ['lru_crawler metadump 0', once('BADCLASS invalid class id')],
];

const CRAWLER_OFF: readonly Case[] = [
  ['lru_crawler disable', once('OK')],
  ['lru_crawler crawl all', once('CLIENT_ERROR lru crawler disabled')],
  ['lru_crawler metadump all', once('CLIENT_ERROR lru crawler disabled')],
];

const SLABS: readonly Case[] = [
  ['slabs', 'ERROR'],
  ['slabs bogus', 'ERROR'],
  ['slabs reassign', ['ERROR', 'ERROR', BAD_FORMAT, 'ERROR']],
  ['slabs reassign 1', ['ERROR', BAD_FORMAT, 'ERROR', 'ERROR']],
  ['slabs reassign 1 1', once('SAME src and dst class are identical')],
  ['slabs reassign -1 2', once('BADCLASS invalid src or dst class id')],
  ['slabs automove', ['ERROR', BAD_FORMAT, BAD_FORMAT, BAD_FORMAT]],
  ['slabs automove 0', 'OK'],
  ['slabs automove 3', 'ERROR'],
  ['slabs automove ratio', 'ERROR'],
  ['slabs automove ratio 0.8', 'OK'],
  ['slabs automove freeratio', 'ERROR'],
  ['slabs automove freeratio 0.01', 'OK'],
  ['slabs automove window 10', 'OK'],
  ['slabs automove window 2', 'CLIENT_ERROR automove window too low or too high'],
];

const WINDOW: readonly Case[] = [
  ['slabs automove window', BAD_FORMAT],
  ['slabs automove window x', BAD_FORMAT],
];

const EXTSTORE: readonly Case[] = [
  ['extstore', 'ERROR'],
  ['extstore bogus', 'ERROR'],
  ['extstore free_memchunks 1', 'ERROR'],
  ['extstore free_memchunks 1 2', 'OK'],
  ['extstore free_memchunks 64 2', 'ERROR'],
  ...['item_size', 'item_age', 'low_ttl', 'recache_rate', 'compact_under', 'drop_under', 'max_sleep'].flatMap(
    (name): Case[] => [
      [`extstore ${name}`, 'ERROR'],
      [`extstore ${name} 1`, 'OK'],
      [`extstore ${name} 0.5`, 'ERROR'],
    ],
  ),
  ['extstore max_frag 0.5', 'OK'],
  ['extstore drop_unread 1', 'OK'],
  ['extstore drop_unread x', 'ERROR'],
];

const SHUTDOWN: readonly Case[] = [
  ['shutdown', 'SERVER_ERROR: shutdown not enabled'],
  ['shutdown graceful', 'SERVER_ERROR: shutdown not enabled'],
];

const STATS: readonly Case[] = [
  ['stats reset', 'RESET'],
  ['stats sizes', 'STAT sizes_status disabled|END'],
  ['stats detail off', 'OK'],
  ['stats detail dump', 'END'],
  [
    'stats cachedump',
    ['CLIENT_ERROR bad command line', 'CLIENT_ERROR bad command line', BAD_FORMAT, BAD_FORMAT],
  ],
  ['stats cachedump 63 0', 'END'],
  ['stats cachedump 64 0', 'CLIENT_ERROR Illegal slab id'],
];

const lines = (cases: readonly Case[]): string[] => cases.map(([line]) => line);

export const adminArguments: Table = {
  name: 'arguments of administrative commands',
  rows: [
    words('general commands', GENERAL, { differs: DIFFERENCE.arguments }),
    silent('general commands', lines(GENERAL), { differs: DIFFERENCE.adminNoreply }),
    words('lru', LRU),
    silent('lru', lines(LRU)),
    words('lru_crawler', CRAWLER),
    words('lru_crawler, disabled', CRAWLER_OFF, {
      ours: "memcached's crawler is a thread, which takes a while to stop",
    }),
    silent('lru_crawler', lines([...CRAWLER, ...CRAWLER_OFF]), { differs: DIFFERENCE.adminNoreply }),
    words('slabs', SLABS, { differs: DIFFERENCE.arguments }),
    words('slabs automove window', WINDOW),
    silent('slabs', lines([...SLABS, ...WINDOW]), { differs: DIFFERENCE.adminNoreply }),
    words('extstore', EXTSTORE),
    silent('extstore', lines(EXTSTORE)),
    words('shutdown', SHUTDOWN, { differs: DIFFERENCE.shutdownText }),
    silent('shutdown', lines(SHUTDOWN), { differs: DIFFERENCE.adminNoreply }),
    words('stats', STATS),
    row('stats knows no noreply', [
      ['stats reset noreply|stats detail off noreply|stats bogus noreply|', 'RESET|OK|ERROR|'],
      ['stats noreply|', 'ERROR|'],
    ]),
    row(
      'version, mn and quit ignore what follows',
      [
        ['version x y z|version noreply|mn x y z|mn noreply|', 'VERSION 1.6.45|VERSION 1.6.45|MN|MN|'],
        ['quit x noreply|mn|', ''],
      ],
      { closes: true, differs: DIFFERENCE.version },
    ),
    row(
      'watch knows categories, and no noreply',
      [
        ...['watch x', 'watch fetchers x', 'watch noreply', 'watch fetchers noreply'].map(
          (line): Turn => [`${line}|`, 'ERROR|'],
        ),
        ['mn|', 'MN|'],
      ],
      { differs: DIFFERENCE.adminNoreply },
    ),
  ],
};
