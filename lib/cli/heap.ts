/**
 * Makes V8's heap large enough for the memory limit. Values up to a few kilobytes live in that heap, whose
 * size is fixed when a process starts and is by default a fraction of the machine's memory. When that is too
 * little, the server runs in a child process that is started with a larger one.
 */

import { totalmem } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { isHeapChild, isV8FlagGiven } from './child.js';

const MEBIBYTE = 1024 * 1024;
/** Room for the collector and for everything that is not an item. */
const HEAP_SHARE = 1.25;
const HEAP_BASE_BYTES: number = 128 * MEBIBYTE;
/** Garbage in per cent of what lives: more memory below it, more work for the collector above. */
const GARBAGE_PERCENT = 30;

export function heapBytesFor(maxBytes: number): number {
  return Math.ceil(maxBytes * HEAP_SHARE) + HEAP_BASE_BYTES;
}

/** The largest memory limit that this process's heap can hold. */
export function maxBytesFor(heapBytes: number): number {
  return Math.floor((heapBytes - HEAP_BASE_BYTES) / HEAP_SHARE);
}

/**
 * Has old values collected before they add up. By itself V8 lets a heap grow to several times what lives in it,
 * the more so the larger its limit is, which is made for the largest cache.
 */
export function boundGarbage(): void {
  if (!isV8FlagGiven('heap-growing-percent')) setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
}

export function heapLimitBytes(): number {
  return getHeapStatistics().heap_size_limit;
}

/** What this process may use: the container's limit where there is one, else the machine's memory. */
function memoryBytes(): number {
  // Node 20 reports "no limit" as a number far above any machine's memory.
  const constrained = process.constrainedMemory() ?? 0;
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

export type HeapPlan =
  | { readonly kind: 'enough' }
  /** Start a child with `--max-old-space-size` of so many MiB. */
  | { readonly kind: 'child'; readonly oldSpaceMebibytes: number; readonly warning?: string }
  | { readonly kind: 'short'; readonly warning: string };

/** Whether this process can hold `maxBytes` of items, and what to do if not. */
export function planHeap(maxBytes: number): HeapPlan {
  const needed = heapBytesFor(maxBytes);
  const limit = heapLimitBytes();
  const memory = memoryBytes();
  const shortOfMemory =
    needed > memory
      ? `a memory limit of ${mebibytes(maxBytes)} MiB needs about ${mebibytes(needed)} MiB, and there are ${mebibytes(memory)} MiB: the process may be killed before the limit is reached`
      : undefined;
  const isChild = isHeapChild();
  // The parent has already logged the warning.
  if (needed <= limit)
    return shortOfMemory === undefined || isChild
      ? { kind: 'enough' }
      : { kind: 'short', warning: shortOfMemory };
  if (isV8FlagGiven('max-old-space-size') || isChild)
    return {
      kind: 'short',
      warning: `a memory limit of ${mebibytes(maxBytes)} MiB needs a heap of about ${mebibytes(needed)} MiB, and --max-old-space-size allows ${mebibytes(limit)} MiB: the process may run out of memory before the limit is reached`,
    };
  const plan: HeapPlan = { kind: 'child', oldSpaceMebibytes: mebibytes(needed) };
  return shortOfMemory === undefined ? plan : { ...plan, warning: shortOfMemory };
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE);
}
