/** Compares what a row brought with what it should. */

import { expect } from 'vitest';
import { readable } from '../binary-packet.js';
import { expected, type Row } from '../wire-table.js';

export interface Outcome {
  readonly replies: string;
  readonly closed: boolean;
}

export function isAsExpected(row: Row, { replies, closed }: Outcome): boolean {
  return replies === expected(row) && closed === (row.closes === true);
}

export function expectOutcome(row: Row, outcome: Outcome, how?: string): void {
  if (isAsExpected(row, outcome)) return;
  expect({ replies: readable(outcome.replies), closed: outcome.closed }, how).toEqual({
    replies: readable(expected(row)),
    closed: row.closes === true,
  });
  // Other bytes that read the same.
  expect(outcome.replies, how).toBe(expected(row));
}
