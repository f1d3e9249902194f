/** The table of error codes and docs/errors.md say the same. */

import { readdirSync, readFileSync } from 'node:fs';
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

/** Texts of the files below a folder whose names end so. */
function texts(folder: string, ending: string): string[] {
  const root = join(import.meta.dirname, '../..', folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(root, name), 'utf8'));
}

/** Names of the environment that look like codes. */
const variables: ReadonlySet<string> = new Set(
  ['lib', 'spec', 'benchmarks'].flatMap((folder) =>
    texts(folder, '.ts').flatMap((source) =>
      [...source.matchAll(/process\.env(?:\.|\[')(HOTSET_\w+)/g)].map(([, name]) => name!),
    ),
  ),
);

it('the guides name no code that is not in the table', () => {
  const named = texts('docs', '.md').flatMap((page) =>
    [...page.matchAll(/`(HOTSET_\w+)`/g)].map(([, code]) => code!),
  );
  const isCode = (name: string): boolean => !variables.has(name);
  expect([...new Set(named)].filter((code) => isCode(code) && !Object.hasOwn(ERROR_CODES, code))).toEqual([]);
});

it('every code is thrown or sent somewhere', () => {
  const sources = texts('lib', '.ts').filter((source) => !source.includes('export const ERROR_CODES'));
  const unused = Object.keys(ERROR_CODES).filter(
    (code) => !sources.some((source) => source.includes(`'${code}'`)),
  );
  expect(unused).toEqual([]);
});

it('an error has its code, its name and its cause', () => {
  const cause = new Error('why');
  const error = new HotsetError('HOTSET_LISTEN_FAILED', 'what', { cause });
  expect(error).toMatchObject({ name: 'HotsetError', code: 'HOTSET_LISTEN_FAILED', message: 'what', cause });
});
