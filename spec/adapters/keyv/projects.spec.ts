/**
 * The packed package under Keyv 5 and 6, in a project of its own: Keyv's own suite as it is published, and the examples
 * of what builds on Keyv.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projects } from '../../support/packed.js';
import { NODES } from '../../weigh/node-versions.js';
import { type InstalledProject, installProject } from './project.js';

/** Keyv 6 asks for 22.19. */
const newer = NODES.find(([version]) => Number(version.slice(1).split('.')[0]) >= 22)?.[1];

/** Keyv 6 resolves to one boolean for each key, and the suite, which is Keyv 5's, expects a falsy answer. */
const IMPOSSIBLE_WITH_KEYV_6 = '.deleteMany([keys]) with nonexistent keys resolves to false';

const OFFICIAL_TESTS = 42;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

describe.skipIf(projects.missing)(`a project that has installed hotset${projects.hint}`, () => {
  let project: InstalledProject;
  beforeAll(() => {
    project = installProject('keyv');
  });
  afterAll(() => project?.remove());

  /** Runs a suite in the project: the titles of its tests, by what became of them. */
  function run(suite: string, node = process.execPath, env: Record<string, string> = {}) {
    const file = join(project.folder, 'report.json');
    rmSync(file, { force: true });
    const args = ['node_modules/vitest/vitest.mjs', 'run', suite, '--reporter=json', `--outputFile=${file}`];
    const { stdout, stderr } = spawnSync(node, args, {
      cwd: project.folder,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, ...env },
    });
    let report: Report;
    try {
      report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    } catch {
      throw new Error(`${suite} did not run:\n${stdout}${stderr}`);
    }
    const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const having = (status: string): string[] =>
      tests.filter((test) => test.status === status).map(({ title }) => title);
    return { tests: tests.length, passed: having('passed').length, failed: having('failed') };
  }

  describe.each(['engine', 'loading', 'client'])('over: %s', (store) => {
    it("passes Keyv's suite with Keyv 5", () => {
      const result = run('official', process.execPath, { HOTSET_STORE: store, HOTSET_KEYV: 'keyv' });
      expect(result).toEqual({ tests: OFFICIAL_TESTS, passed: OFFICIAL_TESTS, failed: [] });
    });

    it.skipIf(newer === undefined)("passes what Keyv's own store passes of it with Keyv 6", () => {
      const result = run('official', newer, { HOTSET_STORE: store, HOTSET_KEYV: 'keyv-6' });
      expect(result).toEqual({
        tests: OFFICIAL_TESTS,
        passed: OFFICIAL_TESTS - 1,
        failed: [IMPOSSIBLE_WITH_KEYV_6],
      });
    });
  });

  it.skipIf(newer === undefined)("Keyv 6's own store does not pass that one either", () => {
    const { failed } = run('official', newer, { HOTSET_STORE: 'memory', HOTSET_KEYV: 'keyv-6' });
    expect(failed).toEqual([IMPOSSIBLE_WITH_KEYV_6]);
  });

  it.each([
    ['cache-manager', 8],
    ['cacheable', 8],
    ['nest', 3],
  ])('runs the examples of %s', (suite, tests) => {
    expect(run(suite)).toEqual({ tests, passed: tests, failed: [] });
  });

  it('types the adapter for both versions', () => {
    const args = ['node_modules/typescript/bin/tsc', '-p', 'types.tsconfig.json', '--pretty', 'false'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: project.folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it('loads neither the client nor ws for users who have an engine', () => {
    const script =
      "await import('hotset/keyv'); console.log(process.moduleLoadList.filter((name) => /NativeModule (net|http|tls)$/.test(name)).join())";
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: project.folder,
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('');
  });
});
