/** What the command prints and how it exits when it does not serve. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../lib/cli/flags.js';
import { folder, run } from './command.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

describe('hotset', () => {
  it.each(['-h', '--help'])('%s prints the help with every flag and exits with 0', async (flag) => {
    const { code, stdout, stderr } = await run([flag]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const { short, long, help } of Object.values(FLAGS)) {
      const names = short === undefined ? `--${long}` : `-${short}, --${long}`;
      if (help !== undefined) expect(stdout).toContain(`\n  ${names}`);
    }
    expect(stdout).not.toContain('debug-clock');
  });

  it.each(['-V', '--version'])('%s prints the version and exits with 0', async (flag) => {
    expect(await run([flag])).toEqual({ code: 0, stdout: `hotset ${version}\n`, stderr: '' });
  });

  it.each([
    ['a bad value', ['-p', 'http']],
    ['an unknown flag', ['--turbo']],
    ['a word for a command', ['help']],
    ['a missing value', ['-m']],
  ])('says %s in one line on stderr and exits with 2', async (_what, flags) => {
    const { code, stdout, stderr } = await run(flags);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^hotset: .+\n$/);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('names a busy port, gives a hint and exits with 1', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const { code, stdout, stderr } = await run(['-p', String(port)]);
    holder.close();
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `hotset: 127.0.0.1:${port} is in use by another process; choose another port with -p, for example: hotset -p 11311\n`,
    );
  });

  it.each([
    ['an address that is not this machine’s', ['-p', '-1', '-l', '192.0.2.1']],
    ['a name that does not resolve', ['-p', '-1', '-l', 'no-such-host.invalid']],
    ['a socket in a folder that is not there', ['-s', '/nonexistent/folder/socket']],
    ['a path with a line break in it', ['-s', '/nonexistent/a\nb']],
    ['a socket under a file', ['-s', '/dev/null/socket']],
    ['a socket path that is too long', ['-s', `/tmp/${'x'.repeat(200)}`]],
  ])('says of %s in one line and exits with 1', async (_what, flags) => {
    const { code, stdout, stderr } = await run(flags);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^hotset: .+\n$/);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('fails when one of several addresses fails, and leaves none behind', async () => {
    const path = `${folder()}/socket`;
    const { code, stdout } = await run(['-s', path, '-p', '-1', '-l', '192.0.2.1']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect((await run(['-s', path, '-p', '-1', '-l', '192.0.2.1'])).code).toBe(1);
  });
});
