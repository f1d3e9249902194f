/** Deno, Bun and every Node that is at hand load the package as it is installed, and require and import give the same classes. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket, type WebSocketEndpoint } from '../../lib/websocket/index.js';
import { createProject, ENTRY_NAMES, OPTIONAL_PACKAGES, projects, TOOLS_DIR } from '../support/packed.js';

/** Prints `loaded,served,true,true`. Its argument is a server's URL. */
const PROGRAM = `
import { createRequire } from 'node:module';
import process from 'node:process';
import { CacheEngine, HotsetError } from 'hotset';
import { LoadingCache } from 'hotset/loading';
import { HotsetClient } from 'hotset/client';

const loading = new LoadingCache(new CacheEngine({ maxBytes: '1MiB', ttlMs: 60_000 }));
const loaded = await loading.getOrLoad('a', async () => 'loaded');
const client = new HotsetClient(process.argv[2]);
await client.set('b', 'served');
const served = await client.get('b');
const refused = await client.get('').catch((error) => error instanceof HotsetError);
client.close();
const require = createRequire(import.meta.url);
const same = require('hotset').CacheEngine === CacheEngine && require('hotset/client').HotsetClient === HotsetClient;
console.log([loaded, served, refused, same].join());
`;

/** Prints what is not the same for import and require: nothing. */
const IDENTITY = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
// At the same time, as a program that loads plug-ins does.
const names = ${JSON.stringify(ENTRY_NAMES)};
const imports = names.map((name) => import(name));
const required = names.map((name) => require(name));
const imported = await Promise.all(imports);
for (const [i, module] of imported.entries())
  for (const name of new Set([...Object.keys(module), ...Object.keys(required[i])]))
    if (module[name] !== required[i][name]) console.log(names[i], name);
`;

const NODES = [
  process.execPath,
  ...(process.env.HOTSET_NODES ?? '').split(':').filter((path) => existsSync(path)),
];

describe.skipIf(projects.missing)(`runtimes${projects.hint}`, () => {
  let endpoint: WebSocketEndpoint;
  let url: string;
  beforeAll(async () => {
    endpoint = attachWebSocket(new CacheEngine<string, unknown>(), { port: 0, access: 'full' });
    const { port } = await endpoint.listen();
    url = `ws://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await endpoint.close();
  });

  it.each([
    ['Deno', 'deno/bin.cjs', ['run', '--allow-all', '--node-modules-dir=manual', '--no-remote', '--quiet']],
    ['Bun', 'bun/bin/bun.exe', ['run']],
  ])('%s runs the core, loading and the client, without ws', async (_, file, args) => {
    const project = createProject({
      'main.mjs': PROGRAM,
      'package.json': '{ "private": true, "dependencies": { "hotset": "*" } }',
    });
    const program = join(TOOLS_DIR, file);
    const [command, ...first] = file.endsWith('.cjs') ? [process.execPath, program] : [program];
    const { code, stdout, stderr } = await project.run(command!, ...first, ...args, 'main.mjs', url);
    expect(code, stderr).toBe(0);
    expect(stdout.trim()).toBe('loaded,served,true,true');
  });

  it.each(NODES)('%s gives the same classes for import and require, asked at the same time', async (node) => {
    const project = createProject({ 'main.mjs': IDENTITY }, OPTIONAL_PACKAGES);
    expect(await project.node('main.mjs', node)).toBe('');
  });

  // Node has a WebSocket from 22 on.
  const clients = NODES.flatMap((node) => [
    [node, ['ws']] as const,
    ...(node === process.execPath ? [] : [[node, []] as const]),
  ]);
  it.each(clients)('%s has a client, with %j beside hotset', async (node, packages) => {
    const project = createProject({ 'main.mjs': PROGRAM }, packages);
    const { code, stdout, stderr } = await project.run(node, 'main.mjs', url);
    expect(code, stderr).toBe(0);
    expect(stdout.trim()).toBe('loaded,served,true,true');
  });
});
