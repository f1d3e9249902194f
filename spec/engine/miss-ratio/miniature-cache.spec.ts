/** Miniatures against engines of the same policy. */

import { describe, expect, it } from 'vitest';
import { WEIGHED_OVERHEAD_BYTES } from '../../../lib/engine/budget.js';
import { MiniatureCache } from '../../../lib/engine/miss-ratio/miniature-cache.js';
import { POLICY_NAMES } from '../../../lib/engine/policy/names.js';
import { CacheEngine } from '../../../lib/index.js';
import { hashOf, randomNumbers, SEQUENCES } from './sequences.js';

describe.each(POLICY_NAMES)('a miniature under %s', (policy) => {
  it('has the hits of an engine, of entries', () => {
    const keys = SEQUENCES[0]!.keys.subarray(0, 100_000);
    const engine = new CacheEngine<number, true>({ policy, maxEntries: 2000 });
    const miniature = new MiniatureCache(policy, 'entries');
    miniature.resize(2000);
    let hits = 0;
    for (const key of keys) {
      if (engine.get(key) === undefined) engine.set(key, true);
      const hash = hashOf(key);
      if (miniature.read(hash)) hits++;
      else miniature.write(hash, 1);
    }
    expect(Math.abs(hits / keys.length - engine.stats().hitRatio)).toBeLessThan(
      policy === 'lru' ? 1e-9 : 0.003,
    );
    expect(miniature.verify()).toEqual([]);
  });

  it.each([
    ['bytes', SEQUENCES[0]!, 200, 1000, 1_400_000, 0.005],
    ['few bytes, of which what the policy remembers is a large part', SEQUENCES[1]!, 8, 8, 1_200_000, 0.01],
  ])('and of %s', (_, sequence, least, range, maxBytes, tolerance) => {
    const keys = sequence.keys.subarray(0, 100_000);
    const weightOf = (key: number): number => least + ((key * 7919) % range);
    const engine = new CacheEngine<number, number>({ policy, maxBytes, sizeOf: weightOf });
    const miniature = new MiniatureCache(policy, 'bytes');
    miniature.resize(maxBytes);
    let hits = 0;
    for (const key of keys) {
      if (engine.get(key) === undefined) engine.set(key, key);
      const hash = hashOf(key);
      if (miniature.read(hash)) hits++;
      else miniature.write(hash, weightOf(key) + WEIGHED_OVERHEAD_BYTES);
    }
    expect(Math.abs(hits / keys.length - engine.stats().hitRatio)).toBeLessThan(tolerance);
    expect(miniature.verify()).toEqual([]);
  });

  it('is consistent after any history', () => {
    const random = randomNumbers(30);
    for (const unit of ['bytes', 'entries'] as const) {
      const miniature = new MiniatureCache(policy, unit);
      for (let step = 0; step < 30_000; step++) {
        const hash = Math.floor(random() ** 2 * 3000);
        const choice = random();
        if (choice < 0.4) miniature.read(hash);
        else if (choice < 0.9)
          miniature.write(hash, unit === 'bytes' ? 1 + Math.floor(random() ** 4 * 5000) : 1);
        else if (choice < 0.98) miniature.delete(hash);
        else if (choice < 0.998)
          miniature.resize(1 + Math.floor(random() * (unit === 'bytes' ? 300_000 : 1000)));
        else miniature.clear();
        if (step % 1000 === 0) expect(miniature.verify()).toEqual([]);
      }
    }
  });
});
