/** What can be watched: categories of events, as bits of a mask. */

export const FETCHERS = 1;
export const MUTATIONS = 2;
export const EVICTIONS = 4;
export const CONNECTION_EVENTS = 8;
export const DELETIONS = 16;
/** May be watched, and nothing is told of them. */
export const SYSTEM_EVENTS = 32;
export const RAW_COMMANDS = 64;

/** Where lines go. */
export interface Publisher {
  publish(category: number, what: string): void;
}
