/** TLS, Unix sockets and users, with hotset's own server. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import type { MemcachedAddress } from '../../lib/memcached-client/address.js';
import { MemcachedClient } from '../../lib/memcached-client/memcached-client.js';
import { metaSet } from '../../lib/memcached-client/meta.js';
import type { MemcachedClientOptions } from '../../lib/memcached-client/options.js';
import { createTcpServer, type TcpServerOptions } from '../../lib/tcp/index.js';
import { certificate } from '../support/certificates.js';

const directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
const cleanups: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];

afterEach(async () => {
  for (const cleanup of cleanups.splice(1).reverse()) await cleanup();
});

async function serve(options: TcpServerOptions): Promise<AddressInfo> {
  const server = createTcpServer(new CacheEngine<string, unknown>(), options);
  cleanups.push(() => server.close({ forceAfterMs: 0 }));
  return (await server.listen()) as AddressInfo;
}

async function store(address: MemcachedAddress, options: MemcachedClientOptions): Promise<unknown> {
  const client = new MemcachedClient(address, options);
  cleanups.push(() => client.close());
  return client.request(metaSet([{ key: 'key', value: Buffer.from('value'), exptime: 0 }]));
}

const fileOf = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

describe('MemcachedClient', () => {
  it('connects over a Unix socket', async () => {
    const path = join(directory, 'socket');
    await serve({ path });
    expect(await store(path, {})).toEqual(['HD']);
  });

  it('connects with TLS, and to nobody whom it cannot verify', async () => {
    const { cert, key } = certificate('localhost');
    const { port } = await serve({
      port: 0,
      tls: { certFile: fileOf('cert.pem', cert), keyFile: fileOf('key.pem', key) },
    });
    const address = { host: 'localhost', port };
    expect(await store(address, { tls: { ca: cert, host: '127.0.0.1' } })).toEqual(['HD']);
    await expect(store({ host: '127.0.0.1', port }, { tls: true })).rejects.toMatchObject({
      code: 'HOTSET_DISCONNECTED',
      message: expect.stringContaining('self-signed'),
    });
  });

  it('signs in, and says when it is not let in', async () => {
    const { port } = await serve({ port: 0, authFile: fileOf('users', 'ann:a secret\n') });
    const address = `127.0.0.1:${port}`;
    expect(await store(address, { auth: { user: 'ann', password: 'a secret' } })).toEqual(['HD']);
    await expect(store(address, { auth: { user: 'ann', password: 'wrong' } })).rejects.toMatchObject({
      code: 'HOTSET_DISCONNECTED',
      message: expect.stringContaining('authentication failure'),
    });
    await expect(store(address, {})).rejects.toMatchObject({ code: 'HOTSET_FORBIDDEN' });
  });
});
