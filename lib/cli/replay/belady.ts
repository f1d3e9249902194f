/**
 * What a cache could reach that knows the future (Belady 1966): it keeps what is read again soonest, and stores nothing that
 * is read later than all it holds. Of entries of equal weight that is the most hits that any policy can have. Of entries
 * of different weight it is an approximation: the exact limit is NP-hard, and a policy may do better by a little.
 *
 * The entries held are in a heap by their next read. O(requests x log entries) for each size.
 */

import { DELETE, READ } from './formats.js';
import type { Requests } from './trace.js';

/** No next read. */
const NONE = 0;

/** For each request, that of the key's next read before it is written or deleted; `NONE` for none. O(requests). */
export function nextReads({ length, keys, operations, keyCount }: Requests): Uint32Array {
  const next = new Uint32Array(length);
  const later = new Uint32Array(keyCount);
  for (let at = length - 1; at >= 0; at--) {
    const key = keys[at]!;
    next[at] = operations[at] === DELETE ? NONE : later[key]!;
    later[key] = operations[at] === READ ? at : NONE;
  }
  return next;
}

/** The hits of a cache of this size. */
export function beladyHits(requests: Requests, next: Uint32Array, size: number): number {
  const { keys, operations, times, weights, dues } = requests;
  /** By key: the next read of an entry that is held. */
  const held = new Uint32Array(requests.keyCount);
  const heldWeights = new Float64Array(requests.keyCount);
  const due = dues === null ? null : new Float64Array(requests.keyCount);
  const heap = new Heap();
  let used = 0;
  let hits = 0;
  for (let at = 0; at < requests.length; at++) {
    const key = keys[at]!;
    if (held[key] !== NONE) {
      // Of an entry that is held, the next request is the read that it is held for, or a change.
      if (operations[at] === READ && held[key] === at) hits++;
      else if (due !== null) due[key] = dues![at]!;
      used -= heldWeights[key]!;
      held[key] = NONE;
    } else if (due !== null) due[key] = dues![at]!;
    const read = next[at]!;
    if (read === NONE || (due !== null && due[key]! <= times[read]!)) continue;
    held[key] = read;
    heldWeights[key] = weights[at]!;
    used += weights[at]!;
    heap.push(read);
    while (used > size) {
      const latest = heap.pop();
      const leaving = keys[latest]!;
      if (held[leaving] !== latest) continue;
      used -= heldWeights[leaving]!;
      held[leaving] = NONE;
    }
    // Reads that have come are left in the heap, at its bottom.
    if (heap.length > 2 ** 16 && heap.length > 4 * requests.keyCount)
      heap.keep((read) => held[keys[read]!] === read);
  }
  return hits;
}

/** Whole numbers, the largest first. */
class Heap {
  length = 0;
  private items: Uint32Array = new Uint32Array(1024);

  push(item: number): void {
    if (this.length === this.items.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.items);
      this.items = grown;
    }
    this.rise(this.length++, item);
  }

  private rise(from: number, item: number): void {
    const { items } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! >= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const { items } = this;
    const top = items[0]!;
    const last = items[--this.length]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.length) break;
      if (child + 1 < this.length && items[child + 1]! > items[child]!) child++;
      if (items[child]! <= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }

  keep(isKept: (item: number) => boolean): void {
    const kept = this.items.slice(0, this.length).filter(isKept).sort().reverse();
    this.items.set(kept);
    this.length = kept.length;
  }
}
