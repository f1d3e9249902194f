/** hotset alone: what needs an optional package names it, in one coded error, and everything else works. */

import { describe, expect, it } from 'vitest';
import { createProject, ENTRY_NAMES } from '../support/packed.js';

/** Every entry, and whether it loads with nothing beside hotset. */
const PROGRAM = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const reason = (error) => (error.name === 'HotsetError' ? error.code + ' ' + error.message : String(error.stack));
for (const name of ${JSON.stringify(ENTRY_NAMES)}) {
  const imported = await import(name).then(() => 'loads', reason);
  let required = 'loads';
  try {
    require(name);
  } catch (error) {
    required = reason(error);
  }
  console.log(name + ': ' + (imported === required ? imported : imported + ' / ' + required));
}
`;

const CLIENT = `
import { HotsetClient } from 'hotset/client';
const states = [];
const client = new HotsetClient('ws://127.0.0.1:9', {
  timeoutMs: 2000,
  onStateChange: (state, error) => states.push(state + ' ' + (error?.code ?? '')),
});
await client.get('a').catch((error) => console.log(error.code, error.message));
console.log(states.at(-1));
client.close();
`;

describe('with hotset alone', () => {
  it('an entry loads, or says which package to install', async () => {
    const project = createProject({ 'main.mjs': PROGRAM });
    for (const line of (await project.node('main.mjs')).split('\n'))
      expect(line).toMatch(
        /^[\w/-]+: (loads|HOTSET_MISSING_PACKAGE the package ([@\w/-]+) is not installed: npm install \2)$/,
      );
    const output = await project.node('main.mjs');
    for (const name of [
      'hotset',
      'hotset/loading',
      'hotset/client',
      'hotset/tcp',
      'hotset/memcached',
      'hotset/snapshot',
      'hotset/shared',
    ])
      expect(output).toContain(`${name}: loads\n`.trim());
    expect(output).toContain('hotset/websocket: HOTSET_MISSING_PACKAGE the package ws is not installed');
    expect(output).toContain('hotset/http: HOTSET_MISSING_PACKAGE the package prom-client is not installed');
  });

  it('the command serves, and says what --http needs', async () => {
    const project = createProject({});
    const main = 'node_modules/hotset/dist/cli/main.js';
    expect((await project.run(process.execPath, main, '--version')).stdout).toMatch(/^hotset \d/);
    const { code, stderr } = await project.run(process.execPath, main, '-p', '-1', '--http', '-1');
    expect(stderr).toBe('hotset: --http needs two packages beside hotset: npm install ws prom-client\n');
    expect(code).toBe(1);
  });

  it.skipIf('WebSocket' in globalThis)(
    'a client in Node 20 says that it needs ws, at once and for good',
    async () => {
      const project = createProject({ 'main.mjs': CLIENT });
      expect(await project.node('main.mjs')).toBe(
        'HOTSET_MISSING_PACKAGE the package ws is not installed: npm install ws\nclosed HOTSET_MISSING_PACKAGE',
      );
    },
  );
});
