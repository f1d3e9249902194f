/** esbuild, Vite and webpack bundle every entry for Node, and the three that work in browsers for Chromium, which runs them. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket, type WebSocketEndpoint } from '../../lib/websocket/index.js';
import { CHROMIUM, chromiumTool } from '../support/external-tool.js';
import { createProject, ENTRY_NAMES, OPTIONAL_PACKAGES, type Project, projects } from '../support/packed.js';

const browserTool = chromiumTool();

/** Resolves to one text; `globalThis.url` is a server's. */
const BROWSER_PROGRAM = `
import { CacheEngine, HotsetError } from 'hotset';
import { LoadingCache } from 'hotset/loading';
import { HotsetClient } from 'hotset/client';

globalThis.result = (async () => {
  const loading = new LoadingCache(new CacheEngine({ maxBytes: '1MiB', ttlMs: 60_000 }));
  const loaded = await loading.getOrLoad('a', async () => 'loaded');
  const client = new HotsetClient(globalThis.url, { nearCache: {} });
  await client.set('b', 'served');
  const served = await client.get('b');
  const refused = await client.get('').catch((error) => error instanceof HotsetError);
  client.close();
  return [loaded, served, refused].join();
})();
`;

const NODE_PROGRAM = `${ENTRY_NAMES.map((name, i) => `import * as e${i} from '${name}';`).join('\n')}
const all = [${ENTRY_NAMES.map((_, i) => `e${i}`).join()}];
const { CacheEngine } = all[${ENTRY_NAMES.indexOf('hotset')}];
const { createTcpServer } = all[${ENTRY_NAMES.indexOf('hotset/tcp')}];
const { attachWebSocket } = all[${ENTRY_NAMES.indexOf('hotset/websocket')}];
const { createMetrics } = all[${ENTRY_NAMES.indexOf('hotset/http')}];
const engine = new CacheEngine({ maxEntries: 10 });
const server = createTcpServer(engine, { port: 0 });
createMetrics({ engine, processMetrics: false });
attachWebSocket(engine, { port: 0 });
server.listen().then(() => server.close()).then(() => console.log(all.length));
`;

const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

interface Bundler {
  /** Writes `out.mjs`. */
  bundle(project: Project, platform: 'browser' | 'node'): Promise<unknown>;
}

const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: {
    bundle: ({ folder }, platform) =>
      build({
        absWorkingDir: folder,
        entryPoints: ['main.js'],
        outfile: 'out.mjs',
        bundle: true,
        minify: true,
        format: 'esm',
        platform,
        // What CommonJS packages in a module of Node ask for.
        ...(platform === 'node' ? { banner: { js: REQUIRE } } : {}),
      }),
  },
  Vite: {
    bundle: (project, platform) => {
      project.write({
        'vite.config.js': `module.exports = {
          logLevel: 'warn',
          ${platform === 'node' ? "ssr: { noExternal: ['hotset'] }," : ''}
          build: {
            ${platform === 'node' ? "ssr: 'main.js'," : "modulePreload: false, lib: { entry: 'main.js', formats: ['es'], fileName: () => 'out.mjs' },"}
            outDir: '.', emptyOutDir: false, target: 'es2022', copyPublicDir: false,
            rollupOptions: { output: { entryFileNames: 'out.mjs', inlineDynamicImports: true } },
          },
        };`,
      });
      return project.tool('vite/bin/vite.js', 'build');
    },
  },
  webpack: {
    bundle: (project, platform) => {
      project.write({
        'webpack.config.cjs': `module.exports = {
          mode: 'production', entry: './main.js', target: ${platform === 'node' ? "'node20'" : "'web'"},
          experiments: { outputModule: true },
          output: { path: __dirname, filename: 'out.mjs', module: true, chunkFormat: 'module' },
          performance: { hints: false },
          // Optional packages of ws and @redis/client, which they ask for in a try.
          ignoreWarnings: [/bufferutil|utf-8-validate|xxhash/],
        };`,
      });
      return project.tool('webpack-cli/bin/cli.js', '--fail-on-warnings');
    },
  },
};

describe.skipIf(projects.missing)(`bundlers${projects.hint}`, () => {
  describe.each(Object.entries(BUNDLERS))('%s', (_, { bundle }) => {
    it('bundles every entry for Node', async () => {
      const project = createProject({ 'main.js': NODE_PROGRAM }, OPTIONAL_PACKAGES);
      await bundle(project, 'node');
      expect(await project.node('out.mjs')).toBe(String(ENTRY_NAMES.length));
    });
  });

  it.each(Object.entries(BUNDLERS))('%s leaves out of a bundle what is not used', async (_, { bundle }) => {
    const project = createProject({
      'main.js': "import { ManualClock } from 'hotset';\nconsole.log(new ManualClock(7).now());",
    });
    await bundle(project, 'browser');
    expect(await project.node('out.mjs')).toBe('7');
    expect(project.read('out.mjs').length).toBeLessThan(6_000);
  });

  describe.skipIf(browserTool.missing)(`for Chromium${browserTool.hint}`, () => {
    const engine = new CacheEngine<string, unknown>();
    let script = '';
    let server: Server;
    let endpoint: WebSocketEndpoint;
    let browser: Browser;
    beforeAll(async () => {
      server = createServer(({ url }, response) => {
        response.setHeader(
          'Content-Type',
          url === '/out.mjs' ? 'text/javascript' : 'text/html; charset=utf-8',
        );
        response.end(url === '/out.mjs' ? script : '<!doctype html><title>hotset</title>');
      });
      endpoint = attachWebSocket(engine, { server, path: '/ws', access: 'full' });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    });
    afterAll(async () => {
      await browser?.close();
      await endpoint?.close();
      server?.closeAllConnections();
      server?.close();
    });

    it.each(Object.entries(BUNDLERS))(
      '%s makes the core, loading and the client run there, without ws',
      async (_, { bundle }) => {
        const project = createProject({ 'main.js': BROWSER_PROGRAM });
        await bundle(project, 'browser');
        script = project.read('out.mjs');
        const origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
        const page = await browser.newPage();
        await page.goto(`http://${origin}/`);
        const result = await page.evaluate(
          `(async () => { globalThis.url = 'ws://${origin}/ws'; await import('/out.mjs'); return await globalThis.result; })()`,
        );
        expect(result).toBe('loaded,served,true');
        await page.close();
      },
    );
  });
});
