/** A project that has installed the packed package, Keyv and what builds on it. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOOLS_DIR, unpacked } from '../../support/packed.js';
import { PROJECT_DIR } from '../../support/project.js';

const PROJECTS = join(PROJECT_DIR, 'spec/projects');

export interface InstalledProject {
  readonly folder: string;
  remove(): void;
}

/** Copies `spec/projects/<name>` to where nothing but its own `node_modules` can be found. */
export function installProject(name: string): InstalledProject {
  const folder = mkdtempSync(join(tmpdir(), `hotset-${name}-`));
  cpSync(join(PROJECTS, name), folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const each of readdirSync(TOOLS_DIR))
    if (!each.startsWith('.')) symlinkSync(join(TOOLS_DIR, each), join(modules, each));
  if (!existsSync(join(modules, 'ws')))
    symlinkSync(join(PROJECT_DIR, 'node_modules/ws'), join(modules, 'ws'));
  cpSync(unpacked(), join(modules, 'hotset'), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
