/** Values as the inspector shows them. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { excerptOf, formsOf } from '../../lib/live-view/excerpt.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('forms', () => {
  it.each([
    ['{"a":1}', ['json', 'text', 'hex']],
    ['[1, 2]', ['json', 'text', 'hex']],
    ['{"a":', ['text', 'hex']],
    ['42', ['text', 'hex']],
    ['', ['text', 'hex']],
    ['größer ☕', ['text', 'hex']],
    ['two\nlines\tand \u001b[1mcolours', ['text', 'hex']],
    ['a\u0000b', ['hex']],
  ])('of %j are %j', (text, forms) => {
    expect(formsOf(utf8(text))).toEqual(forms);
  });

  it('of bytes that are no UTF-8 are hex alone', () => {
    expect(formsOf(Uint8Array.of(0xff, 0x20))).toEqual(['hex']);
  });
});

describe('excerpts', () => {
  it('JSON is laid out', () => {
    expect(excerptOf(utf8('{"a":[1]}'), 'json')).toEqual({
      text: '{\n  "a": [\n    1\n  ]\n}',
      shownBytes: 9,
    });
  });

  it('text is cut between characters', () => {
    const value = utf8(`x${'€'.repeat(10_000)}`);
    const { text, shownBytes } = excerptOf(value, 'text');
    expect(text).toBe(`x${'€'.repeat(5_461)}`);
    expect(shownBytes).toBe(1 + 3 * 5_461);
  });

  it('hex has offsets and the ASCII beside it', () => {
    expect(excerptOf(utf8('0123456789abcdefgh\n'), 'hex').text).toBe(
      [
        '000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef',
        '000010  67 68 0a                                         gh.',
      ].join('\n'),
    );
  });

  it('long JSON falls back to its first text, a long dump to its first lines', () => {
    const value = utf8(JSON.stringify(Array.from({ length: 6_000 }, (_, i) => i)));
    expect(excerptOf(value, 'json').text.startsWith('[0,1,2,')).toBe(true);
    expect(excerptOf(value, 'hex')).toMatchObject({ shownBytes: 4096 });
  });

  it('JSON that would be vast, or is nested beyond all measure, is shown as it is', () => {
    const nested = (depth: number, inside: string): string => '['.repeat(depth) + inside + ']'.repeat(depth);
    const vast = utf8(nested(3_000, Array(300_000).fill(1).join()));
    expect(formsOf(vast)).toEqual(['text', 'hex']);
    const deep = nested(14_000, '');
    expect(formsOf(utf8(deep))[0]).toBe('json');
    expect(excerptOf(utf8(deep), 'json').text).toBe(deep.slice(0, 16 * 1024));
  });

  it('any bytes have a form, and every form of theirs is short', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (value) => {
        for (const form of formsOf(value)) {
          const { text, shownBytes } = excerptOf(value, form);
          expect(text.length).toBeLessThan(20_000);
          expect(shownBytes).toBeLessThanOrEqual(value.length);
        }
      }),
    );
  });
});
