/** `hotset replay` as a process: files, standard input, servers, and what is wrong with them. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startHotset } from '../support/hotset-process.js';
import { HOTSET_MAIN } from '../support/project.js';
import { type CommandResult, runCommand } from '../support/run-command.js';
import { Command, folder } from './command.js';

function replay(...args: readonly string[]): Promise<CommandResult> {
  return runCommand(process.execPath, [HOTSET_MAIN, 'replay', ...args]);
}

function written(name: string, content: string | Buffer): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

/** Ten keys, again and again. */
const LOOP = Array.from({ length: 100 }, (_, read) => `item:${read % 10}\n`).join('');

describe('a file', () => {
  it('of keys: the table, by policy and size', async () => {
    const { code, stdout, stderr } = await replay(written('keys.txt', LOOP), '--sizes', '5,10');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^keys\.txt \(columns\)\n100 reads of 10 keys, which take 10 entries together\n/);
    expect(stdout).toMatch(/size +of all +lru +sieve +s3-fifo +w-tinylfu +Belady\n/);
    // A loop is what LRU cannot do; Belady's keeps half of it.
    expect(stdout).toMatch(/\n +5 +50 % +0\.0 % /);
    expect(stdout).toMatch(/\n +10 +100 % +90\.0 % +90\.0 % +90\.0 % +90\.0 % +90\.0 %\n/);
  });

  it('compressed, with sizes: bytes, an SVG and JSON', async () => {
    const svg = join(folder(), 'curve.svg');
    const trace = written('trace.csv.gz', gzipSync(`key,size\n${LOOP.replaceAll('\n', ',100\n')}`));
    const { code, stdout } = await replay(trace, '--json', '--svg', svg, '--policies', 's3-fifo');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ unit: 'bytes', reads: 100, keys: 10, rate: 1, notes: [] });
    expect(report.policies.map(({ name }: { name: string }) => name)).toEqual(['lru', 's3-fifo']);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*trace\.csv\.gz.*<\/svg>\n$/s);
  });

  it('on standard input', () => {
    const stdout = execFileSync(process.execPath, [HOTSET_MAIN, 'replay', '-', '--entries'], {
      input: LOOP.replaceAll('\n', ' 5\n'),
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^- \(columns\)\n100 reads of 10 keys, which take 10 entries together\n/);
  });

  it('on standard input, compressed; and in UTF-16, as PowerShell writes it', () => {
    for (const input of [gzipSync(LOOP), Buffer.from(`\ufeff${LOOP.replaceAll('\n', '\r\n')}`, 'utf16le')]) {
      const stdout = execFileSync(process.execPath, [HOTSET_MAIN, 'replay', '-'], {
        input,
        encoding: 'utf8',
      });
      expect(stdout).toMatch(/^- \(columns\)\n100 reads of 10 keys, which take 10 entries together\n\n/);
    }
  });

  it('whose answer nobody reads to its end is no error', async () => {
    const child = spawn(process.execPath, [HOTSET_MAIN, 'replay', written('keys.txt', LOOP)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('whose format nobody knows is refused, and shown without what moves the cursor', async () => {
    const trace = written('quoted.csv', `"key";"size"\n${'"a, \x1b[2Jb";5\n'.repeat(9)}`);
    const { code, stderr, stdout } = await replay(trace);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'hotset: quoted.csv (columns): 9 lines of 10 could not be used. The first: line 2: the size is ?[2Jb";5: ' +
        '"a, ?[2Jb";5; say what lines are with --columns, --format or --pattern\n',
    );
    expect((await replay(trace, '--pattern', '^"(?<key>[^"]*)";(?<size>\\d+)$')).stdout).toMatch(
      /9 reads of 1 key, which takes 5[0-9] B together/,
    );
  });

  it('bad lines are counted, and the first is shown', async () => {
    const trace = written('bad.txt', `${LOOP}key big\nkey huge\n# a comment\n\nkey 5\n`);
    const { code, stdout } = await replay(trace);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '2 lines of 105 could not be used. The first: line 101: the size is big: key big\n',
    );
  });

  it('of three small entries: the sizes are exact', async () => {
    const { stdout } = await replay(written('few.txt', 'a 100 -5\r\n'.repeat(3)), '--sizes', '144,145');
    expect(stdout).toMatch(/\n *144 B +99 % +0\.0 % /);
    expect(stdout).toMatch(/\n *145 B +100 % +66\.7 % +66\.7 % +0\.0 % +0\.0 % +66\.7 %/);
  });

  it.each([
    ['with NULs', '\0a\n\0b\n'],
    ['of UTF-16 without its mark', Buffer.from(LOOP, 'utf16le')],
    ['of UTF-16, high bytes first', Buffer.from(`\ufeff${LOOP}`, 'utf16le').swap16()],
  ])('%s is refused', async (_, content) => {
    const { code, stderr } = await replay(written('binary', content));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      / lines of \d+ could not be used\. The first: line 1: it has a NUL, as binary files do/,
    );
  });

  it('of sizes that nothing has: those lines are bad', async () => {
    const { stdout } = await replay(written('huge.txt', `key 1e300\nkey -1\n${LOOP}`));
    expect(stdout).toContain(
      '2 lines of 102 could not be used. The first: line 1: the size is 1e300: key 1e300\n',
    );
  });

  it('a line without end costs no memory', async () => {
    const { stdout } = await replay(written('long.txt', `${LOOP}${'x'.repeat(5_000_000)}\n${LOOP}`));
    expect(stdout).toMatch(/200 reads of 10 keys/);
    expect(stdout).toContain(
      '1 line of 201 could not be used. The first: line 101: it has more than 65536 characters',
    );
  });

  it.each<[string, readonly string[], number, RegExp]>([
    ['no file', [], 2, /takes a file, or --sample/],
    [
      'a file that is not there',
      ['/nowhere/at/all'],
      1,
      /^hotset: \/nowhere\/at\/all cannot be read: ENOENT/,
    ],
    ['a directory', ['/'], 1, /cannot be read: EISDIR/],
    ['two files', ['a', 'b'], 2, /takes one file or one address; got also b/],
    ['an unknown option', ['a', '--colour'], 2, /Unknown option '--colour'/],
    ['an unknown policy', ['a', '--policies', 'fifo'], 2, /--policies takes lru, .*; got fifo/],
    ['an unknown format', ['a', '--format', 'xml'], 2, /--format takes auto, .*; got xml/],
    ['a bad number', ['a', '--max-requests', '0'], 2, /--max-requests takes a whole number from 1/],
    ['a bad address', ['--sample', 'localhost'], 2, /--sample takes host:port/],
    ['nobody there', ['--sample', '127.0.0.1:1'], 1, /127\.0\.0\.1:1 cannot be sampled: .*ECONNREFUSED/],
  ])('%s: one line, and an exit code', async (_, args, code, message) => {
    const result = await replay(...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.split('\n')).toHaveLength(2);
    expect(result.stdout).toBe('');
  });

  it('an empty one has nothing to replay', async () => {
    const result = await replay(written('empty.txt', ''));
    expect([result.code, result.stderr]).toEqual([
      1,
      'hotset: empty.txt (columns): there are no reads to replay\n',
    ]);
  });

  it('a bad size', async () => {
    const result = await replay(written('keys.txt', LOOP), '--sizes', '5MB');
    expect([result.code, result.stdout]).toEqual([2, '']);
  });

  it('--help', async () => {
    const { code, stdout } = await replay('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('usage: hotset replay');
  });
});

describe('a running server', () => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await startHotset();
  });

  afterAll(async () => {
    await server.stop();
  });

  it('is watched until Ctrl-C, and what its clients asked for is replayed', async () => {
    const command = new Command([
      'replay',
      '--sample',
      `127.0.0.1:${server.port}`,
      '--seconds',
      '600',
      '--json',
    ]);
    const client = connect(server.port, '127.0.0.1');
    client.setEncoding('latin1');
    const ask = async (request: string, end: string): Promise<void> => {
      let answer = '';
      client.write(request);
      while (!answer.includes(end)) answer += (await once(client, 'data'))[0];
    };
    // Watching has begun once the server says so.
    for (let watchers = ''; !/log_watchers [1-9]/.test(watchers); ) {
      client.write('stats\r\n');
      watchers = '';
      while (!watchers.endsWith('END\r\n')) watchers += (await once(client, 'data'))[0];
    }
    for (let read = 0; read < 40; read++) {
      const key = `user:${read % 4}`;
      await ask(`get ${key}\r\n`, 'END\r\n');
      if (read < 4) await ask(`set ${key} 0 0 100\r\n${'x'.repeat(100)}\r\n`, 'STORED\r\n');
    }
    client.destroy();
    command.child.kill('SIGINT');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    const report = JSON.parse(command.stdout);
    expect(report).toMatchObject({ unit: 'bytes', keys: 4, notes: [] });
    // The last lines may not have been sent when the signal came; lookups of the stores are not among them.
    expect(report.reads).toBeGreaterThan(30);
    expect(report.reads).toBeLessThanOrEqual(40);
    expect(report.limit.hitRatios.at(-1)).toBe((report.reads - 4) / report.reads);
    expect(report.title).toBe(`127.0.0.1:${server.port} (memcached's watch)`);
  });

  it('that is old, and does not know deletions, is watched without them', async () => {
    const other = createServer((socket) => {
      socket.setEncoding('latin1').on('data', (line: string) => {
        if (line !== 'watch fetchers mutations\r\n') socket.write('ERROR\r\n');
        else
          socket.end(
            'OK\r\nts=1.000002 gid=1 type=item_get key=a status=found clsid=1 cfd=9 size=5\n'.repeat(2),
          );
      });
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, stdout } = await replay('--sample', `127.0.0.1:${port}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n2 reads of 1 key,/);
    other.close();
  });

  it('that is none says what it said instead', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, stderr } = await replay('--sample', `127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `hotset: 127.0.0.1:${port} cannot be sampled: it answers watch with "HTTP/1.1 400 Bad Request"\n`,
    );
    other.close();
  });
});
