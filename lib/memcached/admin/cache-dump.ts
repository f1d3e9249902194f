/** `stats cachedump <class> <limit>`: the newest items of a class, as much of them as memcached would show. */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import type { StatsAnswer } from './answer.js';
import { expiresAtSeconds, isBinaryKey } from './item-facts.js';
import { pieces } from './pieces.js';
import { BAD_FORMAT, NO_ROOM_FOR_STATS } from './replies.js';
import { walkItems } from './walk.js';
import { uint32 } from './words.js';

const DUMP_MAX_BYTES = 2 * 1024 * 1024;
const LARGEST_CLASS = 63;
const END = 'END\r\n';

export function cacheDump(items: ItemStore, [classWord, limitWord]: readonly string[]): StatsAnswer {
  if (!items.allowDump) return { refusal: 'CLIENT_ERROR stats cachedump not allowed\r\n' };
  if (classWord === undefined || limitWord === undefined)
    return { refusal: 'CLIENT_ERROR bad command line\r\n' };
  const itemClass = uint32(classWord);
  const limit = uint32(limitWord);
  if (itemClass === undefined || limit === undefined) return { refusal: BAD_FORMAT };
  if (itemClass > LARGEST_CLASS) return { refusal: 'CLIENT_ERROR Illegal slab id\r\n' };
  if (itemClass !== 1) return { lines: [END].values() };
  const state = adminStateOf(items);
  if (!state.hasRoomForList) return { refusal: NO_ROOM_FOR_STATS };
  const lines = dumped(items, limit === 0 ? Number.POSITIVE_INFINITY : limit);
  return { lines: pieces(state.counted(lines)) };
}

/** All of it is put together first: a walk that waited for its reader would slow every access to the cache. */
function* dumped(items: ItemStore, limit: number): Generator<string | null, void, undefined> {
  const { entries } = items;
  const lines: string[] = [];
  let length = 0;
  for (const item of walkItems(items, 'newest-first')) {
    if (item === null) yield null;
    else if (!isBinaryKey(items, item)) {
      const seconds = expiresAtSeconds(items, item.entry) ?? 0;
      const line = `ITEM ${item.key} [${entries.valueAt(item.entry).length} b; ${seconds} s]\r\n`;
      length += line.length;
      if (length > DUMP_MAX_BYTES) break;
      lines.push(line);
      if (lines.length >= limit) break;
    }
  }
  yield* lines;
  yield END;
}
