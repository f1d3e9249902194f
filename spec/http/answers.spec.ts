/** What each path answers, to whom, and with which headers. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Gauge, Registry } from 'prom-client';
import { afterAll, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../lib/http/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { readExposition } from '../support/exposition.js';
import { createServed } from '../support/stores.js';
import { ask, dial, serveHttp } from './fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function page(html: string): string {
  const file = join(folder, `${createHash('sha256').update(html).digest('hex').slice(0, 8)}.html`);
  writeFileSync(file, html);
  return file;
}

const TOKEN = 'open-sesame';
const BEARER = { Authorization: `Bearer ${TOKEN}` };

describe('/metrics', () => {
  it('is in the text format', async () => {
    const { engine, port } = await serveHttp();
    engine.get('a');
    const { status, headers, body } = await ask(port, '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = readExposition(body);
    expect(families.get('hotset_misses_total')!.samples[0]).toMatchObject({ value: 1 });
    expect(families.get('memcached_up')!.samples[0]).toMatchObject({ value: 0 });
  });

  it('requires the token where there is one', async () => {
    const { port } = await serveHttp({ token: TOKEN });
    const without = await ask(port, '/metrics');
    expect([without.status, without.headers['www-authenticate'], without.body]).toEqual([
      401,
      'Bearer',
      'a token is needed\n',
    ]);
    const wrong = await ask(port, '/metrics', { headers: { Authorization: 'Bearer open-sesam' } });
    expect([wrong.status, wrong.body]).toEqual([401, 'the token is wrong\n']);
    expect((await ask(port, '/metrics', { headers: BEARER })).status).toBe(200);
    expect((await ask(port, `/metrics?token=${TOKEN}`)).status).toBe(401);
  });

  it('reports a collector that throws to the server’s log, without details to the client', async () => {
    const errors: unknown[] = [];
    const register = new Registry();
    const bad = new Error('a secret');
    new Gauge({
      name: 'bad',
      help: 'Bad.',
      registers: [register],
      collect: () => {
        throw bad;
      },
    });
    const { port } = await serveHttp({
      metrics: { register, close: () => {} },
      onError: (error) => errors.push(error),
    });
    const { status, body } = await ask(port, '/metrics');
    expect([status, body, errors]).toEqual([500, 'the metrics could not be read\n', [bad]]);
    expect((await ask(port, '/healthz')).status).toBe(200);
  });
});

describe('/client.js', () => {
  it('is a module that pages of other places may take, by any name and without a token', async () => {
    const { port } = await serveHttp({ token: TOKEN });
    const headers = { Host: 'cache.example', Origin: 'https://app.example' };
    const { status, headers: answered, body } = await ask(port, '/client.js', { headers });
    expect(status).toBe(200);
    expect(answered).toMatchObject({
      'access-control-allow-origin': '*',
      'content-type': 'text/javascript; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(body).toMatch(/export\s*\{\s*\w+ as HotsetClient\s*\}/);
  });
});

describe('/healthz', () => {
  it('is ok for everybody, by any name and without a token', async () => {
    const { port } = await serveHttp({ token: TOKEN });
    const { status, body } = await ask(port, '/healthz?full=1', { headers: { Host: 'pod-17.cluster' } });
    expect([status, body]).toEqual([200, 'ok\n']);
  });

  it('says so while the server closes, and that answer is the last', async () => {
    const { http, port } = await serveHttp();
    const { socket, ended } = dial(port);
    // Half a request, which the server has read when it has answered the whole one before it.
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const closed = http.close({ forceAfterMs: 60_000 });
    socket.write('\r\n');
    const replies = await ended;
    expect(replies).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ok\nHTTP\/1\.1 503 [\s\S]*closing\n$/);
    expect(replies.match(/^Connection: .*$/gm)).toEqual(['Connection: keep-alive', 'Connection: close']);
    await closed;
  });
});

describe('/readyz', () => {
  it('says why the server is not ready, to everybody', async () => {
    let reason: string | null = 'warming';
    const { port } = await serveHttp({ token: TOKEN, readiness: () => reason });
    const readiness = async (): Promise<unknown[]> => {
      const { status, body } = await ask(port, '/readyz', { headers: { Host: 'pod-17.cluster' } });
      return [status, body];
    };
    expect(await readiness()).toEqual([503, 'warming\n']);
    reason = null;
    expect(await readiness()).toEqual([200, 'ready\n']);
    expect(() => createHttpServer(createServed(), { readiness: 'yes' as never })).toThrow('readiness');
  });
});

describe('the live view', () => {
  const HTML =
    '<!doctype html>\r\n<style>a { b: c }\r\n</style><script type="module">let d = "é";\r\n</script><script>e</script>';

  it('is the page, under a policy that lets run what is in it and nothing else', async () => {
    const { port } = await serveHttp({ pageFile: page(HTML) });
    const { status, headers, body } = await ask(port, '/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toBe(HTML.replaceAll('\r\n', '\n'));
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(String(headers['content-security-policy']).split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash('let d = "é";\n')} ${hash('e')}`,
      `style-src ${hash('a { b: c }\n')}`,
      'img-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it('may connect to its peers as well, whose names are in it', async () => {
    const html = '<meta name="hotset-peers" content="">';
    const peers = ['Cache-1:11280', '10.0.0.2:80'];
    const { port } = await serveHttp({ pageFile: page(html), peers });
    const { headers, body } = await ask(port, '/');
    expect(body).toBe('<meta name="hotset-peers" content="cache-1:11280 10.0.0.2:80">');
    expect(headers['content-security-policy']).toContain(
      "; connect-src 'self' ws://cache-1:11280 wss://cache-1:11280 ws://10.0.0.2:80 wss://10.0.0.2:80; ",
    );
  });

  it.each(['a', 'a:1;script-src *', '[::1]:1', 'http://a:1', 'a:1/ws', 'a:99999', '*:1', 'a:1"', 7])(
    'takes no peer %j',
    async (peer) => {
      const refused = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
      await expect(serveHttp({ peers: [peer as string] })).rejects.toEqual(refused);
    },
  );

  it('needs no token: it has no data, and prompts for it', async () => {
    const { port } = await serveHttp({ pageFile: page(HTML), token: TOKEN });
    expect((await ask(port, '/')).status).toBe(200);
  });

  it('without script or style allows none', async () => {
    const { port } = await serveHttp({ pageFile: page('<p>plain') });
    const policy = (await ask(port, '/')).headers['content-security-policy'];
    expect(policy).toContain("script-src 'none'; style-src 'none';");
  });

  it('says when it has not been built, and when it is turned off', async () => {
    const { port } = await serveHttp({ pageFile: join(folder, 'nothing.html') });
    expect(await ask(port, '/')).toMatchObject({
      status: 404,
      body: 'the live view has not been built; npm run build makes it\n',
    });
    const other = await serveHttp({ liveView: false, pageFile: page(HTML) });
    expect(await ask(other.port, '/')).toMatchObject({
      status: 404,
      body: 'there is no live view here; see /metrics and /healthz\n',
    });
  });
});

describe('every answer', () => {
  it.each(['/', '/metrics', '/healthz', '/nothing'])('%s has strict headers', async (path) => {
    const { port } = await serveHttp({ pageFile: page('<p>plain') });
    const { headers } = await ask(port, path);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
    expect(Object.keys(headers).filter((name) => /^(access-control|server$|x-powered)/.test(name))).toEqual(
      [],
    );
  });

  it.each(['/', '/metrics', '/healthz'])('%s to a HEAD has the headers and no body', async (path) => {
    const { port } = await serveHttp({ pageFile: page('<p>plain') });
    const whole = await ask(port, path);
    const head = await ask(port, path, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(whole.body)));
  });
});

describe('a refusal is one line and the end of the connection', () => {
  it.each<
    [
      what: string,
      path: string,
      method: string,
      headers: Record<string, string>,
      status: number,
      body: RegExp,
    ]
  >([
    ['an unknown path', '/nothing', 'GET', {}, 404, /^there is nothing here by plain HTTP; /],
    [
      'a path like a name of JavaScript',
      '/constructor',
      'GET',
      {},
      404,
      /^there is nothing here by plain HTTP; /,
    ],
    ['the path of another', '//metrics', 'GET', {}, 404, /^there is nothing here by plain HTTP; /],
    ['a way out', '/../package.json', 'GET', {}, 404, /^there is nothing here by plain HTTP; /],
    ['POST', '/metrics', 'POST', {}, 405, /^this is only for GET and HEAD$/],
    ['DELETE', '/', 'DELETE', {}, 405, /^this is only for GET and HEAD$/],
    ['OPTIONS', '/healthz', 'OPTIONS', {}, 405, /^this is only for GET and HEAD$/],
    ['another Host', '/metrics', 'GET', { Host: 'evil.example' }, 403, /^this server is not known as "evil/],
    ['another Host on /', '/', 'GET', { Host: 'evil.example:80' }, 403, /^this server is not known as "evil/],
    ['another Origin', '/metrics', 'GET', { Origin: 'http://evil.example' }, 403, /^pages of "http:\/\/evil/],
  ])('for %s', async (_what, path, method, headers, status, body) => {
    const { port } = await serveHttp();
    const reply = await ask(port, path, { method, headers });
    expect(reply.status).toBe(status);
    expect(reply.body.slice(0, -1)).toMatch(body);
    expect(reply.body).toMatch(/^[^\n]+\n$/);
    expect(reply.headers.connection).toBe('close');
    if (status === 405) expect(reply.headers.allow).toBe('GET, HEAD');
  });

  it('names given as hosts are known', async () => {
    const { port } = await serveHttp({ hosts: ['cache.example'] });
    expect((await ask(port, '/metrics', { headers: { Host: 'cache.example:11280' } })).status).toBe(200);
    expect((await ask(port, '/metrics', { headers: { Host: 'localhost' } })).status).toBe(200);
  });
});

describe('the log', () => {
  const REFUSED = { kind: 'request-refused', level: 1, address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) };

  it('has each refusal, without tokens and queries', async () => {
    const lines: unknown[] = [];
    const { port } = await serveHttp({ token: TOKEN, log: (...line) => lines.push(line) });
    await ask(port, '/metrics?token=guess', { headers: { Authorization: 'Bearer guess' } });
    await ask(port, '/', { headers: { Host: 'evil.example' } });
    await ask(port, '/guess', { headers: { Host: 'evil.example' } });
    await ask(port, '/metrics', { headers: { Host: 'a b' } });
    await ask(port, '/healthz');
    await ask(port, '/nothing');
    const unknown = 'this server is not known as "evil.example"; see the option hosts, or --http-hosts';
    expect(lines).toEqual([
      ['a request for /metrics was refused with 401: the token is wrong', REFUSED],
      [`a request for / was refused with 403: ${unknown}`, REFUSED],
      [`a request was refused with 403: ${unknown}`, REFUSED],
      ['a request was refused with 400: the Host header is malformed', REFUSED],
    ]);
  });

  it('follows the verbosity of the other servers of the engine', async () => {
    const lines: string[] = [];
    const { engine, port } = await serveHttp({ token: TOKEN, log: (line) => lines.push(line) });
    const server = createTcpServer(engine, { port: 0 });
    await ask(port, '/metrics');
    expect(lines).toEqual([]);
    await server.close();
  });
});
