/** `-o name,name=value`: memcached's extended options. */

import { UsageError } from './usage-error.js';

/** Options that only tune memcached's own slabs, threads, tables and disk: existing command lines still start. */
const WITHOUT_EFFECT: readonly RegExp[] = [
  /^(no_)?(modern|maxconns_fast|hashexpand|lru_crawler|lru_maintainer|slab_reassign)$/,
  /^(slab|lru|hash|hot|warm|temp|tail|ext|worker|watcher|read_buf|resp_obj|chunk|inline)\w*$/,
  /^(temporary_ttl|no_chunked_items|no_inline_ascii_resp|drop_privileges|no_drop_privileges)$/,
];

/** As memcached, which keeps it in 32 bits. */
const IDLE_TIMEOUT_MAX_SECONDS = 2 ** 31 - 1;

export function extendedOptions(lists: readonly string[]): { idleTimeoutMs: number } {
  let idleTimeoutMs = Number.POSITIVE_INFINITY;
  for (const option of lists.flatMap((list) => list.split(',')).filter((text) => text !== '')) {
    const [name = '', value] = option.split('=', 2);
    if (name === 'idle_timeout') {
      const seconds = value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
      if (!(seconds <= IDLE_TIMEOUT_MAX_SECONDS))
        throw new UsageError(`-o idle_timeout takes seconds, 0 for never; got ${value ?? 'nothing'}`);
      idleTimeoutMs = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
    } else if (!WITHOUT_EFFECT.some((pattern) => pattern.test(name))) {
      throw new UsageError(`unknown option -o ${name}; hotset takes idle_timeout=<seconds>`);
    }
  }
  return { idleTimeoutMs };
}
