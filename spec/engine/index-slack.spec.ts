/** The slack of an index: against V8's rules as V8 states them, and against what real Maps hold. */

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INDEX_PLACE_BYTES, IndexSlack } from '../../lib/engine/index-slack.js';

/** OrderedHashMap in V8's terms: elements, deleted elements, capacity (src/objects/ordered-hash-table.cc). */
class OrderedHashMap {
  elements = 0;
  deleted = 0;
  capacity = 4;

  /** EnsureCapacityForAdding. */
  add(): void {
    if (this.elements + this.deleted >= this.capacity)
      this.#rehash(this.deleted >= this.capacity >> 1 ? this.capacity : this.capacity << 1);
    this.elements++;
  }

  /** MapPrototypeDelete, and Shrink. */
  delete(): void {
    this.elements--;
    this.deleted++;
    if (this.elements < this.capacity >> 2) this.#rehash(Math.max(this.capacity >> 1, 4));
  }

  #rehash(capacity: number): void {
    this.capacity = capacity;
    this.deleted = 0;
  }
}

/** What happens to a Map, in runs: entries added (or deleted when negative), or each replaced by another one. */
type Step = { readonly add: number } | { readonly turnOver: number };

interface Follower {
  add(): void;
  delete(): void;
}

function follow(follower: Follower, steps: readonly Step[]): void {
  for (const step of steps) {
    const { add, turns } = 'add' in step ? { add: step.add, turns: 0 } : { add: 0, turns: step.turnOver };
    for (let i = 0; i < add; i++) follower.add();
    for (let i = 0; i > add; i--) follower.delete();
    for (let i = 0; i < turns; i++) {
      follower.delete();
      follower.add();
    }
  }
}

function slackAfter(steps: readonly Step[]): { slack: IndexSlack; total: { slackBytes: number } } {
  const total = { slackBytes: 0 };
  const slack = new IndexSlack(total);
  follow({ add: () => slack.added(), delete: () => slack.removed() }, steps);
  return { slack, total };
}

describe('the slack of an index', () => {
  it.each<[string, Step[], number, number]>([
    ['64 entries', [{ add: 64 }], 64, 64],
    ['65 entries', [{ add: 65 }], 128, 65],
    ['1000 entries', [{ add: 1000 }], 1024, 1000],
    ['131,072 entries', [{ add: 131_072 }], 131_072, 131_072],
    ['131,073 entries', [{ add: 131_073 }], 262_144, 131_073],
    ['deletions down to a quarter', [{ add: 1024 }, { add: -768 }], 1024, 256],
    ['one deletion more', [{ add: 1024 }, { add: -769 }], 512, 255],
    ['all deleted', [{ add: 1024 }, { add: -1024 }], 4, 0],
    ['a full table that is less than half deleted', [{ add: 1024 }, { add: -511 }, { add: 1 }], 2048, 514],
    ['a full table that is half deleted', [{ add: 1024 }, { add: -512 }, { add: 1 }], 1024, 513],
    ['turnover at half', [{ add: 500 }, { turnOver: 5000 }], 1024, 500],
    ['turnover above half', [{ add: 600 }, { turnOver: 5000 }], 2048, 600],
  ])('after %s', (_, steps, places, live) => {
    const { slack, total } = slackAfter(steps);
    expect(slack.bytes).toBe(places <= 64 ? 0 : (places - live) * INDEX_PLACE_BYTES);
    expect(total.slackBytes).toBe(slack.bytes);
  });

  const steps = fc.array(
    fc.oneof(
      fc.record({ add: fc.integer({ min: -300, max: 300 }) }),
      fc.record({ add: fc.integer({ min: -3, max: 3 }) }),
      fc.record({ turnOver: fc.nat({ max: 300 }) }),
    ),
    { maxLength: 30, size: 'max' },
  );

  /** Steps that never delete more than there is. */
  function possible(list: readonly Step[], least = 0): Step[] {
    let live = 0;
    return list.map((step) => {
      if ('turnOver' in step) return { turnOver: live > least ? step.turnOver : 0 };
      const add = Math.max(step.add, Math.min(0, least - live));
      live += add;
      return { add };
    });
  }

  /** Both followed side by side, compared after each entry. */
  function compare(list: readonly Step[]): void {
    const table = new OrderedHashMap();
    const slack = new IndexSlack({ slackBytes: 0 });
    const check = (): void => {
      const unused = table.capacity <= 64 ? 0 : table.capacity - table.elements;
      if (slack.bytes !== unused * INDEX_PLACE_BYTES)
        expect({ bytes: slack.bytes, table }).toEqual({ bytes: unused * INDEX_PLACE_BYTES, table });
    };
    follow(
      {
        add: () => {
          slack.added();
          table.add();
          check();
        },
        delete: () => {
          slack.removed();
          table.delete();
          check();
        },
      },
      list,
    );
  }

  it('follows V8’s rules exactly, while the Map is never empty', () => {
    fc.assert(
      fc.property(steps, (list) => compare(possible([{ add: 1 }, ...list], 1))),
      { numRuns: 500 },
    );
  });

  it('follows them also from a Map that was emptied', () => {
    fc.assert(
      fc.property(steps, (list) => compare(possible(list))),
      { numRuns: 500 },
    );
  });

  it('foretells by how much one entry more changes it', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const total = { slackBytes: 0 };
        const slack = new IndexSlack(total);
        const add = (): void => {
          const before = slack.bytes;
          const { growthBytes } = slack;
          slack.added();
          if (slack.bytes - before !== growthBytes) expect(slack.bytes - before).toBe(growthBytes);
          if (slack.bytes !== total.slackBytes) expect(total.slackBytes).toBe(slack.bytes);
        };
        follow({ add, delete: () => slack.removed() }, possible(list));
        expect(total.slackBytes).toBe(slack.bytes);
      }),
      { numRuns: 200 },
    );
  });
});

describe('real Maps', () => {
  /** Bytes that each of several Maps with this past holds, measured in a process of its own. */
  const MEASURE = `
    const scenarios = JSON.parse(process.argv[1]);
    const held = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const build = (steps) => {
      const map = new Map();
      let oldest = 0, next = 0;
      for (const { add = 0, turnOver = 0 } of steps) {
        for (let i = 0; i < add; i++) map.set(next, next++);
        for (let i = 0; i > add; i--) map.delete(oldest++);
        for (let i = 0; i < turnOver; i++) { map.delete(oldest++); map.set(next, next++); }
      }
      return map;
    };
    const measured = ({ steps, copies }) => {
      const maps = new Array(copies).fill(null);
      const before = held();
      for (let i = 0; i < copies; i++) maps[i] = build(steps);
      const after = held();
      if (maps.length !== copies) throw new Error('collected too early');
      return (after - before) / copies;
    };
    measured(scenarios[0]);
    const bytes = scenarios.map((each) => [0, 1, 2].map(() => measured(each)));
    console.log(JSON.stringify(bytes));`;

  const SIZES = [1000, 40_000, 100_000, 131_072, 131_073, 200_000];
  const scenarios: [string, number, Step[]][] = SIZES.flatMap((size): [string, number, Step[]][] => [
    [`${size} entries, grown`, size, [{ add: size }]],
    [`${size} entries, left of twice as many`, size, [{ add: 2 * size }, { add: -size }]],
    [`${size} entries, turned over`, size, [{ add: size }, { turnOver: Math.round(2.3 * size) }]],
  ]);

  scenarios.push(
    ['1000 entries, left of six times as many', 1000, [{ add: 6000 }, { add: -5000 }]],
    ['10,000 entries, left of 60,000', 10_000, [{ add: 60_000 }, { add: -50_000 }]],
  );

  it('hold 28 bytes for each place that the slack says they have', () => {
    const input = scenarios.map(([, size, steps]) => ({ steps, copies: Math.ceil(100_000 / size) }));
    const output = execFileSync(process.execPath, ['--expose-gc', '-e', MEASURE, JSON.stringify(input)]);
    const measured = JSON.parse(output.toString()) as number[][];
    const wrong = scenarios.flatMap(([name, live, steps], i) => {
      const expected = slackAfter(steps).slack.bytes + live * INDEX_PLACE_BYTES;
      // The closest of three: now and then V8 compiles or frees something of its own meanwhile.
      const errors = measured[i]!.map((bytes) => Math.abs(bytes / expected - 1));
      return Math.min(...errors) <= 0.03 ? [] : [`${name}: ${measured[i]} bytes, not ${expected}`];
    });
    expect(wrong).toEqual([]);
  });
});
