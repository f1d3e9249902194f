/**
 * Strict LRU order beyond what one table holds, without a model of it all: which keys were promoted, and so
 * which must be gone, is arithmetic. 300,000 entries by default, in a process of its own;
 * `HOTSET_SCALE_ENTRIES=20000000` takes two minutes and 3 GB.
 */

import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

const ENTRIES = Number(process.env.HOTSET_SCALE_ENTRIES ?? 300_000);

/**
 * Runs in the process. Keys 0 to n - 1 are stored; those that `isPromoted` are read, in the order of a
 * permutation; then `inserted` more keys come, and as many of the others must go, the lowest keys first, as
 * that was their order of use. Says what is wrong, and how long it took.
 */
const PROGRAM = `
const { CacheEngine } = await import(process.argv[1]);
const n = Number(process.argv[2]);
const began = performance.now();
const problems = [];
const check = (is, what) => { if (!is && problems.length < 20) problems.push(what); };

const engine = new CacheEngine({ maxBytes: Infinity, maxEntries: n });
for (let key = 0; key < n; key++) engine.set(key, key & 0xffff);
const filledMs = performance.now() - began;
check(engine.size === n, 'holds ' + engine.size);
check(engine.stats().evictions === 0, 'evicted while it was filled');

// One key in eight, read in the order of a walk by a step that has no factor in common with n.
const isPromoted = (key) => (Math.imul(key ^ (key >>> 15), 0x2c1b3c6d) >>> 0) % 8 === 0;
const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));
let step = Math.floor(n * 0.6180339887);
while (gcd(step, n) !== 1) step++;
let promoted = 0;
for (let i = 0, key = 0; i < n; i++, key = (key + step) % n) {
  if (!isPromoted(key)) continue;
  promoted++;
  check(engine.get(key) === (key & 0xffff), 'a wrong value under ' + key);
}
check(engine.size === n, 'lost entries by reading: ' + (n - engine.size));

// A third of the unread go, oldest first, then all of them and half of the promoted, in their order.
const unread = n - promoted;
let inserted = 0;
const insert = (count) => {
  for (const to = inserted + count; inserted < to; inserted++) engine.set(n + inserted, inserted & 0xffff);
};
insert(Math.floor(unread / 3));
let gone = 0;
let oldest = -1;
for (let key = 0; key < n; key++) {
  const isGone = !isPromoted(key) && gone < inserted;
  if (isGone) gone++;
  else if (oldest < 0 && !isPromoted(key)) oldest = key;
  check(engine.has(key) !== isGone, 'key ' + key + (isGone ? ' is still there' : ' is gone'));
}
check(engine.evictOldest()[0] === oldest, 'the oldest is another one than ' + oldest);

// One eviction was by hand, and one insertion finds room: as many have gone as have come.
insert(unread - inserted + Math.floor(promoted / 2));
let left = inserted - unread;
check(engine.size === n, 'holds ' + engine.size);
for (let i = 0, key = 0; i < n; i++, key = (key + step) % n) {
  if (!isPromoted(key)) check(!engine.has(key), 'the unread key ' + key + ' is still there');
  else {
    const isGone = left-- > 0;
    check(engine.has(key) !== isGone, 'the promoted key ' + key + (isGone ? ' is still there' : ' is gone'));
  }
}
for (let i = 0; i < inserted; i++) check(engine.peek(n + i) === (i & 0xffff), 'a wrong value under the new key ' + i);

// The walk: the rest of the promoted, then the new keys as they came.
const walk = engine.keys({ order: 'oldest-first' });
let expected = inserted - unread;
for (let i = 0, key = 0; i < n; i++, key = (key + step) % n) {
  if (!isPromoted(key) || expected-- > 0) continue;
  check(walk.next().value === key, 'the walk does not meet ' + key);
}
for (let i = 0; i < inserted; i++) check(walk.next().value === n + i, 'the walk does not meet the new key ' + i);
check(walk.next().done === true, 'the walk goes on');
const verified = n <= 1e6 ? engine.verify() : [];
console.log(JSON.stringify({
  problems: [...problems, ...verified.slice(0, 5)],
  filledMs, totalMs: performance.now() - began, promoted, inserted,
  residentMb: Math.round(process.memoryUsage.rss() / 1e6),
}));
`;

it(`evicts in the strict order of use with ${ENTRIES} entries`, { timeout: 600_000 }, async () => {
  const library = pathToFileURL(`${PROJECT_DIR}dist/index.js`).href;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=8000',
    '--input-type=module',
    '-e',
    PROGRAM,
    library,
    `${ENTRIES}`,
  ]);
  const { problems, ...figures } = JSON.parse(stdout) as { problems: string[]; residentMb: number };
  if (process.env.HOTSET_SCALE_ENTRIES !== undefined) console.log(figures);
  expect(problems).toEqual([]);
  expect(figures).toMatchObject({ promoted: expect.any(Number) });
});
