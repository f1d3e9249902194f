/** Kept results as reports read them: without contenders that have gone since. */

import { contenders } from '../caches/index.mjs';
import { readResults } from '../harness/results.mjs';

/** What was kept of one part, or null. `from`: the directory's URL, where it is not the committed one. */
export function readKept(part, from) {
  const content = readResults(part, from);
  // The servers' contenders are a list, and another one.
  if (content === null || content.contenders === undefined || Array.isArray(content.contenders))
    return content;
  const gone = Object.keys(content.contenders).filter((name) => !Object.hasOwn(contenders, name));
  if (gone.length === 0) return content;
  const without = (record) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !gone.includes(name)));
  const withoutEach = (list, field) => list?.map((item) => ({ ...item, [field]: without(item[field]) }));
  return {
    ...content,
    contenders: without(content.contenders),
    cases: withoutEach(content.cases, 'readings'),
    growth: withoutEach(content.growth, 'readings'),
    hits: withoutEach(content.hits, 'others'),
  };
}
