/** Files for browsers, which the build makes. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The sources, which specs run, are one folder farther from what is built. */
const DIST: string = import.meta.url.endsWith('.ts') ? '../../dist/' : '../';

/** Where the build has put it. */
export function builtFile(name: string): string {
  return fileURLToPath(new URL(DIST + name, import.meta.url));
}

/** Null where there is no such file, or nobody may read it. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
