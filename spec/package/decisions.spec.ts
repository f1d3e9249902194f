/** docs/decisions.md: each record has a date and a decision, and stands in the index. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

const [index = '', ...sections] = readFileSync(`${PROJECT_DIR}docs/decisions.md`, 'utf8').split(/^## /m);
const records = sections.flatMap((section) => section.split(/^### /m).slice(1));

it.each(records.map((record) => [record.split('\n')[0]!, record]))('%s', (title, record) => {
  expect(record).toMatch(/^.+\n\n\*20\d\d-\d\d-\d\d\*\n/);
  expect(record.match(/^- \*\*Decision:\*\* /gm)).toHaveLength(1);
  const labels = [...record.matchAll(/^- \*\*(\w+):\*\*/gm)].map(([, label]) => label);
  expect(['Context', 'Decision', 'Rejected', 'Cost'].filter((label) => labels.includes(label))).toEqual(
    labels,
  );
  expect(index).toContain(`[${title}](#`);
});
