/** Errors of unusable files: always with the file's name and the offset of the fault. */

import { HotsetError } from '../errors.js';

/** The file is not as it was written. */
export function damaged(path: string, offset: number, what: string): HotsetError {
  return new HotsetError('HOTSET_DAMAGED_SNAPSHOT', `${path} is damaged at byte ${offset}: ${what}`);
}

/** The file may be intact, but this call cannot read it. */
export function unreadable(path: string, offset: number, what: string, cause?: unknown): HotsetError {
  return new HotsetError(
    'HOTSET_UNREADABLE_SNAPSHOT',
    `${path} cannot be read from byte ${offset} on: ${what}`,
    cause === undefined ? undefined : { cause },
  );
}
