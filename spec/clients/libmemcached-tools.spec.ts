/** libmemcached's command line tools, over both protocols. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnBoth, itOnHotset } from '../support/both-servers.js';
import { libmemcachedTools } from '../support/external-tool.js';
import { skipTime } from '../support/raw-command.js';
import { type CommandResult, outputOf, runCommand } from '../support/run-command.js';

describeOnBoth('libmemcached tools', libmemcachedTools(), (target) => {
  let directory: string;
  let greeting: string;
  let blob: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
    greeting = join(directory, 'greeting');
    blob = join(directory, 'blob');
    writeFileSync(greeting, 'hello\n');
    writeFileSync(blob, Buffer.from(Array.from({ length: 600_000 }, (_, index) => index % 256)));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  // It knows no protocol but the text one.
  it('memcping finds it', async () => {
    const server = `--servers=${target.address}`;
    expect(await runCommand('memcping', [server])).toMatchObject({ code: 0, stderr: '' });
  });

  describe.each([
    ['text', []],
    ['binary', ['--binary']],
  ])('over the %s protocol', (protocol, flags) => {
    const options = (): string[] => [`--servers=${target.address}`, ...flags];
    const run = (tool: string, ...args: string[]): Promise<CommandResult> =>
      runCommand(tool, [...options(), ...args]);
    const output = (tool: string, ...args: string[]): Promise<string> =>
      outputOf(tool, [...options(), ...args]);

    it('memccp copies files in, memccat prints them', async () => {
      await output('memccp', greeting, blob);
      expect(await output('memccat', 'greeting')).toBe('hello\n\n');
      const copy = join(directory, 'copy');
      await output('memccat', `--file=${copy}`, 'blob');
      expect(readFileSync(copy).equals(readFileSync(blob))).toBe(true);
    });

    it('memcexist reports what is there', async () => {
      await output('memccp', greeting);
      expect((await run('memcexist', 'greeting')).code).toBe(0);
      expect((await run('memcexist', 'nobody')).code).not.toBe(0);
    });

    // memcached lists only what its upkeep has moved to its cold items by then.
    // The binary protocol has no way to.
    if (protocol === 'text')
      itOnHotset(target, 'memcdump lists keys', async () => {
        await output('memccp', greeting, blob);
        expect((await output('memcdump')).trim().split('\n').sort()).toEqual(['blob', 'greeting']);
      });

    it('memcrm removes', async () => {
      await output('memccp', greeting);
      await output('memcrm', 'greeting');
      expect((await run('memccat', 'greeting')).stdout).toBe('');
      expect((await run('memcexist', 'greeting')).code).not.toBe(0);
    });

    it('memctouch gives what is there a new time', async () => {
      await output('memccp', greeting);
      expect((await run('memctouch', '--expire=60', 'greeting')).code).toBe(0);
      expect((await run('memctouch', '--expire=60', 'nobody')).code).not.toBe(0);
      if (target.name === 'hotset') {
        await skipTime(target.port, 61);
        expect((await run('memcexist', 'greeting')).code).not.toBe(0);
      }
    });

    it('memcstat prints statistics', async () => {
      expect(await output('memcstat')).toMatch(/\tlimit_maxbytes: 67108864\n/);
    });

    it('memcaslap finds all its values right under load', async () => {
      const load = ['-s', target.address, '-x', '5000', '-c', '8', '-T', '2', '-d', '4', '-v', '1'];
      const report = await outputOf('memcaslap', [...load, ...(protocol === 'binary' ? ['-B'] : [])]);
      expect(report).toMatch(/^cmd_get: 4\d{3}$/m);
      for (const count of ['get_misses', 'verify_misses', 'verify_failed'])
        expect(report).toContain(`\n${count}: 0\n`);
    });

    it('memcflush empties it', async () => {
      await output('memccp', greeting);
      await output('memcflush');
      expect((await run('memcexist', 'greeting')).code).not.toBe(0);
    });
  });
});
