/** `stats detail on|off|dump`. */

import type { ItemStore } from '../item-store.js';
import type { StatsAnswer } from './answer.js';

export function detail(items: ItemStore, [word]: readonly string[]): StatsAnswer {
  if (!items.allowDump) return { refusal: 'CLIENT_ERROR stats detail not allowed\r\n' };
  const { prefixes } = items;
  if (word === 'dump') return { text: prefixes.dump() };
  if (word !== 'on' && word !== 'off') return { refusal: 'CLIENT_ERROR usage: stats detail on|off|dump\r\n' };
  prefixes.enabled = word === 'on';
  return 'ok';
}
