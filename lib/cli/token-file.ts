/** `--http-token-file`: a token is a secret, and a command line is for everybody to see. */

import { readFileSync } from 'node:fs';
import { StartError } from './start-error.js';

/** The token on the file's one line. Throws a StartError that does not show it. */
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
