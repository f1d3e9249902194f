/** Many misses of one key in several processes: one load. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { memcachedTool } from '../support/external-tool.js';
import { startHotset } from '../support/hotset-process.js';
import { startMemcached } from '../support/memcached-process.js';

const PROCESSES = 4;
const READS_IN_EACH = 250;

interface Answer {
  readonly loads: number;
  readonly loadedBy: readonly number[];
}

const children: ChildProcess[] = [];
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(
    children.splice(0).map(async (child) => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    }),
  );
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function startFleet(kind: string, address: string): Promise<void> {
  const path = join(import.meta.dirname, 'fleet-child.mjs');
  for (let number = 0; number < PROCESSES; number++)
    children.push(fork(path, [kind, address, String(READS_IN_EACH)]));
  await Promise.all(children.map((child) => once(child, 'message')));
}

function readByAll(key: string): Promise<Answer[]> {
  return Promise.all(
    children.map(async (child) => {
      const answered = once(child, 'message');
      child.send(key);
      return (await answered)[0] as Answer;
    }),
  );
}

async function expectOneLoad(): Promise<void> {
  for (const key of ['first', 'a second key']) {
    const answers = await readByAll(key);
    expect(answers.reduce((total, { loads }) => total + loads, 0)).toBe(1);
    expect(new Set(answers.flatMap(({ loadedBy }) => loadedBy)).size).toBe(1);
  }
}

const memcached = memcachedTool();

describe(`${PROCESSES * READS_IN_EACH} misses of one key in ${PROCESSES} processes`, () => {
  it.skipIf(memcached.missing)(`are one load, on memcached${memcached.hint}`, async () => {
    const { port, stop } = await startMemcached();
    cleanups.push(stop);
    await startFleet('memcached', `127.0.0.1:${port}`);
    await expectOneLoad();
  });

  it('are one load, on hotset by the memcached protocol', async () => {
    const { port, stop } = await startHotset();
    cleanups.push(stop);
    await startFleet('memcached', `127.0.0.1:${port}`);
    await expectOneLoad();
  });

  it('are one load, on hotset by its own protocol', async () => {
    const server = createServer();
    const endpoint = attachWebSocket(new CacheEngine<string, unknown>(), { server });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      await endpoint.close({ forceAfterMs: 0 });
      server.close();
    });
    await startFleet('hotset', `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await expectOneLoad();
  });
});
