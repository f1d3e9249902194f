/** The garbage collector, on demand. */

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects what nothing holds. What a WeakRef has shown is held until the turn of the event loop ends: it waits for that. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    gc();
  }
}

/** Heap and external memory in use after a collection. */
export async function heldBytes(): Promise<number> {
  await collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
