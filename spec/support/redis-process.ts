/** Debian's redis-server in a process of its own, on a Unix socket; or several as a cluster, on free ports. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ServerProcess } from './server-process.js';

export interface RunningRedis {
  /** The Unix socket. */
  readonly path: string;
  /** What redis-cli prints. */
  command(...args: readonly string[]): Promise<string>;
  /** Stops the process as SIGSTOP does, so that it keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
  /** Starts another one at the same place, once this has stopped. */
  again(): Promise<RunningRedis>;
}

const IN_MEMORY = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];

export async function startRedis(flags: readonly string[] = []): Promise<RunningRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'hotset-redis-'));
  return startAt(directory, join(directory, 'socket'), flags);
}

async function startAt(directory: string, path: string, flags: readonly string[]): Promise<RunningRedis> {
  mkdirSync(directory, { recursive: true });
  const server = await started(['--port', '0', '--unixsocket', path, '--dir', directory, ...flags]);
  return {
    path,
    command: (...args) => cli('-s', path, ...args),
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
    again: () => startAt(directory, path, flags),
  };
}

async function started(flags: readonly string[]): Promise<ServerProcess> {
  const server = new ServerProcess('redis-server', [...IN_MEMORY, ...flags]);
  await server.until(() => (/ready to accept connections/i.test(server.stdout) ? true : undefined));
  return server;
}

export interface RunningCluster {
  readonly ports: readonly number[];
  /** What redis-cli prints. */
  command(...args: readonly string[]): Promise<string>;
  /** Gives a slot to another master, and empties the cluster. */
  moveSlot(slot: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisCluster(nodes: number): Promise<RunningCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'hotset-redis-'));
  const ports = await freePorts(nodes);
  const servers = await Promise.all(
    ports.map((port) =>
      started([
        ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory],
        ...['--cluster-enabled', 'yes', '--cluster-config-file', `${port}.conf`],
      ]),
    ),
  );
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  await cli('--cluster', 'create', ...addresses, '--cluster-yes');
  for (const port of ports)
    while (!(await cli('-p', `${port}`, 'cluster', 'info')).includes('cluster_state:ok'))
      await setTimeout(20);
  return {
    ports,
    command: (...args) => cli('-c', '-p', `${ports[0]}`, ...args),
    moveSlot: async (slot) => {
      // A node that gives a slot away must not have keys in it.
      for (const port of ports) await cli('-p', `${port}`, 'flushall');
      const from = await ownerOf(slot, ports[0]!);
      const to = ports.find((port) => port !== from)!;
      const setSlot = (port: number, ...how: readonly string[]): Promise<string> =>
        cli('-p', `${port}`, 'cluster', 'setslot', `${slot}`, ...how);
      const [fromId, toId] = await Promise.all(
        [from, to].map(async (port) => (await cli('-p', `${port}`, 'cluster', 'myid')).trim()),
      );
      // Only a node that imports a slot makes its claim newer than the others'.
      await setSlot(to, 'importing', fromId!);
      await setSlot(from, 'migrating', toId!);
      for (const port of [to, ...ports.filter((port) => port !== to)]) await setSlot(port, 'node', toId!);
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ownerOf(slot: number, port: number): Promise<number> {
  for (const line of (await cli('-p', `${port}`, 'cluster', 'nodes')).split('\n')) {
    const [, address, , , , , , , ...ranges] = line.split(' ');
    for (const range of ranges) {
      const [first, last = first] = range.split('-').map(Number);
      if (slot >= first! && slot <= last!) return Number(address!.split(/[:@]/)[1]);
    }
  }
  throw new Error(`nobody has slot ${slot}`);
}

async function cli(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)('redis-cli', args)).stdout;
}

/** Free a moment ago; below 55,536, because a node also listens 10,000 above. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    if (port < 55_536) ports.add(port);
  }
  return [...ports];
}
