/** Files for browsers that the build makes. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Specs run the sources, which are one folder farther from the built files. */
const DIST: string = import.meta.url.endsWith('.ts') ? '../../dist/' : '../';

/** The path of a built file. */
export function builtFile(name: string): string {
  return fileURLToPath(new URL(DIST + name, import.meta.url));
}

/** Null for a file that does not exist or cannot be read. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
