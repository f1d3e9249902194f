/**
 * The live log behind `watch`: commands publish what happened, connections that watch take it. Nobody watching
 * costs one check of a bit mask; a watcher that does not read loses lines, is told how many, and slows nobody.
 */

/** Categories, as bits of a mask. */
export const FETCHERS = 1;
export const MUTATIONS = 2;
export const EVICTIONS = 4;
export const CONNECTION_EVENTS = 8;
export const DELETIONS = 16;

export class WatchLog {
  /** The categories that anybody watches: check this before making a line. */
  watched = 0;
}
