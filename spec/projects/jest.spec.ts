/** Jest 30 as it is by default (CommonJS), with ts-jest, and with ES modules. */

import { describe, expect, it } from 'vitest';
import { createProject, ENTRY_NAMES, OPTIONAL_PACKAGES, projects, TOOLS_DIR } from '../support/packed.js';

const JEST = 'jest/bin/jest.js';

const CASES = `
  it('caches', async () => {
    const cache = new LoadingCache(new CacheEngine({ maxEntries: 2, ttlMs: 1000 }));
    expect(await cache.getOrLoad('a', async () => 1)).toBe(1);
    expect(() => new CacheEngine({ maxEntries: -1 })).toThrow(HotsetError);
    expect(typeof HotsetClient).toBe('function');
  });
`;

describe.skipIf(projects.missing)(`Jest 30${projects.hint}`, () => {
  it('requires every entry', async () => {
    const project = createProject(
      {
        'cache.test.js': `
        const { CacheEngine, HotsetError } = require('hotset');
        const { LoadingCache } = require('hotset/loading');
        const { HotsetClient } = require('hotset/client');
        ${CASES}
        it.each(${JSON.stringify(ENTRY_NAMES)})('%s', (name) => {
          expect(typeof require(name)).toBe('object');
        });
      `,
      },
      OPTIONAL_PACKAGES,
    );
    expect(await project.tool(JEST, '--rootDir', project.folder)).toContain(
      `${1 + ENTRY_NAMES.length} passed`,
    );
  });

  it('takes TypeScript through ts-jest', async () => {
    const project = createProject(
      {
        'jest.config.js': `module.exports = { transform: { '\\\\.ts$': ['ts-jest', { tsconfig: { module: 'commonjs', moduleResolution: 'node10', strict: true, esModuleInterop: true, skipLibCheck: true } }] } };`,
        'cache.test.ts': `
        import { CacheEngine, HotsetError } from 'hotset';
        import { LoadingCache } from 'hotset/loading';
        import { HotsetClient } from 'hotset/client';
        declare const it: (name: string, test: () => Promise<void>) => void;
        declare const expect: (value: unknown) => any;
        ${CASES}
      `,
      },
      ['ts-jest', 'typescript', '@types/node'],
    );
    expect(await project.tool(JEST, '--rootDir', project.folder)).toContain('1 passed');
  });

  it('imports, and has the same classes for import and require', async () => {
    const project = createProject({
      'package.json': '{ "type": "module" }',
      'cache.test.js': `
        import { createRequire } from 'node:module';
        import { CacheEngine, HotsetError } from 'hotset';
        import { LoadingCache } from 'hotset/loading';
        import { HotsetClient } from 'hotset/client';
        ${CASES}
        it('has one class', () => {
          expect(createRequire(import.meta.url)('hotset').CacheEngine).toBe(CacheEngine);
        });
      `,
    });
    const { stderr } = await project.run(
      process.execPath,
      '--experimental-vm-modules',
      `${TOOLS_DIR}/${JEST}`,
      '--rootDir',
      project.folder,
    );
    expect(stderr).toContain('2 passed');
  });
});
