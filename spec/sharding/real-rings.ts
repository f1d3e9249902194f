/** Where the real libmemcached and the real twemproxy find keys. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import type { Fleet } from './fleets.js';

const PROGRAM = fileURLToPath(new URL('php-servers.php', import.meta.url));
/** libmemcached's numbers. */
const HASH_NUMBERS = { one_at_a_time: 0, md5: 1, fnv1a_64: 4 };

/** The name of each key's server, by php-memcached. */
export async function libmemcachedPlaces(
  { options, servers }: Fleet,
  keys: readonly string[],
): Promise<string[]> {
  const { as = 'weighted', hash } = options;
  const php = spawn('php', [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  php.stdin.end(
    JSON.stringify({
      weighted: as === 'weighted',
      hash: hash === undefined ? null : HASH_NUMBERS[hash],
      servers: servers.map(({ name, weight }) => {
        const [, host, port] = /^(.*):(\d+)$/.exec(name)!;
        return [host, Number(port), weight];
      }),
      keys,
    }),
  );
  return JSON.parse(await text(php.stdout)) as string[];
}

/** The name of each key's server: each is stored through the proxy, and looked for in the servers behind it. */
export async function twemproxyPlaces(
  fleets: readonly Fleet[],
  keys: readonly string[],
): Promise<string[][]> {
  const most = Math.max(...fleets.map(({ servers }) => servers.length));
  const engines = Array.from({ length: most }, () => new CacheEngine<string, unknown>({ maxBytes: '64MiB' }));
  const servers = engines.map((engine) => createTcpServer(engine, { port: 0 }));
  const directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  let proxy: ChildProcess | undefined;
  try {
    const ports = await Promise.all(
      servers.map(async (server) => ((await server.listen()) as { port: number }).port),
    );
    const listening = await freePorts(fleets.length + 1);
    const file = join(directory, 'nutcracker.yml');
    writeFileSync(
      file,
      fleets
        .map(({ options: { hash = 'fnv1a_64', hashTag }, servers: named }, pool) =>
          [
            `pool-${pool}:`,
            `  listen: 127.0.0.1:${listening[pool]}`,
            `  hash: ${hash}`,
            ...(hashTag === undefined ? [] : [`  hash_tag: "${hashTag}"`]),
            '  distribution: ketama',
            '  servers:',
            // The name that it makes itself where there is none.
            ...named.map(
              ({ name, weight }, i) => `   - 127.0.0.1:${ports[i]}:${weight} ${name.replace(/:11211$/, '')}`,
            ),
            '',
          ].join('\n'),
        )
        .join(''),
    );
    const files = ['-o', join(directory, 'log'), '-p', join(directory, 'pid')];
    proxy = spawn('nutcracker', ['-c', file, ...files, '-a', '127.0.0.1', '-s', String(listening.at(-1))], {
      stdio: 'ignore',
    });
    const places: string[][] = [];
    for (const [pool, { servers: named }] of fleets.entries()) {
      for (const engine of engines) engine.clear();
      await storeAll(listening[pool]!, keys, proxy);
      const found = new Map<string, string>();
      for (const [i, { name }] of named.entries())
        for (const key of keys) if (engines[i]!.has(key)) found.set(key, name);
      places.push(keys.map((key) => found.get(key) ?? 'nowhere'));
    }
    return places;
  } finally {
    if (proxy?.kill('SIGKILL')) await once(proxy, 'exit');
    await Promise.all(servers.map((server) => server.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function storeAll(port: number, keys: readonly string[], proxy: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    try {
      await once(socket, 'connect');
    } catch (error) {
      if (attempt > 1000 || proxy.exitCode !== null) throw error;
      await setTimeout(10);
      continue;
    }
    let answers = '';
    for (let at = 0; at < keys.length; at += 500) {
      const batch = keys.slice(at, at + 500);
      const whole = 'STORED\r\n'.repeat(batch.length);
      answers = '';
      socket.write(batch.map((key) => `set ${key} 0 0 1\r\n1\r\n`).join(''));
      while (answers.length < whole.length) answers += (await once(socket, 'data'))[0];
      if (answers !== whole) throw new Error(`the proxy answered ${answers.slice(0, 200)}`);
    }
    socket.destroy();
    return;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
