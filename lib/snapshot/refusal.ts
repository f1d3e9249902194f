/** Why a file is refused: always with its name, and the offset where it went wrong. */

import { HotsetError } from '../errors.js';

/** The file is not what was once written. */
export function damaged(path: string, offset: number, what: string): HotsetError {
  return new HotsetError('HOTSET_DAMAGED_SNAPSHOT', `${path} is damaged at byte ${offset}: ${what}`);
}

/** The file may be sound, but not for this call. */
export function unreadable(path: string, offset: number, what: string, cause?: unknown): HotsetError {
  return new HotsetError(
    'HOTSET_UNREADABLE_SNAPSHOT',
    `${path} cannot be read from byte ${offset} on: ${what}`,
    cause === undefined ? undefined : { cause },
  );
}
