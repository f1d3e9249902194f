/** `slabs reassign|automove`: there are no slabs to move, so no class has a page to spare. */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import { BAD_FORMAT, ERROR, OK } from './replies.js';
import type { Tuning } from './tuning.js';
import { decimal, int32, uint32 } from './words.js';

/** memcached's classes with its default growth factor; 0 is its pool of free pages. */
const LARGEST_CLASS = 39;
const AUTOMOVE_LEVEL_MAX = 2;
const WINDOW_MIN_SECONDS = 3;
const WINDOW_MAX_SECONDS = 1800;

export function slabs(items: ItemStore, [word, first, second, ...more]: readonly string[]): string {
  if (first === undefined) return ERROR;
  if (word === 'automove') {
    const answer = automove(adminStateOf(items).tuning, first, second);
    // Alone of this family it knows the word.
    return (more.at(-1) ?? second ?? first) === 'noreply' ? '' : answer;
  }
  if (word !== 'reassign' || second === undefined || more.length > 0) return ERROR;
  return reassign(int32(first), int32(second));
}

function reassign(source: number | undefined, target: number | undefined): string {
  if (source === undefined || target === undefined) return BAD_FORMAT;
  if (source === target) return 'SAME src and dst class are identical\r\n';
  if (!isClass(source) || !isClass(target)) return 'BADCLASS invalid src or dst class id\r\n';
  return 'NOSPARE source class has no spare pages\r\n';
}

function isClass(id: number): boolean {
  return id >= 0 && id <= LARGEST_CLASS;
}

function automove(tuning: Tuning, word: string, value: string | undefined): string {
  const setting = AUTOMOVE_SETTINGS.get(word);
  if (setting !== undefined) return setting(tuning, value);
  const level = uint32(word);
  if (level === undefined) return BAD_FORMAT;
  if (level > AUTOMOVE_LEVEL_MAX) return ERROR;
  tuning.slabAutomove = level;
  return OK;
}

const AUTOMOVE_SETTINGS: ReadonlyMap<string, (tuning: Tuning, value: string | undefined) => string> = new Map(
  [
    ['ratio', ratio],
    ['freeratio', freeRatio],
    ['window', window],
  ],
);

function ratio(tuning: Tuning, value: string | undefined): string {
  const number = decimal(value);
  if (number === undefined) return ERROR;
  tuning.slabAutomoveRatio = number;
  return OK;
}

function freeRatio(tuning: Tuning, value: string | undefined): string {
  const number = decimal(value);
  if (number === undefined) return ERROR;
  tuning.slabAutomoveFreeRatio = number;
  return OK;
}

function window(tuning: Tuning, value: string | undefined): string {
  const seconds = uint32(value);
  if (seconds === undefined) return ERROR;
  if (seconds < WINDOW_MIN_SECONDS || seconds > WINDOW_MAX_SECONDS)
    return 'CLIENT_ERROR automove window too low or too high\r\n';
  tuning.slabAutomoveWindow = seconds;
  return OK;
}
