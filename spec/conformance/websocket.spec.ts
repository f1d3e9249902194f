/** The wire tables over the `memcached` subprotocol of WebSocket, in whole frames and in the smallest. */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { createStore, type StoreName } from '../support/stores.js';
import { TABLES_ON_STORES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { FrameStream, type Framing } from './targets/frame-stream.js';
import { WALL_CLOCK_MS } from './targets/session-target.js';
import { runOnSocket } from './targets/socket-target.js';
import type { Row } from './wire-table.js';

/** Less than the longest message. */
const FRAME_BYTES = 1024 * 1024;
/** A long value in frames of one byte would take long, and show nothing more. */
const FRAMES_MOST = 2000;

const whole: Framing = (bytes) => cut(bytes, FRAME_BYTES);
const tiny: Framing = (bytes) => cut(bytes, Math.ceil(bytes.length / FRAMES_MOST));

function cut(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

async function run(row: Row, store: StoreName, framing: Framing): Promise<void> {
  const clock = new ManualClock(WALL_CLOCK_MS);
  const entries = createStore(store, { clock });
  const endpoint = attachWebSocket(entries, { port: 0, clock });
  const { port } = await endpoint.listen();
  const pass = async (seconds: number): Promise<void> => clock.advance(seconds * 1000);
  const outcome = await runOnSocket(row, () => new FrameStream(port, framing), pass);
  expectOutcome(row, outcome);
  expect(entries.verify()).toEqual([]);
  await endpoint.close();
}

for (const [store, table] of TABLES_ON_STORES) {
  describe.concurrent(`WebSocket over ${store}: ${table.name}`, () => {
    for (const row of table.rows) {
      it(row.title, async () => {
        await run(row, store, whole);
        if (row.wholeOnly !== true) await run(row, store, tiny);
      });
    }
  });
}
