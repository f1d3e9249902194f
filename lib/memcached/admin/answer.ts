/** What administrative commands answer with. */

import type { Lines } from '../request.js';

/**
 * - a string: the answer, whole;
 * - `lines`: an answer that is made piece by piece, as the client takes it. Pieces are a few kilobytes at most;
 *   an empty one says that others should have their turn before the next. The iterator is closed (`return`) when
 *   the client goes away;
 * - `watch`: the connection shows the log from now on, of these categories (bits: see watch-log.ts);
 * - null: the connection ends without an answer.
 */
export type AdminAnswer = string | { readonly lines: Lines } | { readonly watch: number } | null;

/** One line of a `stats` list. */
export type Stat = readonly [name: string, value: string | number];

/**
 * What `stats` answers, before a protocol writes it:
 *
 * - `list`: statistics;
 * - `slowList`: the same, with work to do first: each step of the iterator is short, and others should have
 *   their turn between two; what it returns is the list. It is to be closed when the client goes away;
 * - `text`: whole, in the form of the text protocol;
 * - `refusal`: an error, in the same form;
 * - `lines`: as in AdminAnswer;
 * - `ok`: it is done, and there is nothing to tell;
 * - `reset`: the counters have been reset;
 * - `unknown`: there are no such statistics.
 */
export type StatsAnswer =
  | { readonly list: Iterable<Stat> }
  | { readonly slowList: Iterator<void, Iterable<Stat>, undefined> }
  | { readonly text: string }
  | { readonly refusal: string }
  | { readonly lines: Lines }
  | 'ok'
  | 'reset'
  | 'unknown';
