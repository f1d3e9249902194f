import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import {
  MAX_THREADS,
  type NativeThread,
  nativeThreads,
  THREAD_TABLE_BYTES,
  ThreadTable,
} from '../../lib/pages/thread-table.js';

/** A table as several threads see it: each test decides who calls and who lives. */
function tables(): { at(id: number, begun?: number): ThreadTable; ended: Set<number> } {
  const memory = new SharedArrayBuffer(THREAD_TABLE_BYTES);
  const ended = new Set<number>();
  return {
    ended,
    at: (id, begun = 1) =>
      new ThreadTable(memory, 0, {
        current: () => ({ id, begun }),
        isAlive: (thread) => !ended.has(thread.id),
      }),
  };
}

const unused = (): boolean => false;

it('gives each thread a number of its own, and the same one again', () => {
  const { at } = tables();
  const [first, second] = [at(10).enter(unused), at(11).enter(unused)];
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(0);
  expect(second).not.toBe(first);
  expect(at(10).enter(unused)).toBe(first);
  expect(at(11).enter(unused)).toBe(second);
});

it('tells a thread from an earlier one that had its id', () => {
  const { at } = tables();
  expect(at(10, 2).enter(unused)).not.toBe(at(10, 1).enter(unused));
});

it('uses the place of a dead thread again, under another number, unless a lock still names it', () => {
  const { at, ended } = tables();
  const numbers = Array.from({ length: MAX_THREADS }, (_, i) => at(i + 1).enter(unused));
  expect(new Set(numbers).size).toBe(MAX_THREADS);
  expect(() => at(1000).enter(unused)).toThrow(/takes 255 threads at a time/);
  ended.add(5);
  expect(at(2).hasEnded(numbers[4]!, 0)).toBe(true);
  expect(() => at(1000).enter((number) => number === numbers[4])).toThrow(/255/);
  const late = at(1000).enter(unused);
  expect(numbers).not.toContain(late);
  expect(at(2).hasEnded(late, 0)).toBe(false);
  expect(at(2).hasEnded(numbers[4]!, 0), 'its place belongs to another one').toBe(true);
});

it('goes by the time where the system does not say who lives', () => {
  const memory = new SharedArrayBuffer(THREAD_TABLE_BYTES);
  const table = new ThreadTable(memory, 0, {
    current: () => ({ id: -4, begun: 0 }),
    isAlive: () => undefined,
  });
  const self = table.enter(unused);
  expect(table.hasEnded(self, 5000)).toBe(false);
  expect(table.hasEnded(self, 10_000)).toBe(true);
});

it.runIf(process.platform === 'linux')('sees worker threads live and end', async () => {
  const source = `
    const { readlinkSync } = require('node:fs');
    const { parentPort } = require('node:worker_threads');
    parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').pop()));
    parentPort.on('message', () => {});
  `;
  const worker = new Worker(source, { eval: true });
  const id = await new Promise<number>((resolve) => worker.once('message', resolve));
  const self = nativeThreads.current();
  expect(nativeThreads.isAlive(self)).toBe(true);
  expect(self.id).not.toBe(id);
  // Only the thread itself knows when it began: another time is another thread.
  expect(nativeThreads.isAlive({ id, begun: self.begun - 1 })).toBe(false);
  await worker.terminate();
  expect(nativeThreads.isAlive({ id, begun: 0 } satisfies NativeThread)).toBe(false);
});
