/** The wall clock is set while connections are open: they stay as long as the clock for durations lets them. */

import { expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { serve } from './fixture.js';

it.each([3_600_000, -7_200_000])('a step of %i ms does not affect idle connections', async (stepMs) => {
  const wall = new ManualClock(Date.UTC(2026, 0, 1));
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 5000, clock: wall });
  const client = await connect();
  await client.ask('version\r\n');
  wall.advance(stepMs);
  clock.advance(5000);
  transport.upkeep();
  expect(transport.idleKicks).toBe(0);
  const watcher = await connect();
  expect((await watcher.stats('conns'))['2:secs_since_last_cmd']).toBe('5');
  await watcher.close();
  clock.advance(1);
  transport.upkeep();
  expect(transport.idleKicks).toBe(1);
  expect(await client.rest()).toBe('');
});
