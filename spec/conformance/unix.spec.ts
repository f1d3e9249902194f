/** The wire tables over a Unix socket. */

import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { createStore } from '../support/stores.js';
import { TABLES_ON_STORES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { WALL_CLOCK_MS } from './targets/session-target.js';
import { runOnSocket } from './targets/socket-target.js';

const folder = mkdtempSync(join(tmpdir(), 'hotset-unix-'));
afterAll(() => rmSync(folder, { recursive: true }));
let servers = 0;

for (const [store, table] of TABLES_ON_STORES) {
  describe.concurrent(`Unix socket over ${store}: ${table.name}`, () => {
    for (const row of table.rows) {
      it(row.title, async () => {
        const clock = new ManualClock(WALL_CLOCK_MS);
        const entries = createStore(store, { clock });
        const path = join(folder, `${++servers}.sock`);
        const server = createTcpServer(entries, { path, clock });
        await server.listen();
        const outcome = await runOnSocket(
          row,
          () => connect(path),
          async (seconds) => clock.advance(seconds * 1000),
        );
        expectOutcome(row, outcome);
        expect(entries.verify()).toEqual([]);
        await server.close();
      });
    }
  });
}
