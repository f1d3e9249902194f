/** Slots of a cluster, and the names of leases. A real server agrees: see redis.spec.ts. */

import { describe, expect, it } from 'vitest';
import { keyOfLease, leaseInfix, leaseKeyOf, slotOf, tagIn } from '../../../lib/tiered/redis/hash-slots.js';

const KEYS = [
  'a',
  '',
  'a:b',
  '{tag}',
  'a{tag}b',
  '{}',
  '}',
  '{',
  '{}{tag}',
  'a}b{c}',
  '{a',
  'ü',
  '{ü}}',
  'a{b{c}d}',
];

describe('a hash slot', () => {
  it.each([
    ['123456789', 0x31c3],
    ['', 0],
    ['foo', 12_182],
    ['{foo}bar', 12_182],
    ['foo{}{bar}', 8_363],
    ['foo{{bar}}zap', 4_015],
  ])('of %j is %i', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });

  it('has a tag of its own, each of them', () => {
    for (let slot = 0; slot < 16_384; slot += 7) {
      const tag = tagIn(slot);
      expect(slotOf(`{${tag}}:x`)).toBe(slot);
      expect(tag).toMatch(/^[^{}]{3}$/);
    }
    expect(() => tagIn(16_384)).toThrow(RangeError);
  });
});

describe("a lease's name", () => {
  it.each(KEYS)('is in the slot of its key %j, and leads back to it', (key) => {
    const lease = leaseKeyOf(key);
    expect(slotOf(lease)).toBe(slotOf(key));
    expect(keyOfLease(lease)).toBe(key);
    expect(keyOfLease(key)).toBeUndefined();
  });

  it('is no key that has it, and no other lease', () => {
    expect(new Set(KEYS.map(leaseKeyOf)).size).toBe(KEYS.length);
  });

  it('is found by the prefix of its key', () => {
    for (const key of KEYS)
      for (let length = 0; length <= key.length; length++)
        expect(leaseKeyOf(key)).toContain(leaseInfix(key.slice(0, length)));
    expect(leaseKeyOf('other:app:key')).not.toContain(leaseInfix('app:'));
  });
});
