/** What a server says to `log`, and at which verbosity. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { certificate } from '../support/certificates.js';
import { certFiles, folder, serve } from './fixture.js';
import { eventually } from './wire-client.js';

it('events are logged from their verbosity on', async () => {
  const lines: string[] = [];
  const { connect, transport } = await serve({
    maxConnections: 1,
    verbosity: 2,
    log: (line) => lines.push(line),
  });
  const client = await connect();
  await client.ask('version\r\n');
  await (await connect()).rest();
  await client.close();
  await eventually(() => transport.currentConnections === 0, 'the connection is gone');
  expect(lines).toEqual([
    'connection 2 opened',
    '<2 version',
    'a connection was refused: 1 are open',
    'connection 2 closed',
  ]);
  const silent = await connect();
  await silent.ask('verbosity 0\r\n');
  const before = lines.length;
  await (await connect()).rest();
  expect(lines.length).toBe(before);
});

it('a client that fails to authenticate is logged with -v, without its credentials', async () => {
  const authFile = join(folder(), 'users');
  writeFileSync(authFile, 'ann:secret\n');
  const lines: unknown[] = [];
  const { connect } = await serve({
    authFile,
    verbosity: 1,
    log: (line, { kind, level, address }) => lines.push([line, kind, level, address]),
  });
  const client = await connect();
  expect(await client.ask('set k 0 0 9\r\nann wrong\r\n')).toBe('CLIENT_ERROR authentication failure\r\n');
  expect(await client.ask('set k 0 0 10\r\nann secret\r\n')).toBe('STORED\r\n');
  expect(lines).toEqual([
    [
      'connection 2 failed to authenticate',
      'authentication-failed',
      1,
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ],
  ]);
});

it.each([
  [-1, 'expired'],
  [13, 'expires'],
  [15, null],
])('a certificate that has %s days left: %s', async (days, verb) => {
  const expiresAt = new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000);
  const files = certFiles(folder(), certificate('server', undefined, expiresAt));
  const lines: unknown[] = [];
  const { server } = await serve({
    tls: files,
    log: (line, { kind, level }) => lines.push([line, kind, level]),
  });
  const warning = [
    `a certificate in ${files.certFile} ${verb} on ${expiresAt.toISOString()}`,
    'certificate-expires',
    0,
  ];
  expect(lines).toEqual(verb === null ? [] : [warning]);
  server.reload();
  expect(lines).toEqual(verb === null ? [] : [warning, warning]);
});

it('the certificate of a chain that expires first counts', async () => {
  const soon = new Date(Date.UTC(2001, 0, 1));
  const authority = certificate('authority', undefined, soon);
  const { cert, key } = certificate('server', authority);
  const files = certFiles(folder(), { cert: cert + authority.cert, key });
  const { transport } = await serve({ tls: files });
  expect(transport.settings.tls?.expiresAtMs).toBe(soon.getTime());
});
