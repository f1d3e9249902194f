/** What administrative commands answer with. */

/**
 * - a string: the answer, whole;
 * - `lines`: an answer that is made piece by piece, as the client takes it. Pieces are a few kilobytes at most;
 *   the iterator is closed when the client goes away;
 * - `watch`: the connection shows the log from now on, of these categories (bits: see watch-log.ts);
 * - null: the connection ends without an answer.
 */
export type AdminAnswer =
  | string
  | { readonly lines: Iterator<string, void, undefined> }
  | { readonly watch: number }
  | null;

/** One line of a `stats` list. */
export type Stat = readonly [name: string, value: string | number];
