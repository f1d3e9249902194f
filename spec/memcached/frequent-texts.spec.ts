/** What the counts promise: never too high, and too low by no more than their share. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrequentTexts } from '../../lib/memcached/hot-keys.js';

/** Few texts come often, and many seldom. */
const skewed = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 60 })).map(([a, b]) => `k${Math.min(a, b)}`);

describe('FrequentTexts', () => {
  it.each([1, 2, 5, 20])('keeps %i counts to their bounds', (kept) => {
    fc.assert(
      fc.property(fc.array(skewed, { maxLength: 500 }), (texts) => {
        const frequent = new FrequentTexts(kept);
        const exact = new Map<string, number>();
        for (const text of texts) {
          frequent.add(text);
          exact.set(text, (exact.get(text) ?? 0) + 1);
          expect(frequent.texts().length).toBeLessThanOrEqual(kept * 2);
        }
        const counts = new Map(frequent.top(1000).map(({ text, count }) => [text, count]));
        for (const [text, count] of exact) {
          const counted = counts.get(text) ?? 0;
          expect(counted).toBeLessThanOrEqual(count);
          expect(count - counted).toBeLessThanOrEqual(texts.length / kept);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('gives the most frequent first', () => {
    const frequent = new FrequentTexts(100);
    for (let i = 0; i < 50; i++) for (let times = 0; times <= i; times++) frequent.add(`k${i}`);
    expect(frequent.top(3)).toEqual([
      { text: 'k49', count: 50 },
      { text: 'k48', count: 49 },
      { text: 'k47', count: 48 },
    ]);
    expect(frequent.top(100)).toHaveLength(50);
    frequent.clear();
    expect(frequent.top(3)).toEqual([]);
  });
});
