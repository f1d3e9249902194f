/** What the client sends: commands, with what becomes of their replies. meta.ts and classic.ts make them. */

import { HotsetError } from '../errors.js';

/** One or more command lines that are sent together, and the reader of their replies. Used once. */
export interface Command<T> {
  /** What is sent: texts with a latin1 character for each byte, and the bytes of values. */
  readonly parts: readonly (string | Uint8Array)[];
  /**
   * Takes the next reply; true when it was the last. `data` is null where none came, or too much. What it throws ends the connection:
   * request and reply do not match any more.
   */
  readonly take: (line: string, data: Buffer | null) => boolean;
  /** The answer, once the last reply is here. What it throws is for the caller alone. */
  readonly answer: () => T;
  /** The last reply came when the caller had given up. Throws nothing. */
  readonly onLate: (() => void) | undefined;
}

/**
 * The same command with another answer, which may be a promise. It is made as soon as the last reply is here: no other task, and no
 * other connection, comes in between. `onLate` gets what the command has answered to nobody.
 */
export function answering<T, U>(
  command: Command<T>,
  answer: (given: T) => U,
  onLate?: (given: T) => void,
): Command<U> {
  return {
    parts: command.parts,
    take: command.take,
    answer: () => answer(command.answer()),
    onLate: onLate === undefined ? undefined : () => onLate(command.answer()),
  };
}

/**
 * The error that a reply is, in place of an answer; undefined for any other line. Throws for a server that has not understood: what it
 * reads of the rest is unknown.
 */
export function refusalOf(line: string): HotsetError | undefined {
  if (line.startsWith('SERVER_ERROR')) {
    if (line.startsWith('object too large', 13)) return new HotsetError('HOTSET_TOO_LARGE', said(line));
    return new HotsetError(
      line.startsWith('out of memory', 13) ? 'HOTSET_NO_ROOM' : 'HOTSET_PROTOCOL',
      said(line),
    );
  }
  if (line === 'CLIENT_ERROR unauthenticated') throw new HotsetError('HOTSET_FORBIDDEN', said(line));
  if (line === 'ERROR' || line.startsWith('ERROR ') || line.startsWith('CLIENT_ERROR'))
    throw new HotsetError('HOTSET_PROTOCOL', said(line));
  return undefined;
}

function said(line: string): string {
  return `the memcached server answered: ${line}`;
}
