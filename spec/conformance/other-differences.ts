/**
 * Differences from memcached 1.6.45 that no row of a wire table can hold: they depend on time, on memory, on the
 * machine or on the command line. Each has been tried on both. docs/memcached.md lists them.
 */

export interface OtherDifference {
  readonly sent: string;
  readonly memcached: string;
  readonly hotset: string;
  readonly reason: string;
}

export const OTHER_DIFFERENCES: readonly OtherDifference[] = [
  {
    sent: 'more items than fit',
    memcached: 'evicts by a segmented LRU in each slab class',
    hotset: 'evicts the least recently used of all items',
    reason: 'Exact LRU is what hotset is for.',
  },
  {
    sent: '`-m 64`',
    memcached: 'bounds slab pages',
    hotset: 'bounds all memory of items: keys, values, the index, and what lies idle between them',
    reason: 'hotset has no slabs.',
  },
  {
    sent: '`-U 11211`',
    memcached: 'listens on UDP',
    hotset: 'warns, and opens no UDP',
    reason: 'UDP has been used to amplify attacks.',
  },
  {
    sent: '`stats slabs`, `stats items`, `slabs reassign`, `lru tune`, `extstore …`',
    memcached: 'tells of its slab classes and queues, and tunes them',
    hotset: 'has all items in class 1, and accepts these commands without effect',
    reason: 'hotset has no slabs, one LRU list and no disk. Tools that add the classes up work.',
  },
  {
    sent: '`stats`',
    memcached: 'counts threads, buffers, slabs and the hash table',
    hotset: 'has the same names in the same order, most of these 0; `libevent` names libuv, Node and hotset',
    reason: 'There is nothing to count.',
  },
  {
    sent: '`stats cachedump 1 10`',
    memcached: 'lists the cold part of the LRU list',
    hotset: 'lists the newest items',
    reason: 'hotset has one LRU list.',
  },
  {
    sent: '`watch sysevents`, `watch rawcmds`',
    memcached: 'prints lines of the LRU maintainer and of the proxy',
    hotset: '`OK`, and no lines',
    reason: 'hotset has neither.',
  },
  {
    sent: 'the binary stat `conns`',
    memcached: '`Not found`',
    hotset: 'the list of `stats conns`',
    reason: 'Monitors that speak binary want it too.',
  },
  {
    sent: '`set a 0 -1 1`, or a `touch` with a time that has passed',
    memcached: 'the item stays until somebody asks for it; `get_expired` counts that',
    hotset: 'the item is gone at once; `reclaimed` counts it',
    reason: 'hotset gives the memory back at once.',
  },
  {
    sent: '`set a 0 2 1`',
    memcached: 'the item lives between 1 and 2 seconds',
    hotset: 'the item lives 2 seconds',
    reason: "memcached's clock has steps of a second.",
  },
  {
    sent: '`flush_all`',
    memcached: 'items stay in `curr_items` until somebody asks for them; `get_flushed` counts them',
    hotset: 'items are gone at once; `get_flushed` stays 0',
    reason: 'hotset gives the memory back at once.',
  },
  {
    sent: '`set a …`; seconds later `flush_all`, `flush_all 100`, `get a`',
    memcached: 'the item is back, until the second flush is due',
    hotset: 'the item is gone',
    reason: 'hotset removes items at the flush, memcached when somebody asks for them.',
  },
  {
    sent: '`mg a T-1 t`',
    memcached: '`HD t4294967235`, or a number near it',
    hotset: '`HD t0`',
    reason: 'memcached prints a negative number as an unsigned one.',
  },
  {
    sent: '`set a …`, `gets a`, `add a …`, `set a …`, `gets a`',
    memcached: 'cas ids 2 and 4',
    hotset: 'cas ids 1 and 2',
    reason: 'In memcached an attempt that fails takes an id too. Clients take ids for opaque.',
  },
  {
    sent: '`set a 0 2000000000 1`, and then somebody sets the wall clock',
    memcached: 'the Unix time goes by the wall clock as it was when the server started',
    hotset: 'the Unix time follows the wall clock, in steps of a second and more; so does `time` of `stats`',
    reason: 'A Unix time is a time of the wall clock.',
  },
  {
    sent: 'binary `set` of a key with a space or a newline, then `mg … k` or `me`',
    memcached: 'prints the key as it is',
    hotset: 'prints it as base64, with `b`',
    reason: 'A newline would end the line.',
  },
  {
    sent: '`ms a 1 E0`',
    memcached: 'gives the item the cas id 0',
    hotset: 'gives it the next id',
    reason: '0 is no cas id.',
  },
  {
    sent: '`-Y FILE`, and more lines in the packet of the first',
    memcached: 'an answer replaces those before it',
    hotset: 'answers each line',
    reason: 'Requests and answers would no longer match.',
  },
  {
    sent: '`ms a 1 E99` with a bad data chunk, then `append b …`',
    memcached: '`b` gets the cas id 99',
    hotset: '`b` gets the next id',
    reason: 'What is refused leaves nothing behind.',
  },
  {
    sent: 'half of `set a`, then `set b`, then the rest',
    memcached: 'the cas id of `a` is the lower one',
    hotset: 'the cas id of `b` is the lower one',
    reason: 'hotset gives ids in the order in which items are stored.',
  },
  {
    sent: '`get a`, and then half of a `set`, in one packet',
    memcached: 'sends the reply to `get` when the `set` is complete',
    hotset: 'sends it at once',
    reason: 'A reply does not wait for a request that may never end.',
  },
  {
    sent: 'a value that is blank or in several chunks, then `incr`',
    memcached: 'may read memory behind the value',
    hotset: 'the value is not numeric',
    reason: 'Such reads are accidents.',
  },
  {
    sent: 'a binary `set` that is too large, or never finished',
    memcached: 'is in no counter',
    hotset: 'counts in `store_too_large`, or in `cmd_set`',
    reason: 'hotset counts the same things for text and binary.',
  },
  {
    sent: 'a `get` line of more than 4 MiB',
    memcached: 'is read',
    hotset: 'the connection closes',
    reason: 'Memory is bounded. 4 MiB hold some 16,000 of the longest keys.',
  },
  {
    sent: '`-c 100`',
    memcached: 'admits some 75 clients: it counts file descriptors',
    hotset: 'admits 100 clients',
    reason: 'The option speaks of connections.',
  },
  {
    sent: 'more than 20 requests in one packet',
    memcached: 'serves 20, then other connections (`-R`)',
    hotset: 'serves 512',
    reason: "A turn of Node's event loop costs more than one of memcached's.",
  },
  {
    sent: '`-e FILE`',
    memcached: 'keeps the memory itself in a mapped file',
    hotset:
      'writes a snapshot at a clean stop and every `--snapshot-every` seconds, and reads it at the start',
    reason: 'See [Warm restart](server.md#warm-restart).',
  },
];
