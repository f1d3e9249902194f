/** A stranger who has only the README: its code, as printed, in projects as the tools' own `init` makes them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProject, projects } from '../support/packed.js';
import { PROJECT_DIR } from '../support/project.js';

const README = readFileSync(join(PROJECT_DIR, 'README.md'), 'utf8');
const [FIRST, LOADING, SERVER] = [...README.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!);
const SHOWN =
  "\ndeclare const console: { log(...all: unknown[]): void };\nconsole.log(cache.get('user:7'), cache.bytes > 0);\n";
const PRINTED = "{ name: 'Ann' } true";

it('the README has at most 120 lines', () => {
  expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});

describe.skipIf(projects.missing)(`the code of the README${projects.hint}`, () => {
  it('runs in Jest as it is by default', async () => {
    const [, requires] = /\/\/ or: (.*)\n/.exec(FIRST!)!;
    const body = FIRST!.replace(/^import.*\n/, '').replace('<string, object>', '');
    const project = createProject({
      'cache.test.js': `${requires}\nit('caches', () => {\n${body}\nexpect(cache.get('user:7')).toEqual({ name: 'Ann' });\n});`,
    });
    expect(await project.tool('jest/bin/jest.js', '--rootDir', project.folder)).toContain('1 passed');
  });

  it('compiles and runs in a project that tsc --init of TypeScript 5.8 made', async () => {
    const project = createProject({ 'main.ts': FIRST! + SHOWN, 'loading.ts': LOADING! });
    await project.tool('typescript/bin/tsc', '--init');
    await project.tool('typescript/bin/tsc');
    expect(await project.node('main.js')).toBe(PRINTED);
  });

  it('compiles and runs in one that tsc --init of TypeScript 7 made, for ES modules', async () => {
    const project = createProject({
      'package.json': '{ "private": true, "type": "module" }',
      'main.ts': FIRST! + SHOWN,
      'loading.ts': LOADING!,
      'server.ts': SERVER!,
    });
    const tsc = join(PROJECT_DIR, 'node_modules/typescript/bin/tsc');
    for (const args of [['--init'], []]) {
      const { code, stdout } = await project.run(process.execPath, tsc, ...args);
      expect(code, stdout).toBe(0);
    }
    expect(await project.node('main.js')).toBe(PRINTED);
  });

  it('is bundled by Vite without a configuration', async () => {
    const project = createProject({
      'index.html': '<!doctype html><script type="module" src="/main.ts"></script>',
      'main.ts': `import { userOf } from './loading';\n${FIRST}\ndocument.title = cache.bytes + typeof userOf;`,
      'loading.ts': LOADING!,
    });
    await project.tool('vite/bin/vite.js', 'build');
    expect(readdirSync(join(project.folder, 'dist/assets'))).toEqual([
      expect.stringMatching(/^index-.*\.js$/),
    ]);
  });
});
