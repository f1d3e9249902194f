/** What the protocol counts beside the engine: the names of memcached's general statistics. */

export const COUNTERS = [
  'cmd_get',
  'cmd_set',
  'cmd_flush',
  'cmd_touch',
  'cmd_meta',
  'get_hits',
  'get_misses',
  'get_expired',
  'get_flushed',
  'delete_misses',
  'delete_hits',
  'incr_misses',
  'incr_hits',
  'decr_misses',
  'decr_hits',
  'cas_misses',
  'cas_hits',
  'cas_badval',
  'touch_hits',
  'touch_misses',
  'store_too_large',
  'store_no_memory',
  'auth_cmds',
  'auth_errors',
] as const;

export type CounterName = (typeof COUNTERS)[number];

/** Position of each counter: constants, so that counting is one addition in a typed array. */
export const CMD_GET = 0;
export const CMD_SET = 1;
export const CMD_FLUSH = 2;
export const CMD_TOUCH = 3;
export const CMD_META = 4;
export const GET_HITS = 5;
export const GET_MISSES = 6;
export const GET_EXPIRED = 7;
export const DELETE_MISSES = 9;
export const DELETE_HITS = 10;
export const INCR_MISSES = 11;
export const INCR_HITS = 12;
export const DECR_MISSES = 13;
export const DECR_HITS = 14;
export const CAS_MISSES = 15;
export const CAS_HITS = 16;
export const CAS_BADVAL = 17;
export const TOUCH_HITS = 18;
export const TOUCH_MISSES = 19;
export const STORE_TOO_LARGE = 20;
export const STORE_NO_MEMORY = 21;
export const AUTH_CMDS = 22;
export const AUTH_ERRORS = 23;
