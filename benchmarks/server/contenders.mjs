/** The servers: for each its version, why it cannot run here if it cannot, and its command line for an address. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { MEMCACHED_BINARY, memcachedVersion, versions } from '../harness/machine.mjs';
import { certificate, freeAddress } from './addresses.mjs';
import { startServer } from './process.mjs';
import { speaks } from './traffic.mjs';
import { ask } from './wire.mjs';

const hotsetMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const engineMain = fileURLToPath(new URL('./engine-server.mjs', import.meta.url));
const floorMain = fileURLToPath(new URL('./floor-server.mjs', import.meta.url));

export const MEMCACHED = 'memcached';
/** The command. */
export const HOTSET = 'hotset';
/** A service's own `CacheEngine`, opened to clients: the other store beneath the same protocol. */
export const ENGINE = "hotset, a service's engine";
export const REDIS = 'redis';
export const FLOOR = 'node:net';

const DEFAULT_MEMORY_MEBIBYTES = 1024;
/** More than any cell opens. */
const MAX_CONNECTIONS = 4096;

/** memcached's flags, which are hotset's too. */
function memcachedFlags(address, memoryMebibytes) {
  const limits = ['-U', '0', '-m', memoryMebibytes, '-c', MAX_CONNECTIONS];
  if (address.transport === 'unix') return [...limits, '-s', address.path];
  const tcp = [...limits, '-l', '127.0.0.1', '-p', address.port];
  if (address.transport === 'tcp') return tcp;
  return [...tcp, '-Z', '-o', `ssl_chain_cert=${address.certFile},ssl_key=${address.keyFile}`];
}

function redisFlags(address, memoryMebibytes) {
  const limits = ['--save', '', '--appendonly', 'no', '--maxmemory', `${memoryMebibytes}mb`];
  const policy = ['--maxmemory-policy', 'allkeys-lru', '--maxclients', MAX_CONNECTIONS];
  const all = [...limits, ...policy, '--bind', '127.0.0.1'];
  if (address.transport === 'unix') return [...all, '--port', 0, '--unixsocket', address.path];
  if (address.transport === 'tcp') return [...all, '--port', address.port];
  const files = ['--tls-cert-file', address.certFile, '--tls-key-file', address.keyFile];
  return [...all, '--port', 0, '--tls-port', address.port, ...files, '--tls-auth-clients', 'no'];
}

/** memcached refuses to run as root without -u. */
function asRoot() {
  const user = os.userInfo();
  return user.uid === 0 ? ['-u', user.username] : [];
}

/**
 * Every server there is. What a command line may be given beside the address: `memoryMebibytes`, `threads`, `flags` (of the
 * memcached protocol's servers), `node` and `nodeOptions` (of hotset), `cell` (the floor needs it).
 *
 * @returns {any[]}
 */
export function serverContenders() {
  const { node, hotset } = versions();
  const floor = `node ${node}`;
  const version = memcachedVersion();
  const redis = redisVersion();
  const notBuilt = existsSync(hotsetMain) ? null : 'dist/cli/main.js does not exist (npm run build)';
  return [
    {
      name: MEMCACHED,
      version,
      protocol: 'memcached',
      missing: version === null ? `${MEMCACHED_BINARY} does not run here (apt-get install memcached)` : null,
      command: (address, { memoryMebibytes = DEFAULT_MEMORY_MEBIBYTES, threads = 1, flags = [] } = {}) => [
        MEMCACHED_BINARY,
        '-t',
        threads,
        ...memcachedFlags(address, memoryMebibytes),
        ...flags,
        ...asRoot(),
      ],
    },
    {
      name: HOTSET,
      version: `${hotset}, ${floor}`,
      protocol: 'memcached',
      missing: notBuilt,
      command: (
        address,
        {
          memoryMebibytes = DEFAULT_MEMORY_MEBIBYTES,
          threads = 1,
          flags = [],
          node: binary = process.execPath,
          nodeOptions = [],
        } = {},
      ) => [
        binary,
        ...nodeOptions,
        hotsetMain,
        '-t',
        threads,
        ...memcachedFlags(address, memoryMebibytes),
        ...flags,
      ],
    },
    {
      name: ENGINE,
      version: `${hotset}, ${floor}`,
      protocol: 'memcached',
      missing: notBuilt,
      command: (address, { memoryMebibytes = DEFAULT_MEMORY_MEBIBYTES, nodeOptions = [] } = {}) => [
        process.execPath,
        // A service gives its heap what its cache needs.
        `--max-old-space-size=${2 * memoryMebibytes + 512}`,
        ...nodeOptions,
        engineMain,
        JSON.stringify({ address, memoryMebibytes, maxConnections: MAX_CONNECTIONS }),
      ],
    },
    {
      name: REDIS,
      version: redis,
      protocol: 'redis',
      missing: redis === null ? 'redis-server does not run here (apt-get install redis-server)' : null,
      command: (address, { memoryMebibytes = DEFAULT_MEMORY_MEBIBYTES } = {}) => [
        'redis-server',
        ...redisFlags(address, memoryMebibytes),
      ],
    },
    {
      name: FLOOR,
      version: floor,
      protocol: 'memcached',
      isFloor: true,
      missing: null,
      command: (address, { cell }) => [process.execPath, floorMain, JSON.stringify({ address, cell })],
    },
  ];
}

/**
 * Those that can run here, memcached with the version that it gives when asked for; says which cannot.
 *
 * @param {{ contenders?: RegExp }} options `contenders`: names of those wanted.
 */
export async function presentContenders({ contenders: only }) {
  const wanted = serverContenders().filter(({ name }) => only?.test(name) ?? true);
  const missing = wanted.filter((contender) => contender.missing !== null);
  const lines = missing.map(({ name, missing: why }) => `${name} is left out: ${why}`);
  if (certificate() === null) lines.push('TLS is left out: openssl does not run here');
  const present = wanted.filter((contender) => contender.missing === null);
  for (const contender of present) {
    if (contender.name !== MEMCACHED) continue;
    contender.version = await versionOf(contender);
    if (!hasTls(MEMCACHED_BINARY)) {
      contender.without = ['tls'];
      lines.push(`${MEMCACHED} ${contender.version} is left out of TLS: it was built without`);
    }
  }
  for (const line of lines) console.log(`  ${line}`);
  return { present, missing: lines };
}

/** What the server itself answers; `Debian's` where no binary was named. */
async function versionOf(contender) {
  const address = await freeAddress('tcp');
  const server = await startServer(contender.command(address), address);
  const version = (await ask(address, 'version')).trim().replace('VERSION ', '');
  await server.stop();
  const isDebians = process.env.HOTSET_MEMCACHED === undefined && existsSync('/etc/debian_version');
  return isDebians ? `${version} (Debian's)` : version;
}

function hasTls(binary) {
  return /ssl_chain_cert/.test(execFileSync(binary, ['-h'], { encoding: 'utf8' }));
}

/** Whether a contender can be measured in a cell. */
export function takesPart({ protocol, isFloor, without = [] }, { command, transport }) {
  if (without.includes(transport) || (transport === 'tls' && certificate() === null)) return false;
  // The floor does not look at what it gets, and cannot tell one command from another.
  if (isFloor && command === 'mixed') return false;
  return speaks(protocol, command);
}

function redisVersion() {
  try {
    return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? null;
  } catch {
    return null;
  }
}
