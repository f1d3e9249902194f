/** Options that make no sense are refused by name, before anything is opened. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer, type TcpServerOptions, type TlsOptions } from '../../lib/tcp/index.js';

const bad: [option: string, options: TcpServerOptions][] = [
  ['port', { port: -1 }],
  ['port', { port: 65536 }],
  ['port', { port: 1.5 }],
  ['port', { port: Number.NaN }],
  ['port', { port: '11211' as unknown as number }],
  ['host', { host: '' }],
  ['host', { host: 5 as unknown as string }],
  ['path', { path: '' }],
  ['path', { path: 5 as unknown as string }],
  ['path', { path: `/tmp/${'x'.repeat(103)}` }],
  ['path', { path: '/tmp/x', port: 0 }],
  ['path', { path: '/tmp/x', host: '127.0.0.1' }],
  ['mode', { path: '/tmp/x', mode: -1 }],
  ['mode', { path: '/tmp/x', mode: 0o1000 }],
  ['mode', { path: '/tmp/x', mode: 0.5 }],
  ['maxConnections', { maxConnections: 0 }],
  ['maxConnections', { maxConnections: 1.5 }],
  ['maxConnections', { maxConnections: Number.POSITIVE_INFINITY }],
  ['maxConnections', { maxConnections: '5' as unknown as number }],
  ['idleTimeoutMs', { idleTimeoutMs: 0 }],
  ['idleTimeoutMs', { idleTimeoutMs: -1 }],
  ['idleTimeoutMs', { idleTimeoutMs: Number.NaN }],
  ['idleTimeoutMs', { idleTimeoutMs: '5' as unknown as number }],
  ['backlog', { backlog: 0 }],
  ['backlog', { backlog: 1.5 }],
  ['protocol', { protocol: 'udp' as 'auto' }],
  ['authFile', { authFile: '' }],
  ['tls', { tls: 'cert.pem' as unknown as TlsOptions }],
  ['tls.certFile', { tls: {} as TlsOptions }],
  ['tls.keyFile', { tls: { certFile: 'c', keyFile: '' } }],
  ['tls.caFile', { tls: { certFile: 'c', caFile: '' } }],
  ['tls.verifyMode', { tls: { certFile: 'c', caFile: 'a', verifyMode: 4 as 3 } }],
  ['tls.verifyMode', { tls: { certFile: 'c', verifyMode: 1 } }],
  ['tls.minVersion', { tls: { certFile: 'c', minVersion: 'TLSv1' as 'TLSv1.2' } }],
  ['tls.ciphers', { tls: { certFile: 'c', ciphers: '' } }],
  ['tls.handshakeTimeoutMs', { tls: { certFile: 'c', handshakeTimeoutMs: 0 } }],
  ['maxItemBytes', { maxItemBytes: 1023 }],
  ['maxItemBytes', { maxItemBytes: 2 ** 30 + 1 }],
  ['maxItemBytes', { maxItemBytes: 2000.5 }],
];

describe('the options of createTcpServer', () => {
  it.each(bad)('refuses %s of %j', (option, options) => {
    expect(() => createTcpServer(new CacheEngine<string, unknown>(), options)).toThrow(
      expect.objectContaining({
        code: 'HOTSET_INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`^${option} takes .*; got .*$`)),
      }),
    );
  });

  it('refuses a bad address of listen() in the same way', async () => {
    const server = createTcpServer(new CacheEngine<string, unknown>());
    await expect(server.listen({ port: 65536 })).rejects.toMatchObject({ code: 'HOTSET_INVALID_OPTION' });
    await expect(server.listen({ path: '' })).rejects.toMatchObject({ code: 'HOTSET_INVALID_OPTION' });
    await expect(server.listen({ port: 0, tls: true })).rejects.toMatchObject({
      code: 'HOTSET_INVALID_OPTION',
      message: "an address's tls takes false, or true where the server has certificates; got true",
    });
    expect(server.addresses).toEqual([]);
    await server.close();
  });

  it.each([
    ['verifyMode', { verifyMode: 2 }, 'nothing where the address speaks no TLS; got 2'],
    ['protocol', { protocol: 'udp' as 'auto' }, 'auto, ascii or binary; got "udp"'],
  ] as const)('an address has a %s that makes sense', async (name, address, problem) => {
    const server = createTcpServer(new CacheEngine<string, unknown>());
    await expect(server.listen({ port: 0, ...address })).rejects.toMatchObject({
      code: 'HOTSET_INVALID_OPTION',
      message: `an address's ${name} takes ${problem}`,
    });
  });

  it('refuses an unknown option of tls by name', () => {
    const tls = { certFile: 'c', cert: 'c' } as TlsOptions;
    expect(() => createTcpServer(new CacheEngine<string, unknown>(), { tls })).toThrow(
      /there is no option "cert"; options are certFile/,
    );
  });

  it('takes the bounds themselves', () => {
    for (const options of [
      { port: 0 },
      { port: 65535 },
      { path: `/tmp/${'x'.repeat(98)}`, mode: 0 },
      { path: '/tmp/x', mode: 0o777 },
      { maxConnections: 1 },
      { idleTimeoutMs: Number.POSITIVE_INFINITY },
      { maxItemBytes: 1024 },
      { maxItemBytes: 2 ** 30 },
    ])
      expect(() => createTcpServer(new CacheEngine<string, unknown>(), options)).not.toThrow();
  });
});
