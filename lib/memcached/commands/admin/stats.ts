/** The `stats` family: which list a client asks for, and how a list is written. */

import type { ItemStore } from '../../item-store.js';
import type { AdminAnswer, Stat } from './answer.js';
import { cacheDump } from './cache-dump.js';
import { connectionStats } from './stats-connections.js';
import { generalStats } from './stats-general.js';
import { itemStats, slabStats } from './stats-items.js';
import { settingsStats } from './stats-settings.js';

export function stats(items: ItemStore, [kind, ...rest]: readonly string[]): AdminAnswer {
  switch (kind) {
    case undefined:
      return statLines(generalStats(items));
    case 'settings':
      return statLines(settingsStats(items));
    case 'items':
      return statLines(itemStats(items));
    case 'slabs':
      return statLines(slabStats(items));
    case 'sizes':
      return statLines([['sizes_status', 'disabled']]);
    case 'conns':
      return statLines(connectionStats(items));
    case 'cachedump':
      return cacheDump(items, rest);
    case 'reset':
      items.resetStats();
      return 'RESET\r\n';
    default:
      return 'ERROR\r\n';
  }
}

function statLines(stats: Iterable<Stat>): string {
  let text = '';
  for (const [name, value] of stats) text += `STAT ${name} ${value}\r\n`;
  return `${text}END\r\n`;
}
