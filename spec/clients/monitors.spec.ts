/** What watches over memcached: the scripts and tools of its packages, and what exporters and agents read. */

import { Client } from 'memjs';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { describeOnBoth, type Target } from '../support/both-servers.js';
import { libmemcachedTools, MEMCACHED_TOOL, memcachedScripts } from '../support/external-tool.js';
import { rawCommand } from '../support/raw-command.js';
import { outputOf } from '../support/run-command.js';

// memcached-tool and memjs wait for ever for the end of an answer.
vi.setConfig({ testTimeout: 10_000, hookTimeout: 10_000 });

const STORE = 'set a 1 100 3\r\nabc\r\nset b%20\xfc 7 0 2\r\nxy\r\nset c 0 0 0\r\n';

async function storeSome(target: Target): Promise<void> {
  expect(await rawCommand(target.port, `flush_all\r\n${STORE}`)).toBe('OK\r\nSTORED\r\nSTORED\r\nSTORED\r\n');
}

describeOnBoth('memcached-tool', memcachedScripts(), (target) => {
  beforeEach(() => storeSome(target));

  const tool = (...mode: string[]): Promise<string> =>
    outputOf('perl', [MEMCACHED_TOOL, target.address, ...mode]);

  it.each([[[]], [['display']]])('shows slabs with the arguments %j', async (mode) => {
    const [head, ...rows] = (await tool(...mode)).trimEnd().split('\n');
    expect(head).toBe('  #  Item_Size  Max_age   Pages   Count   Full?  Evicted Evict_Time OOM');
    // The size of items, age, pages, count, whether it is full, and what has been evicted.
    expect(rows[0]).toMatch(/^ {2}1 +\d+(?:\.\d)?[BK] +\d+s +[1-9]\d* +[1-9]\d* +(?:yes|no) +0 +0 +0$/);
  });

  it('shows statistics and settings, a name and a value each', async () => {
    const stats = await tool('stats');
    expect(stats).toMatch(/^ +limit_maxbytes +67108864\r?$/m);
    expect(stats).toMatch(/^ +rusage_user +\d+\.\d{6}\r?$/m);
    const settings = await tool('settings');
    expect(settings).toMatch(/^ +maxconns +1024\r?$/m);
    expect(settings).toMatch(/^ +evictions +on\r?$/m);
  });

  it('shows that sizes are not counted', async () => {
    expect(await tool('sizes')).toMatch(/^ +sizes_status +disabled\r?$/m);
  });

  it('dumps keys and values, as commands that add them', async () => {
    const dump = await tool('dump');
    expect(dump).toMatch(/^add a 1 1\d{9} 3\r\nabc\r\n/m);
    expect(dump).toMatch(/^add c 0 0 0\r\n\r\n/m);
    expect(dump.match(/^add /gm)).toHaveLength(3);
    // The OK that newer servers send first counts as a key.
    expect((await tool('dump', '2')).match(/^add /gm)).toHaveLength(target.name === 'hotset' ? 1 : 2);
  });

  it('lists keys', async () => {
    const keys = (await tool('keys')).trimEnd().split('\n').sort();
    expect(keys).toEqual([
      expect.stringMatching(/^key=a exp=1\d{9} la=\d+ cas=\d+ fetch=no cls=1 size=\d+/),
      expect.stringMatching(/^key=b%2520%FC exp=-1 la=\d+ cas=\d+ fetch=no cls=1 size=\d+/),
      expect.stringMatching(/^key=c exp=-1 /),
    ]);
  });
});

describeOnBoth('memcstat', libmemcachedTools(), (target) => {
  beforeAll(() => storeSome(target));

  it.each([[[]], [['--binary']]])('prints statistics of all kinds, with %j', async (protocol) => {
    const memcstat = (...args: string[]): Promise<string> =>
      outputOf('memcstat', [`--servers=${target.address}`, ...protocol, ...args]);
    expect(await memcstat()).toMatch(/^\trusage_user: \d+\.\d{6}\n/m);
    expect(await memcstat('settings')).toMatch(/^\tmaxconns: 1024\n/m);
    expect(await memcstat('items')).toMatch(/^\titems:1:number: [1-9]\d*\n/m);
    expect(await memcstat('slabs')).toMatch(/^\t1:used_chunks: [1-9]\d*\n/m);
    expect(await memcstat('--analyze')).toContain('Number of Servers Analyzed         : 1\n');
  });
});

const NUMBER = /^\d+$/;
const SECONDS = /^\d+\.\d{6}$/;
const FACTOR = /^\d+\.\d\d$/;
const VERSION = /^\d+\.\d+\.\d+$/;
const YES_OR_NO = /^(?:yes|no)$/;

/** What each of them reads: names by shape. */
type Readings = readonly (readonly [RegExp, string])[];

const READ: Readonly<Record<string, Readonly<Record<string, Readings>>>> = {
  "Prometheus' memcached_exporter": {
    '': [
      [VERSION, 'version'],
      [SECONDS, 'rusage_user rusage_system'],
      [NUMBER, 'uptime time get_hits get_misses delete_hits delete_misses incr_hits incr_misses'],
      [NUMBER, 'decr_hits decr_misses cas_hits cas_misses cas_badval touch_hits touch_misses'],
      [NUMBER, 'cmd_flush cmd_set bytes limit_maxbytes curr_items total_items bytes_read bytes_written'],
      [NUMBER, 'curr_connections total_connections rejected_connections conn_yields listen_disabled_num'],
      [NUMBER, 'evictions reclaimed store_too_large store_no_memory lru_crawler_starts direct_reclaims'],
      [NUMBER, 'crawler_items_checked crawler_reclaimed moves_to_cold moves_to_warm moves_within_lru'],
      [NUMBER, 'accepting_conns'],
    ],
    settings: [
      [NUMBER, 'maxconns lru_crawler_sleep lru_crawler_tocrawl hot_lru_pct warm_lru_pct'],
      [FACTOR, 'hot_max_factor warm_max_factor'],
      [YES_OR_NO, 'lru_crawler lru_maintainer_thread'],
    ],
    slabs: [
      [NUMBER, 'total_malloced active_slabs 1:chunk_size 1:chunks_per_page 1:total_pages 1:total_chunks'],
      [NUMBER, '1:used_chunks 1:free_chunks 1:free_chunks_end 1:get_hits 1:cmd_set 1:delete_hits'],
      [NUMBER, '1:incr_hits 1:decr_hits 1:cas_hits 1:cas_badval 1:touch_hits'],
    ],
    items: [
      [NUMBER, 'items:1:number items:1:number_hot items:1:number_warm items:1:number_cold'],
      [NUMBER, 'items:1:age items:1:age_hot items:1:age_warm items:1:mem_requested'],
      [NUMBER, 'items:1:hits_to_hot items:1:hits_to_warm items:1:hits_to_cold items:1:hits_to_temp'],
      [NUMBER, 'items:1:evicted items:1:evicted_nonzero items:1:evicted_time items:1:evicted_unfetched'],
      [NUMBER, 'items:1:evicted_active items:1:outofmemory items:1:tailrepairs items:1:reclaimed'],
      [NUMBER, 'items:1:expired_unfetched items:1:crawler_reclaimed items:1:crawler_items_checked'],
      [NUMBER, 'items:1:lrutail_reflocked items:1:moves_to_cold items:1:moves_to_warm'],
      [NUMBER, 'items:1:moves_within_lru items:1:direct_reclaims'],
    ],
  },
  Telegraf: {
    '': [
      [NUMBER, 'accepting_conns auth_cmds auth_errors bytes bytes_read bytes_written cas_badval cas_hits'],
      [NUMBER, 'cas_misses cmd_flush cmd_get cmd_set cmd_touch conn_yields connection_structures'],
      [NUMBER, 'curr_connections curr_items decr_hits decr_misses delete_hits delete_misses'],
      [NUMBER, 'evicted_active evicted_unfetched evictions expired_unfetched get_expired get_flushed'],
      [NUMBER, 'get_hits get_misses hash_bytes hash_is_expanding hash_power_level incr_hits incr_misses'],
      [NUMBER, 'limit_maxbytes listen_disabled_num max_connections reclaimed rejected_connections'],
      [NUMBER, 'store_no_memory store_too_large threads total_connections total_items touch_hits'],
      [NUMBER, 'touch_misses uptime'],
    ],
  },
  Datadog: {
    '': [
      [NUMBER, 'total_items curr_items limit_maxbytes uptime bytes curr_connections max_connections'],
      [NUMBER, 'connection_structures threads pointer_size cmd_get cmd_set cmd_flush get_hits get_misses'],
      [NUMBER, 'delete_hits delete_misses evictions bytes_read bytes_written cas_misses cas_hits'],
      [NUMBER, 'cas_badval total_connections listen_disabled_num'],
      [SECONDS, 'rusage_user rusage_system'],
    ],
  },
};

const KINDS = ['', 'settings', 'slabs', 'items'] as const;

describeOnBoth('what monitors read', null, (target) => {
  let client: Client;

  beforeAll(async () => {
    await storeSome(target);
    client = Client.create(target.address, { timeout: 10, retries: 1, logger: { log: () => undefined } });
    await client.get('a');
  });
  afterAll(() => client?.close());

  async function overText(kind: string): Promise<Map<string, string>> {
    const answer = await rawCommand(target.port, `stats ${kind}`);
    expect(answer.endsWith('\r\nEND\r\n')).toBe(true);
    const lines = answer.split('\r\n').slice(0, -2);
    // A line without a value ends Telegraf's reading.
    const pairs = lines.map((line) => /^STAT (\S+) (\S.*)$/.exec(line)?.slice(1) as [string, string]);
    expect(pairs).not.toContain(undefined);
    return new Map(pairs);
  }

  const overBinary = (kind: string): Promise<Map<string, string>> =>
    new Promise((resolve, reject) => {
      client.statsWithKey(kind, (error, _, stats) => {
        if (error === null) resolve(new Map(Object.entries(stats!)));
        else reject(error);
      });
    });

  const READERS = { text: overText, binary: overBinary };

  it.each(
    Object.entries(READ).flatMap(([reader, kinds]) =>
      (['text', 'binary'] as const).map((protocol) => ({ reader, kinds, protocol })),
    ),
  )('$reader finds all that it reads, over the $protocol protocol', async ({ kinds, protocol }) => {
    for (const [kind, readings] of Object.entries(kinds)) {
      const stats = await READERS[protocol](kind);
      for (const [shape, names] of readings) {
        const values = names.split(' ').map((name) => [name, stats.get(name)]);
        expect(values).toEqual(values.map(([name]) => [name, expect.stringMatching(shape)]));
      }
    }
  });

  it.each(KINDS)('both protocols have the same names, in stats "%s"', async (kind) => {
    expect([...(await overBinary(kind)).keys()]).toEqual([...(await overText(kind)).keys()]);
  });

  it('damemtop sends its request with a space at the end and without CR', async () => {
    const answer = await rawCommand(target.port, 'stats \nstats items\nstats slabs\n\nversion');
    const [general, items, slabs, rest] = answer.split('END\r\n');
    expect(general).toMatch(/^STAT pid \d+\r\n/);
    expect(items).toMatch(/^(?:STAT items:\S+ \d+\r\n)*$/);
    expect(slabs).toMatch(/^STAT \S+ \d+\r\n/);
    // memcached 1.6.18 has another word for an empty line.
    const refusal = target.name === 'hotset' ? 'CLIENT_ERROR bad command line format' : 'ERROR';
    expect(rest).toMatch(new RegExp(`^${refusal}\r\nVERSION \\d+\\.\\d+\\.\\d+\r\n$`));
  });
});
