/** What the flags do, seen from a client of the running command. */

import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Command, folder, start, talk } from './command.js';

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

describe('where hotset listens', () => {
  it('greets in one line with address, memory and a way to try it', async () => {
    const command = start(['-m', '8']);
    const port = await command.port();
    expect(command.stdout).toMatch(
      /^hotset \d+\.\d+\.\d+ listens on 127\.0\.0\.1:\d+ with 8 MiB; try: printf '.*' \| nc 127\.0\.0\.1 \d+\n$/,
    );
    expect(await talk(port, 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n')).toBe(
      'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    );
    expect(command.stderr).toBe('');
  });

  it('-l takes a list, with ports of their own', async () => {
    const command = start(['-l', `127.0.0.1,127.0.0.1:-1${hasIpv6 ? ',[::1]:-1' : ''}`]);
    const where = / on (.*) with /.exec(await command.greeting())![1]!.split(', ');
    expect(where).toHaveLength(hasIpv6 ? 3 : 2);
    for (const address of where) {
      const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address)!;
      expect(await talk(Number(port), 'set a 0 0 1\r\nx\r\nquit\r\n', host)).toBe('STORED\r\n');
    }
  });

  it('-s opens a Unix socket with the mode of -a, and no port', async () => {
    const path = join(folder(), 'socket');
    const command = new Command(['-p', '0', '-s', path, '-a', '0660']);
    expect(await command.greeting()).toMatch(
      new RegExp(`^hotset \\S+ listens on ${path} with .* nc -U ${path}\n$`),
    );
    expect(lstatSync(path).mode & 0o777).toBe(0o660);
    expect(await talk(path, 'stats settings\r\nquit\r\n')).toContain('STAT tcpport 0\r\n');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('a Unix socket that a killed server left behind does not keep the next from starting', async () => {
    const path = join(folder(), 'socket');
    const first = new Command(['-s', path]);
    await first.greeting();
    await first.kill();
    expect(lstatSync(path).isSocket()).toBe(true);
    await new Command(['-s', path]).greeting();
    expect(await talk(path, 'version\r\nquit\r\n')).toMatch(/^VERSION /);
  });

  it('MEMCACHED_PORT_FILENAME names a file that lists the ports', async () => {
    const path = join(folder(), 'ports');
    const command = start(['-l', '127.0.0.1,127.0.0.1'], { MEMCACHED_PORT_FILENAME: path });
    const where = / on (.*) with /.exec(await command.greeting())![1]!.split(', ');
    const lines = where.map((address) => `TCP INET: ${address.split(':')[1]}\n`);
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
    expect(readdirSync(join(path, '..'))).toEqual(['ports']);
  });

  it('a port file that cannot be written is complained of in one line, and the server serves', async () => {
    const command = start([], { MEMCACHED_PORT_FILENAME: '/nonexistent/ports' });
    expect(await talk(await command.port(), 'version\r\nquit\r\n')).toMatch(/^VERSION /);
    expect(command.stderr).toMatch(
      /^\S+ hotset: MEMCACHED_PORT_FILENAME \/nonexistent\/ports cannot be written: .*\n$/,
    );
  });
});

describe('what hotset does', () => {
  it('evicts when the memory is full', async () => {
    const port = await start(['-m', '2']).port();
    const data = `0 0 700000\r\n${'x'.repeat(700_000)}\r\n`;
    expect(await talk(port, `set a ${data}set b ${data}set c ${data}quit\r\n`)).toBe('STORED\r\n'.repeat(3));
    expect(await talk(port, 'get a\r\nstats\r\nquit\r\n')).toMatch(/^END\r\n[\s\S]*STAT evictions 1\r\n/);
  });

  it('-M refuses what does not fit, keeps everything else, and has room again after a delete', async () => {
    const port = await start(['-m', '2', '-M']).port();
    const data = `0 0 700000\r\n${'x'.repeat(700_000)}\r\n`;
    const full = 'SERVER_ERROR out of memory storing object\r\n';
    expect(await talk(port, `set a ${data}set b ${data}set c ${data}add d ${data}quit\r\n`)).toBe(
      `STORED\r\nSTORED\r\n${full}${full}`,
    );
    const small = await talk(port, `set e 0 0 1\r\nx\r\ndelete a\r\nset c ${data}stats\r\nquit\r\n`);
    expect(small).toMatch(/^STORED\r\nDELETED\r\nSTORED\r\nSTAT /);
    expect(small).toContain('STAT evictions 0\r\n');
    expect(small).toContain('STAT store_no_memory 2\r\n');
  });

  it('-I is the limit on items', async () => {
    const port = await start(['-I', '2k']).port();
    const set = (length: number): string => `set k 0 0 ${length}\r\n${'x'.repeat(length)}\r\n`;
    expect(await talk(port, `${set(2048 - 60)}${set(2048 - 59)}quit\r\n`)).toBe(
      'STORED\r\nSERVER_ERROR object too large for cache\r\n',
    );
  });

  it('-c is the limit on connections', async () => {
    const port = await start(['-c', '1']).port();
    const first = talk(port, 'version\r\n');
    await expect.poll(() => talk(port, '').catch(() => '')).toBe('ERROR Too many open connections\r\n');
    void first.catch(() => {});
  });

  it('-o idle_timeout shows in stats settings', async () => {
    const port = await start(['-o', 'idle_timeout=77,modern']).port();
    expect(await talk(port, 'stats settings\r\nquit\r\n')).toContain('STAT idle_timeout 77\r\n');
  });

  it('-t 1 and -U 0 change nothing', async () => {
    const port = await start(['-t', '1', '-U', '0']).port();
    expect(await talk(port, 'stats\r\nquit\r\n')).toContain('STAT threads 1\r\n');
  });

  it('--debug-clock moves the time by debugtime; without it there is no such command', async () => {
    const port = await start(['--debug-clock']).port();
    expect(
      await talk(
        port,
        'set a 0 100 1\r\nx\r\ndebugtime 98\r\nget a\r\ndebugtime 3\r\nget a\r\ndebugtime x\r\nquit\r\n',
      ),
    ).toBe('STORED\r\nOK\r\nVALUE a 0 1\r\nx\r\nEND\r\nOK\r\nEND\r\nERROR\r\n');
    const other = await start().port();
    expect(await talk(other, 'debugtime 5\r\nquit\r\n')).toBe('ERROR\r\n');
  });

  it('-vv logs connections on stderr, and a closed log stops nothing', async () => {
    const command = start(['-vv']);
    const port = await command.port();
    await talk(port, 'quit\r\n');
    await expect.poll(() => command.stderr).toMatch(/^([-\dT:.]+Z hotset: .*\n)+$/);
    expect(command.stderr).toMatch(/hotset: connection 2 opened \(127\.0\.0\.1:\d+\)\n/);
    await talk(port, '\x1b[2J\x07\r\nquit\r\n');
    await expect.poll(() => command.stderr).toContain('?[2J?');
    expect(command.stderr).not.toMatch(/[^\n\x20-\x7e]/);
    command.child.stderr!.destroy();
    for (let i = 0; i < 5; i++) expect(await talk(port, 'version\r\nquit\r\n')).toMatch(/^VERSION /);
    command.signal('SIGTERM');
    expect((await command.ended).code).toBe(0);
  });
});
