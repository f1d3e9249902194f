/** `-P`: a file with the number of the process that serves, for scripts and service managers. */

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes under another name and renames, so that a reader never sees half of it. */
export function writePidFile(file: string): void {
  const temporary = `${file}.tmp`;
  try {
    writeFileSync(temporary, `${process.pid}\n`);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes the file, unless another process has put its own in the place. */
export function removePidFile(file: string): void {
  try {
    if (readFileSync(file, 'utf8') === `${process.pid}\n`) rmSync(file);
  } catch {
    // It is gone, or this user may not remove it: nobody is helped by a complaint.
  }
}
