/**
 * Projects as users have them: hotset installed from its tarball, which is packed once in a run of vitest, and beside it what a spec
 * asks for. The tools are those of spec/projects, which `npm ci --prefix spec/projects` installs.
 */

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PROJECT_DIR } from './project.js';
import { type CommandResult, runCommand } from './run-command.js';

export const TOOLS_DIR: string = join(PROJECT_DIR, 'spec/projects/node_modules');
const isMissing = !existsSync(TOOLS_DIR);
if (isMissing && process.env.CI)
  throw new Error('spec/projects has no packages: npm ci --prefix spec/projects');

/** For `describe.skipIf(projects.missing)`, and the reason for the title. */
export const projects: { readonly missing: boolean; readonly hint: string } = {
  missing: isMissing,
  hint: isMissing ? ' (skipped: npm ci --prefix spec/projects)' : '',
};

export const manifest = JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

/** `hotset`, `hotset/loading`, …: what users import. */
export const ENTRY_NAMES: readonly string[] = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => subpath.replace('.', manifest.name));

/** Packages that entries may ask for. */
export const OPTIONAL_PACKAGES: readonly string[] = Object.keys(manifest.peerDependencies);

/** The unpacked tarball of this run: workers wait for the one that packs. */
export function unpacked(): string {
  const run = process.env.HOTSET_SPEC_RUN_DIR!;
  const folder = join(run, 'package');
  try {
    mkdirSync(join(run, 'packing'));
  } catch {
    const deadline = Date.now() + 60_000;
    while (!existsSync(folder)) {
      if (Date.now() > deadline) throw new Error('no tarball: the worker that packs it has failed');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
    return folder;
  }
  const out = mkdtempSync(join(run, 'pack-'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', out], {
    cwd: PROJECT_DIR,
    stdio: 'pipe',
  });
  execFileSync('tar', ['xzf', join(out, `${manifest.name}-${manifest.version}.tgz`), '-C', out]);
  renameSync(join(out, 'package'), folder);
  return folder;
}

export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): void;
  read(file: string): string;
  /** Runs a program, with the folder for its working directory. */
  run(program: string, ...args: readonly string[]): Promise<CommandResult>;
  /** Runs a file of spec/projects/node_modules, such as `jest/bin/jest.js`: all that it prints. Throws where it fails. */
  tool(file: string, ...args: readonly string[]): Promise<string>;
  /** Runs a file of the project, with this Node or another: what it prints. Throws where it fails. */
  node(file: string, node?: string): Promise<string>;
}

/** A project that has hotset, the `packages` that are named, and these files. It is removed after the test. */
export function createProject(
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): Project {
  const folder = mkdtempSync(join(tmpdir(), 'hotset-project-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(unpacked(), join(folder, 'node_modules', manifest.name), { recursive: true });
  for (const name of packages) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(place)) continue;
    mkdirSync(dirname(place), { recursive: true });
    const inTools = join(TOOLS_DIR, name);
    symlinkSync(existsSync(inTools) ? inTools : join(PROJECT_DIR, 'node_modules', name), place);
  }
  const run: Project['run'] = (program, ...args) =>
    runCommand(program, args, {
      cwd: folder,
      timeout: 120_000,
      env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' },
    });
  const project: Project = {
    folder,
    write: (more) => {
      for (const [name, text] of Object.entries(more)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
    },
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    run,
    tool: async (file, ...args) => {
      const { stdout, stderr } = succeeded(await run(process.execPath, join(TOOLS_DIR, file), ...args));
      return stdout + stderr;
    },
    node: async (file, node = process.execPath) => succeeded(await run(node, file)).stdout.trim(),
  };
  project.write({ 'package.json': '{ "private": true }', ...files });
  return project;
}

function succeeded(result: CommandResult): CommandResult {
  if (result.code !== 0) throw new Error(`exit code ${result.code}\n${result.stdout}\n${result.stderr}`);
  return result;
}
