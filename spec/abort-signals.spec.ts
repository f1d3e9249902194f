/** One listener for each signal, however many calls share it. */

import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { watchAbort } from '../lib/abort-signals.js';
import { HotsetClient } from '../lib/client/index.js';

it('has one listener for all watchers of a signal, and none without watchers', () => {
  const { signal } = new AbortController();
  const stops = Array.from({ length: 1000 }, () => watchAbort(signal, () => {}));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const stop of stops) stop();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  // A stop that comes twice does not end the watch of somebody else.
  const called: string[] = [];
  const stopNew = watchAbort(signal, () => called.push('new'));
  stops[0]!();
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  stopNew();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('calls each once, in their order, except those who stopped', () => {
  const controller = new AbortController();
  const called: string[] = [];
  const stops = ['a', 'b', 'c', 'd'].map((name) =>
    watchAbort(controller.signal, () => {
      called.push(name);
      if (name === 'a') stops[2]!();
    }),
  );
  stops[1]!();
  controller.abort();
  expect(called).toEqual(['a', 'd']);
});

it('warns of nothing when caches and a client share a signal, and leaves other warnings alone', () => {
  const script = `
    const { CacheEngine } = await import('hotset');
    const { LoadingCache } = await import('hotset/loading');
    const { HotsetClient } = await import('hotset/client');
    const { signal } = new AbortController();
    process.on('warning', ({ name }) => console.log(name));
    const client = new HotsetClient('ws://127.0.0.1:1', { maxQueued: 100, timeoutMs: Infinity });
    for (let n = 0; n < 50; n++) {
      const cache = new LoadingCache(new CacheEngine());
      cache.getOrLoad(n, () => new Promise(() => {}), { signal }).catch(() => {});
      client.get('key' + n, { signal }).catch(() => {});
    }
    await new Promise(setImmediate);
    console.log('quiet');
    // Node 24 no longer counts the listeners of signals.
    const emitter = new (await import('node:events')).EventEmitter();
    for (let n = 0; n < 11; n++) emitter.on('abort', () => n);
    await new Promise(setImmediate);
    process.exit();`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    // The last warning is wanted, and printed there too.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(said.trim().split('\n')).toEqual(['quiet', 'MaxListenersExceededWarning']);
});

it('is not left to a call of the client whose scheduler throws', async () => {
  const { signal } = new AbortController();
  let throws = false;
  const schedule = (): (() => void) => {
    if (throws) throw new Error('boom');
    return () => {};
  };
  const client = new HotsetClient('ws://127.0.0.1:1', { scheduler: { schedule }, onError: () => {} });
  throws = true;
  const got = client.get('key', { signal, timeoutMs: 5 });
  throws = false;
  await expect(got).rejects.toThrow('boom');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await client.close();
});
