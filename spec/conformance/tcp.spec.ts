/** The wire tables over a real TCP socket; `debugtime` moves the clock, as in memcached's own debug build. */

import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { createStore } from '../support/stores.js';
import { TABLES_ON_STORES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { WALL_CLOCK_MS } from './targets/session-target.js';
import { runOnSocket } from './targets/socket-target.js';

for (const [store, table] of TABLES_ON_STORES) {
  describe.concurrent(`TCP over ${store}: ${table.name}`, () => {
    for (const row of table.rows) {
      it(row.title, async () => {
        const clock = new ManualClock(WALL_CLOCK_MS);
        const entries = createStore(store, { clock });
        const server = createTcpServer(entries, { port: 0, clock });
        const address = await server.listen();
        const open = (): Socket => connect('port' in address ? address.port! : 0);
        const outcome = await runOnSocket(row, open, async (seconds) => clock.advance(seconds * 1000));
        expectOutcome(row, outcome);
        expect(entries.verify()).toEqual([]);
        await server.close();
      });
    }
  });
}
