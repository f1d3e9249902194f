/** `--warm-from` and its flags: where a new node gets its first items. */

import { readFileSync } from 'node:fs';
import type { TlsOptions } from '../tcp/index.js';
import { StartError, UsageError } from './errors.js';
import { type CommandLine, type FlagName, flagName } from './flags.js';
import type { PeerAddress } from './peer-connection.js';

export interface WarmSettings {
  readonly peer: PeerAddress;
  /** As the user wrote it. */
  readonly shown: string;
  /** Items a second; `Infinity` for no bound. */
  readonly rate: number;
  readonly userFile: string | null;
  /** The files of `-o ssl_…`, with or without `-Z`. */
  readonly tls: Partial<TlsOptions>;
  /** Whether the server says that it is ready while it is still being filled. */
  readonly readyAtOnce: boolean;
}

const DEFAULT_RATE = 20_000;
const DEFAULT_PORT = 11211;
const ADDRESS = /^(tls:)?(?:\[([^\]]+)\]|([^:[\]/]+))(?::(\d+))?$/;
const COMPANIONS: readonly FlagName[] = ['warmRate', 'warmUserFile', 'warmReady'];

/** Null without `--warm-from`. Throws a UsageError. */
export function warmSettings(line: CommandLine, tls: Partial<TlsOptions>): WarmSettings | null {
  const shown = line.text('warmFrom');
  const rate = line.wholeNumber('warmRate', DEFAULT_RATE, 0, 2 ** 31 - 1) || Number.POSITIVE_INFINITY;
  if (shown === null) {
    const idle = COMPANIONS.filter((name) => line.has(name)).map(flagName);
    if (idle.length > 0) line.warnings.push(`${idle.join(', ')}: no effect without --warm-from`);
    return null;
  }
  const userFile = line.text('warmUserFile');
  return { peer: peerAddress(shown), shown, rate, userFile, tls, readyAtOnce: line.has('warmReady') };
}

function peerAddress(text: string): PeerAddress {
  if (text.startsWith('/')) return { path: text };
  const match = ADDRESS.exec(text);
  const port = Number(match?.[4] ?? DEFAULT_PORT);
  if (match === null || port < 1 || port > 65535)
    throw new UsageError(
      `--warm-from takes host:port, tls:host:port or the path of a Unix socket; got ${text}`,
    );
  return { host: match[2] ?? match[3]!, port, secure: match[1] !== undefined };
}

/** What the peer wants to hear: `user password`, a latin1 character for each byte, from a file of one line `user:password`. Throws a StartError. */
export function readCredentials(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw new StartError(`--warm-user-file ${file} cannot be read: ${(error as Error).message}`);
  }
  const match = /^([^:\s]+):(\S+)\r?\n?$/.exec(text);
  if (match === null)
    throw new StartError(`--warm-user-file ${file} takes a file of one line user:password, without blanks`);
  return `${match[1]} ${match[2]}`;
}
