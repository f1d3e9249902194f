/** The points of a chart: bounded, with holes where nothing is known. */

import { expect, it } from 'vitest';
import { History } from '../../lib/live-view/history.js';

it('keeps its span and no more, however long it goes on', () => {
  const history = new History(2, 600);
  for (let second = 0; second < 5_000; second++) history.add(second, [second, null], false);
  const [times, first, second] = history.columns;
  expect([times[0], times.at(-1), history.length]).toEqual([4_399, 4_999, 601]);
  expect([first, second].map((column) => column!.length)).toEqual([601, 601]);
  expect(first![0]).toBe(4_399);
});

it('draws no line over a hole', () => {
  const history = new History(1, 600);
  history.add(100, [1], true);
  history.add(101, [2], false);
  history.add(131, [3], true);
  expect(history.columns).toEqual([
    [100, 101, 116, 131],
    [1, 2, null, 3],
  ]);
});

it('shows a minute or more, and later all that it has', () => {
  const history = new History(1, 600);
  expect(history.range(60)).toEqual([-60, 0]);
  history.add(100, [1], true);
  expect(history.range(60)).toEqual([40, 100]);
  history.add(300, [1], false);
  expect(history.range(60)).toEqual([100, 300]);
});

it('shows so much at most', () => {
  const history = new History(1, 3600);
  history.add(0, [1], true);
  history.add(3000, [1], false);
  expect(history.range(60, 600)).toEqual([2400, 3000]);
  expect(history.range(60, 3600)).toEqual([0, 3000]);
});

it('lets go of everything that is older after a long hole', () => {
  const history = new History(1, 600);
  history.add(0, [1], true);
  history.add(5_000, [2], true);
  expect(history.columns).toEqual([[5_000], [2]]);
});
