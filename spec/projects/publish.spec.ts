/** The package is ready to publish: npm and JSR would take it as it is. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { projects, TOOLS_DIR } from '../support/packed.js';
import { PROJECT_DIR } from '../support/project.js';
import { runCommand } from '../support/run-command.js';

const manifest = JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8')) as Record<
  string,
  unknown
>;

it('says where it comes from, and what JSR publishes is the same version', () => {
  expect(manifest).toMatchObject({
    license: 'MIT',
    homepage: expect.stringContaining('https://github.com/hotset/hotset'),
    repository: { type: 'git', url: 'git+https://github.com/hotset/hotset.git' },
    bugs: 'https://github.com/hotset/hotset/issues',
  });
  const jsr = JSON.parse(readFileSync(join(PROJECT_DIR, 'jsr.json'), 'utf8')) as Record<string, unknown>;
  expect(jsr).toMatchObject({ version: manifest.version, license: manifest.license });
  expect(existsSync(join(PROJECT_DIR, 'SECURITY.md'))).toBe(true);
});

it('npm publish --dry-run warns of nothing but that nobody is logged in', async () => {
  const { code, stderr } = await runCommand(
    'npm',
    ['publish', '--dry-run', '--ignore-scripts', '--offline', '--registry', 'http://127.0.0.1:9/'],
    { cwd: PROJECT_DIR },
  );
  expect(code, stderr).toBe(0);
  const warnings = stderr.split('\n').filter((line) => /^npm (warn|error)/i.test(line));
  expect(warnings.filter((line) => !line.includes('requires you to be logged in'))).toEqual([]);
});

it.skipIf(projects.missing)(`deno publish --dry-run takes the sources for JSR${projects.hint}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hotset-jsr-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['lib', 'docs', 'jsr.json', 'package.json', 'LICENSE', 'README.md', 'CHANGELOG.md'])
    cpSync(join(PROJECT_DIR, name), join(folder, name), { recursive: true });
  symlinkSync(join(PROJECT_DIR, 'node_modules'), join(folder, 'node_modules'));
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    // As `npx jsr publish` asks, where there is a package.json.
    [
      join(TOOLS_DIR, 'deno/bin.cjs'),
      'publish',
      '--dry-run',
      '--allow-dirty',
      '--no-check',
      '--unstable-sloppy-imports',
      '--unstable-bare-node-builtins',
      '--unstable-byonm',
    ],
    { cwd: folder },
  );
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toContain('Dry run complete');
});
