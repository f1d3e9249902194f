/** The real memcached in a process of its own, on a port that is free: to compare hotset with. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { KillableServer } from './hotset-process.js';
import { ServerProcess } from './server-process.js';

export async function startMemcached(
  flags: readonly string[] = [],
  command = 'memcached',
): Promise<KillableServer> {
  const directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  const portFile = join(directory, 'ports');
  // memcached does not run as root unless told to.
  const user = userInfo().uid === 0 ? ['-u', 'root'] : [];
  const server = new ServerProcess(command, ['-l', '127.0.0.1', '-p', '-1', '-U', '0', ...user, ...flags], {
    MEMCACHED_PORT_FILENAME: portFile,
  });
  try {
    const port = await server.until(() => /TCP INET: (\d+)\n/.exec(textOf(portFile))?.[1]);
    return { port: Number(port), stop: () => server.stop(), kill: () => server.kill() };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
