/** -e where something is in the way: rights that root has not got, a server that still saves, paths that are none. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOTSET_MAIN } from '../support/project.js';
import { folder, run, start, talk } from './command.js';

/** What Debian's memcached.service leaves to root. */
const UNIT = '--bounding-set -all,+setgid,+setuid,+sys_resource --inh-caps -all --no-new-privs'.split(' ');
const NOBODY = 65534;
const canDrop = process.getuid?.() === 0 && spawnSync('setpriv', [...UNIT, 'true']).status === 0;

describe('-e with -u, as root without CAP_DAC_OVERRIDE', () => {
  it.skipIf(!canDrop).each([0o755, 0o700])('starts twice with a folder of the user, mode %o', (mode) => {
    const home = folder();
    chmodSync(home, 0o755);
    const place = join(home, 'items-of-nobody');
    mkdirSync(place);
    chownSync(place, NOBODY, NOBODY);
    chmodSync(place, mode);
    const file = join(place, 'items');
    for (const round of ['first', 'second']) {
      const flags = [HOTSET_MAIN, '-p', '-1', '-u', 'nobody', '-e', file];
      // timeout(1) sends SIGTERM, and hotset then saves.
      const ended = spawnSync(
        'timeout',
        ['--preserve-status', '2', 'setpriv', ...UNIT, process.execPath, ...flags],
        {
          encoding: 'utf8',
        },
      );
      expect({ round, code: ended.status, stderr: ended.stderr }).toEqual({ round, code: 0, stderr: '' });
      expect(existsSync(file)).toBe(true);
    }
    expect(readdirSync(place)).toEqual(['items']);
  });
});

describe('a start while the one before still saves', () => {
  it('does not leave old items to be found after a crash', async () => {
    const file = join(folder(), 'items');
    const first = start(['-m', '500', '-e', file]);
    const port = await first.port();
    const sets = Array.from({ length: 400_000 }, (_, i) => `set k${i} 0 0 3 noreply\r\nold\r\n`).join('');
    expect(await talk(port, `${sets}get k0\r\nquit\r\n`)).toContain('old');
    first.signal('SIGTERM');
    while (readdirSync(join(file, '..')).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = start(['-m', '500', '-e', file]);
    const began = await second.greeting().then(
      () => true,
      () => false,
    );
    await first.ended;
    // Either it waits or says no, or what the first one saves must not lie there while the second one serves.
    if (began) {
      const found = await talk(await second.port(), 'get k0\r\nquit\r\n');
      expect({ left: existsSync(file), found }).toEqual({
        left: false,
        found: expect.stringContaining('old'),
      });
    }
  });
});

describe('-e with a path that cannot be', () => {
  it.each(['a loop', 'below a file', 'too long', 'a folder in the place of .damaged'])(
    '%s: one line',
    async (what) => {
      const home = folder();
      const file = join(home, what === 'too long' ? 'a'.repeat(300) : 'items');
      let path = file;
      if (what === 'a loop') symlinkSync('items', file);
      if (what === 'below a file') {
        writeFileSync(file, '');
        path = join(file, 'below');
      }
      if (what.startsWith('a folder')) {
        writeFileSync(file, 'rubbish');
        mkdirSync(`${file}.damaged`);
      }
      const { code, stderr } = await run(['-p', '-1', '-e', path]);
      expect(stderr).toMatch(/^hotset: [^\n]*\n$/);
      expect(code).toBe(1);
    },
  );
});

it('what a killed save has left is removed by the next start', async () => {
  const home = folder();
  writeFileSync(join(home, '.items.hotset-00112233445566aa.tmp'), 'half');
  const command = start(['-e', join(home, 'items')]);
  await command.greeting();
  expect(readdirSync(home)).toEqual(['items.lock']);
});

it('-s on something that is no socket says so', async () => {
  const path = join(folder(), 'file');
  writeFileSync(path, 'keep');
  const { code, stderr } = await run(['-s', path]);
  expect(code).toBe(1);
  expect(stderr).not.toMatch(/another process|with -p/);
  expect(statSync(path).size).toBe(4);
});
