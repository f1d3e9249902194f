/** Who becomes a WebSocket, and what the others are told: a status and one line. */

import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import { createServer as createTlsServer, request as requestTls, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { CacheEngine } from '../../lib/index.js';
import { TOKEN_SUBPROTOCOL } from '../../lib/rpc-protocol.js';
import { attachWebSocket, type WebSocketOptions } from '../../lib/websocket/index.js';
import { certificate } from '../support/certificates.js';
import {
  closeAfterTest,
  closeOf,
  connectTo,
  handshake,
  openSocket,
  refusalOf,
  serve,
  upgrade,
} from './fixture.js';
import { FrameClient } from './frame-client.js';

const servers: (Server | TlsServer)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listening(
  server: Server | TlsServer = createServer((_request, response) => response.end('page')),
): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const token = 'sesame+/=';
const shownToken = TOKEN_SUBPROTOCOL + Buffer.from(token).toString('base64url');

describe('the subprotocol', () => {
  it.each([
    [['memcached'], 'memcached'],
    [['hotset.v1'], 'hotset.v1'],
    [['hotset.v1', 'memcached'], 'hotset.v1'],
    [['hotset.v9', 'memcached', 'hotset.v1'], 'memcached'],
  ])('is the first supported one of %j: %s', async (offered, chosen) => {
    const { connect } = await serve();
    expect((await connect(offered)).ws.protocol).toBe(chosen);
  });

  it('is not memcached where not everything is allowed', async () => {
    for (const access of ['read-only', 'metadata'] as const) {
      const { connect, port } = await serve({ access });
      expect((await connect(['memcached', 'hotset.v1'])).ws.protocol).toBe('hotset.v1');
      expect(await refusalOf(port, handshake())).toMatchObject({
        status: 400,
        body: 'no supported subprotocol was offered; supported are hotset.v1\n',
      });
    }
  });

  it('speaks at once: a request may come with the handshake', async () => {
    const { port } = await serve();
    const masked = Buffer.from([0x82, 0x84, 0, 0, 0, 0, ...Buffer.from('mn\r\n')]);
    const socket = await upgrade(port, handshake() + masked.toString('latin1'));
    socket.resume();
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(reply.toString('latin1')).toBe('\x82\x04MN\r\n');
  });
});

it('offers no compression', async () => {
  const { connect } = await serve();
  expect((await connect()).ws.extensions).toBe('');
});

describe('a refusal', () => {
  const options: WebSocketOptions = { path: '/cache', origins: ['https://app.example'], token };
  const good = { Authorization: `Bearer ${token}` };
  const line = 'GET /cache HTTP/1.1';

  it('has one line of text, and closes the connection', async () => {
    const { port } = await serve(options);
    const { status, headers, body } = await refusalOf(port, handshake({}, line));
    expect({ status, body }).toEqual({ status: 401, body: 'a token is needed\n' });
    expect(headers).toEqual({
      connection: 'close',
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-length': String(body.length),
      'www-authenticate': 'Bearer',
    });
  });

  it.each<[string, number, RegExp, Record<string, string | null>, string?]>([
    ['another path', 404, /^nothing is served on this path$/, good, 'GET /other HTTP/1.1'],
    ['a path below', 404, /^nothing/, good, 'GET /cache/x HTTP/1.1'],
    ['the whole URL of another path', 404, /^nothing/, good, 'GET http://localhost/other HTTP/1.1'],
    ['the name of another host', 403, /not known as "evil\.example"/, { ...good, Host: 'evil.example' }],
    [
      'a page from elsewhere',
      403,
      /pages of "https:\/\/evil\.example"/,
      { ...good, Origin: 'https://evil.example' },
    ],
    ['a page without origin', 403, /pages of "null" may not connect/, { ...good, Origin: 'null' }],
    ['no token', 401, /^a token is needed$/, {}],
    ['a wrong token', 401, /^the token is wrong$/, { Authorization: 'Bearer sesame' }],
    [
      'a wrong token from a page',
      401,
      /wrong$/,
      { 'Sec-WebSocket-Protocol': `hotset.v1, ${TOKEN_SUBPROTOCOL}eA` },
    ],
    ['a POST', 405, /GET$/, good, 'POST /cache HTTP/1.1'],
    ['another upgrade', 400, /^Upgrade must be websocket$/, { ...good, Upgrade: 'h2c' }],
    ['no key', 400, /^Sec-WebSocket-Key is missing or malformed$/, { ...good, 'Sec-WebSocket-Key': null }],
    [
      'a bad key',
      400,
      /^Sec-WebSocket-Key is missing or malformed$/,
      { ...good, 'Sec-WebSocket-Key': 'short' },
    ],
    [
      'an old version',
      426,
      /^the version of WebSocket must be 13$/,
      { ...good, 'Sec-WebSocket-Version': '8' },
    ],
    ['no version', 426, /13$/, { ...good, 'Sec-WebSocket-Version': null }],
    [
      'no subprotocol',
      400,
      /^no supported subprotocol .* memcached, hotset\.v1$/,
      { ...good, 'Sec-WebSocket-Protocol': null },
    ],
    ['an unknown one', 400, /^no supported subprotocol/, { ...good, 'Sec-WebSocket-Protocol': 'hotset.v9' }],
    [
      'one in other letters',
      400,
      /^no supported subprotocol/,
      { ...good, 'Sec-WebSocket-Protocol': 'Memcached' },
    ],
    [
      'a token and no subprotocol',
      400,
      /^no supported subprotocol/,
      { 'Sec-WebSocket-Protocol': shownToken },
    ],
    [
      'a list that is none',
      400,
      /Sec-WebSocket-Protocol is malformed$/,
      { ...good, 'Sec-WebSocket-Protocol': 'memcached,' },
    ],
    ['the same twice', 400, /malformed/, { ...good, 'Sec-WebSocket-Protocol': 'memcached, memcached' }],
    ['blanks in a name', 400, /malformed/, { ...good, 'Sec-WebSocket-Protocol': 'memcached hotset.v1' }],
  ])('meets %s: %i', async (_what, status, reason, headers, requestLine = line) => {
    const { port, transport } = await serve(options);
    const answer = await refusalOf(port, handshake(headers, requestLine));
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(/^[^\n]+\n$/);
    expect(answer.body.trimEnd()).toMatch(reason);
    expect(transport.totalConnections).toBe(0);
  });

  it('meets no client with valid credentials', async () => {
    const { port } = await serve(options);
    const origin = { Origin: 'https://app.example' };
    for (const headers of [
      good,
      { ...good, ...origin },
      { 'Sec-WebSocket-Protocol': `memcached, ${shownToken}`, ...origin },
    ])
      expect((await upgrade(port, handshake(headers, 'GET /cache?x=/ HTTP/1.1'))).destroyed).toBe(false);
  });

  it('is logged, without the token', async () => {
    const lines: string[] = [];
    const { port } = await serve({ ...options, verbosity: 1, log: (text) => lines.push(text) });
    await refusalOf(port, handshake({ Authorization: 'Bearer guess' }, line));
    expect(lines).toEqual(['a WebSocket handshake was refused with 401: the token is wrong']);
  });
});

it('a token that came as a subprotocol is never echoed', async () => {
  const { connect, port } = await serve({ token });
  expect((await connect([shownToken, 'hotset.v1'])).ws.protocol).toBe('hotset.v1');
  const socket = await upgrade(port, handshake({ 'Sec-WebSocket-Protocol': `${shownToken}, memcached` }));
  expect(socket.destroyed).toBe(false);
});

describe('a server of its own', () => {
  it('answers requests for a page with what it is', async () => {
    const { port } = await serve();
    const response = await new Promise<IncomingMessage>((resolve) => {
      get({ port, host: '127.0.0.1', agent: false }, resolve);
    });
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(response.statusCode).toBe(426);
    expect(response.headers).toMatchObject({
      upgrade: 'websocket',
      connection: expect.stringContaining('close'),
    });
    expect(body).toBe('this is a WebSocket endpoint\n');
  });

  it('answers requests in their order, and refuses those that RFC 9112 has it refuse', async () => {
    const { port } = await serve();
    const page = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
    expect(await refusalOf(port, page + handshake())).toMatchObject({
      status: 426,
      body: 'this is a WebSocket endpoint\n',
    });
    const twoHosts = page.replace('Host', 'Host: localhost\r\nHost');
    expect(await refusalOf(port, twoHosts)).toMatchObject({
      status: 400,
      body: 'there is more than one Host header\n',
    });
  });

  it('is on loopback by default', async () => {
    const { endpoint } = await serve();
    expect(endpoint.address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
  });

  it('cannot listen where another does, and says so', async () => {
    const { port } = await serve();
    const second = closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), { port }));
    await expect(second.listen()).rejects.toMatchObject({
      code: 'HOTSET_LISTEN_FAILED',
      message: expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:${port} is in use by another process`)),
    });
    expect(second.address).toBeNull();
    await expect(second.listen()).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
  });

  it('listens once, and not after it was closed', async () => {
    const { endpoint } = await serve();
    await expect(endpoint.listen()).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    const closed = attachWebSocket(new CacheEngine<string, unknown>(), { port: 0 });
    const listening = closed.listen();
    const closing = closed.close();
    await expect(listening).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
    await closing;
    await expect(closed.listen()).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
    expect(closed.address).toBeNull();
  });

  it('is not there without a port', async () => {
    const endpoint = closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>()));
    await expect(endpoint.listen()).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
  });
});

describe('a server that is shared', () => {
  it('keeps its pages, and gives each endpoint the upgrades of its path', async () => {
    const server = createServer((_request, response) => response.end('page'));
    const port = await listening(server);
    const [first, second] = [new CacheEngine<string, unknown>(), new CacheEngine<string, unknown>()];
    const one = closeAfterTest(attachWebSocket(first, { server, path: '/one' }));
    closeAfterTest(attachWebSocket(second, { server, path: '/two' }));
    await (await connectTo(port, { path: '/one?x=1' })).ask('set a 0 0 1\r\nx\r\n');
    await (await connectTo(port, { path: '/two' })).ask('set b 0 0 1\r\nx\r\n');
    expect([...first.keys(), ...second.keys()]).toEqual(['a', 'b']);
    expect((await refusalOf(port, handshake({}, 'GET /three HTTP/1.1'))).status).toBe(404);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(await response.text()).toBe('page');

    await one.close();
    expect((await refusalOf(port, handshake({}, 'GET /one HTTP/1.1'))).status).toBe(404);
    await connectTo(port, { path: '/two' });
  });

  it('may speak TLS', async () => {
    const { cert, key } = certificate('server');
    const server = createTlsServer({ cert, key });
    const port = await listening(server);
    closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), { server }));
    const client = new FrameClient(new WebSocket(`wss://localhost:${port}/`, 'memcached', { ca: cert }));
    await client.opened;
    const value = 'v'.repeat(200_000);
    expect(await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`)).toBe('STORED\r\n');
    for (let i = 0; i < 100; i++) client.send('get k\r\n');
    await client.until(() => client.messages.length === 100, 'the replies');
    const reply = `VALUE k 0 ${value.length}\r\n${value}\r\nEND\r\n`;
    expect(client.messages.every((message) => message.toString() === reply)).toBe(true);
    await client.leave();
  });

  it.each(['http', 'https'])('serves over %s those that offer HTTP/2 and can do without', async (scheme) => {
    const { cert, key } = certificate('server');
    const echo: RequestListener = async (request, response) => {
      const { headers, method } = request;
      response.end(`${method} ${headers['x-name']}: ${await text(request)}`);
    };
    const server = scheme === 'http' ? createServer(echo) : createTlsServer({ cert, key }, echo);
    const port = await listening(server);
    closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), { server, path: '/cache' }));
    const offer = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' };
    const ask = scheme === 'http' ? request : requestTls;
    for (const [method, body] of [
      ['GET', ''],
      ['POST', 'x'.repeat(300_000)],
    ] as const) {
      const headers = { ...offer, 'X-Name': 'caf\xe9', 'Content-Length': body.length };
      const asked = ask({ host: 'localhost', port, path: '/page', method, headers, ca: cert, agent: false });
      asked.end(Buffer.from(body));
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      expect(await text(response)).toBe(`${method} caf\xe9: ${body}`);
    }
    const asked = ask({ host: 'localhost', port, path: '/cache', headers: offer, ca: cert, agent: false });
    const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
  });

  it('refuses a path that an endpoint has already', async () => {
    const server = createServer();
    await listening(server);
    const endpoint = closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), { server }));
    expect(() => attachWebSocket(new CacheEngine<string, unknown>(), { server })).toThrow(
      'path takes one that no other endpoint of the server has; got "/"',
    );
    await endpoint.close();
    closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), { server }));
  });

  it('leaves other paths to whoever else takes upgrades', async () => {
    const server = createServer();
    const port = await listening(server);
    const other = new WebSocketServer({ noServer: true });
    server.on('upgrade', (message, socket, head) => {
      if (message.url === '/other') other.handleUpgrade(message, socket, head, (ws) => ws.send('hello'));
    });
    closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), { server, path: '/cache' }));
    const client = await connectTo(port, { path: '/other' });
    expect(await client.message()).toBe('hello');
    expect((await connectTo(port, { path: '/cache' })).ws.protocol).toBe('memcached');
  });

  it('has no listener of ours left when its endpoints are closed', async () => {
    const server = createServer();
    const port = await listening(server);
    const { shouldUpgradeCallback: decide } = server as { shouldUpgradeCallback?: unknown };
    const endpoint = attachWebSocket(new CacheEngine<string, unknown>(), { server });
    expect(server.listenerCount('upgrade')).toBe(1);
    await connectTo(port);
    await endpoint.close();
    expect(server.listenerCount('upgrade')).toBe(0);
    expect((server as { shouldUpgradeCallback?: unknown }).shouldUpgradeCallback).toBe(decide);
    expect(server.listening).toBe(true);
  });
});

describe('handleUpgrade', () => {
  it('takes upgrades from anywhere, on any path', async () => {
    const engine = new CacheEngine<string, unknown>();
    const endpoint = closeAfterTest(attachWebSocket(engine, { path: '/unused' }));
    const server = createServer();
    server.on('upgrade', endpoint.handleUpgrade);
    const port = await listening(server);
    expect(await (await connectTo(port, { path: '/anything' })).ask('mn\r\n')).toBe('MN\r\n');
    const page = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
    server.on('request', (_request, response) => setImmediate(() => response.end('page')));
    const socket = await openSocket(port);
    socket.write(page + handshake());
    let replies = '';
    for await (const chunk of socket) {
      replies += chunk;
      if (replies.includes(' 101 ')) break;
    }
    expect(replies).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\npageHTTP\/1\.1 101 /);
    await endpoint.close();
    expect(await refusalOf(port, handshake())).toMatchObject({ status: 503, body: 'the server stops\n' });
  });
});

it('a client that leaves in the middle of its handshake is no harm', async () => {
  const { port, connect, transport } = await serve();
  for (const head of ['GET', 'GET / HTTP/1.1\r\nHost: localhost\r\n', handshake().slice(0, -2)]) {
    const socket = await openSocket(port);
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.resetAndDestroy();
    await closeOf(socket);
  }
  expect(await (await connect()).ask('mn\r\n')).toBe('MN\r\n');
  expect(transport.totalConnections).toBe(1);
});
