/** A word at the start when the operating system allows fewer files than connections were asked for. */

import { expect, it } from 'vitest';
import { fileLimitNotes } from '../../lib/cli/file-limit.js';

const limits = (most: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax processes             7 7 processes\nMax open files            ${most.padEnd(20)} ${most.padEnd(20)} files\n`;

it('is said when the limit is too low, and not otherwise', () => {
  expect(fileLimitNotes(1024, limits('1056'))).toEqual([]);
  expect(fileLimitNotes(1025, limits('1056'))).toEqual([
    expect.stringMatching(/^-c 1025 is more .* 1056 files/),
  ]);
  expect(fileLimitNotes(10 ** 6, limits('unlimited'))).toEqual([]);
  expect(fileLimitNotes(10 ** 6, '')).toEqual([]);
});
