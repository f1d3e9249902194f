/** What each command counts, on an item and on none: as memcached 1.6.45 counted the same lines. */

import { describe, expect, it } from 'vitest';
import { COUNTERS } from '../../lib/memcached/counters.js';
import { Administered } from './admin/fixture.js';

/** A command for the key K, and what it counts on a hit and on a miss. */
const ROWS: readonly (readonly [command: string, hit: string, miss: string])[] = [
  ['mg K', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K v', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K q v', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K T60', 'cmd_touch 1 touch_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K T60 v', 'cmd_touch 1 touch_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K q T60', 'cmd_touch 1 touch_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K T-1', 'cmd_touch 1 touch_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K N30', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_hits 1'],
  ['mg K N30 T60', 'cmd_touch 1 touch_hits 1', 'cmd_touch 1 touch_hits 1'],
  ['mg K R30', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K C1 v', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K u', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['mg K h l t', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['md K', 'delete_hits 1', 'delete_misses 1'],
  ['md K q', 'delete_hits 1', 'delete_misses 1'],
  ['md K C99', 'delete_misses 1', 'delete_misses 1'],
  ['md K I', '', 'delete_misses 1'],
  ['md K I T30', '', 'delete_misses 1'],
  ['md K x', 'delete_hits 1', 'delete_misses 1'],
  ['md K x I', '', 'delete_misses 1'],
  ['md K C99 I', 'delete_misses 1', 'delete_misses 1'],
  ['ma K', 'incr_hits 1', 'incr_misses 1'],
  ['ma K MD', 'decr_hits 1', 'decr_misses 1'],
  ['ma K q', 'incr_hits 1', 'incr_misses 1'],
  ['ma K N30 J5', 'incr_hits 1', ''],
  ['ma K MD N30', 'decr_hits 1', ''],
  ['ma K C99', '', 'incr_misses 1'],
  ['ma K T30', 'incr_hits 1', 'incr_misses 1'],
  ['ms K 1|z', 'cmd_set 1', 'cmd_set 1'],
  ['ms K 1 q|z', 'cmd_set 1', 'cmd_set 1'],
  ['ms K 1 ME|z', 'cmd_set 1', 'cmd_set 1'],
  ['ms K 1 MR|z', 'cmd_set 1', 'cmd_set 1'],
  ['ms K 1 MA|z', 'cmd_set 1', 'cmd_set 1'],
  ['ms K 1 MA N30|z', 'cmd_set 1', 'cmd_set 1'],
  ['ms K 1 C99|z', 'cmd_set 1 cas_badval 1', 'cmd_set 1 cas_misses 1'],
  ['ms K 1 C0|z', 'cmd_set 1 cas_badval 1', 'cmd_set 1 cas_misses 1'],
  ['ms K 1 MR C99|z', 'cmd_set 1 cas_badval 1', 'cmd_set 1 cas_misses 1'],
  ['ms K 1 I C1|z', 'cmd_set 1 cas_hits 1', 'cmd_set 1 cas_misses 1'],
  ['ms K 1 I C18446744073709551615|z', 'cmd_set 1 cas_badval 1', 'cmd_set 1 cas_misses 1'],
  ['ms K 1 T-1|z', 'cmd_set 1', 'cmd_set 1'],
  ['me K', 'cmd_meta 1', 'cmd_meta 1'],
  ['get K', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['gets K', 'cmd_get 1 get_hits 1', 'cmd_get 1 get_misses 1'],
  ['gat 60 K', 'cmd_touch 1 touch_hits 1', 'cmd_touch 1 touch_misses 1'],
  ['touch K 60', 'cmd_touch 1 touch_hits 1', 'cmd_touch 1 touch_misses 1'],
  ['incr K 1', 'incr_hits 1', 'incr_misses 1'],
  ['decr K 1', 'decr_hits 1', 'decr_misses 1'],
  ['delete K', 'delete_hits 1', 'delete_misses 1'],
  ['set K 0 0 1|z', 'cmd_set 1', 'cmd_set 1'],
  ['add K 0 0 1|z', 'cmd_set 1', 'cmd_set 1'],
  ['replace K 0 0 1|z', 'cmd_set 1', 'cmd_set 1'],
  ['append K 0 0 1|z', 'cmd_set 1', 'cmd_set 1'],
  ['cas K 0 0 1 99|z', 'cmd_set 1 cas_badval 1', 'cmd_set 1 cas_misses 1'],
  ['mn', '', ''],
];

function counted(command: string, key: string): string {
  const admin = new Administered();
  admin.ask('set other 0 0 1\r\nx\r\nset other 0 0 1\r\nx\r\nset h 5 0 2\r\n10\r\n');
  const before = Float64Array.from(admin.items.counters);
  admin.ask(`${command.replace('K', key).replace('|', '\r\n')}\r\n`);
  const counts = COUNTERS.map((name, i) => `${name} ${admin.items.counters[i]! - before[i]!}`);
  return counts.filter((count) => !count.endsWith(' 0')).join(' ');
}

describe.each(ROWS)('%s', (command, hit, miss) => {
  it('counts a hit', () => expect(counted(command, 'h')).toBe(hit));
  it('counts a miss', () => expect(counted(command, 'miss')).toBe(miss));
});
