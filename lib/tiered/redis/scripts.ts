/**
 * What the server does in one step. A key K stands beside the key of its lease, which is in the same slot. Times are in
 * milliseconds; an empty one is no limit, and PTTL's -1 as well.
 *
 * A value is stored behind eight bytes: when it expires by the server's clock, as a double, so that a plain GET says how long it has.
 * Values are read with MGET: what is there and no text, somebody else's list, is absent, where GET fails.
 */

import { createHash } from 'node:crypto';

/** A script, by the name that a server which has seen it knows. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export type Argument = string | Buffer;

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Sends EVALSHA, and the script itself to a server that does not know it yet. */
export function runScript(
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly Argument[],
  send: (command: Argument[]) => Promise<unknown>,
): Promise<unknown> {
  const rest = [`${keys.length}`, ...keys, ...args];
  return send(['evalsha', sha, ...rest]).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return send(['eval', text, ...rest]);
  });
}

const SET = `
local function set(key, value, ttl)
  if ttl == '' then
    redis.call('SET', key, struct.pack('>d', math.huge) .. value)
  else
    local now = redis.call('TIME')
    local due = now[1] * 1000 + math.floor(now[2] / 1000) + ttl
    redis.call('SET', key, struct.pack('>d', due) .. value, 'PX', ttl)
  end
end`;

/** K… → value, PTTL, value, PTTL… */
export const READ: Script = script(`
local found = {}
for at, key in ipairs(KEYS) do
  found[2 * at - 1] = redis.call('MGET', key)[1]
  found[2 * at] = redis.call('PTTL', key)
end
return found`);

/** K, lease, K, lease…; value, ttl, value, ttl… */
export const WRITE: Script = script(`${SET}
for at = 1, #KEYS, 2 do
  set(KEYS[at], ARGV[at], ARGV[at + 1])
  redis.call('UNLINK', KEYS[at + 1])
end`);

/**
 * K, lease, K, lease… A key that is not there is written first: tracking reports no deletion of it, and another process may hold it
 * all the same.
 */
export const REMOVE: Script = script(`
for at = 1, #KEYS, 2 do
  if redis.call('UNLINK', KEYS[at]) == 0 then
    redis.call('SET', KEYS[at], '')
    redis.call('UNLINK', KEYS[at])
  end
  redis.call('UNLINK', KEYS[at + 1])
end`);

/**
 * K, lease; token, how long the lease lasts, below which time left K is stale (empty: whatever is there) → value, PTTL, and 1 with
 * the lease, 0 while another has it, -1 without need of one, or without room for it. A client that sends it again after a reconnect finds
 * its own token.
 */
export const READ_OR_LEASE: Script = script(`
local value, ttl = redis.call('MGET', KEYS[1])[1], redis.call('PTTL', KEYS[1])
local isEntry = value and #value > 8
if isEntry and ARGV[3] ~= '' and (ttl == -1 or ttl >= tonumber(ARGV[3])) then return {value, ttl, -1} end
local granted = redis.pcall('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
if granted and granted.err then
  if string.find(granted.err, 'OOM ', 1, true) then return {value, ttl, -1} end
  return granted
end
if granted then return {value, ttl, 1} end
if redis.call('GET', KEYS[2]) == ARGV[1] then return {value, ttl, 1} end
return {value, ttl, 0}`);

/** K, lease; token, value, ttl → 1, or 0 when the lease is another's or none. */
export const FILL: Script = script(`${SET}
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
set(KEYS[1], ARGV[2], ARGV[3])
redis.call('UNLINK', KEYS[2])
return 1`);

/** lease; token. */
export const RELEASE: Script = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('UNLINK', KEYS[1]) end`);

/** Cursor, count, prefix of keys, part of leases' names → next cursor, names that match. It looks at about `count` names. */
export const SCAN: Script = script(`
local page = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[2])
local found = {page[1]}
for _, name in ipairs(page[2]) do
  if string.sub(name, 1, #ARGV[3]) == ARGV[3] or string.find(name, ARGV[4], 1, true) then found[#found + 1] = name end
end
return found`);
