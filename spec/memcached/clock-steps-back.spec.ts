/** A system clock that is put back, or on. */

import { expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { overview } from '../../lib/memcached/overview.js';
import { Administered, START_SECONDS } from './admin-fixture.js';

it.each([1, 5, 13, 3600])(
  'time since the last access is a number when the clock is put back %i s',
  (seconds) => {
    const admin = new Administered();
    admin.set('k');
    admin.clock.advance(-1000 * seconds);
    expect(admin.ask('mg k l\r\n')).toBe('HD l0\r\n');
  },
);

it.each([3600, -7200])(
  'uptime counts seconds that have passed, whatever happens to the system clock: %i s',
  (step) => {
    const clock = new ManualClock(START_SECONDS * 1000);
    const durations = new ManualClock(5000);
    const admin = new Administered({ clock }, { clock: durations });
    durations.advance(11_000);
    clock.advance(11_000 + 1000 * step);
    expect(admin.stat('uptime')).toBe(11);
    expect(overview(admin.items).uptimeMs).toBe(11_000);
    expect(admin.stat('time')).toBe(START_SECONDS + 11 + step);
  },
);
