/**
 * The floor of every eviction: a Map and a ring of its keys, so that the oldest can make room. A Map alone
 * inserts without evicting, and is no measure for a cache that is full.
 */

import { PLAIN_LRU } from './features.mjs';

export const does = 'first in, first out, entry limit: the floor with eviction';
export const exactLru = false;
export const floor = true;
/** Elsewhere it is a Map. */
export const onlyIn = ['insert', 'mixed', 'scan'];
export const features = { ...PLAIN_LRU, delete: 'no' };

export function create(entries) {
  return new FifoMap(entries);
}

class FifoMap {
  #map = new Map();
  #ring;
  #at = 0;

  constructor(entries) {
    this.#ring = new Array(entries).fill(undefined);
  }

  get(key) {
    return this.#map.get(key);
  }

  set(key, value) {
    const map = this.#map;
    const before = map.size;
    map.set(key, value);
    if (map.size === before) return;
    const ring = this.#ring;
    const at = this.#at;
    if (before === ring.length) map.delete(ring[at]);
    ring[at] = key;
    this.#at = at + 1 === ring.length ? 0 : at + 1;
  }
}
