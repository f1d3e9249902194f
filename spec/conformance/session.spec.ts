/** The wire tables on the bare session over each store: whole, byte by byte, and split at every boundary. */

import { describe, expect, it } from 'vitest';
import type { StoreName } from '../support/stores.js';
import { TABLES_ON_STORES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { type Cut, runOnSession } from './targets/session-target.js';
import type { Row } from './wire-table.js';

/** Rows with megabytes of data say nothing about splitting that the others do not. */
const SPLIT_MAX_BYTES = 5000;
/** Splitting is the session's business; a page store takes longer to make. */
const SPLIT_STEP: Readonly<Record<StoreName, number>> = { engine: 1, pages: 13 };

const whole: Cut = (bytes) => [bytes];
const byteByByte: Cut = (bytes) => Array.from(bytes, (byte) => Buffer.of(byte));

function splitAt(turn: number, position: number): Cut {
  return (bytes, index) =>
    index === turn ? [bytes.subarray(0, position), bytes.subarray(position)] : [bytes];
}

function check(row: Row, store: StoreName, cut: Cut, how: string): void {
  const outcome = runOnSession(row, cut, store);
  expectOutcome(row, outcome, how);
  expect(outcome.problems, how).toEqual([]);
}

for (const [store, table] of TABLES_ON_STORES) {
  describe(`session over ${store}: ${table.name}`, () => {
    for (const row of table.rows) {
      const bytes = row.turns.reduce((sum, turn) => sum + (turn.length === 1 ? 0 : turn[0].length), 0);
      it(row.title, () => {
        check(row, store, whole, 'whole');
        if (row.wholeOnly === true || bytes > SPLIT_MAX_BYTES) return;
        check(row, store, byteByByte, 'byte by byte');
        row.turns.forEach((turn, index) => {
          if (turn.length === 1) return;
          for (let at = 1; at < turn[0].length; at += SPLIT_STEP[store])
            check(row, store, splitAt(index, at), `turn ${index} split at ${at}`);
        });
      });
    }
  });
}
