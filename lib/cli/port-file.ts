/** `MEMCACHED_PORT_FILENAME`: a file that tells scripts and test suites which port was taken. */

import { renameSync, writeFileSync } from 'node:fs';
import type { ListenAddress } from '../tcp/options.js';

/** Writes under another name and renames, so that a reader never sees half of it. */
export function writePortFile(filename: string, addresses: readonly ListenAddress[]): void {
  const lines = addresses.flatMap((address) => ('path' in address ? [] : [`TCP INET: ${address.port}\n`]));
  const temporary = `${filename}.lck`;
  writeFileSync(temporary, lines.join(''));
  renameSync(temporary, filename);
}
