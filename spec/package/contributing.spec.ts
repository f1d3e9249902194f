/** CONTRIBUTING.md: the files and commands that it names exist. */

import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

const page = readFileSync(`${PROJECT_DIR}CONTRIBUTING.md`, 'utf8');

it('names files that are there', () => {
  const paths = [...page.matchAll(/\b(?:lib|spec|docs)\/[\w./-]*\w/g)].map(([path]) => path);
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(`${PROJECT_DIR}${path}`))).toEqual([]);
});

it('names scripts that package.json has', () => {
  const { scripts } = JSON.parse(readFileSync(`${PROJECT_DIR}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...page.matchAll(/npm run ([\w:]*\w)/g)].map(([, name]) => name!);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});
