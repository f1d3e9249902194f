/** Answers of the text protocol that are made piece by piece: see AdminAnswer. */

import { REPLIES_MAX_BYTES } from './limits.js';
import type { IncrementalTask, Lines } from './request.js';
import type { SessionIo } from './session-io.js';

/** Writes as much as replies may wait for; true when that was all. */
export function writeLines(io: SessionIo, lines: Lines): boolean {
  const { out } = io;
  while (out.length < REPLIES_MAX_BYTES) {
    const { done, value } = lines.next();
    if (done === true) return true;
    if (value === '') {
      io.slicing = true;
      return false;
    }
    out.text(value);
  }
  return false;
}

/** The same work, of which nothing is shown. */
export function* silently(lines: Lines): Generator<string, void, undefined> {
  try {
    while (lines.next().done !== true) yield '';
  } finally {
    lines.return?.();
  }
}

/** Work that has nothing to show before it is done. */
export function* slowly(work: IncrementalTask, answer: string): Generator<string, void, undefined> {
  while (work.next().done !== true) yield '';
  yield answer;
}
