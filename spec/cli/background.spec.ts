/** -d and -P: the starting process ends when the server serves, and the pid file tells who serves. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HOTSET_MAIN } from '../support/project.js';
import { folder, run, start, talk } from './command.js';

const daemons: number[] = [];
afterEach(() => {
  for (const pid of daemons.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
});

function isAlive(pid: number): boolean {
  try {
    // A zombie waits for whoever takes in orphans, and serves nobody.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

interface Daemon {
  readonly pid: number;
  readonly port: number;
  readonly pidFile: string;
  readonly stderr: string;
}

/** Starts one that tells its port in a file. */
async function startDaemon(flags: readonly string[] = []): Promise<Daemon> {
  const path = folder();
  const [pidFile, portFile] = [join(path, 'pid'), join(path, 'port')];
  const { code, stdout, stderr } = await run(['-d', '-p', '-1', '-P', pidFile, ...flags], {
    MEMCACHED_PORT_FILENAME: portFile,
  });
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  if (pid !== 0) daemons.push(pid);
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' });
  return { pid, port: Number(/: (\d+)/.exec(readFileSync(portFile, 'utf8'))![1]), pidFile, stderr };
}

describe.runIf(existsSync('/proc/self/stat'))('-d', () => {
  it('returns when the server serves; -P names it, and is gone with it', async () => {
    const { pid, pidFile, port, stderr } = await startDaemon();
    expect(stderr).toBe('');
    expect(await talk(port, 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n')).toBe(
      'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    );
    expect(await talk(port, 'stats\r\nquit\r\n')).toContain(`STAT pid ${pid}\r\n`);
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    expect(existsSync(pidFile)).toBe(false);
  });

  it('goes on without the session and the output of the starting process', async () => {
    const { pid, port } = await startDaemon(['-vv']);
    const [, , , , , session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
    expect(Number(session)).toBe(pid);
    for (let i = 0; i < 5; i++) expect(await talk(port, 'version\r\nquit\r\n')).toMatch(/^VERSION /);
    process.kill(pid, 'SIGHUP');
    expect(await talk(port, 'version\r\nquit\r\n')).toMatch(/^VERSION /);
  });

  it.each([
    [
      'a busy port',
      () => ['-p', String(busyPort)],
      /^hotset: 127\.0\.0\.1:\d+ is in use by another process; .*\n$/,
    ],
    [
      'an auth file that is not there',
      () => ['-Y', '/nonexistent'],
      /^hotset: \/nonexistent cannot be used: .*\n$/,
    ],
  ] as const)('says of %s why it cannot start, and ends with 1', async (_what, flags, message) => {
    const holder = start();
    busyPort = await holder.port();
    const pidFile = join(folder(), 'pid');
    const { code, stderr } = await run(['-d', '-p', '-1', '-P', pidFile, ...flags()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(pidFile)).toBe(false);
  });
  let busyPort = 0;

  it('says of a bad flag what is wrong at once, and ends with 2', async () => {
    expect(await run(['-d', '-p', 'http'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^hotset: -p /),
    });
  });

  it('passes on what is to be noted', async () => {
    expect((await startDaemon(['-k'])).stderr).toMatch(
      /^\S+ hotset: -k is accepted and has no effect: memory is not locked\n$/,
    );
  });

  it('writes its log to the file where stderr was sent, with the failure of its last save', async () => {
    const home = folder();
    const [place, pidFile, portFile, log] = ['items', 'pid', 'port', 'log'].map((name) => join(home, name));
    mkdirSync(place!);
    const stderr = openSync(log!, 'a');
    const flags = ['-d', '-vv', '-p', '-1', '-P', pidFile!, '-e', join(place!, 'file'), '-k'];
    const child = spawn(process.execPath, [HOTSET_MAIN, ...flags], {
      stdio: ['ignore', 'ignore', stderr],
      env: { ...process.env, MEMCACHED_PORT_FILENAME: portFile },
    });
    closeSync(stderr);
    const [code] = (await once(child, 'close')) as [number];
    const pid = Number(readFileSync(pidFile!, 'utf8'));
    daemons.push(pid);
    expect(code).toBe(0);
    await talk(Number(/: (\d+)/.exec(readFileSync(portFile!, 'utf8'))![1]), 'get somewhere\r\nquit\r\n');
    const text = (): string => readFileSync(log!, 'utf8');
    await expect.poll(text).toContain('get somewhere');
    expect(text()).toMatch(/^\S+Z hotset: -k is accepted/);
    rmSync(place!, { recursive: true });
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    expect(text()).toMatch(/\n\S+Z hotset: \S+file cannot be written: ENOENT.*\n$/);
  });
});

describe('-P without -d', () => {
  it('names the process that serves, and is gone at the end', async () => {
    const pidFile = join(folder(), 'pid');
    const command = start(['-P', pidFile]);
    await command.greeting();
    expect(readFileSync(pidFile, 'utf8')).toBe(`${command.child.pid}\n`);
    command.signal('SIGINT');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(pidFile)).toBe(false);
  });

  it('replaces the file that a killed server left behind', async () => {
    const pidFile = join(folder(), 'pid');
    writeFileSync(pidFile, '1\n');
    const command = start(['-P', pidFile]);
    await command.greeting();
    expect(readFileSync(pidFile, 'utf8')).toBe(`${command.child.pid}\n`);
  });

  it('is left alone when another process has put its own in the place', async () => {
    const pidFile = join(folder(), 'pid');
    const command = start(['-P', pidFile]);
    await command.greeting();
    writeFileSync(pidFile, '1\n');
    command.signal('SIGTERM');
    await command.ended;
    expect(readFileSync(pidFile, 'utf8')).toBe('1\n');
  });

  it('warns in one line of a file that cannot be written, and serves', async () => {
    const command = start(['-P', '/nonexistent/pid']);
    expect(await talk(await command.port(), 'version\r\nquit\r\n')).toMatch(/^VERSION /);
    expect(command.stderr).toMatch(/^\S+ hotset: \/nonexistent\/pid cannot be written: .*\n$/);
  });
});
