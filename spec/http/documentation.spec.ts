/** docs/operations.md tells of every metric what the metric tells of itself, and its rules are rules. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createMetrics } from '../../lib/http/index.js';
import { LoadingCache } from '../../lib/loading/index.js';
import { readExposition } from '../support/exposition.js';
import { promtool } from '../support/external-tool.js';
import { folder, serve } from '../tcp/fixture.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

it('docs/operations.md has a row for each metric, with its labels, type and help, and for no other', async () => {
  const rows = Array.from(
    PAGE.matchAll(/^\| `((?:hotset|memcached)_\w+(?:\{[\w,]+\})?)` \| (\w+) \| (.+) \|$/gm),
    ([, name, type, help]) => [name, [type, help]],
  );
  const { engine, connect } = await serve();
  const client = await connect();
  // Some metrics are not there while there is nothing to tell.
  await client.ask('set a 0 0 1\r\nx\r\nget a\r\n', /END\r\n/);
  const { register } = createMetrics({
    engine,
    loading: new LoadingCache(engine),
    register: new Registry(),
  });
  const told = [...readExposition(await register.metrics()).values()].map(({ name, type, help, samples }) => {
    const labels = Object.keys(samples[0]!.labels).filter((label) => label !== 'le');
    return [labels.length === 0 ? name : `${name}{${labels.join()}}`, [type, help]];
  });
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(told));
  expect(rows).toHaveLength(told.length);
});

const tool = promtool();

it.skipIf(tool.missing)(`its alerts are rules, of metrics that there are${tool.hint}`, () => {
  const rules = /^```yaml\n(groups:\n[\s\S]*?)^```/m.exec(PAGE)![1]!;
  const file = join(folder(), 'rules.yml');
  writeFileSync(file, rules);
  const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const names = rules.match(/\b(?:hotset|memcached)_\w+/g)!.map((name) => name.replace(/_bucket$/, ''));
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(PAGE).toMatch(new RegExp(`^\\| \`${name}[\`{]`, 'm'));
});
