/** A system clock that is put back. */

import { expect, it } from 'vitest';
import { Administered } from './admin-fixture.js';

it.each([1, 5, 13, 3600])(
  'time since the last access is a number when the clock is put back %i s',
  (seconds) => {
    const admin = new Administered();
    admin.set('k');
    admin.clock.advance(-1000 * seconds);
    expect(admin.ask('mg k l\r\n')).toBe('HD l0\r\n');
  },
);
