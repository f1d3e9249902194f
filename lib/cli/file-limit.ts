/** How many files, and so connections, the operating system lets this process open. */

import { readFileSync } from 'node:fs';

/** Kept for listeners, logs, files that are read again, and what Node itself has open. */
export const OWN_FILES = 32;

/** `Infinity` where there is no limit, or it is unknown. Node has raised the soft limit to the hard one. */
export function fileLimit(limits: string = ownLimits()): number {
  const max = /^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1];
  return max === undefined ? Number.POSITIVE_INFINITY : Number(max);
}

export interface ConnectionLimits {
  readonly tcp: number;
  readonly http: number;
  /** Null if all fit. */
  readonly warning: string | null;
}

/**
 * As many connections as there are files for. Where `tcp` and `http` together are too many, HTTP gets a quarter, or
 * what TCP leaves. Null if there are no files for any.
 */
export function fitConnections(
  tcp: number,
  http: number,
  limit: number = fileLimit(),
): ConnectionLimits | null {
  const files = limit - OWN_FILES;
  if (tcp + http <= files) return { tcp, http, warning: null };
  const fittingTcp = Math.min(tcp, files - Math.min(http, Math.ceil(files / 4)));
  const fittingHttp = Math.min(http, files - fittingTcp);
  if (fittingTcp < 1) return null;
  const forHttp = http === 0 ? '' : ` and ${fittingHttp} of HTTP`;
  return {
    tcp: fittingTcp,
    http: fittingHttp,
    warning: `-c ${tcp} is more than there are files for: connections are limited to ${fittingTcp}${forHttp}, as this process may open ${limit} files (ulimit -n) and keeps ${OWN_FILES} for itself`,
  };
}

/** The limits of this process, a line each; empty where they are not known. */
export function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Only Linux has it.
    return '';
  }
}
