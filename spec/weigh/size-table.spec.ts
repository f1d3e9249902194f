/**
 * Counted bytes beside held ones: one process that has weighed all shapes in random order fills an array with
 * each of them. Within a tenth, but for those that are marked as limits. Heap pages make a reading uncertain by
 * a few hundred kB on Node 20, so that a row is wrong when a second process, in another order, agrees.
 */

import { describe, expect, it } from 'vitest';
import { HAS_OTHER_NODES, NODES, runChild } from './node-versions.js';

interface Figure {
  name: string;
  limit: boolean;
  entries: number;
  counted: number;
  held: number;
}

const FILLED_BYTES = '3000000';
/** Copies that weigh what the originals do are left to the benchmark. */
const ROWS = '^(?!.*(JSON twice|structuredClone))';

function wrong(node: string, seed: string, only: string): string[] {
  const { figures } = runChild<{ figures: Figure[] }>(
    node,
    'benchmarks/memory/one-process.mjs',
    ['--expose-gc'],
    'values',
    seed,
    FILLED_BYTES,
    only,
    'no limits',
  );
  return figures
    .filter(({ limit, counted, held }) => !limit && !(Math.abs(counted / held - 1) <= 0.1))
    .map(({ name }) => name);
}

describe.each(NODES)('on Node %s', (_, node) => {
  it('each shape counts what is held, within a tenth', () => {
    const doubtful = wrong(node, '1', ROWS);
    const pattern = doubtful.map((name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`).join('|');
    expect(doubtful.length === 0 ? [] : wrong(node, '2', pattern)).toEqual([]);
  });
});

it.skipIf(HAS_OTHER_NODES)('is measured on this Node alone: HOTSET_NODES names no other', () => {
  expect(NODES.length).toBe(1);
});
