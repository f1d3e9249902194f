/** The reader itself: what it refuses, metrics must not have. */

import { describe, expect, it } from 'vitest';
import { readExposition } from './exposition.js';

const HEAD = '# HELP a What it is.\n# TYPE a ';

describe('the reader of the text format', () => {
  it('reads names, labels with every escape, and numbers', () => {
    const text = `${HEAD}gauge\na{b="x\\\\y\\"z\\n",c=""} -1.5e-7\na +Inf\n\n# HELP d \\\\ \\n\n# TYPE d counter\nd 3\n`;
    const families = readExposition(text);
    expect([...families.keys()]).toEqual(['a', 'd']);
    expect(families.get('a')!.samples).toEqual([
      { name: 'a', labels: { b: 'x\\y"z\n', c: '' }, value: -1.5e-7 },
      { name: 'a', labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
  });

  const buckets = (...lines: string[]): string =>
    `${HEAD}histogram\n${lines.join('\n')}\na_sum 1\na_count 2\n`;

  it.each<[what: string, text: string]>([
    ['no end of line', `${HEAD}gauge\na 1`],
    ['a sample without a family', 'a 1\n'],
    ['a type without a help', '# TYPE a gauge\na 1\n'],
    ['a help without a type', '# HELP a b\na 1\n'],
    ['a help at the end', '# HELP a b\n'],
    ['an unknown type', '# HELP a b\n# TYPE a meter\na 1\n'],
    ['a family twice', `${HEAD}gauge\na 1\n${HEAD}gauge\na 2\n`],
    ["another family's sample", `${HEAD}gauge\nb 1\n`],
    ['a count of a gauge', `${HEAD}gauge\na_count 1\n`],
    ['the same sample twice', `${HEAD}gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n`],
    ['a label twice', `${HEAD}gauge\na{x="1",x="2"} 1\n`],
    ['a bad name', `# HELP a-b c\n# TYPE a-b gauge\na-b 1\n`],
    ['a bad escape', `${HEAD}gauge\na{x="\\t"} 1\n`],
    ['a comma too many', `${HEAD}gauge\na{x="1",} 1\n`],
    ['a number as in JavaScript', `${HEAD}gauge\na Infinity\n`],
    ['a negative count', `${HEAD}counter\na -1\n`],
    ['two blanks', `${HEAD}gauge\na  1\n`],
    ['buckets without +Inf', buckets('a_bucket{le="1"} 2')],
    ['buckets that fall', buckets('a_bucket{le="1"} 3', 'a_bucket{le="+Inf"} 2')],
    ['bounds that fall', buckets('a_bucket{le="2"} 1', 'a_bucket{le="1"} 1', 'a_bucket{le="+Inf"} 2')],
    ['a count that is not +Inf', buckets('a_bucket{le="+Inf"} 3')],
    ['a histogram without a sum', `${HEAD}histogram\na_bucket{le="+Inf"} 1\na_count 1\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});
