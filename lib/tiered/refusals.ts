/**
 * What the error of a request says of its server: whether it **refuses** this request, and serves others, or is **out**. Only what is
 * out is left alone.
 */

import { type ErrorCode, HotsetError } from '../errors.js';

/** Errors of hotset's own clients that are the server's, and not the request's. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'HOTSET_DISCONNECTED',
  'HOTSET_TIMEOUT',
  'HOTSET_PROTOCOL',
  'HOTSET_CLOSED',
]);

/**
 * Words that a reply of Redis begins with. Any other reply is an outage: a server that loads its data set (`LOADING`), runs a script
 * (`BUSY`), has lost its master (`MASTERDOWN`) or its cluster (`CLUSTERDOWN`), or does not know this client (`NOAUTH`), serves nothing.
 */
export const REDIS_REFUSALS = [
  // It is full, and evicts nothing.
  'OOM',
  // A replica.
  'READONLY',
  'NOREPLICAS',
  // It cannot write to its disk.
  'MISCONF',
  'NOPERM',
  // A slot is on its way to another master.
  'TRYAGAIN',
  'WRONGTYPE',
] as const;

/** Redis 6 names a script's error behind the line of the script, and calls NOPERM something else there. */
const REDIS_REFUSAL = new RegExp(
  `^(?:ERR Error running script .*-)?(?:${REDIS_REFUSALS.join('|')}) |ACL failure in script|user executing the script can't`,
);

/** True for what says nothing of other requests: the server is there. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof HotsetError) return !OUTAGES.has(error.code);
  return error instanceof Error && REDIS_REFUSAL.test(error.message);
}
