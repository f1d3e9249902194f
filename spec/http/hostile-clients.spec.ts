/** Clients that mean no good, or no longer live: each is let go, and others are served. */

import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { ask, dial, serveHttp } from './fixture.js';

const HEAD = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';

it('a request that never ends is cut, however little of it keeps coming', async () => {
  const { port } = await serveHttp({ requestTimeoutMs: 300 });
  const { socket, ended } = dial(port);
  socket.write(HEAD);
  const drip = setInterval(() => socket.write('X-A: b\r\n'), 20);
  expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(drip);
  expect((await ask(port, '/healthz')).status).toBe(200);
});

it('a client that says nothing is let go', async () => {
  const { port } = await serveHttp({ requestTimeoutMs: 100 });
  expect(await dial(port).ended).toMatch(/^(HTTP\/1\.1 408 .*)?/);
});

it('a body is not waited for', async () => {
  const { port } = await serveHttp();
  const { socket, ended } = dial(port);
  socket.write(`${HEAD}Content-Length: 1000000000\r\n\r\nx`);
  const reply = await ended;
  expect(reply).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(reply).toContain('\r\nConnection: close\r\n');
});

it('a chunked body without end is not read', async () => {
  const { port } = await serveHttp();
  const { socket, ended } = dial(port);
  socket.write(`${HEAD.replace('GET', 'POST')}Transfer-Encoding: chunked\r\n\r\n`);
  socket.write('5\r\nabcde\r\n');
  expect(await ended).toMatch(/^HTTP\/1\.1 405 /);
});

it.each([
  ['headers that are too large', `${HEAD}X-A: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
  ['thousands of headers', `${HEAD}${'X: y\r\n'.repeat(10_000)}\r\n`, '431'],
  ['a path that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, '431'],
  ['rubbish', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', '400'],
  ['no Host', 'GET /metrics HTTP/1.1\r\n\r\n', '400'],
  ['no Host in the old protocol', 'GET /metrics HTTP/1.0\r\n\r\n', '400'],
  ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, '400'],
  ['a length and pieces', `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, '400'],
  ['a proxy request', 'GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n', '403'],
  ['expectations', `${HEAD}Expect: miracles\r\nConnection: close\r\n\r\n`, '417'],
  ['an upgrade to nothing', `${HEAD}Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`, '200'],
])('%s: answered in one piece, and closed', async (_what, request, status) => {
  const { port } = await serveHttp();
  const { socket, ended } = dial(port);
  socket.write(request, 'latin1');
  expect(await ended).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect((await ask(port, '/healthz')).status).toBe(200);
});

it('a few requests in one write are answered in their order', async () => {
  const { port } = await serveHttp();
  const { socket, ended } = dial(port);
  const metrics = HEAD.replace('/healthz', '/metrics');
  const health = HEAD;
  const last = `${HEAD}Connection: close\r\n`;
  socket.write([metrics, health, metrics, health, last, ''].join('\r\n'));
  const signs = (await ended).match(/^HTTP\/1\.1 \d+|^ok$|^hotset_entries \d+$/gm);
  const [ok, entries] = [
    ['HTTP/1.1 200', 'ok'],
    ['HTTP/1.1 200', 'hotset_entries 0'],
  ];
  expect(signs).toEqual([entries, ok, entries, ok, ok].flat());
});

it('a thousand requests in one write are too many: the connection is cut, and others are served', async () => {
  const { port } = await serveHttp();
  const { socket, ended } = dial(port);
  socket.write(`${HEAD.replace('/healthz', '/metrics')}\r\n`.repeat(1000));
  expect(((await ended).match(/^HTTP\/1\.1 /gm) ?? []).length).toBeLessThanOrEqual(16);
  expect((await ask(port, '/healthz')).status).toBe(200);
});

it('a connection may send any number of requests, one after the other', async () => {
  const { port } = await serveHttp();
  const { socket, ended } = dial(port);
  for (let i = 0; i < 50; i++) {
    socket.write(`${HEAD}\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
  }
  socket.write(`${HEAD}Connection: close\r\n\r\n`);
  expect((await ended).match(/^HTTP\/1\.1 200 /gm)).toHaveLength(51);
});

it('connections are bounded: one more is closed, and there is room again when one goes', async () => {
  const { http, port } = await serveHttp({ maxConnections: 2 });
  const first = dial(port);
  const second = dial(port);
  await expect
    .poll(() => new Promise((resolve) => http.server.getConnections((_error, count) => resolve(count))))
    .toBe(2);
  expect(await dial(port).ended).toBe('');
  first.socket.destroy();
  await expect.poll(() => ask(port, '/healthz').catch(() => null)).toMatchObject({ status: 200 });
  second.socket.destroy();
});

it('a client that resets its connection in the middle of an answer disturbs no other client', async () => {
  const { port } = await serveHttp();
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.resetAndDestroy();
  }
  expect((await ask(port, '/metrics')).status).toBe(200);
});
