/** A worker thread of the command: serves the shared items on the ports of the main thread, until that stops it. */

import { parentPort, workerData } from 'node:worker_threads';
import { CoarseClock, monotonicClock, systemClock } from '../engine/clock.js';
import { itemStoreOf } from '../memcached/item-store.js';
import { openShards } from '../pages/open-shards.js';
import { createTcpServer } from '../tcp/index.js';
import { ThreadGroup } from '../threads/thread-group.js';
import { serverOptions } from './server-options.js';
import type { ThreadData, ThreadReport } from './threads.js';

export async function serveThread(): Promise<void> {
  const { hotsetThread, settings, maxConnections, memories, shards, group, addresses } =
    workerData as ThreadData;
  const report = (message: ThreadReport): void => parentPort!.postMessage(message);
  const log = (...log: Extract<ThreadReport, { log: unknown }>['log']): void => report({ log });
  const items = openShards(memories, shards, new CoarseClock(monotonicClock), false);
  const server = createTcpServer(items, {
    ...serverOptions(settings, group.threads),
    memoryCeilingBytes: shards.reservedBytes,
    maxConnections,
    clock: new CoarseClock(systemClock),
    log,
    onError: (error) => log(`a request failed: ${error instanceof Error ? error.stack : String(error)}`),
    ...(settings.enableShutdown ? { onShutdown: (graceful: boolean) => report({ shutdown: graceful }) } : {}),
  });
  const threads = new ThreadGroup(group, hotsetThread, itemStoreOf(items));
  parentPort!.on('message', async ({ stop }: { stop: number }) => {
    await server.close({ forceAfterMs: stop });
    threads.close();
    process.exit(0);
  });
  try {
    for (const address of addresses) await server.listen(address);
  } catch (error) {
    report({ failed: (error as Error).message });
    return;
  }
  threads.join();
  report({ serves: true });
}
