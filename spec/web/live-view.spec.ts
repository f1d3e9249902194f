/** `attachLiveView`: the page, the metrics and hotset.v1 of a service's engine, in one call. */

import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { HotsetClient } from '../../lib/client/index.js';
import { createMetrics } from '../../lib/http/index.js';
import { CacheEngine } from '../../lib/index.js';
import { attachLiveView, type LiveView, type LiveViewOptions } from '../../lib/web/live-view/index.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function attached(options: LiveViewOptions = {}): Promise<{
  engine: CacheEngine<string, unknown>;
  view: LiveView;
  client: (token?: string) => HotsetClient;
}> {
  const engine = new CacheEngine<string, unknown>({ maxBytes: '1MiB', missRatioCurve: true });
  // Without the metrics of the process, which nobody could turn off again.
  const metrics = createMetrics({ engine, register: new Registry() });
  const view = await attachLiveView(engine, { port: 0, metrics, ...options });
  open.push(view);
  const client = (token?: string): HotsetClient => {
    const made = new HotsetClient(`ws://127.0.0.1:${view.address.port}/ws`, {
      timeoutMs: 2000,
      ...(token !== undefined && { token }),
    });
    open.push(made);
    return made;
  };
  return { engine, view, client };
}

it('serves a page on loopback, and lets clients read what the service holds', async () => {
  const { engine, view, client } = await attached();
  engine.set('user:1', { name: 'Ada' });
  expect(view.url).toBe(`http://127.0.0.1:${view.address.port}/`);
  expect((await fetch(new URL('healthz', view.url))).status).toBe(200);
  expect(await (await fetch(new URL('metrics', view.url))).text()).toContain('hotset_entries 1');
  const remote = client();
  expect(await remote.get('user:1')).toEqual({ name: 'Ada' });
  expect(await remote.stats()).toMatchObject({ access: 'read-only', engine: { size: 1 } });
  expect((await remote.missRatioCurve())?.unit).toBe('bytes');
  expect((await remote.history())?.columns.uptimeMs).toEqual([]);
  await expect(remote.set('user:1', 1)).rejects.toMatchObject({ code: 'HOTSET_FORBIDDEN' });
  await expect(remote.flush()).rejects.toMatchObject({ code: 'HOTSET_FORBIDDEN' });
});

it('keeps strangers out as the other servers do: origins, hosts, a token', async () => {
  const { view, client } = await attached({ token: 'open-sesame', history: false });
  expect((await fetch(new URL('metrics', view.url))).status).toBe(401);
  const foreign = await fetch(view.url, { headers: { origin: 'https://evil.example' } });
  expect(foreign.status).toBe(403);
  await expect(client().get('a')).rejects.toThrow();
  const remote = client('open-sesame');
  expect(await remote.get('a')).toBeUndefined();
  expect(await remote.history()).toBeUndefined();
});

it('takes full access when the service says so', async () => {
  const { engine, client } = await attached({ access: 'full' });
  await client().set('a', 1);
  expect(engine.get('a')).toBe(1);
});

it('refuses what it does not know, and leaves nothing behind when the port is taken', async () => {
  const { engine, view } = await attached();
  await expect(attachLiveView(engine, { prot: 1 } as LiveViewOptions)).rejects.toMatchObject({
    code: 'HOTSET_INVALID_OPTION',
  });
  const metrics = createMetrics({ engine, register: new Registry() });
  const taken = { port: view.address.port, metrics };
  await expect(attachLiveView(engine, taken)).rejects.toMatchObject({ code: 'HOTSET_LISTEN_FAILED' });
  await view.close();
  const again = await attachLiveView(engine, taken);
  await again.close();
});
