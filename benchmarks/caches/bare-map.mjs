/** The floor: a Map. */

export const does = 'no bound, no order, no TTL: the floor';

export function create() {
  return new Map();
}
