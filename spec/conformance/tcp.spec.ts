/** The wire tables over a real TCP socket; `debugtime` moves the clock, as in memcached's own debug build. */

import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { TABLES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { WALL_CLOCK_MS } from './targets/session-target.js';
import { runOnSocket } from './targets/socket-target.js';

for (const table of TABLES) {
  describe.concurrent(`TCP: ${table.name}`, () => {
    for (const row of table.rows) {
      it(row.title, async () => {
        const clock = new ManualClock(WALL_CLOCK_MS);
        const engine = new CacheEngine<string, unknown>({ clock });
        const server = createTcpServer(engine, { port: 0, clock });
        const address = await server.listen();
        const open = (): Socket => connect('port' in address ? address.port! : 0);
        const outcome = await runOnSocket(row, open, async (seconds) => clock.advance(seconds * 1000));
        expectOutcome(row, outcome);
        expect(engine.verify()).toEqual([]);
        await server.close();
      });
    }
  });
}
