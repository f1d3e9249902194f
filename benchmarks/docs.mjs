/**
 * npm run bench:docs [-- --results=DIRECTORY]
 *
 * Writes the tables between the markers of the pages below anew, from what `npm run bench -- --keep` left in
 * benchmarks/results/. A page without markers stays as it is.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { contenders } from './caches/index.mjs';
import { contenderInfo } from './harness/contender-info.mjs';
import { readKept } from './report/kept.mjs';
import { withMarkedParts } from './report/marked-parts.mjs';
import { docParts } from './report/parts.mjs';

const PAGES = [
  '../docs/benchmarks.md',
  '../docs/engine.md',
  '../docs/fleet.md',
  '../docs/performance.md',
  '../docs/policies.md',
  '../docs/tiered.md',
  '../docs/websocket.md',
  '../docs/undici.md',
  '../docs/redis.md',
  '../README.md',
];

const { values } = parseArgs({ options: { results: { type: 'string' } } });
const from = values.results === undefined ? undefined : pathToFileURL(`${values.results}/`);
const { info } = await contenderInfo(Object.keys(contenders));
const parts = docParts((part) => readKept(part, from), info);
for (const page of PAGES) {
  const file = new URL(page, import.meta.url);
  const before = readFileSync(file, 'utf8');
  const after = withMarkedParts(before, parts);
  if (after === before) continue;
  writeFileSync(file, after);
  console.log(`${page.replace('../', '')} written anew`);
}
