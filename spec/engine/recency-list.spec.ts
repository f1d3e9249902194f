/** The recency list on its own: against an array, with cursors under way. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Direction, type ListCursor, RecencyList } from '../../lib/engine/recency-list.js';

const SLOTS = 12;

/** What a table does with its links. */
class OpenList extends RecencyList {
  grow(capacity: number): void {
    this.growLinks(capacity);
  }

  reset(capacity: number): void {
    this.resetLinks(capacity);
  }

  verify(count: number): string[] {
    return this.verifyLinks(count);
  }
}

function listOf(...slots: number[]): OpenList {
  const list = new OpenList(SLOTS + 1);
  for (const slot of slots) list.linkNewest(slot);
  return list;
}

/** Slots from the oldest to the newest, checked in both directions. */
function slotsOf(list: OpenList): number[] {
  const up: number[] = [];
  for (let slot = list.oldest; slot !== 0; slot = list.newerThan(slot)) up.push(slot);
  const down: number[] = [];
  for (let slot = list.newest; slot !== 0; slot = list.older[slot]!) down.push(slot);
  expect(down.reverse()).toEqual(up);
  expect(list.verify(up.length)).toEqual([]);
  return up;
}

function rest(list: RecencyList, cursor: ListCursor): number[] {
  const slots: number[] = [];
  for (let slot = list.advance(cursor); slot !== 0; slot = list.advance(cursor)) slots.push(slot);
  return slots;
}

describe('the recency list', () => {
  it('has no ends when it is empty', () => {
    expect(listOf()).toMatchObject({ newest: 0, oldest: 0 });
  });

  it('has one slot at both ends', () => {
    const list = listOf(3);
    expect(list).toMatchObject({ newest: 3, oldest: 3 });
    list.promote(3);
    expect(slotsOf(list)).toEqual([3]);
    list.unlink(3);
    expect(list).toMatchObject({ newest: 0, oldest: 0 });
  });

  it('promotes from the oldest end, the middle and the newest end', () => {
    const list = listOf(1, 2, 3);
    list.promote(1);
    expect(slotsOf(list)).toEqual([2, 3, 1]);
    list.promote(3);
    expect(slotsOf(list)).toEqual([2, 1, 3]);
    list.promote(3);
    expect(slotsOf(list)).toEqual([2, 1, 3]);
  });

  it('links at either end', () => {
    const list = listOf(2);
    list.linkOldest(1);
    list.linkNewest(3);
    expect(slotsOf(list)).toEqual([1, 2, 3]);
    const empty = listOf();
    empty.linkOldest(5);
    expect(empty).toMatchObject({ newest: 5, oldest: 5 });
    empty.linkOldest(4);
    expect(slotsOf(empty)).toEqual([4, 5]);
  });

  it.each([
    [1, [2, 3]],
    [2, [1, 3]],
    [3, [1, 2]],
  ])('unlinks slot %d', (slot, left) => {
    const list = listOf(1, 2, 3);
    list.unlink(slot);
    expect(slotsOf(list)).toEqual(left);
    list.linkNewest(slot);
    expect(slotsOf(list)).toEqual([...left, slot]);
  });

  it('does not visit, in a walk under way, what enters at either end', () => {
    for (const direction of ['newest-first', 'oldest-first'] as const) {
      const list = listOf(2, 3, 4);
      const cursor = list.openCursor(direction);
      list.linkNewest(5);
      list.linkOldest(1);
      expect(rest(list, cursor)).toEqual(direction === 'newest-first' ? [4, 3, 2] : [2, 3, 4]);
    }
  });

  it('says whether it is walked', () => {
    const list = listOf(1, 2);
    expect(list.isWalked).toBe(false);
    const cursors = [list.openCursor('newest-first'), list.openCursor('oldest-first')];
    list.closeCursor(cursors[0]!);
    expect(list.isWalked).toBe(true);
    list.closeCursor(cursors[1]!);
    expect(list.isWalked).toBe(false);
    list.openCursor('newest-first');
    list.reset(5);
    expect(list.isWalked).toBe(false);
  });

  it('keeps its order when it grows', () => {
    const list = listOf(1, 2, 3);
    list.grow(200);
    list.linkNewest(150);
    expect(slotsOf(list)).toEqual([1, 2, 3, 150]);
  });

  it('ends a walk for good, though something enters later', () => {
    const list = listOf(1, 2);
    const cursor = list.openCursor('oldest-first');
    expect(rest(list, cursor)).toEqual([1, 2]);
    list.linkNewest(3);
    expect([list.advance(cursor), list.advance(cursor), list.advance(cursor)]).toEqual([0, 0, 0]);
  });

  it('is empty after reset, and walks under way end', () => {
    const list = listOf(1, 2, 3);
    const cursor = list.openCursor('newest-first');
    list.advance(cursor);
    list.reset(5);
    list.linkNewest(1);
    expect(rest(list, cursor)).toEqual([]);
    expect(slotsOf(list)).toEqual([1]);
  });

  it('has the order of an array on which the same was done, and its cursors stay in it', () => {
    const slot = fc.integer({ min: 1, max: SLOTS });
    const step = fc.record({
      what: fc.constantFrom(
        'newest',
        'newest',
        'oldest',
        'unlink',
        'promote',
        'promote',
        'open',
        'advance',
        'close',
      ),
      slot,
      direction: fc.constantFrom<Direction>('newest-first', 'oldest-first'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const list = listOf();
        let model: number[] = [];
        let walk: { cursor: ListCursor; visited: Set<number>; allowed: Set<number> } | null = null;
        for (const { what, slot, direction } of steps) {
          const held = model.includes(slot);
          if (what === 'open') {
            if (walk !== null) list.closeCursor(walk.cursor);
            walk = { cursor: list.openCursor(direction), visited: new Set(), allowed: new Set(model) };
          } else if (what === 'close' && walk !== null) {
            list.closeCursor(walk.cursor);
            walk = null;
          } else if (what === 'advance' && walk !== null) {
            const visited = list.advance(walk.cursor);
            if (visited === 0) continue;
            // Only what was there at the start and has kept its place, and each of it once.
            expect(walk.allowed.has(visited)).toBe(true);
            expect(walk.visited.has(visited)).toBe(false);
            walk.visited.add(visited);
          } else if (what === 'newest' && !held) {
            list.linkNewest(slot);
            model.push(slot);
          } else if (what === 'oldest' && !held) {
            list.linkOldest(slot);
            model.unshift(slot);
          } else if (what === 'unlink' && held) {
            list.unlink(slot);
            model = model.filter((each) => each !== slot);
            walk?.allowed.delete(slot);
          } else if (what === 'promote' && held) {
            if (model.at(-1) !== slot) walk?.allowed.delete(slot);
            list.promote(slot);
            model = [...model.filter((each) => each !== slot), slot];
          }
        }
        expect(slotsOf(list)).toEqual(model);
        if (walk === null) return;
        // The walk reaches all that it is allowed to.
        for (const visited of rest(list, walk.cursor)) walk.visited.add(visited);
        for (const each of walk.allowed) expect(walk.visited.has(each)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
