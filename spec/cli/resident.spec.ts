/** What the process takes is what the documentation says, through changing sizes of values and with clients that mean ill. */

import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { residentBytesFor } from '../../lib/cli/memory-need.js';
import { start } from './command.js';
import { askAndNeverRead, fill, peakBytes, sendUnfinished } from './memory-load.js';

const MIB = 1024 * 1024;

/** Values of eight sizes, small after large and large after small. */
const SIZES = [100, 3000, 70_000, 300, 20_000, 900_000, 1000, 50_000];
/** What these leave in malloc's heap grows with the limit, and what a process may take beside the limit does not. */
const MANY_AFTER_FEW = [70_000, 300, 20_000, 100];

function end(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

function keys(valueBytes: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${valueBytes}:${i}`);
}

describe.runIf(existsSync('/proc/self/status'))(
  'hotset has no more resident than it says, at any time',
  () => {
    async function serving(mebibytes: number) {
      const command = start(['-m', String(mebibytes)]);
      const port = await command.port();
      return {
        port,
        expectFits(what: string): void {
          const most = residentBytesFor(mebibytes * MIB);
          expect(peakBytes(command.child.pid!) / MIB, what).toBeLessThanOrEqual(most / MIB);
          expect([command.child.exitCode, command.stderr]).toEqual([null, '']);
        },
        async fillEach(sizes: readonly number[]): Promise<void> {
          for (const size of sizes) {
            await fill(port, size, 1.5 * mebibytes * MIB);
            this.expectFits(`after values of ${size} bytes`);
          }
        },
      };
    }

    it('with values of all sizes, and clients that mean ill', async () => {
      const server = await serving(64);
      const { port } = server;
      await server.fillEach(SIZES);
      end(await sendUnfinished(port, 1000, 1_000_000));
      server.expectFits('with 1,000 unfinished sets of 1 MB');
      await fill(port, 900_000, 64 * MIB);
      end(await askAndNeverRead(port, 100, keys(900_000, 30), 3));
      server.expectFits('with 100 clients that do not read values of 900 kB');
      await fill(port, 1000, 64 * MIB);
      end(await askAndNeverRead(port, 1000, keys(1000, 1000), 3));
      server.expectFits('with 1,000 clients that do not read values of 1 kB');
    });

    it('with many small values after few large ones', async () => {
      await (await serving(256)).fillEach(MANY_AFTER_FEW);
    });
  },
);
