/** Where a server listens, and what it says when it cannot. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer, type TcpServerOptions } from '../../lib/tcp/index.js';
import { closeAfterTest, connectTo, folder, serve } from './fixture.js';

const engine = new CacheEngine();
const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

/** What `listen` throws, as code and text. */
async function refusal(options: TcpServerOptions): Promise<{ code: string; message: string }> {
  const server = closeAfterTest(createTcpServer(engine, options));
  return await server.listen().then(
    () => ({ code: 'none', message: 'it listens' }),
    ({ code, message }) => ({ code, message }),
  );
}

describe('listening on TCP', () => {
  it('takes a free port for port 0, reports it, and serves there', async () => {
    const { address, server, connect } = await serve();
    expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect(server.addresses).toEqual([address]);
    expect(await (await connect()).ask('version\r\n')).toMatch(/^VERSION /);
  });

  it('listens on the loopback address only by default', async () => {
    const { address } = await serve();
    expect(address).toMatchObject({ host: '127.0.0.1' });
  });

  it.runIf(hasIpv6)('listens on IPv6', async () => {
    const { address, connect } = await serve({ host: '::1' });
    expect(address).toMatchObject({ host: '::1' });
    expect(await (await connect()).ask('version\r\n')).toMatch(/^VERSION /);
  });

  it('listens on several addresses at once', async () => {
    const { server, address, connect } = await serve();
    const second = await server.listen({ host: '127.0.0.1', port: 0 });
    expect(second).not.toEqual(address);
    expect(server.addresses).toEqual([address, second]);
    expect(await (await connect()).ask('set a 0 0 1\r\nx\r\n')).toBe('STORED\r\n');
    expect(await (await connectTo(second)).ask('get a\r\n', /END\r\n/)).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
  });

  it('refuses a port that is in use, and names it', async () => {
    const { address } = await serve();
    const { code, message } = await refusal(address as TcpServerOptions);
    expect(code).toBe('HOTSET_LISTEN_FAILED');
    expect(message).toBe(`127.0.0.1:${(address as { port: number }).port} is in use by another process`);
  });

  it('refuses an address that this machine has not', async () => {
    const { code, message } = await refusal({ host: '192.0.2.1', port: 0 });
    expect(code).toBe('HOTSET_LISTEN_FAILED');
    expect(message).toBe('192.0.2.1:0 is not an address of this machine');
  });

  it('refuses a name that does not resolve', async () => {
    const { code, message } = await refusal({ host: 'no-such-host.invalid', port: 0 });
    expect(code).toBe('HOTSET_LISTEN_FAILED');
    expect(message).toMatch(/^no-such-host\.invalid:0 /);
  });

  it('can listen again after a failure, and after close', async () => {
    const first = await serve();
    const server = closeAfterTest(createTcpServer(new CacheEngine(), first.address as TcpServerOptions));
    await expect(server.listen()).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
    await first.server.close();
    for (let round = 0; round < 2; round++) {
      const client = await connectTo(await server.listen());
      expect(await client.ask('version\r\n')).toMatch(/^VERSION /);
      expect(await client.stats('conns')).toMatchObject({ '1:state': 'conn_listening' });
      await client.close();
      await server.close();
      expect(server.addresses).toEqual([]);
    }
  });
});

describe('listening on a Unix socket', () => {
  it.each(['0700', '0600', '0660', '0666', '0777', '0'])('gives it mode %s exactly', async (octal) => {
    const mode = Number.parseInt(octal, 8);
    const path = join(folder(), 'socket');
    const umask = process.umask(0o077);
    try {
      const { connect } = await serve({ path, mode });
      expect(lstatSync(path).isSocket()).toBe(true);
      expect(lstatSync(path).mode & 0o777).toBe(mode);
      expect(process.umask()).toBe(0o077);
      expect(await (await connect()).ask('version\r\n')).toMatch(/^VERSION /);
    } finally {
      process.umask(umask);
    }
  });

  it('gives it mode 0700 by default, and removes it on close', async () => {
    const path = join(folder(), 'socket');
    const { server } = await serve({ path });
    expect(lstatSync(path).mode & 0o777).toBe(0o700);
    await server.close();
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('replaces the socket of a process that died', async () => {
    const path = join(folder(), 'socket');
    // Ends without closing its server, and so leaves the file behind.
    spawnSync(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    expect(lstatSync(path).isSocket()).toBe(true);
    const { connect } = await serve({ path });
    expect(await (await connect()).ask('version\r\n')).toMatch(/^VERSION /);
  });

  it('refuses the socket of a server that lives, which goes on', async () => {
    const path = join(folder(), 'socket');
    const first = await serve({ path });
    expect(await refusal({ path })).toEqual({
      code: 'HOTSET_LISTEN_FAILED',
      message: `${path} is in use by another process`,
    });
    expect(await (await first.connect()).ask('version\r\n')).toMatch(/^VERSION /);
  });

  it('never touches the socket of a server that is too busy to accept', async () => {
    const path = join(folder(), 'socket');
    // Listens, and never comes to accept: its queue in the kernel fills.
    const busy = spawn(
      process.execPath,
      [
        '-e',
        `require('node:net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => {
           require('node:fs').writeSync(1, 'listens');
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
         })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const waiting: Socket[] = [];
    try {
      await once(busy.stdout, 'data');
      let full = false;
      while (!full) {
        const socket = connect(path);
        waiting.push(socket);
        full = await new Promise((resolve) => {
          socket.once('connect', () => resolve(false));
          socket.once('error', () => resolve(true));
        });
      }
      expect((await refusal({ path })).code).toBe('HOTSET_LISTEN_FAILED');
      expect(lstatSync(path).isSocket()).toBe(true);
    } finally {
      for (const socket of waiting) socket.destroy();
      busy.kill('SIGKILL');
    }
  });

  it('refuses a path where something else is, and leaves it alone', async () => {
    const path = join(folder(), 'file');
    writeFileSync(path, 'precious');
    expect((await refusal({ path })).code).toBe('HOTSET_LISTEN_FAILED');
    expect(lstatSync(path).size).toBe(8);
  });

  it.each(['/nonexistent/folder/socket', '/dev/null/socket'])('refuses %s in one line', async (path) => {
    const { code, message } = await refusal({ path });
    expect(code).toBe('HOTSET_LISTEN_FAILED');
    expect(message).toMatch(new RegExp(`^${path} .*$`));
  });
});

it('a worker thread opens a Unix socket with the mode of the process’s umask, and says why it opens no other', () => {
  const path = join(folder(), 'socket');
  const script = `
    const { Worker } = await import('node:worker_threads');
    process.umask(0o027);
    const code = ${'`'}
      const { parentPort } = await import('node:worker_threads');
      (async () => {
        const { CacheEngine } = await import('hotset');
        const { createTcpServer } = await import('hotset/tcp');
        const said = [];
        for (const mode of [0o700, 0o750]) {
          const server = createTcpServer(new CacheEngine(), { path: ${JSON.stringify(path)}, mode });
          try {
            await server.listen();
            said.push('listens');
            await server.close();
          } catch (error) {
            said.push(error.code + ': ' + error.message);
          }
        }
        parentPort.postMessage(said);
      })();
    ${'`'};
    new Worker(code, { eval: true }).on('message', (said) => console.log(JSON.stringify(said)));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    expect.stringMatching(/^HOTSET_LISTEN_FAILED: .*socket needs the main thread/),
    'listens',
  ]);
});
