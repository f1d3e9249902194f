/** What the process takes is what the documentation says, through changing sizes of values and with clients that mean ill. */

import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { residentBytesFor } from '../../lib/cli/memory-need.js';
import { start } from './command.js';
import { askAndNeverRead, fill, peakBytes, sendUnfinished } from './memory-load.js';

const MIB = 1024 * 1024;
const LIMIT_MIB = 64;
const LIMIT = residentBytesFor(LIMIT_MIB * MIB);

/** Values of eight sizes, small after large and large after small. */
const SIZES = [100, 3000, 70_000, 300, 20_000, 900_000, 1000, 50_000];

function end(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

function keys(valueBytes: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${valueBytes}:${i}`);
}

describe.runIf(existsSync('/proc/self/status'))(`hotset -m ${LIMIT_MIB}`, () => {
  it('has no more resident than it says, at any time', { timeout: 60_000 }, async () => {
    const command = start(['-m', String(LIMIT_MIB)]);
    const port = await command.port();
    const expectFits = (what: string): void =>
      expect(peakBytes(command.child.pid!) / MIB, what).toBeLessThanOrEqual(LIMIT / MIB);
    for (const size of SIZES) {
      await fill(port, size, 1.5 * LIMIT_MIB * MIB);
      expectFits(`after values of ${size} bytes`);
    }
    end(await sendUnfinished(port, 1000, 1_000_000));
    expectFits('with 1,000 unfinished sets of 1 MB');
    await fill(port, 900_000, LIMIT_MIB * MIB);
    end(await askAndNeverRead(port, 100, keys(900_000, 30), 3));
    expectFits('with 100 clients that do not read values of 900 kB');
    await fill(port, 1000, LIMIT_MIB * MIB);
    end(await askAndNeverRead(port, 1000, keys(1000, 1000), 3));
    expectFits('with 1,000 clients that do not read values of 1 kB');
    expect(command.child.exitCode).toBeNull();
    expect(command.stderr).toBe('');
  });
});
