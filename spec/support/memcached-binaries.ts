/**
 * The memcached binaries that hotset is compared with: Debian's, on the PATH, and the release that hotset follows,
 * which the environment variable HOTSET_MEMCACHED names.
 */

import { spawnSync } from 'node:child_process';
import { type ExternalTool, missingTool } from './external-tool.js';

/** `reference` is 1.6.45 or later, `1.6.18` is Debian 12's, `other` is anything else. */
export type MemcachedRelease = 'reference' | '1.6.18' | 'other';

export interface MemcachedBinary extends ExternalTool {
  readonly command: string;
  /** For titles: the version, or which binary is missing. */
  readonly name: string;
  readonly release: MemcachedRelease;
}

const REFERENCE_PATCH = 45;

export function memcachedOnPath(): MemcachedBinary {
  const binary = inspect('memcached');
  if (binary !== undefined) return binary;
  const name = "Debian's memcached";
  return { command: 'memcached', name, release: 'other', ...missingTool("needs Debian's memcached") };
}

/** Throws when HOTSET_MEMCACHED names something else than memcached 1.6.45 or later. */
export function referenceMemcached(): MemcachedBinary {
  const command = process.env.HOTSET_MEMCACHED;
  if (command === undefined || command === '') {
    const hint = ' (skipped: HOTSET_MEMCACHED names no memcached 1.6.45 or later)';
    console.warn(`skipped: the comparison with memcached 1.6.45, for HOTSET_MEMCACHED names no binary of it`);
    return { command: '', name: 'memcached 1.6.45', release: 'reference', missing: true, hint };
  }
  const binary = inspect(command);
  if (binary?.release !== 'reference')
    throw new Error(`HOTSET_MEMCACHED must name memcached 1.6.45 or later; ${command} is ${binary?.name}`);
  return binary;
}

export function memcachedBinaries(): readonly MemcachedBinary[] {
  return [memcachedOnPath(), referenceMemcached()];
}

function inspect(command: string): MemcachedBinary | undefined {
  const { stdout } = spawnSync(command, ['-V'], { encoding: 'utf8' });
  const match = /^memcached (\d+)\.(\d+)\.(\d+)/.exec(stdout ?? '');
  if (match === null) return undefined;
  const [name, major, minor, patch] = match;
  const isReference = major === '1' && minor === '6' && Number(patch) >= REFERENCE_PATCH;
  const release = isReference ? 'reference' : name === 'memcached 1.6.18' ? '1.6.18' : 'other';
  return { command, name, release, missing: false, hint: '' };
}
