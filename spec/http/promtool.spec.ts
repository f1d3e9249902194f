/** Prometheus' own checker reads what we tell, and finds nothing to blame but the names that are not ours. */

import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { createMetrics } from '../../lib/http/index.js';
import { LoadingCache } from '../../lib/loading/index.js';
import { promtool } from '../support/external-tool.js';
import { serve } from '../tcp/fixture.js';

const tool = promtool();

it.skipIf(tool.missing)(`promtool check metrics${tool.hint}`, async () => {
  const { engine, connect } = await serve({}, {});
  const client = await connect();
  client.send('set a 0 0 1\r\nx\r\n');
  await client.line();
  const loading = new LoadingCache(engine);
  const { register } = createMetrics({ engine, loading, labels: { cache: 'a "quoted" \\ name\n' } });
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: await register.metrics(),
    encoding: 'utf8',
  });
  // 3 is for lint: the exporter's names, and those of prom-client, are what they are.
  expect([0, 3], stderr).toContain(status);
  const blamed = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('hotset_'));
  expect(blamed).toEqual([]);
});
