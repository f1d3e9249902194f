/** The floor of every lookup: a Map. */

export const does = 'no bound, no order, no TTL: the floor';
export const exactLru = false;
export const unbounded = true;
export const floor = true;
export const features = {
  entryLimit: 'no',
  byteBudget: 'no',
  ownSizes: 'no',
  ttl: 'no',
  perEntryTtl: 'no',
  exactExpiry: 'no',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export function create() {
  return new Map();
}
