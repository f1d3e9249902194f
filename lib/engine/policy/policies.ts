/** The eviction policies, by name. Another one is another file here, a name in names.ts and a line below. */

import type { Budget } from '../budget.js';
import type { Columns } from '../columns.js';
import { LruList } from '../lru-list.js';
import type { Policy } from './names.js';
import type { EvictionOrder } from './order.js';
import { S3Fifo } from './s3-fifo.js';
import { Sieve } from './sieve.js';
import { WTinyLfu } from './w-tinylfu.js';

const POLICIES: Readonly<Record<Policy, new (columns: Columns, budget: Budget) => EvictionOrder>> = {
  lru: LruList,
  sieve: Sieve,
  's3-fifo': S3Fifo,
  'w-tinylfu': WTinyLfu,
};

export function orderFor(policy: Policy, columns: Columns, budget: Budget): EvictionOrder {
  return new POLICIES[policy](columns, budget);
}
