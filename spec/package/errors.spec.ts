/** The table of error codes and docs/errors.md say the same. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES, HotsetError } from '../../lib/index.js';

it('docs/errors.md has a row for each code, with its meaning, and for no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
  const rows = Array.from(page.matchAll(/^\| `(HOTSET_\w+)` \| ([^|]+?) \|/gm), (match) => [
    match[1],
    match[2],
  ]);
  expect(Object.fromEntries(rows)).toEqual(ERROR_CODES);
});

it('an error has its code, its name and its cause', () => {
  const cause = new Error('why');
  const error = new HotsetError('HOTSET_LISTEN_FAILED', 'what', { cause });
  expect(error).toMatchObject({ name: 'HotsetError', code: 'HOTSET_LISTEN_FAILED', message: 'what', cause });
});
