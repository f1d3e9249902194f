/** The pages for those who come from other caches name every option and method that the types of these have. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

const read = (file: string): string => readFileSync(join(PROJECT_DIR, file), 'utf8');

/** The text from one line to the next that is indented no deeper. */
function block(text: string, begin: RegExp): string {
  const [line, indent] = begin.exec(text)!;
  const from = text.slice(text.indexOf(line));
  return from.slice(0, from.indexOf(`\n${indent}}`));
}

/** The names of the members that are indented so far. */
function membersOf(text: string, indent: string): string[] {
  const member = new RegExp(`^${indent}(?:get |readonly )?([a-zA-Z]+)\\??[(:]`, 'gm');
  return [...new Set([...text.matchAll(member)].map(([, name]) => name!))];
}

function missing(page: string, names: readonly string[]): string[] {
  const text = read(page);
  return names.filter((name) => name !== 'constructor' && !new RegExp(`\\b${name}\\b`).test(text));
}

it('lru-cache 11', () => {
  const types = read('node_modules/lru-cache/dist/esm/index.d.ts');
  const names = [
    ...membersOf(block(types, /^( +)interface OptionsBase<.*$/m), ' {8}'),
    ...['Get', 'Set', 'Has', 'Peek'].flatMap((name) =>
      membersOf(block(types, new RegExp(`^( +)interface ${name}Options<.*$`, 'm')), ' {8}'),
    ),
    ...membersOf(block(types, /^()export declare class LRUCache<.*$/m), ' {4}'),
  ];
  expect(names.length).toBeGreaterThan(60);
  expect(missing('docs/from-lru-cache.md', names)).toEqual([]);
});

it('node-cache 5', () => {
  const types = read('node_modules/node-cache/index.d.ts');
  const names = [
    ...membersOf(block(types, /^(\t)interface Options .*$/m), '\t\t'),
    ...membersOf(block(types, /^()declare class NodeCache .*$/m), '\t'),
  ];
  expect(names.length).toBeGreaterThan(20);
  expect(missing('docs/from-node-cache.md', names)).toEqual([]);
});
