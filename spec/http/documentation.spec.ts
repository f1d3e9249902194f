/** docs/operations.md describes every metric as the metric describes itself. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createHttpServer, createMetrics } from '../../lib/http/index.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { LoadingCache } from '../../lib/loading/index.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { certificate } from '../support/certificates.js';
import { readExposition } from '../support/exposition.js';
import { certFiles, connectTo, folder, serve } from '../tcp/fixture.js';
import { Fleet } from '../tiered/fixture.js';
import { closeAfterTest } from '../websocket/fixture.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

const clock = new ManualClock();

/** Engines with a curve, in bytes and in entries; the second has a key that is read. */
function readEngines(): CacheEngine<string, string>[] {
  return [{ maxBytes: 10_000 }, { maxEntries: 10 }].map((limit) => {
    const engine = new CacheEngine<string, string>({ ...limit, clock, missRatioCurve: true });
    const { hotKeys } = itemStoreOf(engine);
    for (const _ of hotKeys.report(1, Number.POSITIVE_INFINITY));
    for (let i = 0; i < 1000; i++) engine.get(`k${i}`);
    return engine;
  });
}

it('docs/operations.md has a row for each metric, with its labels, type and help, and for no other', async () => {
  const rows = Array.from(
    PAGE.matchAll(/^\| `((?:hotset|memcached)_\w+(?:\{[\w,]+\})?)` \| (\w+) \| (.+) \|$/gm),
    ([, name, type, help]) => [name, [type, help]],
  );
  const files = certFiles(folder(), certificate('server'));
  const { engine, address } = await serve({ tls: files });
  const client = await connectTo(address, { rejectUnauthorized: false });
  // Some metrics are omitted while there is nothing to report.
  await client.ask('set a 0 0 1\r\nx\r\nget a\r\n', /END\r\n/);
  closeAfterTest(attachWebSocket(engine));
  const loading = new LoadingCache(engine);
  const tiered = new Fleet().process({ source: true });
  const registers = [
    createMetrics({ engine, loading, register: new Registry() }).register,
    createMetrics({ engine: tiered.engine, tiered, register: new Registry() }).register,
    createHttpServer(engine).metrics.register,
    ...readEngines().map(
      (engine) => createMetrics({ engine, hotKeys: 1, register: new Registry() }).register,
    ),
  ];
  clock.advance(2000);
  const expositions = await Promise.all(registers.map((register) => register.metrics()));
  const families = expositions.flatMap((text) => [...readExposition(text).values()]);
  const reported = families
    .filter(({ name, samples }) => /^(?:hotset|memcached)_/.test(name) && samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const labels = Object.keys(samples[0]!.labels).filter((label) => label !== 'le');
      return [labels.length === 0 ? name : `${name}{${labels.join()}}`, [type, help]];
    });
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(reported));
  expect(rows).toHaveLength(Object.keys(Object.fromEntries(reported)).length);
});
