/** TypeScript 5.8 finds the types of every entry, in each way in which it looks for modules, and what it makes of them runs. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProject, ENTRY_NAMES, OPTIONAL_PACKAGES, projects, TOOLS_DIR } from '../support/packed.js';

const TSC = 'typescript/bin/tsc';
/** What works in browsers, too. */
const PLAIN_ENTRIES = ['hotset', 'hotset/loading', 'hotset/client'];

const PROGRAM = `
import { CacheEngine, HotsetError } from 'hotset';
import { LoadingCache } from 'hotset/loading';
import { HotsetClient, type ClientOptions } from 'hotset/client';

const engine = new CacheEngine<string, number>({ maxBytes: '1MiB' });
const loading = new LoadingCache(engine);
const options: ClientOptions = { timeoutMs: 10 };
loading.getOrLoad('a', async (_key, { signal }) => (signal.aborted ? 0 : 40)).then((value) => {
  let code = '';
  try {
    new CacheEngine({ maxBytes: 0 });
  } catch (error) {
    if (error instanceof HotsetError) code = error.code;
  }
  const hit: number | undefined = engine.get('a');
  console.log(value + (hit ?? 0), code, typeof HotsetClient, options.timeoutMs);
});
`;

const ALL = ENTRY_NAMES.map(
  (name, i) => `import * as e${i} from '${name}';\nconsole.log(typeof e${i});`,
).join('\n');

describe.skipIf(projects.missing)(`TypeScript 5.8${projects.hint}`, () => {
  it('compiles in a project that tsc --init made, and Node runs the result', async () => {
    const project = createProject({
      'main.ts': `declare const console: { log(...all: unknown[]): void };${PROGRAM}`,
    });
    await project.tool(TSC, '--init');
    expect(project.read('tsconfig.json')).toContain('"module": "commonjs"');
    await project.tool(TSC);
    expect(await project.node('main.js')).toBe('80 HOTSET_INVALID_OPTION function 10');
  });

  it.each([
    ['commonjs', 'node10', 'commonjs'],
    ['node16', 'node16', 'module'],
    ['nodenext', 'nodenext', 'commonjs'],
    ['esnext', 'bundler', 'module'],
  ])(
    'module %s, moduleResolution %s, type %s: every entry, and its declarations themselves',
    async (module, moduleResolution, type) => {
      const project = createProject(
        {
          'package.json': JSON.stringify({ private: true, type }),
          'all.ts': ALL,
          'tsconfig.json': JSON.stringify({
            compilerOptions: {
              target: 'es2022',
              module,
              moduleResolution,
              strict: true,
              esModuleInterop: true,
              types: ['node'],
              skipLibCheck: false,
              ignoreDeprecations: '5.0',
            },
            files: ['all.ts'],
          }),
        },
        ['@types/node', ...OPTIONAL_PACKAGES],
      );
      const { stdout } = await project.run(process.execPath, join(TOOLS_DIR, TSC), '-p', '.');
      // Of other packages' declarations their authors know.
      const isOurs = (line: string): boolean => /^(all\.ts|node_modules\/hotset\/|error)/.test(line);
      expect(stdout.split('\n').filter(isOurs)).toEqual([]);
      // Bundlers' projects are not run by Node, but this one has what it needs.
      expect((await project.node('all.js')).split('\n')).toEqual(ENTRY_NAMES.map(() => 'object'));
    },
    // Declarations of all packages that entries are for are checked.
    240_000,
  );

  it.each([
    ['es2023', 'nodenext'],
    ['es2023,dom', 'nodenext'],
    ['es2023', 'node10'],
  ])(
    'without @types/node, with lib %s, %s: the core, loading and the client, their declarations checked',
    async (lib, moduleResolution) => {
      const project = createProject({
        'main.ts': `declare const console: { log(...all: unknown[]): void };${PROGRAM}`.replace(
          /^declare.*?;/,
          lib.includes('dom') ? '' : '$&',
        ),
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            target: 'es2022',
            module: moduleResolution === 'node10' ? 'commonjs' : moduleResolution,
            moduleResolution,
            lib: lib.split(','),
            strict: true,
            types: [],
            skipLibCheck: false,
            exactOptionalPropertyTypes: true,
          },
          files: ['main.ts'],
        }),
      });
      await project.tool(TSC, '-p', '.', '--noEmit');
      const files = await project.tool(TSC, '-p', '.', '--noEmit', '--listFiles');
      expect(files).not.toContain('@types/node');
      for (const name of PLAIN_ENTRIES)
        expect(files).toContain(`hotset/dist/types${name.slice('hotset'.length)}/index.d.`);
    },
  );
});
