/** TLS itself: certificates, who is refused, and what a client costs that never gets through its handshake. */

import { writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer, type TlsOptions } from '../../lib/tcp/index.js';
import { type Certificate, certificate } from '../support/certificates.js';
import { certFiles, connectTo, folder, type Served, serve } from './fixture.js';
import { eventually, type WireClient } from './wire-client.js';

const authority = certificate('authority');
const stranger = certificate('stranger');
const server = certificate('server', authority);
const client = certificate('client', authority);

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

interface Secured extends Served {
  readonly files: { certFile: string; keyFile: string; caFile: string };
  readonly lines: string[];
  readonly enter: (own?: Certificate, more?: object) => Promise<WireClient>;
}

/** A server with a certificate of the authority's, which logs everything. */
async function serveSecurely(tls: Partial<TlsOptions> = {}, more: object = {}): Promise<Secured> {
  const path = folder();
  const files = { ...certFiles(path, server), caFile: join(path, 'ca.pem') };
  writeFileSync(files.caFile, authority.cert);
  const lines: string[] = [];
  const served = await serve({
    tls: { ...files, ...tls },
    verbosity: 1,
    log: (line) => lines.push(line),
    ...more,
  });
  const enter = (own?: Certificate, settings: object = {}): Promise<WireClient> =>
    connectTo(served.address, {
      ca: authority.cert,
      ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
      ...settings,
    });
  return { ...served, files, lines, enter };
}

/** What becomes of a client: served, or turned away. A TLS 1.3 client hears of it after its own handshake. */
async function fate(entering: Promise<WireClient>): Promise<'served' | 'refused'> {
  try {
    const reply = await (await entering).ask('version\r\n');
    return reply.startsWith('VERSION ') ? 'served' : 'refused';
  } catch {
    return 'refused';
  }
}

function portOf({ address }: Served): number {
  return (address as { port: number }).port;
}

/** A TCP connection that may do what it wants. */
function rawClient(served: Served, data?: string): { socket: Socket; ended: Promise<string> } {
  const socket = connectTcp(portOf(served), '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  if (data !== undefined) socket.write(data, 'latin1');
  return { socket, ended };
}

function certificateSeenBy(client: WireClient): PeerCertificate {
  return (client.socket as TLSSocket).getPeerCertificate();
}

describe('a server with a certificate', () => {
  it('serves over TLS, to clients that trust it', async () => {
    const { enter } = await serveSecurely();
    const inside = await enter();
    expect(await inside.ask('set a 0 0 1\r\nx\r\nget a\r\n', /END\r\n/)).toBe(
      'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    );
    expect(certificateSeenBy(inside).subject.CN).toBe('server');
    expect((inside.socket as TLSSocket).getProtocol()).toBe('TLSv1.3');
  });

  it('takes the key from the certificate’s file, and a key in DER form', async () => {
    const path = folder();
    const both = join(path, 'both.pem');
    writeFileSync(both, server.cert + server.key);
    const first = await serve({ tls: { certFile: both } });
    expect(await fate(connectTo(first.address, { ca: authority.cert }))).toBe('served');
    for (const type of ['pkcs8', 'sec1'] as const) {
      const keyFile = join(path, `key.${type}`);
      writeFileSync(keyFile, server.privateKey.export({ type, format: 'der' }));
      const second = await serve({ tls: { certFile: both, keyFile } });
      expect(await fate(connectTo(second.address, { ca: authority.cert }))).toBe('served');
    }
  });

  it('takes no version below minVersion, and only the ciphers named', async () => {
    const newest = await serveSecurely({ minVersion: 'TLSv1.3' });
    expect(await fate(newest.enter(undefined, { maxVersion: 'TLSv1.2' }))).toBe('refused');
    expect(await fate(newest.enter())).toBe('served');
    const picky = await serveSecurely({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    const inside = await picky.enter(undefined, { maxVersion: 'TLSv1.2' });
    expect((inside.socket as TLSSocket).getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
    expect(
      await fate(picky.enter(undefined, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })),
    ).toBe('refused');
  });

  it('serves other addresses without TLS where configured, and all show in stats', async () => {
    const { server: tcp, enter, files, transport } = await serveSecurely();
    const plain = await tcp.listen({ port: 0, tls: false });
    expect(plain).toEqual({ host: '127.0.0.1', port: expect.any(Number), tls: false });
    const unix = await tcp.listen({ path: join(folder(), 'socket') });
    const [inside, outside, local] = [await enter(), await connectTo(plain), await connectTo(unix)];
    for (const [at, each] of [inside, outside, local].entries())
      expect(await each.ask(`set k${at} 0 0 1\r\n${at}\r\n`)).toBe('STORED\r\n');
    expect(await local.ask('get k0 k1\r\n', /END\r\n/)).toBe(
      'VALUE k0 0 1\r\n0\r\nVALUE k1 0 1\r\n1\r\nEND\r\n',
    );
    const conns = await inside.stats('conns');
    const ids = Object.keys(conns).filter((name) => name.endsWith(':state'));
    expect(ids).toEqual(['1:state', '2:state', '3:state', '4:state', '5:state', '6:state']);
    expect(transport.settings.tls).toEqual({
      chainCert: files.certFile,
      key: files.keyFile,
      verifyMode: 0,
      caCert: files.caFile,
      ciphers: null,
      minVersion: 'tlsv1.2',
      expiresAtMs: Date.UTC(2049, 11, 31, 23, 59, 59),
    });
  });
});

describe('clients’ certificates', () => {
  it.each([
    [0, undefined, 'served'],
    [0, stranger, 'served'],
    [1, undefined, 'served'],
    [1, stranger, 'refused'],
    [1, client, 'served'],
    [2, undefined, 'refused'],
    [2, stranger, 'refused'],
    [2, client, 'served'],
    [3, undefined, 'refused'],
    [3, client, 'served'],
  ] as const)('with verifyMode %s', async (verifyMode, own, expected) => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      const { enter, lines, transport } = await serveSecurely({ verifyMode });
      expect(await fate(enter(own, { maxVersion })), maxVersion).toBe(expected);
      if (expected === 'refused') {
        await eventually(() => transport.handshakeErrors === 1, 'the refusal is counted');
        expect(lines).toEqual([expect.stringMatching(/^a TLS handshake failed: .*certificate/)]);
        expect(transport.totalConnections).toBe(0);
      }
    }
  });

  it('a session that was begun without a certificate opens no door later', async () => {
    const served = await serveSecurely({ verifyMode: 2 });
    const sessions: Buffer[] = [];
    for (let round = 0; round < 3; round++) {
      const socket = connectTls({
        port: portOf(served),
        ca: authority.cert,
        servername: 'localhost',
        ...(sessions.length === 0 ? {} : { session: sessions.at(-1)! }),
      });
      sockets.push(socket);
      socket.on('session', (session) => sessions.push(session));
      let received = '';
      socket.on('data', (text) => {
        received += text;
      });
      socket.on('error', () => {});
      socket.write('version\r\n');
      await new Promise((resolve) => socket.on('close', resolve));
      expect(received).toBe('');
    }
    expect(served.transport.totalConnections).toBe(0);
  });
});

describe('a client that does not get through its handshake', () => {
  it.each([
    ['speaks HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['speaks memcached’s protocol in the clear', 'version\r\n'],
    ['sends rubbish', '\x16\x03\x01\x00\x05hello'],
    ['claims a record of 16 KiB and more', '\x16\x03\x01\xff\xff'],
  ])('and %s is cut, counted and logged; others do not notice', async (_what, data) => {
    const served = await serveSecurely();
    const inside = await served.enter();
    await rawClient(served, data).ended;
    await eventually(() => served.transport.handshakeErrors === 1, 'it is counted');
    expect(served.lines).toEqual([expect.stringMatching(/^a TLS handshake failed: \S/)]);
    expect(await inside.ask('version\r\n')).toMatch(/^VERSION /);
    expect(served.transport.currentConnections).toBe(1);
  });

  it('and says nothing is cut after handshakeTimeoutMs', async () => {
    const served = await serveSecurely({ handshakeTimeoutMs: 50 });
    expect(await rawClient(served).ended).toBe('');
    expect(served.transport.handshakeErrors).toBe(1);
    expect(served.lines).toEqual(['a TLS handshake failed: TLS handshake timeout']);
    expect(await fate(served.enter())).toBe('served');
  });

  it('and goes away in the middle of it is counted', async () => {
    const served = await serveSecurely();
    const { socket } = rawClient(served, '\x16\x03\x01\x02\x00');
    socket.once('connect', () => socket.end());
    await eventually(() => served.transport.handshakeErrors === 1, 'it is counted');
    const other = rawClient(served, '\x16\x03\x01\x02\x00').socket;
    other.once('connect', () => setImmediate(() => other.resetAndDestroy()));
    await eventually(() => served.transport.handshakeErrors === 2, 'it is counted');
  });

  it('takes a place of maxConnections meanwhile, and gives it back', async () => {
    const served = await serveSecurely({ handshakeTimeoutMs: 60_000 }, { maxConnections: 1 });
    const { socket } = rawClient(served, '\x16');
    await new Promise((resolve) => socket.once('connect', resolve));
    expect(await rawClient(served).ended).toBe('ERROR Too many open connections\r\n');
    expect(served.transport.rejectedConnections).toBe(1);
    socket.destroy();
    await eventually(() => served.transport.handshakeErrors === 1, 'it is gone');
    for (let round = 0; round < 2; round++) {
      const inside = await served.enter();
      expect(await inside.ask('version\r\n')).toMatch(/^VERSION /);
      expect(await rawClient(served).ended).toBe('ERROR Too many open connections\r\n');
      await inside.close();
      await eventually(() => served.transport.currentConnections === 0, 'the place is free');
    }
  });

  it('does not hold up close()', async () => {
    const served = await serveSecurely({ handshakeTimeoutMs: 60_000 }, { maxConnections: 1 });
    const { socket, ended } = rawClient(served, '\x16');
    await new Promise((resolve) => socket.once('connect', resolve));
    // Now the first one must have been accepted.
    expect(await rawClient(served).ended).toBe('ERROR Too many open connections\r\n');
    await served.server.close({ forceAfterMs: 50_000 });
    expect(await ended).toBe('');
  });
});

describe('files that cannot be used are named, with the reason', () => {
  const put = (name: string, content: string): string => {
    const path = join(folder(), name);
    writeFileSync(path, content);
    return path;
  };
  const cert = (): string => put('cert.pem', server.cert);
  it.each<[what: string, tls: () => TlsOptions, message: RegExp]>([
    [
      'no file',
      () => ({ certFile: '/nonexistent/c' }),
      /^\/nonexistent\/c cannot be read: there is no such file$/,
    ],
    ['a directory', () => ({ certFile: '/' }), /^\/ cannot be read: it is a directory$/],
    [
      'no certificate',
      () => ({ certFile: put('cert.pem', 'hello') }),
      /cert\.pem does not begin with a certificate in PEM form: \S/,
    ],
    [
      'an empty file',
      () => ({ certFile: put('cert.pem', '') }),
      /cert\.pem does not begin with a certificate/,
    ],
    [
      'a certificate without a key',
      () => ({ certFile: cert() }),
      /cert\.pem has no private key that can be used: \S/,
    ],
    [
      'no key',
      () => ({ certFile: cert(), keyFile: put('key.pem', 'hello') }),
      /key\.pem has no private key that can be used: \S/,
    ],
    [
      'the key of another certificate',
      () => ({ certFile: cert(), keyFile: put('key.pem', stranger.key) }),
      /key\.pem is not the key of the certificate in \S+cert\.pem$/,
    ],
    [
      'no authority',
      () => ({ certFile: put('both.pem', server.cert + server.key), caFile: put('ca.pem', 'hello') }),
      /ca\.pem does not begin with a certificate in PEM form: \S/,
    ],
    [
      'ciphers that do not exist',
      () => ({ certFile: put('both.pem', server.cert + server.key), ciphers: 'ROT13' }),
      /^the ciphers ROT13 cannot be used: no cipher match$/,
    ],
  ])('%s', (_what, tls, message) => {
    let thrown: unknown;
    try {
      createTcpServer(new CacheEngine<string, unknown>(), { tls: tls() });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'HOTSET_INVALID_TLS',
      message: expect.stringMatching(message),
    });
    expect((thrown as Error).message).not.toContain('\n');
  });
});

describe('reload', () => {
  it('takes the new certificate for new connections, and leaves the open ones alone', async () => {
    const served = await serveSecurely();
    const before = await served.enter();
    expect(certificateSeenBy(before).subject.CN).toBe('server');
    const renewed = certificate('renewed', authority);
    writeFileSync(served.files.certFile, renewed.cert);
    writeFileSync(served.files.keyFile, renewed.key);
    served.server.reload();
    expect(certificateSeenBy(await served.enter()).subject.CN).toBe('renewed');
    expect(await before.ask('version\r\n')).toMatch(/^VERSION /);
    expect(served.lines).toEqual(['users and certificates were read again']);
  });

  it('reaches every listener', async () => {
    const served = await serveSecurely();
    const second = await served.server.listen({ port: 0 });
    const renewed = certificate('renewed', authority);
    certFiles(join(served.files.certFile, '..'), renewed);
    served.server.reload();
    expect(certificateSeenBy(await connectTo(second, { ca: authority.cert })).subject.CN).toBe('renewed');
  });

  it('takes a new authority for clients, whose sessions from before open no door', async () => {
    const served = await serveSecurely({ verifyMode: 2 });
    const inside = await served.enter(client);
    await inside.ask('version\r\n');
    writeFileSync(served.files.caFile, stranger.cert);
    served.server.reload();
    const session = (inside.socket as TLSSocket).getSession();
    expect(await fate(served.enter(client, { session }))).toBe('refused');
    expect(await fate(served.enter(stranger))).toBe('served');
  });

  it('keeps the old one when the new cannot be used, and says why', async () => {
    const served = await serveSecurely();
    writeFileSync(served.files.certFile, 'half a certific');
    expect(() => served.server.reload()).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_TLS' }));
    expect(served.lines).toEqual([
      expect.stringMatching(/cert\.pem does not begin .*; what was read before stays in force$/),
    ]);
    expect(certificateSeenBy(await served.enter()).subject.CN).toBe('server');
  });
});
