/** hotset in the place of Debian's memcached: the same flags, the same unit's script. */

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identityIn } from '../../lib/cli/identity.js';
import { HOTSET_MAIN } from '../support/project.js';
import { ServerProcess } from '../support/server-process.js';
import { Command, folder, talk } from './command.js';

const WRAPPER = '/usr/share/memcached/scripts/systemd-memcached-wrapper';
const isRoot = process.getuid?.() === 0;
const passwd = readFileSync('/etc/passwd', 'utf8');
const user = identityIn(passwd, 'memcache') ?? identityIn(passwd, 'nobody');

/** What Debian's memcached.conf says, but for a port and a place of our own. */
function configuration(pidFile: string): string {
  return `# memcached default config file
-d
logfile /var/log/memcached.log
# Be verbose
# -v
-m 64
-p -1
-u ${user?.name ?? 'nobody'}
-l 127.0.0.1
# -c 1024
-P ${pidFile}
`;
}

/** As start-memcached and the unit's wrapper read it. */
function flagsOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('-') && !/^-[dh]/.test(line))
    .flatMap((line) => line.split(' '));
}

function place(): { pidFile: string; portFile: string; path: string } {
  const path = folder();
  if (isRoot && user !== null) chownSync(path, user.uid, user.gid);
  chmodSync(path, 0o755);
  return { path, pidFile: join(path, 'memcached.pid'), portFile: join(path, 'port') };
}

describe('Debian', () => {
  it('its flags start hotset', async () => {
    const { pidFile } = place();
    const command = new Command(flagsOf(configuration(pidFile)));
    expect(await talk(await command.port(), 'version\r\nquit\r\n')).toMatch(/^VERSION /);
    expect(readFileSync(pidFile, 'utf8')).toBe(`${command.child.pid}\n`);
    expect(command.stderr).toBe('');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(pidFile)).toBe(false);
  });

  it('so do those of other init scripts and images', async () => {
    const { path } = place();
    for (const line of [
      '-p -1 -u nobody -m 64 -c 1024 -l 127.0.0.1',
      '-p -1 -U 0 -m 64 -c 1024 -t 4 -R 20 -b 1024 -B auto -I 1m -f 1.25 -n 48 -v',
      '--memory-limit=64 --port=-1 --conn-limit=2048 --threads=4 --max-item-size=8m --extended=modern',
      '-p -1 -o modern,lru_crawler,lru_maintainer,hash_algorithm=murmur3,slab_reassign,slab_automove=1 -C -F -X -W -r -L',
      `-p -1 -s ${path}/socket -a 0777`,
    ]) {
      const command = new Command(isRoot ? line.replace('nobody', 'root').split(' ') : line.split(' '));
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(await command.greeting())![1]);
      expect(await talk(port, 'version\r\nquit\r\n'), line).toMatch(/^VERSION /);
      expect(command.stderr, line).not.toMatch(/unknown|takes/);
      await command.kill();
    }
  });

  // The wrapper wants to be root's, and starts /usr/bin/memcached: a copy of it starts our own.
  const works = isRoot && user !== null && existsSync(WRAPPER) && spawnSync('perl', ['-e', '0']).status === 0;
  it.runIf(works)('its unit’s script starts hotset', async () => {
    const { path, pidFile, portFile } = place();
    const [binary, script, conf] = [
      join(path, 'memcached'),
      join(path, 'wrapper'),
      join(path, 'memcached.conf'),
    ];
    // A published package's command may be executed; here a build may not have made it so.
    writeFileSync(binary, `#!/bin/sh\nexec ${process.execPath} ${HOTSET_MAIN} "$@"\n`, { mode: 0o755 });
    symlinkSync(binary, join(path, 'link'));
    writeFileSync(script, readFileSync(WRAPPER, 'utf8').replace('/usr/bin/memcached', join(path, 'link')), {
      mode: 0o755,
    });
    writeFileSync(conf, configuration(pidFile));
    const server = new ServerProcess('perl', ['-w', script, conf], { MEMCACHED_PORT_FILENAME: portFile });
    const port = await server.until(() =>
      existsSync(portFile) ? /: (\d+)/.exec(readFileSync(portFile, 'utf8'))?.[1] : undefined,
    );
    expect(await talk(Number(port), 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n')).toBe(
      'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    );
    const pid = readFileSync(pidFile, 'utf8').trim();
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toContain(`Uid:\t${user!.uid}\t`);
    await server.stop();
    expect(server.stderr).toBe('');
  });
});
