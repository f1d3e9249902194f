/** What administrative commands answer with. */

/** Lines to answer with, or null: the connection ends without an answer. */
export type AdminAnswer = string | null;

/** One line of a `stats` list. */
export type Stat = readonly [name: string, value: string | number];
