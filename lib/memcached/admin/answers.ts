/** What administrative commands answer with, and the answers that many of them have. */

import type { Lines } from '../incremental-task.js';
import { BAD_FORMAT as BAD_LINE } from '../request.js';

/**
 * - a string: the whole answer;
 * - `lines`: an answer that is made in chunks, as the client takes it;
 * - `watch`: the connection shows the log from now on, of these categories (bits: see watch/lines.ts);
 * - null: the connection ends without an answer.
 */
export type AdminAnswer = string | { readonly lines: Lines } | { readonly watch: number } | null;

/** One line of a `stats` list. */
export type Stat = readonly [name: string, value: string | number];

/**
 * What `stats` answers, before a protocol writes it:
 *
 * - `list`: statistics, with null where others should have their turn. Close its iterator when the client goes away;
 * - `done`: it is done, and there is nothing to show but the text protocol's answer;
 * - `dump`: a text of its own, whole;
 * - `refusal`: an error of the text protocol;
 * - `lines`: as in AdminAnswer, in the text protocol only.
 */
export type StatsAnswer =
  | { readonly kind: 'list'; readonly list: Iterable<Stat | null> }
  | { readonly kind: 'done' | 'dump' | 'refusal'; readonly text: string }
  | { readonly kind: 'lines'; readonly lines: Lines };

export const OK = 'OK\r\n';
export const ERROR = 'ERROR\r\n';
export const BAD_FORMAT: string = `${BAD_LINE}\r\n`;

export function refusal(text: string): StatsAnswer {
  return { kind: 'refusal', text };
}
