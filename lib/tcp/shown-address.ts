/** Where a server listens, as `stats conns` shows it. */

import { shownEnd } from '../memcached/admin/shown-end.js';
import type { ListenAddress } from './options.js';

export function shownListener(address: ListenAddress): string {
  return 'path' in address ? `unix:${address.path}` : shownEnd(address.host, address.port, null);
}
