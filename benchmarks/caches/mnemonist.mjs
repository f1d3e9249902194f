/** mnemonist's LRUMapWithDelete. */

import { LRUMapWithDelete } from 'mnemonist';

export const does = 'exact LRU, entry limit; has no TTL and no bytes';
export const exactLru = true;

export function create(entries) {
  return new LRUMapWithDelete(entries);
}
