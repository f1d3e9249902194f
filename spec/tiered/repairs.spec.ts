import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { Repairs } from '../../lib/tiered/repairs.js';

function create(maxQueued = 10) {
  const scheduler = new ManualScheduler(new ManualClock());
  const repairs = new Repairs(
    { maxQueued, baseMs: 100, maxMs: 1000, scheduler },
    {
      deleteKeys: async () => false,
      renewTags: async () => false,
      clear: async () => false,
    },
  );
  return { repairs, scheduler };
}

describe('repairs', () => {
  it('are settled by a change that began after the failure, and by no earlier one', () => {
    const { repairs } = create();
    const before = repairs.failures;
    repairs.addKey('a');
    repairs.settleKey('a', before);
    expect(repairs.concernsKey('a')).toBe(true);
    repairs.settleKey('a', repairs.failures);
    expect(repairs.concernsKey('a')).toBe(false);
    expect(repairs.size).toBe(0);
  });

  it('concern every key and every entry while everything is to be cleared', () => {
    const { repairs } = create();
    repairs.addTags(['red']);
    expect(repairs.concernsTags(['red'])).toBe(true);
    expect(repairs.concernsTags(['blue'])).toBe(false);
    repairs.addAll();
    expect(repairs.concernsKey('a')).toBe(true);
    expect(repairs.concernsTags(['red'])).toBe(true);
    expect(repairs.size).toBe(1);
  });

  it('become one of everything when there are too many', () => {
    const { repairs } = create(3);
    for (const key of ['a', 'b', 'c', 'd']) repairs.addKey(key);
    expect(repairs.size).toBe(1);
    expect(repairs.concernsKey('z')).toBe(true);
  });
});
