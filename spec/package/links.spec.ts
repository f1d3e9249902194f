/** Links between the pages of the project lead to files and headings that are there. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(PROJECT_DIR, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function text(page: string): string {
  return readFileSync(join(PROJECT_DIR, page), 'utf8');
}

/** As GitHub makes anchors of headings. */
function anchors(page: string): string[] {
  return [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .trim()
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

it.each(PAGES)('links of %s', (page) => {
  const targets = [...text(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  for (const target of targets.filter((each) => !each.startsWith('http'))) {
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path!);
    expect.soft(existsSync(join(PROJECT_DIR, file)), target).toBe(true);
    if (anchor !== undefined) expect.soft(anchors(file), target).toContain(anchor);
  }
});
