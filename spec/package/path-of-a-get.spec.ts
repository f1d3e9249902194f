/** A `get` on the wire crosses so few files that one can read them in one sitting: CONTRIBUTING.md, "Reading order". */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MAX_FILES = 13;
const CHILD = fileURLToPath(new URL('path-of-a-get-child.mjs', import.meta.url));

it(`runs code of ${MAX_FILES} files at most, from the socket to the reply`, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD]);
  const files = JSON.parse(stdout) as string[];
  expect(files).toContain('engine/entry-store.js');
  expect(files.length, files.join('\n')).toBeLessThanOrEqual(MAX_FILES);
});
