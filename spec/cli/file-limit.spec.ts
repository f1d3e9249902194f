/** Connections are as many as there are files for, beside those that the server needs for itself. */

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileLimit, fitConnections } from '../../lib/cli/file-limit.js';
import { HOTSET_MAIN } from '../support/project.js';
import { ServerProcess } from '../support/server-process.js';
import { folder } from './command.js';

const limits = (max: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax processes             7 7 processes\nMax open files            ${max.padEnd(20)} ${max.padEnd(20)} files\n`;

it('knows the limit, where there is one', () => {
  expect(fileLimit(limits('1056'))).toBe(1056);
  expect(fileLimit(limits('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(fileLimit('')).toBe(Number.POSITIVE_INFINITY);
});

it('lowers what does not fit, and says so', () => {
  expect(fitConnections(1024, 0, 1056)).toEqual({ tcp: 1024, http: 0, warning: null });
  expect(fitConnections(1025, 0, 1056)).toEqual({
    tcp: 1024,
    http: 0,
    warning:
      '-c 1025 is more than there are files for: connections are limited to 1024, as this process may open 1056 files (ulimit -n) and keeps 32 for itself',
  });
  expect(fitConnections(1024, 2048, 1056)).toMatchObject({ tcp: 768, http: 256 });
  expect(fitConnections(50, 2048, 1056)).toMatchObject({ tcp: 50, http: 974 });
  expect(fitConnections(1024, 0, 33)).toMatchObject({ tcp: 1 });
  expect(fitConnections(1024, 0, 32)).toBeNull();
});

/** A shell command that may open so many files and is then hotset. */
function limited(files: number, flags: string): [command: string, args: string[]] {
  return ['sh', ['-c', `ulimit -n ${files}; exec ${process.execPath} ${HOTSET_MAIN} -p -1 ${flags}`]];
}

describe.runIf(existsSync('/proc/self/limits'))('ulimit -n', () => {
  it('100: refuses the 69th connection with an error, counts it, and still reads files', async () => {
    const users = join(folder(), 'users');
    writeFileSync(users, 'ann:before\n');
    const server = new ServerProcess(...limited(100, `-c 1000 -v -Y ${users}`));
    const port = Number(await server.until(() => / on [^ ]*:(\d+)/.exec(server.stdout)?.[1]));
    expect(server.stderr.replace(/^\S+Z /, '')).toBe(
      'hotset: -c 1000 is more than there are files for: connections are limited to 68, as this process may open 100 files (ulimit -n) and keeps 32 for itself\n',
    );
    const sockets: Socket[] = [];
    const first = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const socket = connect(port, '127.0.0.1').setEncoding('latin1');
        sockets.push(socket);
        socket.write('set a 0 0 10\r\nann before\r\n');
        return await new Promise<string>((resolve) => {
          socket.once('data', resolve).once('error', ({ message }) => resolve(message));
        });
      }),
    );
    const served = first.flatMap((reply, i) => (reply === 'STORED\r\n' ? [sockets[i]!] : []));
    expect(served).toHaveLength(68);
    expect(first.filter((reply) => reply === 'ERROR Too many open connections\r\n')).toHaveLength(82);
    let stats = '';
    served[0]!.on('data', (text: string) => {
      stats += text;
    });
    served[0]!.write('stats\r\n');
    await expect.poll(() => stats).toContain('END\r\n');
    expect(stats).toContain('STAT max_connections 68\r\n');
    expect(stats).toContain('STAT rejected_connections 82\r\n');
    writeFileSync(users, 'ann:after\n');
    process.kill(Number(/STAT pid (\d+)/.exec(stats)![1]), 'SIGHUP');
    await expect.poll(() => server.stderr).toContain('users and certificates were read again');
    for (const socket of sockets) socket.destroy();
    await server.stop();
  });

  // From Node 22 on Node itself cannot start with 20.
  it.each(Number.parseInt(process.versions.node, 10) < 22 ? [20, 30] : [30])('%i: one line', (files) => {
    const [command, args] = limited(files, '');
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^hotset: this process may open .*files.*\(ulimit -n\).*\n$/),
    });
  });
});
