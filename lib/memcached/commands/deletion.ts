/** delete and flush_all. */

import { CMD_FLUSH, DELETE_HITS, DELETE_MISSES } from '../counters.js';
import type { ItemStore } from '../item-store.js';
import type { Reply } from '../reply.js';
import type { Request } from '../request.js';

export function remove(items: ItemStore, request: Request): Reply {
  const deleted = items.engine.delete(request.key);
  items.count(deleted ? DELETE_HITS : DELETE_MISSES);
  return deleted ? 'deleted' : 'not-found';
}

export function flush(items: ItemStore, request: Request): Reply {
  items.count(CMD_FLUSH);
  items.flush(request.exptime);
  return 'ok';
}
