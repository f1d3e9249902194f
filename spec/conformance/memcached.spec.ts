/**
 * The wire tables on Debian's memcached: where it answers otherwise the table is wrong, or says why it differs.
 * Each row gets a memcached of its own, so that cas ids begin at 1. Clock steps are slept, short ones only.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLES } from './tables/index.js';
import { expectOutcome, isAsExpected } from './targets/expect-outcome.js';
import { runOnSocket, type SocketOutcome } from './targets/socket-target.js';
import { type Row, secondsIn } from './wire-table.js';

const SLEEP_MAX_SECONDS = 4;

const installed = spawnSync('memcached', ['-V'], { encoding: 'utf8' });
const missing = installed.status !== 0;
if (missing) {
  if (process.env.CI === 'true')
    throw new Error('memcached is not installed, and CI must not skip: apt-get install memcached');
  console.warn('skipped: the wire tables on memcached, which is not installed (Debian package: memcached)');
}
const is1618 = installed.stdout?.includes('1.6.18') === true;

const folder = mkdtempSync(join(tmpdir(), 'hotset-memcached-'));
afterAll(() => rmSync(folder, { recursive: true }));
let servers = 0;

async function withMemcached<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const path = join(folder, `${++servers}.sock`);
  const memcached: ChildProcess = spawn('memcached', ['-s', path, '-t', '1', '-u', 'root', '-m', '64'], {
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

/** Rows that can say something about this memcached. */
function applies(row: Row): boolean {
  if (row.ours !== undefined || secondsIn(row) > SLEEP_MAX_SECONDS) return false;
  return row.differs === undefined || is1618;
}

async function converse(row: Row): Promise<SocketOutcome> {
  return await withMemcached(async (path) => {
    const sockets = [await connectWhenUp(path)];
    const open = (): Socket => sockets.pop() ?? connect(path);
    // A little more than a step: its clock ticks once a second.
    return await runOnSocket(row, open, (seconds) => sleep(seconds * 1000 + 100));
  });
}

// Rows that sleep do so all at once, while the others run.
const sleeping = new Map<Row, Promise<SocketOutcome>>();
beforeAll(() => {
  if (missing) return;
  for (const row of TABLES.flatMap((table) => table.rows).filter(applies)) {
    if (secondsIn(row) === 0) continue;
    const outcome = converse(row);
    outcome.catch(() => {});
    sleeping.set(row, outcome);
  }
});

for (const table of TABLES) {
  describe.skipIf(missing).concurrent(`memcached: ${table.name}`, () => {
    for (const row of table.rows.filter(applies)) {
      // Its clock ticks when it likes, also between a store and the question how long the item still lives.
      it(row.title, { retry: secondsIn(row) > 0 || tellsTime(row) ? 2 : 0 }, async () => {
        const outcome = await (sleeping.get(row) ?? converse(row));
        sleeping.delete(row);
        if (row.differs === undefined) expectOutcome(row, outcome);
        else expect(isAsExpected(row, outcome), `no longer differs: ${row.differs}`).toBe(false);
      });
    }
  });
}

function tellsTime(row: Row): boolean {
  return row.turns.some((turn) => turn.length !== 1 && / t\d| exp=\d/.test(turn[1]));
}
