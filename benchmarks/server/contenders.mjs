/** The servers: for each its version, why it cannot run here if it cannot, and its command line for an address. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { memcachedVersion, versions } from '../harness/machine.mjs';
import { certificate } from './addresses.mjs';
import { speaks } from './traffic.mjs';

const hotsetMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const floorMain = fileURLToPath(new URL('./floor-server.mjs', import.meta.url));

export const MEMCACHED = 'memcached';
export const HOTSET = 'hotset';
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

function memcachedContender(binary, name, version) {
  return {
    name,
    version,
    protocol: 'memcached',
    missing: version === null ? `${binary} does not run here (apt-get install memcached)` : null,
    command: (address, { memoryMebibytes = DEFAULT_MEMORY_MEBIBYTES, threads = 1 } = {}) => [
      binary,
      '-t',
      threads,
      ...memcachedFlags(address, memoryMebibytes),
      ...asRoot(),
    ],
  };
}

/**
 * `binaries`: other memcacheds beside the one on the path.
 *
 * @returns {any[]}
 */
export function serverContenders(binaries = []) {
  const { node, hotset } = versions();
  const floor = `node ${node}`;
  const others = binaries.map((binary) => {
    const version = memcachedVersion(binary);
    return memcachedContender(binary, `memcached ${version ?? binary}`, version);
  });
  const redis = redisVersion();
  return [
    memcachedContender('memcached', MEMCACHED, memcachedVersion()),
    ...others,
    {
      name: HOTSET,
      version: `${hotset}, ${floor}`,
      protocol: 'memcached',
      missing: existsSync(hotsetMain) ? null : 'dist/cli/main.js does not exist (npm run build)',
      command: (address, { memoryMebibytes = DEFAULT_MEMORY_MEBIBYTES, nodeOptions = [] } = {}) => [
        process.execPath,
        ...nodeOptions,
        hotsetMain,
        ...memcachedFlags(address, memoryMebibytes),
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
 * Those that can run here; says which cannot.
 *
 * @param {{ memcached?: string[], contenders?: RegExp }} options
 */
export function presentContenders({ memcached: binaries, contenders: only }) {
  const wanted = serverContenders(binaries).filter(({ name }) => only === undefined || only.test(name));
  const missing = wanted.filter((contender) => contender.missing !== null);
  const lines = missing.map(({ name, missing: why }) => `${name} is left out: ${why}`);
  if (certificate() === null) lines.push('TLS is left out: openssl does not run here');
  for (const line of lines) console.log(`  ${line}`);
  return { present: wanted.filter((contender) => contender.missing === null), missing: lines };
}

/** Whether a contender can be measured in a cell. */
export function takesPart({ protocol, isFloor }, { command, transport }) {
  if (transport === 'tls' && certificate() === null) return false;
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
