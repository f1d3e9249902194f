/** How the command ends: by signals, by the shutdown command, and with npm; and what does not end it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';
import { folder, start, talk } from './command.js';

const hasProc = existsSync('/proc/self/status');

/** A connection in the middle of a set. */
async function halfSent(port: number): Promise<{ finish(): Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let reply = '';
  const ended = new Promise<string>((resolve, reject) => {
    socket.on('data', (data: string) => {
      reply += data;
    });
    socket.on('end', () => resolve(reply));
    socket.on('error', reject);
  });
  socket.write('version\r\nset a 0 0 10\r\nhalf-');
  // The server has read the line when it has answered what stands before it.
  await new Promise((resolve) => socket.once('data', resolve));
  return {
    finish: () => {
      socket.write('whole\r\n');
      return ended;
    },
  };
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('lets a request under way finish, then the command exits with 0', async () => {
    const command = start();
    const client = await halfSent(await command.port());
    command.signal(signal);
    // A second one, as of an impatient user, changes nothing.
    command.signal(signal);
    expect(await client.finish()).toMatch(/^VERSION \S+\r\nSTORED\r\n$/);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toBe('');
  });

  it('ends idle connections, and the command exits with 0', async () => {
    const command = start();
    const idle = talk(await command.port(), 'version\r\n');
    await talk(await command.port(), 'version\r\nquit\r\n');
    command.signal(signal);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(await idle).toMatch(/^VERSION \S+\r\n$/);
  });
});

describe('shutdown', () => {
  it.each(['shutdown', 'shutdown graceful'])(
    '%s with -A ends the command with 0, after what stands before it',
    async (line) => {
      const command = start(['-A']);
      const reply = await talk(await command.port(), `set a 0 0 1\r\nx\r\nget a\r\n${line}\r\n`);
      expect(reply).toBe('STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n');
      expect(await command.ended).toEqual({ code: 0, signal: null });
    },
  );

  it('is refused without -A', async () => {
    const port = await start().port();
    expect(await talk(port, 'shutdown\r\nversion\r\nquit\r\n')).toMatch(
      /^SERVER_ERROR: shutdown not enabled\r\nVERSION \S+\r\n$/,
    );
  });
});

describe.runIf(hasProc)('SIGHUP while it starts', () => {
  /** Whether the process has a handler of its own for SIGHUP, the first of the signals. */
  function catchesHangup(pid: number): boolean {
    const caught = /^SigCgt:\t([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return (Number.parseInt(caught?.at(-1) ?? '0', 16) & 1) !== 0;
  }

  it('does not end it', async () => {
    const command = start();
    const pid = command.child.pid!;
    while (!catchesHangup(pid)) await new Promise((resolve) => setImmediate(resolve));
    const timer = setInterval(() => command.signal('SIGHUP'), 2);
    try {
      expect(await talk(await command.port(), 'version\r\nquit\r\n')).toMatch(/^VERSION /);
    } finally {
      clearInterval(timer);
    }
  });
});

describe.runIf(hasProc)('npm start', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'runs the server itself, which ends when npm is sent %s',
    async (signal) => {
      const portFile = join(folder(), 'port');
      // Without the build before it.
      const npm = spawn('npm', ['start', '--ignore-scripts', '--', '-p', '-1', '--http', '0'], {
        cwd: PROJECT_DIR,
        stdio: 'ignore',
        env: { ...process.env, MEMCACHED_PORT_FILENAME: portFile },
      });
      const ended = once(npm, 'exit');
      await expect.poll(() => existsSync(portFile), { timeout: 60_000 }).toBe(true);
      const port = Number(/: (\d+)/.exec(readFileSync(portFile, 'utf8'))![1]);
      const stats = await talk(port, 'stats\r\nquit\r\n');
      const status = readFileSync(`/proc/${/STAT pid (\d+)/.exec(stats)![1]}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^Name:\thotset\n[^]*\nPPid:\t${npm.pid}\n`));
      npm.kill(signal);
      await ended;
      await expect
        .poll(() => talk(port, 'quit\r\n').catch((error: Error) => error.message), { timeout: 20_000 })
        .toContain('ECONNREFUSED');
    },
  );
});
