import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Change } from '../../lib/engine/types.js';
import { CHANGE_RING_BYTES, ChangeRing } from '../../lib/pages/change-ring.js';

function newRing(): ChangeRing {
  return new ChangeRing(new SharedArrayBuffer(CHANGE_RING_BYTES), 0);
}

const CLEARED: Change<string> = { cause: 'cleared', key: undefined, version: undefined };

const anyChange: fc.Arbitrary<Change<string>> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(CLEARED) },
  {
    weight: 20,
    arbitrary: fc.record({
      cause: fc.constantFrom('stored', 'touched', 'deleted', 'evicted', 'expired'),
      key: fc
        .array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 250 })
        .map((codes) => String.fromCharCode(...codes)),
      version: fc.option(fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), {
        nil: undefined,
      }),
    }),
  },
);

it('gives each reader what has come since it last read, in order, or `cleared` when that is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyChange, fc.nat(20)), { maxLength: 60 }),
      fc.nat(70_000),
      (steps, offset) => {
        const ring = newRing();
        for (let written = 0; written < offset; written += 245)
          ring.write({ cause: 'stored', key: 'x'.repeat(240), version: undefined });
        let place = ring.end;
        let expected: Change<string>[] = [];
        for (const [change, reads] of steps) {
          ring.write(change);
          expected.push(change);
          if (reads !== 0) continue;
          const found: Change<string>[] = [];
          place = ring.read(place, found);
          expect(found).toEqual(expected);
          expected = [];
        }
      },
    ),
  );
});

it('is exact up to its size', () => {
  const ring = newRing();
  const changes = (): Change<string>[] => {
    const found: Change<string>[] = [];
    ring.read(0, found);
    return found;
  };
  // 251 and 5 bytes: 256 of them fill it.
  for (let i = 0; i < 256; i++) ring.write({ cause: 'stored', key: 'k'.repeat(251), version: undefined });
  expect(changes()).toHaveLength(256);
  ring.write({ cause: 'deleted', key: 'k', version: undefined });
  expect(changes()).toEqual([CLEARED]);
});

it('can lose all on purpose', () => {
  const ring = newRing();
  ring.skip();
  const found: Change<string>[] = [];
  expect(ring.read(0, found)).toBe(ring.end);
  expect(found).toEqual([CLEARED]);
});
