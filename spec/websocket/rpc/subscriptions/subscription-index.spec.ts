/** The index of prefixes against looking at each of them, and what a look-up costs. */

import fc from 'fast-check';
import { TrieMap } from 'mnemonist';
import { describe, expect, it } from 'vitest';
import type { Subscription, Topic } from '../../../../lib/websocket/rpc/subscriptions/subscription.js';
import { SubscriptionIndex } from '../../../../lib/websocket/rpc/subscriptions/subscription-index.js';

function subscription(): Subscription {
  return { subscriber: { notify() {}, drop() {} }, noEcho: false, topics: [] };
}

const text = fc.string({ unit: fc.constantFrom('a', '7', '\xff', '_'), maxLength: 5 });
const key = fc.string({ unit: fc.constantFrom('a', '7', '\xff', '_', '\0'), maxLength: 7 });

describe('the index', () => {
  it('finds the subscribers of a key after any history', () => {
    const step = fc.record({ text, isPrefix: fc.boolean(), leaves: fc.boolean(), key });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new SubscriptionIndex();
        const joined: { topic: Topic; subscription: Subscription }[] = [];
        for (const { text, isPrefix, leaves, key } of steps) {
          const last = leaves ? joined.splice(joined.length >> 1, 1)[0] : undefined;
          if (last !== undefined) index.leave(last.topic, last.subscription);
          else {
            const made = subscription();
            joined.push({ topic: index.join(text, isPrefix, made), subscription: made });
          }
          const found = index.topicsOf(key).flatMap((topic) => [...topic.subscribers()]);
          const expected = joined.filter(({ topic }) =>
            topic.isPrefix ? key.startsWith(topic.text) : key === topic.text,
          );
          expect(found).toHaveLength(expected.length);
          expect(new Set(found)).toEqual(new Set(expected.map((entry) => entry.subscription.subscriber)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('counts a client with many subscriptions once', () => {
    const index = new SubscriptionIndex();
    const { subscriber } = subscription();
    const asked = [true, false, true].map((noEcho) => ({ subscriber, noEcho, topics: [] }));
    const topic = asked.map((made) => index.join('a', true, made))[0]!;
    expect([...topic.members()]).toEqual([[subscriber, { withEcho: 1, withoutEcho: 2 }]]);
    for (const made of asked.slice(1)) index.leave(topic, made);
    expect([...topic.members()]).toEqual([[subscriber, { withEcho: 0, withoutEcho: 1 }]]);
    expect(index.topicsOf('ab')).toEqual([topic]);
    index.leave(topic, asked[0]!);
    expect(index.topicsOf('ab')).toEqual([]);
  });

  it('forgets topics without subscribers', () => {
    const trie = new TrieMap<string, Topic>();
    const index = new SubscriptionIndex(trie);
    const made = subscription();
    const topics = ['', 'a', 'abc', 'abd', '7'].map((prefix) => index.join(prefix, true, made));
    expect(index.bytes).toBeGreaterThan(0);
    for (const topic of topics) index.leave(topic, made);
    expect(JSON.stringify(trie)).toBe('{}');
    expect(index.bytes).toBe(0);
  });

  it('takes as many steps with ten thousand prefixes that do not match as with ten', () => {
    const steps = [10, 10_000].map((count) => {
      const { trie, reads } = countingTrie();
      const index = new SubscriptionIndex(trie);
      for (let i = 0; i < count; i++) index.join(`user:${i}:`, true, subscription());
      index.join('item:', true, subscription());
      const before = reads();
      expect(index.topicsOf('item:5')).toHaveLength(1);
      expect(index.topicsOf('user:x')).toHaveLength(0);
      return reads() - before;
    });
    expect(steps[1]).toBe(steps[0]);
  });
});

/** A trie whose nodes count how often they are looked at. */
function countingTrie(): { trie: TrieMap<string, Topic>; reads: () => number } {
  let reads = 0;
  const counting = (node: object): object =>
    new Proxy(node, {
      get: (target, name) => {
        reads++;
        return Reflect.get(target, name) as unknown;
      },
      set: (target, name, value: object) =>
        Reflect.set(
          target,
          name,
          Object.getPrototypeOf(value) === Object.prototype ? counting(value) : value,
        ),
    });
  const trie = new TrieMap<string, Topic>();
  (trie as unknown as { root: object }).root = counting({});
  return { trie, reads: () => reads };
}
