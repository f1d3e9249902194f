import { expect, it } from 'vitest';
import { KeyWindow } from '../../lib/cli/key-window.js';

function filled(
  rows: readonly (readonly [key: string, usedAt: number, bytes?: number])[],
  maxBytes = 1e6,
): KeyWindow {
  const window = new KeyWindow(maxBytes);
  for (const [key, usedAt, bytes = 1] of rows) expect(window.add(Buffer.from(key), usedAt, bytes)).toBe(true);
  return window;
}

async function keys(window: KeyWindow, maxItemBytes = Number.POSITIVE_INFINITY): Promise<string[]> {
  return Array.from(await window.order(maxItemBytes), (number) => window.keyOf(number).toString());
}

it('gives keys in the order of use, and those of one second as they came', async () => {
  expect(
    await keys(
      filled([
        ['c', 30],
        ['a', 10],
        ['b2', 20],
        ['b1', 20],
        ['b3', 20],
      ]),
    ),
  ).toEqual(['a', 'b2', 'b1', 'b3', 'c']);
});

it('leaves a list alone that is in order to the second', async () => {
  expect(
    await keys(
      filled([
        ['a', 10],
        ['b', 11],
        ['c', 10],
        ['d', 12],
        ['e', 11],
      ]),
    ),
  ).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('leaves the least recently used out where not all fit', async () => {
  const window = filled([
    ['b', 20, 50],
    ['a', 10, 1],
    ['c', 30, 50],
  ]);
  expect(await keys(window, 100)).toEqual(['b', 'c']);
  expect(await keys(window, 99)).toEqual(['c']);
  expect(await keys(window, 101)).toEqual(['a', 'b', 'c']);
  expect(await keys(window, 10)).toEqual([]);
});

it('has a bound, whatever the keys, and takes one at least', async () => {
  const window = new KeyWindow(10_000);
  let taken = 0;
  while (window.add(Buffer.alloc(250, taken % 200), taken, 7)) taken++;
  expect(taken).toBe(Math.floor(10_000 / 266));
  expect(window.count).toBe(taken);
  expect(await keys(window)).toHaveLength(taken);
  window.clear();
  expect(window.add(Buffer.from('next'), 1, 1)).toBe(true);
  expect(await keys(window)).toEqual(['next']);
  expect(new KeyWindow(1).add(Buffer.alloc(250), 1, 1)).toBe(true);
});

it('keeps what it was given through growth', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => [`key-${i}-${'x'.repeat(i % 200)}`, 5000 - i] as const);
  expect(await keys(filled(rows, 1e7))).toEqual(rows.map(([key]) => key).reverse());
});

it('orders more keys than one slice has, by all bits of the time', async () => {
  const window = new KeyWindow(1e8);
  const times = Array.from({ length: 100_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
  for (const [i, time] of times.entries()) window.add(Buffer.from(String(i)), time, 1);
  const order = await window.order(Number.POSITIVE_INFINITY);
  const inOrder = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]!);
  expect(Array.from(order)).toEqual(inOrder);
});
