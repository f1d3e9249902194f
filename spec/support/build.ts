/**
 * vitest's globalSetup: brings `dist` up to date with `lib`, so that specs can start the command as users do.
 * Several vitest runs may use one `dist` at once: what is up to date is left alone, and nothing is emptied.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { HOTSET_MAIN, LIVE_VIEW_PAGE, PROJECT_DIR } from './project.js';

const SOURCES = ['lib', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package.json'];

/** Returns what vitest calls at the end. Each of vitest's projects calls this. */
export function setup(project: TestProject): () => void {
  build();
  project.onTestsRerun(build);
  process.env.HOTSET_SPEC_RUN_DIR ??= mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  const runDir = process.env.HOTSET_SPEC_RUN_DIR;
  return () => rmSync(runDir, { recursive: true, force: true });
}

function build(): void {
  const changedAt = newest(SOURCES.map((name) => join(PROJECT_DIR, name)));
  // With an error nothing is written, so that the next run does not take a broken build for a good one.
  if (changedAt >= modifiedAt(HOTSET_MAIN))
    run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noEmitOnError');
  if (changedAt >= modifiedAt(LIVE_VIEW_PAGE)) run('scripts/bundle.mjs');
}

function run(script: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(PROJECT_DIR, script), ...args], {
    cwd: PROJECT_DIR,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build into dist failed:\n${stdout}${stderr}`);
}

/** A directory counts as well: its time changes when a file in it is removed. */
function newest(paths: readonly string[]): number {
  let time = 0;
  for (const path of paths) {
    time = Math.max(time, modifiedAt(path));
    if (statSync(path).isDirectory())
      time = Math.max(time, newest(readdirSync(path).map((name) => join(path, name))));
  }
  return time;
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
