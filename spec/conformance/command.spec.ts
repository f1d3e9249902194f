/**
 * The rows of the wire tables in which time passes, on the `hotset` command itself: its hidden --debug-clock
 * enables `debugtime`, which moves the clock as memcached's own debug build does.
 */

import { connect } from 'node:net';
import { describe, it } from 'vitest';
import { startHotset } from '../support/hotset-process.js';
import { skipTime } from '../support/raw-command.js';
import { TABLES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { runOnSocket } from './targets/socket-target.js';
import { secondsIn } from './wire-table.js';

for (const table of TABLES) {
  const timed = table.rows.filter((row) => secondsIn(row) > 0);
  if (timed.length === 0) continue;
  describe.concurrent(`hotset command: ${table.name}`, () => {
    for (const row of timed) {
      it(row.title, async () => {
        const server = await startHotset(['--debug-clock']);
        const outcome = await runOnSocket(
          row,
          () => connect(server.port),
          (seconds) => skipTime(server.port, seconds),
        );
        expectOutcome(row, outcome);
        await server.stop();
      });
    }
  });
}
