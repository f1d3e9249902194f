/** What the meta commands remember of an item, in the engine's entry: see `marksAt`. A write clears all of it. */

/** Invalidated, and still served: the next client to ask wins the right to fill it anew. */
export const STALE = 1;
/** A client has been told that it has won. */
export const TOKEN_SENT = 2;
/** Stored under a key that came as base64, and goes out so. */
export const KEY_BINARY = 4;
