/** How many files, and so connections, the operating system lets this process open. */

import { readFileSync } from 'node:fs';

/** Listeners, logs, and what Node itself has open. */
const OWN_FILES = 32;

/** What to say when `maxConnections` are more than there can be; nothing when they are not, or nobody knows. */
export function fileLimitNotes(maxConnections: number, limits: string = ownLimits()): string[] {
  // Node has raised the soft limit to the hard one.
  const most = /^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1];
  if (most === undefined || maxConnections + OWN_FILES <= Number(most)) return [];
  return [
    `-c ${maxConnections} is more than this process can serve: it may open ${most} files (ulimit -n), ${OWN_FILES} of which it keeps for itself`,
  ];
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Only Linux has it.
    return '';
  }
}
