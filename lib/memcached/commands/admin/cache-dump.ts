/** `stats cachedump <class> <limit>`: the newest items of a class, as much of them as memcached would show. */

import type { ItemStore } from '../../item-store.js';

const DUMP_MAX_BYTES = 2 * 1024 * 1024;
const LARGEST_CLASS = 63;

export function cacheDump(items: ItemStore, args: readonly string[]): string {
  const [classText, limitText] = args;
  if (classText === undefined || limitText === undefined) return 'CLIENT_ERROR bad command line\r\n';
  if (!/^\d{1,10}$/.test(classText) || !/^\d{1,10}$/.test(limitText))
    return 'CLIENT_ERROR bad command line format\r\n';
  if (Number(classText) > LARGEST_CLASS) return 'CLIENT_ERROR Illegal slab id\r\n';
  if (Number(classText) !== 1) return 'END\r\n';

  const { engine } = items;
  const limit = Number(limitText) === 0 ? Number.POSITIVE_INFINITY : Number(limitText);
  const now = items.clock.now();
  const lines: string[] = [];
  let length = 0;
  for (const key of engine.keys()) {
    if (lines.length >= limit) break;
    const slot = engine.find(key);
    if (slot === 0) continue;
    const ttlMs = engine.remainingTtlMsAt(slot);
    const expiry = ttlMs === Number.POSITIVE_INFINITY ? 0 : Math.ceil((now + ttlMs) / 1000);
    const line = `ITEM ${key} [${engine.valueAt(slot).length} b; ${expiry} s]\r\n`;
    length += line.length;
    if (length > DUMP_MAX_BYTES) break;
    lines.push(line);
  }
  return `${lines.join('')}END\r\n`;
}
