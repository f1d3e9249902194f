/** What the meta commands remember of an item, in the engine's entry: see `marksAt`. A write clears all of it. */

/** Invalidated, and still served: the next client to ask wins the right to fill it anew. */
export const STALE = 1;
/** A client has been told that it has won. */
export const TOKEN_SENT = 2;
/** Stored under a key that came as base64, and goes out so. */
export const KEY_BINARY = 4;
/**
 * Its exptime is a Unix time: one of two bits, which change places when the wall clock is set, so that it is known
 * which items have followed.
 */
export const UNIX_TIME_EVEN = 8;
export const UNIX_TIME_ODD = 16;
export const UNIX_TIME: number = UNIX_TIME_EVEN | UNIX_TIME_ODD;
