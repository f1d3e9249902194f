/** `--http` and what goes with it, seen from a browser's side of the running command. */

import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask, type Reply } from '../http/fixture.js';
import { readExposition } from '../support/exposition.js';
import { type Command, folder, run, start, talk } from './command.js';

const TOKEN = 'open-sesame';

function tokenFile(text: string = `${TOKEN}\n`): string {
  const file = join(folder(), 'token');
  writeFileSync(file, text);
  return file;
}

/** The port of the link in the greeting. */
async function webPort(command: Command): Promise<number> {
  return Number(/^live view: http:\/\/.*:(\d+)\/$/m.exec(await command.greeting())![1]);
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number };
}

class Client {
  readonly #socket: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;

  constructor(port: number, protocols: readonly string[] = ['hotset.v1'], origin?: string) {
    const options = origin === undefined ? {} : { origin };
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, [...protocols], options);
    this.opened = new Promise((resolve, reject) => {
      this.#socket.on('open', resolve);
      this.#socket.on('unexpected-response', (_request, { statusCode }) =>
        reject(new Error(String(statusCode))),
      );
    });
    this.#socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.#socket.on('close', resolve));
  }

  async ask(text: string, binary = false): Promise<string> {
    await this.opened;
    const reply = new Promise<string>((resolve) =>
      this.#socket.once('message', (data) => resolve(String(data))),
    );
    this.#socket.send(text, { binary });
    return await reply;
  }

  async call(method: string, params: object = {}): Promise<Answer> {
    return JSON.parse(await this.ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as Answer;
  }
}

/** The status that a handshake is refused with. */
async function refusal(port: number, protocols?: readonly string[], origin?: string): Promise<string> {
  return await new Client(port, protocols, origin).opened.then(
    () => 'opened',
    (error: Error) => error.message,
  );
}

describe('--http', () => {
  it('is off by default', async () => {
    const command = start();
    expect(await command.greeting()).not.toContain('live view');
  });

  it('greets with a link, and serves metrics, health and the same entries over WebSocket', async () => {
    const command = start(['--http', '-1']);
    const port = await webPort(command);
    expect(command.stdout).toMatch(
      /^hotset \S+ listens on 127\.0\.0\.1:\d+ with .*\nlive view: http:\/\/127\.0\.0\.1:\d+\/\n$/,
    );
    await talk(await command.port(), 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n');
    expect((await ask(port, '/healthz')).body).toBe('ok\n');
    expect([200, 404]).toContain((await ask(port, '/')).status);
    const client = new Client(port);
    expect(await client.call('get', { key: 'a' })).toMatchObject({ result: { value: 'x' } });
    expect(await client.call('set', { key: 'b', value: 'y' })).toMatchObject({
      result: { result: 'stored' },
    });
    expect(await talk(await command.port(), 'get b\r\nquit\r\n')).toContain('\r\ny\r\n');
    const families = readExposition((await ask(port, '/metrics')).body);
    const value = (name: string): number => families.get(name)!.samples[0]!.value;
    expect(value('memcached_current_connections')).toBe(1);
    expect(value('hotset_entries')).toBe(2);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(command.stderr).toBe('');
  });

  it('shows a link that works where it listens on all addresses', async () => {
    const command = start(['--http', '0.0.0.0:-1']);
    const port = await webPort(command);
    expect(command.stdout).toContain(`live view: http://127.0.0.1:${port}/\n`);
    expect((await ask(port, '/metrics')).status).toBe(200);
  });

  it('may be all that is served', async () => {
    const command = start(['-p', '0', '--http', '-1']);
    const port = await webPort(command);
    expect(command.stdout).toMatch(/^hotset \S+ listens on no memcached port, with 64 MiB\nlive view: /);
    expect(await new Client(port).call('set', { key: 'a', value: 'x' })).toMatchObject({
      result: { result: 'stored' },
    });
    expect((await ask(port, '/metrics')).status).toBe(200);
  });

  it('says of a busy port what to do, and opens nothing', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const { code, stdout, stderr } = await run(['-p', '-1', '--http', String(port)]);
    holder.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `hotset: 127.0.0.1:${port} is in use by another process; choose another with --http, for example: hotset --http 11281; --http 0 is for none\n`,
    );
  });

  it.each([
    ['an address that is not this machine’s', ['--http', '192.0.2.1:80']],
    ['a name that does not resolve', ['--http', 'no-such-host.invalid:80']],
  ])('says of %s in one line and exits with 1', async (_what, flags) => {
    const { code, stdout, stderr } = await run(['-p', '-1', ...flags, '--http-token-file', tokenFile()]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^hotset: .+\n$/);
  });

  it('gives a request the time of --request-timeout over WebSocket as on the memcached port', async () => {
    const command = start(['--http', '-1', '--debug-clock', '--request-timeout', '5']);
    const client = new Client(await webPort(command), ['memcached']);
    expect(await client.ask('version\r\nset a 0 0 10\r\nhalf', true)).toMatch(/^VERSION /);
    const port = await command.port();
    const tcp = talk(port, 'set b 0 0 10\r\nhalf');
    await expect.poll(async () => await talk(port, 'stats conns\r\nquit\r\n')).toContain('conn_nread');
    await talk(port, 'debugtime 6\r\nquit\r\n');
    expect(await tcp).toBe('');
    await client.closed;
  });

  it('ends with the server: SIGTERM answers requests in flight, closes WebSockets with 1001, and exits with 0', async () => {
    const command = start(['--http', '-1']);
    const client = new Client(await webPort(command));
    expect(await client.call('ping')).toMatchObject({ result: 'pong' });
    command.signal('SIGTERM');
    expect(await client.closed).toBe(1001);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toBe('');
  });
});

describe('who may do what', () => {
  it('--http-access read-only refuses writes, metadata reads too', async () => {
    const reader = new Client(await webPort(start(['--http', '-1', '--http-access', 'read-only'])));
    expect(await reader.call('get', { key: 'a' })).toMatchObject({ result: null });
    expect(await reader.call('flush')).toMatchObject({ error: { code: -32002 } });
    const observer = new Client(await webPort(start(['--http', '-1', '--http-access', 'metadata'])));
    expect(await observer.call('get', { key: 'a' })).toMatchObject({ error: { code: -32002 } });
    expect(await observer.call('ping')).toMatchObject({ result: 'pong' });
  });

  it('--http-token-file requires the token everywhere but on the page and for health', async () => {
    const command = start(['--http', '-1', '--http-token-file', tokenFile()]);
    const port = await webPort(command);
    const metrics = async (headers: Record<string, string> = {}): Promise<Reply> =>
      await ask(port, '/metrics', { headers });
    expect((await metrics()).status).toBe(401);
    expect((await metrics({ Authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await ask(port, '/healthz')).status).toBe(200);
    expect((await ask(port, '/')).status).not.toBe(401);
    expect(await refusal(port)).toBe('401');
    const shown = `hotset.token.${Buffer.from(TOKEN).toString('base64url')}`;
    expect(await refusal(port, ['hotset.v1', shown])).toBe('opened');
    expect(command.stdout).not.toContain(TOKEN);
  });

  it('-Y without a token would have a way around it, and is refused', async () => {
    const users = join(folder(), 'users');
    writeFileSync(users, 'ann:secret\n');
    const { code, stderr } = await run(['-p', '-1', '-Y', users, '--http', '-1']);
    expect([code, stderr]).toEqual([
      2,
      'hotset: -Y with --http needs --http-token-file, or whom the port keeps out comes in by HTTP; --http 0 turns it off\n',
    ]);
  });

  it.each<[what: string, file: () => string, message: RegExp]>([
    ['that is not there', () => '/nonexistent/token', /^hotset: --http-token-file \S+ cannot be read: .*\n$/],
    ['that is empty', () => tokenFile(''), /takes a file of one line of visible ASCII characters\n$/],
    ['of two lines', () => tokenFile('a\nb\n'), /takes a file of one line of visible ASCII characters\n$/],
    ['with a blank', () => tokenFile('hush hush\n'), /^(?!.*hush).*visible ASCII characters\n$/],
    ['that is a folder', () => folder(), /^hotset: --http-token-file \S+ cannot be read: .*\n$/],
  ])('a token file %s is refused in one line that does not show it', async (_what, file, message) => {
    const { code, stdout, stderr } = await run(['-p', '-1', '--http', '-1', '--http-token-file', file()]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('--http-origins lets pages connect beside the live view, --http-hosts names, and no others', async () => {
    const flags = ['--http-origins', 'https://app.example', '--http-hosts', 'cache.example'];
    const port = await webPort(start(['--http', '-1', ...flags]));
    expect(await refusal(port, undefined, 'https://app.example')).toBe('opened');
    expect(await refusal(port, undefined, `http://127.0.0.1:${port}`)).toBe('opened');
    expect(await refusal(port, undefined, 'https://evil.example')).toBe('403');
    const metrics = (Host: string): Promise<Reply> => ask(port, '/metrics', { headers: { Host } });
    expect((await metrics('cache.example:11280')).status).toBe(200);
    expect((await metrics('evil.example')).status).toBe(403);
  });

  it('--http-peers lets the page connect to the fleet, the fleet’s pages connect here, and answers to its names', async () => {
    const port = await webPort(start(['--http', '-1', '--http-peers', 'cache-1:11280,cache-2:80']));
    const { headers, body } = await ask(port, '/', { headers: { Host: 'cache-1:11280' } });
    expect(headers['content-security-policy']).toContain(
      "connect-src 'self' ws://cache-1:11280 wss://cache-1:11280 ws://cache-2:80 wss://cache-2:80;",
    );
    expect(body).toContain('<meta name="hotset-peers" content="cache-1:11280 cache-2:80">');
    expect(await refusal(port, undefined, 'http://cache-1:11280')).toBe('opened');
    expect(await refusal(port, undefined, 'http://cache-2')).toBe('opened');
    expect(await refusal(port, undefined, 'http://cache-1:11281')).toBe('403');
  });

  it('keeps a miss-ratio curve with one thread, and what it remembers', async () => {
    const client = new Client(await webPort(start(['--http', '-1'])));
    await client.call('get', { key: 'a' });
    expect((await client.call('missRatioCurve')).result).toMatchObject({ unit: 'bytes', policy: 'lru' });
    expect((await client.call('history')).result).toHaveProperty('columns.uptimeMs');
    expect((await client.call('stats')).result).toHaveProperty('process.residentBytes');
  });

  it('--http-hot-keys has the hottest keys in the metrics, and without it there are none', async () => {
    const port = await webPort(start(['--http', '-1', '--http-hot-keys', '3']));
    const families = readExposition((await ask(port, '/metrics')).body);
    expect(families.has('hotset_hot_key_reads_per_second')).toBe(true);
    const plain = await webPort(start(['--http', '-1']));
    expect((await ask(plain, '/metrics')).body).not.toContain('hot_key');
  });

  it.skipIf(process.getuid?.() !== 0)('-u: token and page are read before rights are given up', async () => {
    const file = tokenFile();
    chmodSync(file, 0o600);
    const command = start(['--http', '-1', '--http-token-file', file, '-u', 'nobody']);
    const port = await webPort(command);
    expect((await ask(port, '/metrics')).status).toBe(401);
    expect((await ask(port, '/healthz')).status).toBe(200);
  });
});

describe('the log', () => {
  it('with -v has the refusals of HTTP and of handshakes, with times and addresses', async () => {
    const command = start(['-v', '--http', '-1', '--http-token-file', tokenFile()]);
    const port = await webPort(command);
    expect((await ask(port, '/metrics?token=guess')).status).toBe(401);
    expect(await refusal(port)).toBe('401');
    await expect.poll(() => command.stderr).toContain('handshake');
    expect(command.stderr.replaceAll(/^\S+Z |127\.0\.0\.1:\d+/gm, '')).toBe(
      'hotset: a request for /metrics was refused with 401: a token is needed ()\n' +
        'hotset: a WebSocket handshake was refused with 401: a token is needed ()\n',
    );
  });

  it('is in JSON on request, warnings included', async () => {
    const command = start(['--http', '0.0.0.0:-1', '--log-format', 'json', '-k']);
    await webPort(command);
    const lines = command.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { level: 'warn', message: expect.stringContaining('-k') },
      { level: 'warn', message: expect.stringMatching(/^--http listens on 0\.0\.0\.0 without/) },
    ]);
  });
});

it('-c is the limit of the memcached port alone, --http-connections that of WebSocket', async () => {
  const command = start(['-c', '50', '--http', '-1', '--http-connections', '1']);
  const port = await webPort(command);
  expect(await talk(await command.port(), 'stats\r\nquit\r\n')).toContain('STAT max_connections 50\r\n');
  expect(await talk(await command.port(), 'stats settings\r\nquit\r\n')).toContain('STAT maxconns 50\r\n');
  await new Client(port).opened;
  expect(await refusal(port)).toBe('503');
  const families = readExposition((await ask(port, '/metrics')).body);
  const value = (name: string): number => families.get(name)!.samples[0]!.value;
  expect(value('memcached_max_connections')).toBe(50);
  expect(value('hotset_websocket_connections')).toBe(1);
  expect(value('hotset_websocket_max_connections')).toBe(1);
  expect(value('hotset_websocket_connections_rejected_total')).toBe(1);
  expect(value('hotset_http_max_connections')).toBe(1025);
  expect(value('hotset_http_connections')).toBe(2);
});
