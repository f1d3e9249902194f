/**
 * Command lines that memcached 1.6.45 takes start hotset too. Where HOTSET_MEMCACHED names that binary, it is asked
 * as well: a row that it refuses does not belong here.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certificate } from '../support/certificates.js';
import { HOTSET_MAIN } from '../support/project.js';
import { ServerProcess } from '../support/server-process.js';
import { Command, folder, run, start, talk } from './command.js';

const MEMCACHED = process.env.HOTSET_MEMCACHED ?? '';
const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

/** All flags and all options of `-o` that this version has, with values that it takes: once at least. */
const LINES: readonly string[] = [
  '-A -C -F -X -W -M -r -k -v -vv -vvv -o maxconns_fast,no_maxconns_fast,hashpower=16,no_hashexpand,slab_reassign,slab_automove,slab_automove=2,no_slab_automove,slab_automove_ratio=0.8,slab_automove_window=10,slab_automove_freeratio=0.01,tail_repair_time=10,hash_algorithm=jenkins,lru_crawler,lru_crawler_sleep=100,lru_crawler_tocrawl=5,lru_maintainer,hot_lru_pct=20,warm_lru_pct=40,hot_max_factor=0.2,warm_max_factor=2,temporary_ttl=61',
  '-m 64 -c 1024 -t 4 -R 20 -b 1024 -B auto -I 1m -f 1.25 -n 48 -D : -N 1 -U 0 -a 0700 -P /nonexistent/pid -o idle_timeout=30,idle_timeout=30s,watcher_logbuf_size=256,worker_logbuf_size=64,slab_sizes=96-120-480,slab_chunk_max=512,track_sizes,inline_ascii_resp,no_inline_ascii_resp,modern,read_buf_mem_limit=1 -o ext_page_size=64,ext_wbuf_size=4,ext_threads=1,ext_io_depth=1,ext_item_size=512,ext_item_age=60,ext_low_ttl=1,ext_recache_rate=2000,ext_compact_under=1,ext_drop_under=1,ext_max_sleep=1000,ext_max_frag=0.8,ext_drop_unread',
  '--enable-shutdown --disable-cas --disable-flush-all --disable-dumping --disable-watch --disable-evictions --enable-coredumps --lock-memory --verbose --memory-limit=64 --conn-limit=1024 --threads=4 --napi-ids=1 --max-reqs-per-event=20 --listen-backlog=1024 --protocol=auto --max-item-size=1m --slab-growth-factor=1.25 --slab-min-size=48 --udp-port=0 --unix-mask=0700 --pidfile=/nonexistent/pid --extended=modern --listen=127.0.0.1',
  '-o ssl_chain_cert=/c,ssl_key=/k,ssl_ca_cert=/a,ssl_ciphers=A,ssl_verify_mode=1,ssl_keyformat=1,ssl_wbuf_size=16,ssl_session_cache,ssl_kernel_tls,ssl_min_version=0,ssl_min_version=1,ssl_min_version=2,ssl_min_version=3',
  '-o no_chunked_items,no_modern,no_lru_maintainer,no_lru_crawler,no_slab_reassign,no_drop_privileges,resp_obj_mem_limit=1',
  // As getopt_long and atoi read them.
  '--verbose=vv --verb --conn 50 --memory-l=64 stray arguments -- -x',
  '-m 64m -c 100x -t 4x -R 20x -b 0 -n 48x -a 1777 -D :; -I 1024x -o slab_chunk_max=1',
  '-m 3g -b -1 -a 0700x',
  '-l * -l *',
  '-l ;127.0.0.1,,',
  '-l 127.0.0.1:0',
  '-l localhost -l localhost',
  '-l proto[ascii]:127.0.0.1,proto[binary]:tag_abc_:127.0.0.1:-1,tag[abc]:127.0.0.1:-1,tag_b_:127.0.0.1',
  ...(hasIpv6 ? ['-l 0.0.0.0,::', '-l ::1 -l [::1]:-1,127.0.0.1'] : []),
];

const isRoot = process.getuid?.() === 0;

/** `-p -1` and a file that tells the port: resolves when that is there, and when the process has ended. */
async function startsMemcached(flags: readonly string[]): Promise<boolean> {
  const portFile = join(folder(), 'port');
  const server = new ServerProcess(MEMCACHED, ['-p', '-1', ...(isRoot ? ['-u', 'root'] : []), ...flags], {
    MEMCACHED_PORT_FILENAME: portFile,
  });
  try {
    return await server.until(() => (existsSync(portFile) ? true : undefined));
  } catch {
    return false;
  } finally {
    await server.stop();
  }
}

function portsOf(greeting: string): number[] {
  const [addresses] = greeting.split(' with ');
  return Array.from(addresses!.matchAll(/127\.0\.0\.1:(\d+)/g), ([, port]) => Number(port));
}

describe('what memcached takes', () => {
  it.each(LINES)('hotset %s', async (line) => {
    const command = start(line.split(' '));
    await command.greeting();
    for (const warning of command.stderr.split('\n').slice(0, -1)) expect(warning).toMatch(/^\S+Z hotset: /);
    await command.kill();
  });

  it.skipIf(MEMCACHED === '').each(LINES)('memcached %s', async (line) => {
    expect(await startsMemcached(line.split(' '))).toBe(true);
  });
});

describe('-l', () => {
  it.runIf(hasIpv6)('opens no IPv4 for ::, and both for *', async () => {
    const port = await start(['-l', '::']).port();
    expect(await talk(port, 'version\r\nquit\r\n', '::1')).toMatch(/^VERSION /);
    await expect(talk(port, 'quit\r\n', '127.0.0.1')).rejects.toThrow('ECONNREFUSED');
    const any = await start(['-l', '*']).greeting();
    for (const [host, pattern] of [
      ['127.0.0.1', / 0\.0\.0\.0:(\d+)/],
      ['::1', /\[::\]:(\d+)/],
    ] as const)
      expect(await talk(Number(pattern.exec(any)![1]), 'version\r\nquit\r\n', host)).toMatch(/^VERSION /);
  });

  it('gives an address a protocol of its own', async () => {
    const command = start(['-l', 'proto[binary]:127.0.0.1,proto[ascii]:127.0.0.1:-1']);
    const ports = portsOf(await command.greeting());
    expect(await talk(ports[0]!, 'version\r\n'.repeat(3))).toBe('');
    expect(await talk(ports[1]!, 'version\r\nquit\r\n')).toMatch(/^VERSION /);
  });

  it('requires clients’ certificates with mtls: and not with btls:', async () => {
    const server = certificate('server');
    const file = join(folder(), 'both.pem');
    writeFileSync(file, server.cert + server.key);
    const command = start([
      '-Z',
      '-o',
      `ssl_chain_cert=${file},ssl_ca_cert=${file},ssl_verify_mode=2`,
      '-l',
      'mtls:127.0.0.1,btls:proto[ascii]:127.0.0.1:-1,127.0.0.1:-1',
    ]);
    const ports = portsOf(await command.greeting());
    const answers = async (port: number, withCertificate: boolean): Promise<boolean> =>
      await new Promise((resolve) => {
        const own = withCertificate ? { cert: server.cert, key: server.key } : {};
        const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: server.cert, ...own });
        socket.on('error', () => resolve(false)).on('close', () => resolve(false));
        socket.on('data', () => resolve(true));
        socket.write('version\r\nquit\r\n');
      });
    const seen = [];
    for (const port of ports) seen.push([await answers(port, false), await answers(port, true)]);
    expect(seen).toEqual([
      [false, true],
      [true, true],
      [false, true],
    ]);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1:PORT is not an address of this machine'],
    ['no-such-host.invalid', 'no-such-host.invalid:PORT does not resolve to an address'],
    ['0.0.0.0,127.0.0.1', '127.0.0.1:PORT overlaps with 0.0.0.0:PORT: give -l only one of them'],
  ])('names the address of %s that fails, and why', async (list, message) => {
    const port = String(20_000 + (process.pid % 10_000));
    const { code, stderr } = await run(['-p', port, '-l', list]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `hotset: ${message.replaceAll('PORT', port)}\n` });
  });

  const rights = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  // Others may not read a checkout in a folder of root's alone.
  const canDrop = isRoot && spawnSync('setpriv', [...rights, 'test', '-r', HOTSET_MAIN]).status === 0;

  it.skipIf(!canDrop)('says who may not listen', () => {
    const { stderr } = spawnSync('setpriv', [...rights, process.execPath, HOTSET_MAIN, '-p', '81'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      'hotset: 127.0.0.1:81 may not be listened on by this user: ports below 1024 usually need root\n',
    );
  });
});

describe('stats settings', () => {
  it.each([
    ['-e FILE', 'memory_file FILE'],
    ['-o no_lru_crawler', 'lru_crawler no'],
    ['-o slab_automove=2', 'slab_automove 2'],
    ['-f 1.5', 'growth_factor 1.5'],
    ['-t 8', 'num_threads 8'],
    ['-l 127.0.0.1,', 'inter 127.0.0.1,'],
    ['-o watcher_logbuf_size=1', 'watcher_logbuf_size 1024'],
  ])('of %s', async (flags, line) => {
    const file = join(folder(), 'items');
    const port = await start(flags.replace('FILE', file).split(' ')).port();
    expect(await talk(port, 'stats settings\r\nquit\r\n')).toContain(`STAT ${line.replace('FILE', file)}`);
  });
});

it('-s opens no TCP, unless -p is given', async () => {
  const path = join(folder(), 'socket');
  const command = new Command(['-s', path, '-l', '127.0.0.1']);
  expect(await command.greeting()).toMatch(new RegExp(`listens on ${path} with`));
  const both = new Command(['-s', `${path}2`, '-p', '-1']);
  expect(await both.greeting()).toMatch(/listens on \S+, 127\.0\.0\.1:\d+ with/);
});

it.runIf(existsSync('/proc/self/comm'))('is called hotset', async () => {
  const command = start(['-m', '65']);
  await command.greeting();
  const read = (name: string): string => readFileSync(`/proc/${command.child.pid}/${name}`, 'utf8');
  expect(read('comm')).toBe('hotset\n');
  expect(read('cmdline')).toMatch(/^hotset .*-m 65/);
});
