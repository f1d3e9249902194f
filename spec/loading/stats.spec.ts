/** stats(): each key asked for and each flight is counted once. */

import { expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { LoadingCache } from '../../lib/loading/index.js';
import { makeLoading, outcome, Source, settled } from './fixture.js';

it('is a frozen snapshot', () => {
  const { cache } = makeLoading();
  const stats = cache.stats();
  expect(Object.isFrozen(stats)).toBe(true);
  expect(stats).toMatchObject({
    hits: 0,
    loads: 0,
    inFlight: 0,
    loadMsTotal: 0,
    loadMsMean: 0,
    loadMsMax: 0,
  });
});

it('measures flights with a clock of its own', async () => {
  const { cache, clock } = makeLoading();
  const source = new Source();
  const waits = ['a', 'b'].map((key) => outcome(cache.getOrLoad(key, source.load)));
  clock.advance(10);
  source.calls[0]!.resolve(1);
  await waits[0];
  expect(cache.stats()).toMatchObject({ inFlight: 1, loadMsTotal: 10, loadMsMean: 10 });
  clock.advance(20);
  source.calls[1]!.reject('down');
  await waits[1];
  expect(cache.stats()).toMatchObject({ inFlight: 0, loadMsTotal: 40, loadMsMean: 20, loadMsMax: 30 });
});

it('measures with a clock that never jumps by default', async () => {
  const cache = new LoadingCache(new CacheEngine<string, number>());
  await cache.getOrLoad('a', () => settled().then(() => 1));
  expect(cache.stats().loadMsTotal).toBeGreaterThan(0);
  expect(cache.stats().loadMsMax).toBe(cache.stats().loadMsTotal);
});

it('can be set back while flights are in progress', async () => {
  const { cache } = makeLoading();
  const source = new Source();
  const got = cache.getOrLoad('a', source.load);
  cache.resetStats();
  expect(cache.stats()).toMatchObject({ loads: 0, inFlight: 1 });
  source.last.resolve(1);
  await got;
  expect(cache.stats()).toMatchObject({ loads: 0, loaded: 1, inFlight: 0 });
});
