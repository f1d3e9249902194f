/** The servers: each a command line for a port, a version, and why it cannot run here if it cannot. */

import { existsSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { memcachedVersion, versions } from '../harness/machine.mjs';

const hotsetMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const floorMain = fileURLToPath(new URL('./floor-server.mjs', import.meta.url));

export const REFERENCE = 'memcached';

export function serverContenders() {
  const { node, hotset } = versions();
  const memcached = memcachedVersion();
  // memcached will not run as root without being told to.
  const user = os.userInfo();
  const asRoot = user.uid === 0 ? ['-u', user.username] : [];
  return [
    {
      name: REFERENCE,
      version: memcached ?? '',
      checked: true,
      missing: memcached === null ? 'memcached is not installed (apt-get install memcached)' : null,
      command: (port) => ['memcached', '-t', '1', '-U', '0', '-l', '127.0.0.1', '-p', `${port}`, ...asRoot],
    },
    {
      name: 'hotset',
      version: `${hotset}, node ${node}`,
      checked: true,
      missing: existsSync(hotsetMain) ? null : 'dist/cli/main.js does not exist (npm run build)',
      command: (port) => [process.execPath, hotsetMain, '-p', `${port}`],
    },
    {
      name: 'node:net, canned replies',
      version: `node ${node}`,
      checked: false,
      missing: null,
      command: (port) => [process.execPath, floorMain, `${port}`],
    },
  ];
}
