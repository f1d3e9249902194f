/** What the process holds, after collection. */

import { readFileSync } from 'node:fs';
import { collectGarbage } from '../harness/garbage.mjs';

const STEADY_BYTES = 500;
const STEADY_MAX_COLLECTIONS = 20;

/** Collects until nothing more goes: backing stores are freed on another thread. */
export async function settled() {
  for (let i = 0; i < 4; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { ...process.memoryUsage(), malloc: mallocBytes() };
}

/** Once collecting changes nothing more: code that has not run lately goes after several collections only. */
export async function steady() {
  let state = await settled();
  for (let i = 0; i < STEADY_MAX_COLLECTIONS; i++) {
    const next = await settled();
    const change = Math.abs(next.heapUsed - state.heapUsed);
    state = next;
    if (change < STEADY_BYTES) break;
  }
  return state;
}

/**
 * Growth from one state to another. `held` is what V8 and Node answer for: the heap, and memory outside it, of
 * which `arrayBuffers` is a part. `malloc`, the resident part of malloc's own heap, has in it what nobody
 * answers for: malloc's headers and V8's records of each block outside. So has `rss`, with the heap's slack.
 */
export function growth(before, after) {
  const grown = (field) => after[field] - before[field];
  return {
    heapUsed: grown('heapUsed'),
    external: grown('external'),
    held: grown('heapUsed') + grown('external'),
    malloc: grown('malloc'),
    rss: grown('rss'),
  };
}

/** What malloc maps apart (128 kB and more) is not in it. Linux only. */
function mallocBytes() {
  try {
    const region = readFileSync('/proc/self/smaps', 'utf8').split('[heap]')[1];
    return Number(/^Rss:\s+(\d+) kB/m.exec(region ?? '')?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
