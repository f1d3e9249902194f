/** The Node binaries that specs run children with: this one, and those that HOTSET_NODES lists, if it does. */

import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { PROJECT_DIR } from '../support/project.js';

const others = (process.env.HOTSET_NODES ?? '').split(delimiter).filter((path) => path !== '');

/** Pairs of a version and a path. */
export const NODES: readonly (readonly [string, string])[] = [process.execPath, ...others].map((path) => [
  execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(),
  path,
]);

export const HAS_OTHER_NODES: boolean = others.length > 0;

/** Runs a module, by its path in the project, and returns the JSON that it prints. */
export function runChild<T>(
  node: string,
  script: string,
  flags: readonly string[],
  ...args: readonly string[]
): T {
  const output = execFileSync(node, [...flags, join(PROJECT_DIR, script), ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output) as T;
}
