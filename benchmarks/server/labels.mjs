/** How figures of servers are called, in tables and charts alike. */

import { MEMCACHED } from './contenders.mjs';

/** By name: memcached with its version, without which its figures say nothing. Others have theirs in the conditions. */
export function shownNames(contenders) {
  return Object.fromEntries(
    contenders.map(({ name, version }) => [name, name === MEMCACHED ? `${MEMCACHED} ${version}` : name]),
  );
}

/** `100 B`, `64 kB`, `1 MB`: decimal, as the values of the cells are. */
export function bytesText(bytes) {
  if (bytes >= 1e6) return `${bytes / 1e6} MB`;
  return bytes >= 1000 ? `${bytes / 1000} kB` : `${bytes} B`;
}
