/** The client as a bundler gives it to a browser, in a real one: the platform's own WebSocket, and no Node. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket, type WebSocketEndpoint } from '../../lib/websocket/index.js';
import { CHROMIUM, chromiumTool } from '../support/external-tool.js';

const { missing, hint } = chromiumTool();
const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'a/token~with+signs';

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'lib/client/index.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    external: ['ws'],
    write: false,
  });
  return outputFiles[0]!.text;
}

it('is bundled without anything of Node, and takes ws only where there is no WebSocket', async () => {
  const script = await bundle();
  expect(script).not.toMatch(/\bfrom\s*["']|\brequire\(/);
  expect(script.match(/\bimport\(.*?\)/g)).toEqual(['import("ws")']);
  expect(script).not.toMatch(/\bBuffer\b\s*[.(]/);
});

describe.skipIf(missing)(`in Chromium${hint}`, () => {
  const engine = new CacheEngine<string, unknown>();
  let server: Server;
  let endpoint: WebSocketEndpoint;
  let browser: Browser;
  let page: Page;
  let origin: string;
  const pages = new Map<string, string>();
  const sockets = new Set<Socket>();

  /** Runs the body of an async function in the page, where `a` and `b` are clients. */
  const run = (body: string): Promise<unknown> => page.evaluate(`(async () => { ${body} })()`);

  beforeAll(async () => {
    const script = await bundle();
    pages.set('/client.js', script);
    server = createServer(({ url }, response) => {
      response.setHeader(
        'Content-Type',
        url === '/client.js' ? 'text/javascript' : 'text/html; charset=utf-8',
      );
      response.end(pages.get(url!) ?? '<!doctype html><title>client</title>');
    });
    server.on('connection', (socket: Socket) => sockets.add(socket));
    endpoint = attachWebSocket(engine, { server, path: '/ws', token: TOKEN });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    page = await browser.newPage();
    await page.goto(`${origin}/`);
    await run(`
      const { HotsetClient } = await import('/client.js');
      const connect = (options) => new HotsetClient(
        'ws://' + location.host + '/ws', { token: ${JSON.stringify(TOKEN)}, timeoutMs: 30000, ...options });
      window.a = connect({ nearCache: { maxBytes: '1MiB' } });
      window.b = connect();
    `);
  });

  afterAll(async () => {
    await browser?.close();
    await endpoint?.close();
    server?.close();
  });

  it('reads and writes values of every kind', async () => {
    const answers = await run(`
      await b.set('text', 'ü€😀');
      await b.set('json', { list: [1, null] });
      await b.set('bytes', new Uint8Array(100000).map((_, i) => i));
      const bytes = await a.get('bytes');
      return [await a.get('text'), await a.get('json'), bytes.length, bytes[99999], await a.get('nothing')];
    `);
    expect(answers).toEqual(['ü€😀', { list: [1, null] }, 100_000, 99_999 % 256, undefined]);
  });

  it('forgets within one round trip what another client has written', async () => {
    const answers = await run(`
      await b.set('a', 1);
      const values = [await a.get('a'), await a.get('a')];
      const { hits } = a.nearStats();
      await b.set('a', 2);
      await a.ping();
      return [...values, await a.get('a'), hits, a.nearStats().hits];
    `);
    expect(answers).toEqual([1, 1, 2, 1, 1]);
  });

  it("shows docs/client.md's page", async () => {
    const text = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');
    const html = /```html\n([\s\S]+?)```/.exec(text)![1]!;
    pages.set(
      '/example',
      html
        .replaceAll('127.0.0.1:11280', new URL(origin).host)
        .replace('nearCache', `token: '${TOKEN}', nearCache`),
    );
    const example = await browser.newPage();
    await example.goto(`${origin}/example`);
    const output = (): Promise<unknown> => example.evaluate("document.querySelector('output').value");
    await expect.poll(output, { timeout: 30_000 }).toBe('1');
    await run("await b.increment('visitors')");
    await expect.poll(output, { timeout: 30_000 }).toBe('2');
  });

  it('goes on after its connection broke', async () => {
    const answers = await run(`
      let heard;
      const told = new Promise((resolve) => (heard = resolve));
      await b.subscribe({ prefixes: [''] }, ({ cause }) => cause === 'reconnected' && heard(cause));
      const before = await a.get('a');
      window.done = told.then(async (cause) => [before, cause, await a.get('a')]);
      return 'subscribed';
    `);
    expect(answers).toBe('subscribed');
    for (const socket of sockets) socket.destroy();
    expect(await run('return window.done')).toEqual([2, 'reconnected', 2]);
  });
});
