/**
 * What RFC 9112 has a server make of a request's first line and Host: the same for plain requests and for upgrades.
 * Requests that share a packet are answered in their order, whatever kind they are of.
 */

import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { closeAfterTest, handshake } from '../websocket/fixture.js';
import { dial, serveHttp } from './fixture.js';

const HOST = { Host: 'localhost' };

function head(requestLine: string, headers: Record<string, string> = HOST): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${requestLine}\r\n${lines.join('')}\r\n`;
}

/** The statuses that come back, in their order, and all that comes back. */
async function answersTo(port: number, text: string): Promise<{ statuses: number[]; reply: string }> {
  const { socket, ended } = dial(port);
  socket.write(text, 'latin1');
  // Frames of a client that wants to go: the server answers and closes.
  socket.on('data', (data: unknown) => {
    if (String(data).includes(' 101 ')) socket.write(CLOSE_FRAME, 'latin1');
  });
  const reply = await ended;
  return {
    statuses: Array.from(reply.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status)),
    reply,
  };
}

const CLOSE_FRAME = '\x88\x80\0\0\0\0';
const LAST = { ...HOST, Connection: 'close' };

async function serveBoth(): Promise<number> {
  const { engine, http, port } = await serveHttp();
  closeAfterTest(attachWebSocket(engine, { server: http.server, path: '/ws' }));
  return port;
}

describe('a request is read as RFC 9112 says', () => {
  it.each<
    [what: string, target: string, host: string | readonly string[] | null, plain: number, upgrade: number]
  >([
    ['a path', 'PATH', 'localhost', 200, 101],
    ['a path with a query', 'PATH?a=http://b/', 'localhost', 200, 101],
    ['a path with a fragment', 'PATH#a', 'localhost', 400, 400],
    ['an absolute target', 'http://localhostPATH', 'localhost', 200, 101],
    ['an absolute target with a port and a query', 'http://LOCALHOST:80PATH?a=b', 'localhost', 200, 101],
    ['an absolute target of a TLS proxy', 'https://localhostPATH', 'localhost', 200, 101],
    ['an absolute target, which outranks Host', 'http://localhostPATH', 'evil.example', 200, 101],
    ['an absolute target of another host', 'http://evil.examplePATH', 'localhost', 403, 403],
    ['an absolute target without Host', 'http://localhostPATH', null, 400, 101],
    ['an absolute target with a user', 'http://user@localhostPATH', 'localhost', 400, 400],
    ['an absolute target without a host', 'http://PATH', 'localhost', 400, 400],
    ['an absolute target with a bad port', 'http://localhost:xPATH', 'localhost', 400, 400],
    ['an absolute target of another scheme', 'ftp://localhostPATH', 'localhost', 400, 400],
    ['a host and a port alone', 'localhost:443', 'localhost', 400, 400],
    ['an asterisk', '*', 'localhost', 400, 400],
    ['two Hosts', 'PATH', ['localhost', 'localhost'], 400, 400],
    ['two Hosts that disagree', 'PATH', ['localhost', 'evil.example'], 400, 400],
    ['two Hosts and an absolute target', 'http://localhostPATH', ['localhost', 'localhost'], 400, 400],
    ['a list of Hosts', 'PATH', 'localhost, localhost', 400, 400],
    ['a Host with a blank', 'PATH', 'local host', 400, 400],
    ['a Host with a user', 'PATH', 'user@localhost', 400, 400],
    ['another Host', 'PATH', 'evil.example', 403, 403],
    ['an empty Host', 'PATH', '', 403, 403],
    ['no Host', 'PATH', null, 400, 400],
  ])('%s', async (_what, target, host, plain, upgrade) => {
    const port = await serveBoth();
    const hosts = host === null ? [] : typeof host === 'string' ? [host] : host;
    const lines = hosts.map((name) => `Host: ${name}\r\n`).join('');
    const plainHead = `GET ${target.replace('PATH', '/metrics')} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`;
    const upgradeHead = handshake({ Host: null }, `GET ${target.replace('PATH', '/ws')} HTTP/1.1`);
    expect((await answersTo(port, plainHead)).statuses).toEqual([plain]);
    expect((await answersTo(port, upgradeHead.replace('\r\n', `\r\n${lines}`))).statuses).toEqual([upgrade]);
  });

  it.each<[what: string, request: string, status: number]>([
    ['OPTIONS *', head('OPTIONS * HTTP/1.1', LAST), 200],
    ['OPTIONS of a path', head('OPTIONS /metrics HTTP/1.1'), 405],
    ['CONNECT', head('CONNECT evil.example:443 HTTP/1.1'), 405],
    ['HTTP/1.0', head('GET /metrics HTTP/1.0'), 200],
    ['HTTP/1.0 without Host where names are checked', head('GET /metrics HTTP/1.0', {}), 400],
    ['HTTP/1.0 without Host where they are not', head('GET /healthz HTTP/1.0', {}), 200],
    ['HTTP/2 in the form of HTTP/1', head('GET /healthz HTTP/2.0', LAST), 505],
    ['HTTP/0.9', head('GET /healthz', {}), 505],
    ['an upgrade in HTTP/1.0', handshake({}, 'GET /ws HTTP/1.0'), 400],
    ['an upgrade in HTTP/2', handshake({}, 'GET /ws HTTP/2.0'), 505],
    ['an upgrade with a body', `${handshake({ 'Content-Length': '3' }, 'GET /ws HTTP/1.1')}abc`, 400],
    [
      'an upgrade with a body in chunks',
      `${handshake({ 'Transfer-Encoding': 'chunked' }, 'GET /ws HTTP/1.1')}1\r\na\r\n0\r\n\r\n`,
      400,
    ],
    ['a HEAD that offers to upgrade', handshake({}, 'HEAD /ws HTTP/1.1'), 405],
  ])('%s', async (_what, request, status) => {
    const { statuses, reply } = await answersTo(await serveBoth(), request);
    expect(statuses).toEqual([status]);
    if (status === 405 || request.startsWith('OPTIONS')) expect(reply).toMatch(/^Allow: GET/m);
  });

  it('a HEAD has the headers of a GET, also with an absolute target', async () => {
    const port = await serveBoth();
    const { reply } = await answersTo(port, head('HEAD http://localhost/healthz HTTP/1.1', LAST));
    expect(reply).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 3\r\n[\s\S]*\r\n\r\n$/);
  });

  it('the origin of a page is compared with the host of an absolute target', async () => {
    const port = await serveBoth();
    const ask = (Host: string): Promise<{ statuses: number[] }> =>
      answersTo(
        port,
        head('GET http://localhost/metrics HTTP/1.1', {
          Host,
          Origin: 'http://evil.example',
          Connection: 'close',
        }),
      );
    expect((await ask('evil.example')).statuses).toEqual([403]);
  });
});

describe('requests of one packet are answered in their order', () => {
  const metrics = head('GET /metrics HTTP/1.1');
  const health = head('GET /healthz HTTP/1.1');
  const upgrade = handshake({}, 'GET /ws HTTP/1.1');
  const masked = (text: string): string => `\x82${String.fromCharCode(0x80 | text.length)}\0\0\0\0${text}`;

  it.each<[what: string, packet: string, statuses: number[], opened: string]>([
    ['an upgrade behind a request', metrics + upgrade, [200, 101], '\x88'],
    ['an upgrade behind several', health + metrics + health + upgrade, [200, 200, 200, 101], '\x88'],
    [
      'an upgrade behind the last request of a connection',
      head('GET /metrics HTTP/1.1', LAST) + upgrade,
      [200],
      '',
    ],
    ['an upgrade behind a refusal', head('GET /nothing HTTP/1.1') + upgrade, [404], ''],
    [
      'a frame behind an upgrade behind a request',
      metrics + upgrade + masked('mn\r\n'),
      [200, 101],
      '\x82\x04MN\r\n',
    ],
    ['a request behind an upgrade, which is a bad frame', upgrade + health, [101], '\x88'],
    ['two upgrades', upgrade + upgrade, [101], '\x88'],
    ['a refused upgrade behind a request', health + handshake({}, 'GET /other HTTP/1.1'), [200, 404], ''],
    [
      'a bad upgrade behind a request',
      health + handshake({ Upgrade: 'x' }, 'GET /ws HTTP/1.1'),
      [200, 400],
      '',
    ],
    [
      'an offer that is ignored behind a request',
      health + handshake({ Upgrade: 'h2c' }, 'GET /healthz HTTP/1.1'),
      [200, 200],
      '',
    ],
    ['a request behind a refused upgrade', handshake({}, 'GET /other HTTP/1.1') + health, [404], ''],
    [
      'an upgrade with a body behind a request',
      `${health}${handshake({ 'Content-Length': '3' }, 'GET /ws HTTP/1.1')}abc`,
      [200, 400],
      '',
    ],
    ['bytes behind the last request', `${head('GET /metrics HTTP/1.1', LAST)}x`, [200], ''],
    ['rubbish behind a request', `${metrics}rubbish\r\n\r\nrubbish\r\n\r\n`, [200, 400], ''],
    [
      'headers that are too large behind requests',
      `${metrics}${health}${head(`GET /${'x'.repeat(20_000)} HTTP/1.1`)}`,
      [200, 200, 431],
      '',
    ],
    ['CONNECT behind a request', metrics + head('CONNECT a:1 HTTP/1.1'), [200, 405], ''],
  ])('%s', async (_what, packet, statuses, opened) => {
    const answers = await answersTo(await serveBoth(), packet);
    expect(answers.statuses).toEqual(statuses);
    const frames = /HTTP\/1\.1 101 [\s\S]*?\r\n\r\n([\s\S]*)$/.exec(answers.reply);
    expect((frames?.[1] ?? '').slice(0, opened.length || 1)).toBe(opened);
  });
});

describe('a server that is shared, whose earlier answers take their time', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  async function share(
    listener: RequestListener,
  ): Promise<{ port: number; server: ReturnType<typeof createServer> }> {
    const server = createServer(listener);
    servers.push(server);
    closeAfterTest(attachWebSocket((await serveHttp()).engine, { server, path: '/ws' }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, server };
  }

  const request = head('GET /page HTTP/1.1');
  const upgrade = handshake({}, 'GET /ws HTTP/1.1');

  it('an upgrade waits for a large answer that is written as the client reads', async () => {
    const chunk = Buffer.alloc(65_536, 'x');
    const { port } = await share((_request, response) => {
      let left = 100;
      const write = (): void => {
        while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', write);
        response.end();
      };
      write();
    });
    const { statuses, reply } = await answersTo(port, request + upgrade);
    expect(statuses).toEqual([200, 101]);
    expect(reply.indexOf('HTTP/1.1 101')).toBeGreaterThan(100 * chunk.length);
  });

  it('an upgrade is dropped where its client has gone before the answer', async () => {
    const pending: ServerResponse[] = [];
    const { port, server } = await share((_request, response) => void pending.push(response));
    const { socket, ended } = dial(port);
    socket.write(request + upgrade);
    await expect.poll(() => pending.length).toBe(1);
    socket.resetAndDestroy();
    await ended;
    pending[0]!.end('x'.repeat(1_000_000));
    await expect
      .poll(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))))
      .toBe(0);
  });
});
