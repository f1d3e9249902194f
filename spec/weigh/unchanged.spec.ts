/**
 * Weighing changes nothing that it weighs: proved by what V8 says of each value before and after. With `array[i]` in
 * place of the built-in `forEach`, seed 1 fails on Node 20, 22, 24 and 26.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueBytes } from '../../lib/weigh/index.js';
import { HAS_OTHER_NODES, NODES, runChild } from './node-versions.js';
import { anything } from './values.js';

describe.each(NODES)('in a process of Node %s that has weighed all shapes', (_, node) => {
  it.each(['1', '2'])(
    'arrays keep the kind of their elements, and objects of their properties (seed %s)',
    (seed) => {
      const { weighed, changed } = runChild<{ weighed: number; changed: unknown[] }>(
        node,
        'spec/weigh/unchanged-child.mjs',
        ['--allow-natives-syntax', '--expose-gc'],
        seed,
      );
      expect(weighed).toBe(22_000);
      expect(changed).toEqual([]);
    },
  );
});

it.skipIf(HAS_OTHER_NODES)('is proved on this Node alone: HOTSET_NODES names no other', () => {
  expect(NODES.length).toBe(1);
});

describe('weighing', () => {
  /** Keys of all kinds, descriptors, prototype and extensibility of all that can be reached. */
  function picture(root: unknown): unknown[] {
    const seen = new Set<unknown>([root]);
    const lines: unknown[] = [];
    for (const value of seen) {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
      const names = Reflect.ownKeys(value);
      lines.push(names, Object.getPrototypeOf(value), Object.isExtensible(value));
      for (const name of names) {
        const property = Object.getOwnPropertyDescriptor(value, name)!;
        lines.push(property.value, property.get, property.set, property.enumerable, property.writable);
        seen.add(property.value);
      }
    }
    return lines;
  }

  it('adds nothing to a value, and takes nothing away', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const before = picture(value);
        valueBytes(value);
        const after = picture(value);
        expect(after.length).toBe(before.length);
        for (let i = 0; i < before.length; i++)
          if (Array.isArray(before[i])) expect(after[i]).toEqual(before[i]);
          else expect(Object.is(after[i], before[i])).toBe(true);
      }),
    );
  });

  it('runs no accessor, of whatever object and however deep', () => {
    let runs = 0;
    const withAccessors = anything.map((value) => {
      const seen = new Set<unknown>([value]);
      for (const each of seen) {
        if (typeof each !== 'object' || each === null) continue;
        for (const item of Object.values(each)) seen.add(item);
        if (Array.isArray(each) || ArrayBuffer.isView(each) || !Object.isExtensible(each)) continue;
        Object.defineProperty(each, 'computed', {
          enumerable: true,
          get: () => {
            runs++;
            throw new Error('run');
          },
        });
      }
      runs = 0;
      return value;
    });
    fc.assert(
      fc.property(withAccessors, (value) => {
        valueBytes(value);
        expect(runs).toBe(0);
      }),
    );
  });
});
