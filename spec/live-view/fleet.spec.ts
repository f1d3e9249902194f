/** The live view over several servers: what is summed, what each has, and to whom the page may connect. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumTool } from '../support/external-tool.js';
import { eventually, launchChromium, openPage } from './browser.js';
import { type LiveServer, type LiveServerOptions, startLiveServer } from './live-server.js';

const { missing, hint } = chromiumTool();

describe.skipIf(missing)(`the live view of several servers${hint}`, () => {
  let browser: Browser;
  let servers: LiveServer[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await Promise.all(servers.map((server) => server.close()));
    servers = [];
  });

  /** Servers that name each other. */
  async function startFleet(count: number, options: LiveServerOptions = {}): Promise<readonly string[]> {
    const ports = await freePorts(count);
    const peers = ports.map((port) => `127.0.0.1:${port}`);
    const origins = peers.map((peer) => `http://${peer}`);
    servers = await Promise.all(
      ports.map((port) => startLiveServer({ busy: false, port, peers, origins, ...options })),
    );
    return peers;
  }

  it('sums the tiles, has a line for each, and goes on while one is away', async () => {
    const names = await startFleet(3);
    for (const [i, { engine }] of servers.entries())
      for (let n = 0; n < 10 * (i + 1); n++) engine.set(`key-${i}-${n}`, 'x');
    const { page, complaints } = await openPage(browser, servers[0]!.url);
    const tile = page.locator('.tile', { has: page.locator('dt', { hasText: 'Items' }) }).locator('.value');
    const rows = page.locator('#servers tbody tr');
    await page.locator('#state[data-state=connected]').waitFor();
    await eventually(() => tile.textContent()).toBe('60');
    expect(await rows.count()).toBe(3);
    for (const [i, name] of names.entries()) {
      expect(await rows.nth(i).textContent()).toContain(name);
      await eventually(() => rows.nth(i).textContent()).toMatch(new RegExp(`up .*${10 * (i + 1)}`));
    }
    expect(await page.locator('#facts').textContent()).toMatch(/^3 servers · /);
    await eventually(async () =>
      Number(await page.locator('section.chart[aria-label^="Memory,"]').getAttribute('data-points')),
    ).toBeGreaterThan(1);
    expect(complaints).toEqual([]);

    await page.locator('#inspect-key').fill('key-2-1');
    await page.locator('#inspect').getByRole('button').click();
    await eventually(() => page.locator('#inspect-message').textContent()).toBe(`On ${names[2]}.`);
    await page.getByRole('button', { name: 'Show value' }).click();
    await eventually(() => page.locator('#value-text').inputValue()).toBe('x');

    await servers.pop()!.close();
    await page.locator('#state[data-state=partial]').waitFor();
    expect(await page.locator('#state').textContent()).toBe('2 of 3 connected');
    await eventually(() => tile.textContent()).toBe('30');
    await eventually(() => rows.nth(2).textContent()).toContain('reconnecting');

    await page.locator('#flush').click();
    expect(await page.locator('#flush-loss').textContent()).toContain('of 2 servers');
    await page.locator('#flush-word').fill('FLUSH');
    await page.locator('#flush-confirm').click();
    await eventually(() => servers.map(({ engine }) => engine.size)).toEqual([0, 0]);
  });

  it('sends all the token, and connects to nobody whom the server does not name', async () => {
    const names = await startFleet(2, { token: 'secret' });
    const stranger = await startLiveServer({ busy: false });
    servers.push(stranger);
    const { page, complaints } = await openPage(
      browser,
      `${servers[0]!.url}?servers=127.0.0.1:${stranger.port}#token=secret`,
    );
    await page.locator('#state[data-state=connected]').waitFor();
    expect(await page.locator('#servers tbody tr').count()).toBe(names.length);
    expect(complaints).toEqual([]);
    const refused = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
      try {
        new WebSocket('ws://127.0.0.1:${stranger.port}/ws');
      } catch {}
    })`);
    expect(await refused).toBe('connect-src');
  });

  it('a peer that does not know the page’s origin stays out, and the rest is shown', async () => {
    const [port] = await freePorts(1);
    const stranger = await startLiveServer({ busy: false });
    servers.push(
      stranger,
      await startLiveServer({ busy: false, port: port!, peers: [`127.0.0.1:${stranger.port}`] }),
    );
    const { page } = await openPage(browser, servers[1]!.url);
    await page.locator('#state[data-state=partial]').waitFor();
    await eventually(() => page.locator('#facts').textContent()).toMatch(/^2 servers · /);
    expect(await page.locator('#state').textContent()).toBe('1 of 2 connected');
  });
});

async function freePorts(count: number): Promise<number[]> {
  const listening = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(listening.map((server) => once(server, 'listening')));
  const ports = listening.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(listening.map((server) => once(server.close(), 'close')));
  return ports;
}
