/** Names and shapes that were seen: bounded, and forgotten oldest first. */

import { describe, expect, it } from 'vitest';
import { Memo, TRUSTED_AFTER } from '../../lib/weigh/memo.js';

const prototype = 0;

function familiar(shapes: Memo, names: readonly string[], times = TRUSTED_AFTER): void {
  for (let i = 0; i < times; i++) shapes.note(names, prototype, false);
}

describe('names', () => {
  it('are known from the second time on, and the first few at once', () => {
    const shapes = new Memo();
    for (let i = 0; i < 64; i++) expect(shapes.meets(`field ${i}`)).toBe(true);
    expect(shapes.meets('data')).toBe(false);
    expect(shapes.meets('data')).toBe(true);
  });

  it('in use are not forgotten, others are', () => {
    const shapes = new Memo();
    let forgotten = 0;
    for (let i = 0; i < 10_000; i++) {
      if (!shapes.meets('field')) forgotten++;
      shapes.meets(`data ${i}`);
    }
    expect(forgotten).toBe(0);
    expect(shapes.meets('data 9999')).toBe(true);
    expect(shapes.meets('data 5000')).toBe(false);
  });

  it('that are long are never taken for those of fields', () => {
    const shapes = new Memo();
    const long = 'x'.repeat(1000);
    expect([shapes.meets(long), shapes.meets(long)]).toEqual([false, false]);
    familiar(shapes, [long]);
    expect(shapes.trusted(long, 1, prototype)).toBeUndefined();
  });
});

describe('shapes', () => {
  it('are trusted after many objects without an accessor', () => {
    const shapes = new Memo();
    familiar(shapes, ['a', 'b'], TRUSTED_AFTER - 1);
    expect(shapes.trusted('b', 2, prototype)).toBeUndefined();
    familiar(shapes, ['a', 'b'], 1);
    expect(shapes.trusted('b', 2, prototype)?.names).toEqual(['a', 'b']);
    expect(shapes.trusted('b', 3, prototype)).toBeUndefined();
    expect(shapes.trusted('a', 2, prototype)).toBeUndefined();
    expect(shapes.trusted('b', 2, 7)).toBeUndefined();
  });

  it('are checked again periodically, and never trusted after an accessor', () => {
    const shapes = new Memo();
    familiar(shapes, ['a']);
    let asked = 0;
    for (let i = 0; i < 10_000; i++) if (shapes.trusted('a', 1, prototype) === undefined) asked++;
    expect(asked).toBeGreaterThan(100);
    expect(asked).toBeLessThan(200);
    shapes.note(['a'], prototype, true);
    familiar(shapes, ['a'], 2 * TRUSTED_AFTER);
    expect(shapes.trusted('a', 1, prototype)).toBeUndefined();
  });

  it('with the same last name are kept apart, a few of them', () => {
    const shapes = new Memo();
    const kinds = Array.from({ length: 4 }, (_, i) => [...Array(i).keys()].map(String).concat('last'));
    for (const names of kinds) familiar(shapes, names);
    for (const names of kinds) expect(shapes.trusted('last', names.length, prototype)?.names).toEqual(names);
    familiar(shapes, ['one', 'more', 'kind', 'than', 'that', 'last']);
    expect(shapes.trusted('last', 1, prototype)).toBeUndefined();
  });

  it('go with their last name', () => {
    const shapes = new Memo();
    familiar(shapes, ['old']);
    for (let i = 0; i < 5000; i++) shapes.meets(`data ${i}`);
    expect(shapes.trusted('old', 1, prototype)).toBeUndefined();
  });
});

describe('what is kept', () => {
  it('has a bound in bytes, and no long text in it', () => {
    const memo = new Memo();
    const most = 2 * 128 * 1024 + 2 * 64 * (64 + 2 * 64);
    for (let i = 0; i < 4000; i++) {
      memo.note(
        Array.from({ length: 63 }, (_, n) => `${i}/${n}`.padStart(60, 'x')),
        0,
        false,
      );
      expect(memo.bytes).toBeLessThan(most);
    }
    for (let i = 0; i < 10_000; i++) memo.meets(`${i}`.padStart(64, 'x'));
    expect(memo.bytes).toBeLessThan(most);
    const before = memo.bytes;
    for (let i = 0; i < 1000; i++) {
      const long = `${i}`.padStart(2000, 'x');
      memo.note([long, 'id'], 0, false);
      memo.note(['id', long], 0, false);
      memo.meets(long);
    }
    expect(memo.bytes - before).toBeLessThan(200);
  });

  it('of short texts is a hash', () => {
    const memo = new Memo();
    expect([memo.meetsText(1234), memo.meetsText(1234), memo.meetsText(-7), memo.meetsText(1234)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('of classes is a number for each', () => {
    const memo = new Memo();
    const [one, two] = [{}, {}];
    expect(memo.classOf(one)).toBeUndefined();
    expect(memo.addClass(one)).not.toBe(memo.addClass(two));
    expect(memo.classOf(one)).toBeGreaterThan(0);
  });
});
