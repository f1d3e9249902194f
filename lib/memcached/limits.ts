/** What the protocol bounds, in bytes unless said. Sources: memcached's protocol.txt and its server. */

/** A shorter line is a bad command line. Its CR counts, its LF does not: `mn` needs its CR. */
export const LINE_MIN_BYTES = 3;

/** A command line that is longer and still has no end closes the connection (`get` and `gets` aside). */
export const LINE_MAX_BYTES = 2048;

/** Blanks that memcached skips before it looks for `get ` in an over-long line. */
export const LINE_MAX_LEADING_BLANKS = 100;

/** A `get` with more keys than fit here closes the connection: some 16,000 of the longest keys. */
export const GET_LINE_MAX_BYTES: number = 4 * 1024 * 1024;

/** Data lengths from here on are a bad command line, whatever the item limit is. */
export const DATA_LENGTH_END = 2147483646;

/** What memcached needs for an item beside key and value; part of the exact limit on values. */
export const ITEM_HEADER_BYTES = 59;
/** Part of the header that an item without cas id does not have. */
export const ITEM_CAS_BYTES = 8;
export const ITEM_FLAGS_BYTES = 4;

/** memcached's `-I`: the most that an item may take. */
export const DEFAULT_ITEM_MAX_BYTES: number = 1024 * 1024;

/** A session pauses when so many bytes of replies wait, and continues when they are taken. */
export const REPLIES_MAX_BYTES: number = 256 * 1024;

/** The first allocation for a value that arrives in chunks; it then grows with what has arrived. */
export const DATA_FIRST_BYTES: number = 64 * 1024;

/** Larger values that arrive in chunks are put where they will stay, if the store has room for them. */
export const COLLECTED_MAX_BYTES: number = 16 * 1024;

/** An exptime above this many seconds (30 days) is a Unix time (protocol.txt, "Expiration times"). */
export const RELATIVE_EXPTIME_MAX_SECONDS: number = 60 * 60 * 24 * 30;

/** Bytes of old values that append, prepend, incr and decr copy in one turn. */
export const COPIED_MAX_BYTES_PER_TURN: number = 4 * 1024 * 1024;

/** The most bytes of a client's credentials; memcached's own bound. */
export const AUTH_DATA_MAX_BYTES: number = 16 * 1024;

/** Requests of a connection after which it yields to others: memcached's `-R`, where it is 20. */
export const DEFAULT_REQUESTS_PER_TURN = 512;

/** Keys that a session looks up in one turn; a longer get continues in a later one. */
export const KEYS_MAX_PER_TURN = 20_000;

/** Keys of one line that are read before the first is answered, in one pass; a longer line is parsed first. */
export const KEYS_MAX_PER_PASS = 100;
