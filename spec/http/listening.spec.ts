/** Where the server listens, what its options take, and how it closes. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServerOptions } from '../../lib/http/index.js';
import { CacheEngine } from '../../lib/index.js';
import { thrownBy } from '../engine/fixture.js';
import { ask, dial, serveHttp } from './fixture.js';

describe('a server', () => {
  it('listens on the loopback address only by default', async () => {
    const { http, port } = await serveHttp();
    expect(http.address).toEqual({ host: '127.0.0.1', port });
  });

  it('says in one line why it cannot listen', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    await expect(serveHttp({ port })).rejects.toMatchObject({
      code: 'HOTSET_LISTEN_FAILED',
      message: `127.0.0.1:${port} is in use by another process`,
    });
    await new Promise((resolve) => holder.close(resolve));
    await expect(serveHttp({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
  });

  it('does not listen twice at once, and listens again after it was closed', async () => {
    const { http, port } = await serveHttp();
    await expect(http.listen()).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
    await http.close();
    expect(http.address).toBeNull();
    await expect(ask(port, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const again = await http.listen();
    expect((await ask(again.port, '/healthz')).status).toBe(200);
  });

  it('closes at once with nothing but idle connections, whatever forceAfterMs is', async () => {
    const { http, port } = await serveHttp();
    const { socket, ended } = dial(port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    await http.close({ forceAfterMs: Number.POSITIVE_INFINITY });
    expect(await ended).toMatch(/ok\n$/);
  });

  it('closes at once with connections that have sent nothing, whatever forceAfterMs is', async () => {
    const { http, port } = await serveHttp({ requestTimeoutMs: 600_000 });
    const accepted = once(http.server, 'connection');
    const { ended } = dial(port);
    await accepted;
    await http.close({ forceAfterMs: Number.POSITIVE_INFINITY });
    expect(await ended).toBe('');
  });

  it('cuts what is still open after forceAfterMs, upgraded connections too', async () => {
    const { http, port } = await serveHttp();
    http.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const half = dial(port);
    half.socket.write('GET /healthz HTTP/1.1\r\n');
    const upgraded = dial(port);
    upgraded.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await new Promise((resolve) => upgraded.socket.once('data', resolve));
    await http.close({ forceAfterMs: 10 });
    expect(await half.ended).toBe('');
    expect(await upgraded.ended).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('that never listened is closed as well', async () => {
    await createHttpServer(new CacheEngine<string, unknown>()).close();
  });
});

describe('options', () => {
  const engine = new CacheEngine<string, unknown>();

  it.each<[name: string, options: object]>([
    ['there is no option "origins"', { origins: [] }],
    ['options', null as unknown as object],
    ['host', { host: '' }],
    ['host', { host: 1 }],
    ['port', { port: -1 }],
    ['port', { port: 65_536 }],
    ['port', { port: '80' }],
    ['hosts', { hosts: 'localhost' }],
    ['token', { token: '' }],
    ['token', { token: 'with blank' }],
    ['metrics', { metrics: {} }],
    ['liveView', { liveView: 'yes' }],
    ['pageFile', { pageFile: '' }],
    ['maxConnections', { maxConnections: 0 }],
    ['requestTimeoutMs', { requestTimeoutMs: 0 }],
    ['requestTimeoutMs', { requestTimeoutMs: 2 ** 31 }],
    ['log', { log: 'stderr' }],
    ['onError', { onError: 1 }],
  ])('%s is refused where it makes no sense: %o', (name, options) => {
    const error = thrownBy(() => createHttpServer(engine, options as HttpServerOptions));
    expect(error.code).toBe('HOTSET_INVALID_OPTION');
    expect(error.message.startsWith(name)).toBe(true);
  });

  it('an engine that is not for the wire is refused', () => {
    const error = thrownBy(() => createHttpServer(new Map() as unknown as CacheEngine<string, unknown>));
    expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
  });

  it.each([-1, Number.NaN, '5'])('a forceAfterMs of %s is refused', async (forceAfterMs) => {
    const { http } = await serveHttp();
    await expect(http.close({ forceAfterMs: forceAfterMs as number })).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
    });
    expect(http.address).not.toBeNull();
  });
});
