/**
 * The wire tables on memcached itself: Debian's, and 1.6.45 or later where HOTSET_MEMCACHED names it. Where it answers
 * otherwise the table is wrong, or the row says what differs and why. Each row gets a memcached of its own, so that
 * cas ids begin at 1. Clock steps are slept, short ones only.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MemcachedBinary, memcachedBinaries } from '../support/memcached-binaries.js';
import { TABLES } from './tables/index.js';
import { CasIds } from './targets/cas-ids.js';
import { expectOutcome, isAsExpected } from './targets/expect-outcome.js';
import { runOnSocket, type SocketOutcome } from './targets/socket-target.js';
import { asAnsweredByReference, type Row, secondsIn } from './wire-table.js';

const SLEEP_MAX_SECONDS = 4;
/** How long a row that must differ is waited for: it may end in silence. */
const SHORT_PATIENCE_MS = 100;

const folder = mkdtempSync(join(tmpdir(), 'hotset-memcached-'));
afterAll(() => rmSync(folder, { recursive: true }));
let servers = 0;

async function withMemcached<Result>(
  command: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = join(folder, `${++servers}.sock`);
  const memcached: ChildProcess = spawn(command, ['-s', path, '-t', '1', '-u', 'root', '-m', '64'], {
    stdio: 'ignore',
  });
  const exited = once(memcached, 'exit');
  try {
    return await use(path);
  } finally {
    memcached.kill('SIGKILL');
    await exited;
  }
}

async function connectWhenUp(path: string): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (tries === 200) throw error;
      await sleep(10);
    }
  }
}

/** What a memcached of this release says to a row: the same, something else, or nothing that can be compared. */
function verdict(row: Row, { release }: MemcachedBinary): 'same' | 'other' | 'skip' {
  if (row.ours !== undefined || secondsIn(row) > SLEEP_MAX_SECONDS) return 'skip';
  if (release === 'reference') return 'same';
  if (row.deviates !== undefined || row.not1618 !== undefined) return 'skip';
  if (row.differs === undefined) return 'same';
  return release === '1.6.18' ? 'other' : 'skip';
}

async function converse(row: Row, binary: MemcachedBinary): Promise<SocketOutcome> {
  return await withMemcached(binary.command, async (path) => {
    const sockets = [await connectWhenUp(path)];
    const open = (): Socket => sockets.pop() ?? connect(path);
    // A little more than a step: its clock ticks once a second.
    const pass = (seconds: number): Promise<void> => sleep(seconds * 1000 + 100);
    return await runOnSocket(row, open, pass, {
      ...(verdict(row, binary) === 'other' && { patienceMs: SHORT_PATIENCE_MS }),
      casIds: binary.release === 'reference' ? new CasIds(row) : undefined,
    });
  });
}

for (const binary of memcachedBinaries()) {
  const rowsOf = ({ rows }: { readonly rows: readonly Row[] }): Row[] =>
    rows
      .filter((row) => verdict(row, binary) !== 'skip')
      .map((row) => (binary.release === 'reference' ? asAnsweredByReference(row) : row));
  const tables = TABLES.map((table) => ({ name: table.name, rows: rowsOf(table) })).filter(
    ({ rows }) => rows.length > 0,
  );

  // Rows that sleep do so all at once, while the others run.
  const sleeping = new Map<Row, Promise<SocketOutcome>>();
  beforeAll(() => {
    if (binary.missing) return;
    for (const row of tables.flatMap(({ rows }) => rows)) {
      if (secondsIn(row) === 0) continue;
      const outcome = converse(row, binary);
      outcome.catch(() => {});
      sleeping.set(row, outcome);
    }
  });

  for (const { name, rows } of tables) {
    describe.skipIf(binary.missing).concurrent(`${binary.name}${binary.hint}: ${name}`, () => {
      for (const row of rows) {
        // Its clock ticks when it likes, also between a store and the question how long the item still lives.
        it(row.title, { retry: secondsIn(row) > 0 || tellsTime(row) ? 2 : 0 }, async () => {
          const outcome = await (sleeping.get(row) ?? converse(row, binary));
          sleeping.delete(row);
          if (verdict(row, binary) === 'same') expectOutcome(row, outcome);
          else expect(isAsExpected(row, outcome), `no longer differs: ${row.differs}`).toBe(false);
        });
      }
    });
  }
}

function tellsTime(row: Row): boolean {
  return row.turns.some((turn) => turn.length !== 1 && / t\d| exp=\d/.test(turn[1]));
}
