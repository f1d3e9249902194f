/** What a store's budget lends to requests and replies on their way, and when it has that back. */

import { describe, expect, it } from 'vitest';
import { LentBudget } from '../../lib/items/lent-budget.js';
import type { Items } from '../../lib/items.js';

const MIB = 1024 * 1024;

function store(maxBytes: number, evicts = true): Items {
  const items = {
    maxBytes,
    evicts,
    resize(bytes: number) {
      items.maxBytes = bytes;
    },
  };
  return items as Partial<Items> as Items;
}

describe('LentBudget', () => {
  it('lends whole MiB of what is held, and shows the whole budget', () => {
    const items = store(64 * MIB);
    const budget = new LentBudget(items, true);
    budget.lend(MIB - 1);
    expect(items.maxBytes).toBe(64 * MIB);
    budget.lend(5.5 * MIB);
    expect(items.maxBytes).toBe(59 * MIB);
    budget.lend(2 * MIB);
    expect(items.maxBytes).toBe(59 * MIB);
    expect(budget.maxBytes).toBe(64 * MIB);
  });

  it('lends half of it at most', () => {
    const items = store(64 * MIB);
    new LentBudget(items, true).lend(100 * MIB);
    expect(items.maxBytes).toBe(32 * MIB);
  });

  it('takes back what has not been held for a while', () => {
    const items = store(64 * MIB);
    const budget = new LentBudget(items, true);
    budget.lend(10 * MIB);
    budget.takeBack(0);
    expect(items.maxBytes).toBe(54 * MIB);
    budget.lend(3 * MIB);
    budget.takeBack(0);
    expect(items.maxBytes).toBe(61 * MIB);
    budget.takeBack(0);
    expect(items.maxBytes).toBe(64 * MIB);
  });

  it('keeps what is lent when the budget is set', () => {
    const items = store(64 * MIB);
    const budget = new LentBudget(items, true);
    budget.lend(10 * MIB);
    budget.resize(40 * MIB);
    expect([items.maxBytes, budget.maxBytes]).toEqual([30 * MIB, 40 * MIB]);
    budget.resize(8 * MIB);
    expect([items.maxBytes, budget.maxBytes]).toEqual([4 * MIB, 8 * MIB]);
  });

  it.each([
    ['where it is not asked to', store(64 * MIB), false],
    ['where nothing is evicted', store(64 * MIB, false), true],
    ['without a budget', store(Number.POSITIVE_INFINITY), true],
  ])('lends nothing %s', (_where, items, lends) => {
    const before = items.maxBytes;
    const budget = new LentBudget(items, lends);
    budget.lend(10 * MIB);
    expect([items.maxBytes, budget.maxBytes]).toEqual([before, before]);
  });
});
