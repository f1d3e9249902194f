/** Small files: the process id (`-P`), the ports, and the token of `--http-token-file`. */

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ListenAddress } from '../tcp/options.js';
import { StartError } from './errors.js';

/** Writes the number of this process, for scripts and service managers. */
export function writePidFile(file: string): void {
  replaceFile(file, `${file}.tmp`, `${process.pid}\n`);
}

/** Removes the file, unless another process has replaced it by its own. */
export function removePidFile(file: string): void {
  try {
    if (readFileSync(file, 'utf8') === `${process.pid}\n`) rmSync(file);
  } catch {
    // Already removed.
  }
}

/** `MEMCACHED_PORT_FILENAME`: for scripts and test suites that start a server on any free port. */
export function writePortFile(file: string, addresses: readonly ListenAddress[]): void {
  const lines = addresses.flatMap((address) =>
    'path' in address ? [] : [`TCP ${address.host!.includes(':') ? 'INET6' : 'INET'}: ${address.port}\n`],
  );
  replaceFile(file, `${file}.lck`, lines.join(''));
}

/** The token on the file's one line, since every user sees command lines. Throws a StartError that does not show it. */
export function readTokenFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`--http-token-file ${file} cannot be read: ${(error as Error).message}`);
  }
  const token = text.replace(/\r?\n$/, '');
  if (!/^[!-~]+$/.test(token))
    throw new StartError(`--http-token-file ${file} takes a file of one line of visible ASCII characters`);
  return token;
}

/** Writes under another name and renames, so that a reader never sees half of the content. */
function replaceFile(file: string, temporary: string, content: string): void {
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The first error says more.
    }
    throw error;
  }
}
