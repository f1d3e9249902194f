/** What each entry of the package exports is documented in docs/api.md: every name and every public member. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

interface Findings {
  readonly isStale: boolean;
  readonly undocumented: readonly string[];
  readonly unexported: readonly string[];
  readonly strict: readonly string[];
}

describe('the public surface', () => {
  let findings: Findings;
  beforeAll(() => {
    const output = execFileSync(process.execPath, ['scripts/api-docs.mjs', '--check'], {
      cwd: PROJECT_DIR,
      encoding: 'utf8',
    });
    findings = JSON.parse(output) as Findings;
  });

  it('is in docs/api.md as it is: `npm run docs:api` writes the page', () => {
    expect(findings.isStale).toBe(false);
  });

  it('has a docstring for every exported name and public member', () => {
    expect(findings.undocumented).toEqual([]);
  });

  it('takes `undefined` for every option, so that callers with exactOptionalPropertyTypes can pass options on', () => {
    expect(findings.strict).toEqual([]);
  });

  it('exports every type that a public declaration names', () => {
    expect(findings.unexported).toEqual([]);
  });
});

it('the core shows nothing by slot: adapters of the package get the store from a function that is not exported', () => {
  const declarations = readFileSync(`${PROJECT_DIR}dist/index.d.ts`, 'utf8');
  expect(declarations).not.toMatch(/storeOf|EntryStore|Columns|KeyIndex/);
  const publicMembers = readFileSync(`${PROJECT_DIR}dist/engine/cache-engine.d.ts`, 'utf8').split(
    'class CacheEngine',
  )[1];
  expect(publicMembers).not.toMatch(/\b[sS]lot/);
});
