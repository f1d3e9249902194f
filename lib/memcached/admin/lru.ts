/** `lru tune|mode|temp_ttl`: memcached's segmented LRU, whose settings are kept and shown (see tuning.ts). */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import { ERROR, OK } from './replies.js';
import type { Tuning } from './tuning.js';
import { decimal, int32, uint32 } from './words.js';

const PERCENT_MAX = 80;

export function lru(items: ItemStore, [word, ...values]: readonly string[]): string {
  return WORDS.get(word ?? '')?.(adminStateOf(items).tuning, values) ?? ERROR;
}

const WORDS: ReadonlyMap<string, (tuning: Tuning, values: readonly string[]) => string> = new Map([
  ['tune', tune],
  ['mode', mode],
  ['temp_ttl', tempTtl],
]);

function tune(tuning: Tuning, [hot, warm, hotFactor, warmFactor]: readonly string[]): string {
  const hotPercent = uint32(hot);
  const warmPercent = uint32(warm);
  const hotMaxFactor = decimal(hotFactor);
  const warmMaxFactor = decimal(warmFactor);
  if (
    hotPercent === undefined ||
    warmPercent === undefined ||
    hotMaxFactor === undefined ||
    warmMaxFactor === undefined
  )
    return ERROR;
  if (hotPercent + warmPercent > PERCENT_MAX) return 'ERROR hot and warm pcts must not exceed 80\r\n';
  if (hotMaxFactor <= 0 || warmMaxFactor <= 0) return 'ERROR hot/warm age factors must be greater than 0\r\n';
  Object.assign(tuning, { hotPercent, warmPercent, hotMaxFactor, warmMaxFactor });
  return OK;
}

function mode(tuning: Tuning, [word]: readonly string[]): string {
  if (word !== 'flat' && word !== 'segmented') return ERROR;
  tuning.segmented = word === 'segmented';
  return OK;
}

/** A negative one turns the segment of short-lived items off. */
function tempTtl(tuning: Tuning, [word]: readonly string[]): string {
  const seconds = int32(word);
  if (seconds === undefined) return ERROR;
  tuning.tempLru = seconds >= 0;
  if (seconds >= 0) tuning.temporaryTtl = seconds;
  return OK;
}
