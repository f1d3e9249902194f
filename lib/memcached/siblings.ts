/** The other threads of a server that has several, as an ItemStore knows them; lib/threads/ implements it. */

import { COUNTERS, type CounterName } from './counters.js';

/** What each thread counts beside COUNTERS, and `stats` sums. */
const MORE_FIGURES = [
  'stores_in_place',
  'oversized_appends',
  'log_written',
  'log_sent',
  'log_skipped',
  'log_watchers',
  'crawler_starts',
  'crawler_reclaimed',
  'crawler_checked',
] as const;

export type FigureName = CounterName | (typeof MORE_FIGURES)[number];

/** Their order in a row of numbers. */
export const FIGURES: readonly FigureName[] = [...COUNTERS, ...MORE_FIGURES];

// What all threads of a server share beside the items: places in `ItemStore.state`.

/** When a delayed flush_all is due; `Infinity` for none. */
export const FLUSH_AT_MS = 0;
/** Whether that flush was applied: what is stored later in the same second is removed as well. */
export const HAS_FLUSHED = 1;
export const FLUSHES_AT_UNIX_TIME = 2;
/** Wall-clock time less that of `clock`, as items with a Unix time for an exptime count it. */
export const WALL_OFFSET_MS = 3;
/** The bit that those items have; 0 while there have been none. */
export const UNIX_TIME_BIT = 4;
export const STARTED_AT_MS = 5;
/** A random number that tells cursors of this server's walks from those of others. */
export const CURSOR_EPOCH = 6;
export const STATE = 7;

export interface Siblings {
  /** How many threads serve, this one among them. */
  readonly threads: number;
  /** Whether this thread does what one must do for all. */
  readonly isFirst: boolean;
  /** The sum of a figure over the others. */
  figure(name: FigureName): number;
  /** Connections that the others serve. */
  readonly currentConnections: number;
  /** Lets the others see what this thread has counted. */
  publish(): void;
  /** Has the others take over what a client has set in this thread: verbosity, `stats detail`, settings without effect. */
  setAsHere(): void;
  /** Whether somebody in this thread wants the keys of the others' reads. */
  wantReads(wanted: boolean): void;
  /** What `stats detail dump` of the others shows; null while that has yet to come. */
  detail(): Iterable<string | null>;
}
