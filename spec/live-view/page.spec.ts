/** The live view in a real browser, against a real server under load. */

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HotsetClient } from '../../lib/client/index.js';
import { chromiumTool } from '../support/external-tool.js';
import { eventually, launchChromium, openPage, type WatchedPage } from './browser.js';
import { type LiveServer, type LiveServerOptions, startLiveServer } from './live-server.js';

const { missing, hint } = chromiumTool();

describe.skipIf(missing)(`the live view${hint}`, () => {
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

  async function start(options: LiveServerOptions = {}): Promise<LiveServer> {
    const server = await startLiveServer(options);
    servers.push(server);
    return server;
  }

  async function stop(server: LiveServer): Promise<void> {
    servers = servers.filter((other) => other !== server);
    await server.close();
  }

  async function open(
    options: LiveServerOptions = {},
    fragment = '',
  ): Promise<WatchedPage & { server: LiveServer }> {
    const server = await start(options);
    return { ...(await openPage(browser, server.url + fragment)), server };
  }

  const chart = (page: Page, title: string): Locator =>
    page.locator(`section.chart[aria-label^="${title},"]`);
  /** Until the chart has so many points. */
  const pointsOf = async (page: Page, title: string, least: number): Promise<number> => {
    const points = async (): Promise<number> => Number(await chart(page, title).getAttribute('data-points'));
    await eventually(points).toBeGreaterThanOrEqual(least);
    return points();
  };
  const tile = (page: Page, title: string): Locator =>
    page.locator('.tile', { has: page.locator('dt', { hasText: title }) }).locator('.value');
  const connected = (page: Page): Promise<void> => page.locator('#state[data-state=connected]').waitFor();
  const inspect = async (page: Page, key: string): Promise<void> => {
    await page.locator('#inspect-key').fill(key);
    await page.locator('#inspect').getByRole('button').click();
  };

  it('updates while the server runs, and requests nothing from other hosts', async () => {
    const { page, complaints, strayRequests } = await open();
    await connected(page);
    for (const title of [
      'Hit ratio',
      'Operations',
      'Memory',
      'Evictions and expirations',
      'Network',
      'Connections',
      'Process memory',
      'Longest delays',
    ])
      await pointsOf(page, title, 4);
    await eventually(() => tile(page, 'Operations').textContent()).toMatch(/^[\d.]+(\u00a0k)?\/s$/);
    await eventually(() => tile(page, 'Hit ratio').textContent()).toMatch(/^[\d.]+\u00a0%$/);
    const items = await tile(page, 'Items').textContent();
    await eventually(() => tile(page, 'Items').textContent()).not.toBe(items);
    await eventually(() => page.locator('.bars li').count()).toBe(12);
    expect(await page.locator('#facts').textContent()).toMatch(/^\d+\.\d+\.\d+ · up .+ · full access$/);
    expect({ complaints, strayRequests }).toEqual({ complaints: [], strayRequests: [] });
  });

  it('draws what it counts: the canvas of a chart changes', async () => {
    const { page } = await open();
    await pointsOf(page, 'Operations', 2);
    const canvas = chart(page, 'Operations').locator('canvas');
    const before = await canvas.screenshot();
    await eventually(async () => (await canvas.screenshot()).equals(before)).toBe(false);
  });

  it('has a past when it is opened: what the server remembers', async () => {
    const { url, port } = await start();
    const client = new HotsetClient(`ws://127.0.0.1:${port}/ws`);
    await eventually(async () => (await client.history())!.columns.uptimeMs!.length).toBeGreaterThanOrEqual(
      4,
    );
    client.close();
    const { page, sent } = await openPage(browser, url);
    const points = await pointsOf(page, 'Operations', 4);
    // Others than those that the page has asked for itself.
    expect(points - sent.filter((frame) => frame.includes('"stats"')).length).toBeGreaterThanOrEqual(2);
    await page.getByRole('button', { name: '1 h' }).click();
    expect(await page.locator('#span [aria-pressed=true]').textContent()).toBe('1 h');
  });

  it('says what twice the memory would buy, and draws the curve', async () => {
    const { page, complaints, sent } = await open();
    const panel = page.locator('#curve');
    await eventually(() => panel.locator('.lead').textContent()).toMatch(
      /^Doubling the memory would save .+\.$/,
    );
    // It was asked for as soon as there was a connection.
    const first = sent.findIndex((frame) => frame.includes('"missRatioCurve"'));
    expect(sent.slice(0, first).filter((frame) => frame.includes('"stats"')).length).toBeLessThan(3);
    expect(await panel.locator('svg path.curve').getAttribute('d')).toMatch(/^M[\d.]+ [\d.]+L/);
    await eventually(() => panel.locator('.policies li').count()).toBe(4);
    expect(await panel.locator('.policies .own .label').textContent()).toBe('lru, in use');
    await panel.locator('.plot').hover();
    expect(await panel.locator('.time').textContent()).toMatch(/^[\d.]+\u00a0(?:[KM]i)?B: [\d.]+\u00a0%$/);
    expect(complaints).toEqual([]);
  });

  it('says so where no curve is kept', async () => {
    const { page } = await open({ busy: false, keepsCurve: false });
    await eventually(() => page.locator('#curve .note').textContent()).toMatch(/^No curve is kept here/);
    expect(await page.locator('#curve .plot').isVisible()).toBe(false);
  });

  it('shows the hottest keys and prefixes once somebody scrolls to them, and inspects one at a click', async () => {
    const { url } = await start();
    const { page, sent } = await openPage(browser, url, { viewport: { width: 1280, height: 400 } });
    await pointsOf(page, 'Memory', 3);
    const keys = page.locator('section[aria-label="Hottest keys"]');
    expect(sent.join()).not.toContain('"hot"');
    await keys.scrollIntoViewIfNeeded();
    await keys.locator('tbody tr').nth(9).waitFor();
    const prefixes = page.locator('section[aria-label="Hottest prefixes"] tbody');
    await eventually(() => prefixes.textContent()).toContain('session:');
    const known = page.locator('#inspect-facts dt');
    // One that was deleted just now is hot as well.
    await eventually(async () => {
      await keys.locator('tbody button').first().click();
      await known.or(page.locator('#inspect-message:not(:empty)')).first().waitFor();
      return await known.count();
    }).toBe(8);
    expect(await page.locator('#inspect-key').inputValue()).toMatch(/^\w+:\d+$/);
  });

  it('says in their panels that keys may not be listed, and goes on', async () => {
    const { page } = await open({ busy: false, allowDump: false });
    for (const name of ['Hottest keys', 'Hottest prefixes'])
      await eventually(() => page.locator(`section[aria-label="${name}"] .note`).textContent()).toMatch(
        /may not be listed/,
      );
    await eventually(() => page.locator('#facts').textContent()).toContain('full access');
  });

  it('reads a value only on request', async () => {
    const { page, server, sent, complaints } = await open({ busy: false });
    server.engine.set('user:7', { name: 'Ada', tags: ['a'] }, { ttlMs: 600_000 });
    await connected(page);
    await inspect(page, 'user:7');
    const facts = page.locator('#inspect-facts');
    await eventually(() => facts.textContent()).toContain('Value27\u00a0B');
    expect(await facts.textContent()).toMatch(/Expiresin (9\u00a0min|10\u00a0min)/);
    expect(sent.join()).not.toContain('"get"');
    expect(server.engine.stats().hits).toBe(0);
    await page.getByRole('button', { name: 'Show value' }).click();
    const text = page.locator('#value-text');
    await text.waitFor();
    expect(await text.inputValue()).toBe('{\n  "name": "Ada",\n  "tags": [\n    "a"\n  ]\n}');
    await page.getByRole('button', { name: 'Hex' }).click();
    expect(await text.inputValue()).toContain('7b 22 6e 61 6d 65');
    expect(server.engine.stats().hits).toBe(1);
    await inspect(page, 'nobody');
    await eventually(() => page.locator('#inspect-message').textContent()).toContain('no such entry');
    expect(await text.isVisible()).toBe(false);
    await inspect(page, 'two words');
    await eventually(() => page.locator('#inspect-message').textContent()).toMatch(/key/);
    expect(complaints).toEqual([]);
  });

  it('takes keys and values for text, whatever HTML is in them', async () => {
    const evil = '<img/src=x/onerror=alert(1)>';
    const { page, server, complaints, strayRequests } = await open({ busy: false });
    server.engine.set(evil, `</textarea><script>alert(2)</script>${evil}`);
    await connected(page);
    const keys = page.locator('section[aria-label="Hottest keys"]');
    await keys.scrollIntoViewIfNeeded();
    const button = keys.locator('tbody button', { hasText: evil });
    // What is hot is counted from when somebody asks.
    await eventually(() => {
      for (let i = 0; i < 50; i++) server.engine.get(evil);
      return button.count();
    }).toBe(1);
    await button.click();
    await page.getByRole('button', { name: 'Show value' }).click();
    const text = page.locator('#value-text');
    await eventually(() => text.inputValue()).toBe(`</textarea><script>alert(2)</script>${evil}`);
    expect(await page.locator('img, body script:not([type=module])').count()).toBe(0);
    expect({ complaints, strayRequests }).toEqual({ complaints: [], strayRequests: [] });
  });

  it('flushes when FLUSH is typed, and not before', async () => {
    const { page, server, sent } = await open({ busy: false });
    for (let i = 0; i < 100; i++) server.engine.set(`k${i}`, 'v');
    await connected(page);
    await page.locator('#flush').click();
    const confirm = page.locator('#flush-confirm');
    await eventually(() => page.locator('#flush-loss').textContent()).toContain('100 entries');
    expect(await confirm.isDisabled()).toBe(true);
    await page.locator('#flush-word').fill('flus');
    await page.keyboard.press('Enter');
    expect(await confirm.isDisabled()).toBe(true);
    expect(sent.join()).not.toContain('"flush"');
    await page.locator('#flush-word').fill('FLUSH');
    await page.keyboard.press('Enter');
    await eventually(() => page.locator('#flush-done').textContent()).toMatch(/^Flushed at /);
    expect(server.engine.size).toBe(0);
    expect(await page.locator('#flush-dialog').isVisible()).toBe(false);
    await eventually(() => tile(page, 'Items').textContent()).toBe('0');
  });

  it('says why when the server refuses to flush, and nothing is lost', async () => {
    const { page, server } = await open({ busy: false, allowFlush: false });
    server.engine.set('k', 'v');
    await connected(page);
    await page.locator('#flush').click();
    await page.locator('#flush-word').fill('FLUSH');
    await page.locator('#flush-confirm').click();
    await eventually(() => page.locator('#flush-error').textContent()).toMatch(/flush/i);
    expect(server.engine.size).toBe(1);
    await page.locator('#flush-cancel').click();
    expect(await page.locator('#flush-dialog').isVisible()).toBe(false);
  });

  it.each([
    ['read-only', true],
    ['metadata', false],
  ] as const)('offers no flush where access is %s; a value: %s', async (access, showsValue) => {
    const { page, server, complaints } = await open({ busy: false, access });
    server.engine.set('k', 'secret');
    await eventually(() => page.locator('#facts').textContent()).toContain(access);
    expect(await page.locator('#flush-panel').isVisible()).toBe(false);
    await inspect(page, 'k');
    await page.locator('#inspect-facts dt').first().waitFor();
    expect(await page.locator('#show-value').isVisible()).toBe(showsValue);
    expect(complaints).toEqual([]);
  });

  it('goes on after the server was started again', async () => {
    const { page, server } = await open();
    await pointsOf(page, 'Operations', 3);
    await stop(server);
    await page.locator('#state[data-state=disconnected]').waitFor();
    const before = Number(await chart(page, 'Operations').getAttribute('data-points'));
    await start({ port: server.port });
    await connected(page);
    // One of them is the hole.
    await pointsOf(page, 'Operations', before + 4);
    await eventually(() => tile(page, 'Operations').textContent()).toMatch(/^[\d.]+(\u00a0k)?\/s$/);
  });

  it('loses the flush button when the server comes back with less access', async () => {
    const { page, server } = await open({ busy: false });
    await connected(page);
    await page.locator('#flush').click();
    await stop(server);
    await start({ port: server.port, busy: false, access: 'read-only' });
    await page.locator('#flush-panel').waitFor({ state: 'hidden' });
    expect(await page.locator('#flush-dialog').isVisible()).toBe(false);
  });

  it('asks for a token, says when it is wrong, and keeps the right one over a reload', async () => {
    const { page } = await open({ busy: false, token: 'open-sesame' });
    const form = page.locator('#token-form');
    await form.waitFor();
    expect(await page.locator('#token-message').textContent()).toBe('');
    for (const wrong of ['guess', 'not ASCII: ü']) {
      await page.locator('#token').fill(wrong);
      await page.keyboard.press('Enter');
      await eventually(() => page.locator('#token-message').textContent()).toContain('token');
      await form.waitFor();
    }
    await page.locator('#token').fill('open-sesame');
    await page.keyboard.press('Enter');
    await connected(page);
    expect(await form.isVisible()).toBe(false);
    await page.reload();
    await connected(page);
  });

  it('takes a token from the link, and takes it out of the address', async () => {
    const { page, server, complaints } = await open(
      { busy: false, token: 'open-sesame' },
      '#token=open-sesame',
    );
    await connected(page);
    expect(page.url()).toBe(server.url);
    expect(complaints).toEqual([]);
  });

  it('requests nothing while it is hidden', async () => {
    const server = await start({ busy: false });
    const { page, sent } = await openPage(browser, server.url);
    await page.addInitScript(
      "Object.defineProperty(document, 'hidden', { get: () => window.isHidden === true })",
    );
    await page.clock.install();
    await page.reload();
    await connected(page);
    await pointsOf(page, 'Memory', 1);
    await page.evaluate('window.isHidden = true');
    const before = sent.filter((frame) => frame.includes('"stats"')).length;
    await page.clock.runFor(60_000);
    expect(sent.filter((frame) => frame.includes('"stats"')).length).toBe(before);
    await page.evaluate('window.isHidden = false');
    await page.clock.runFor(1_000);
    await eventually(() => sent.filter((frame) => frame.includes('"stats"')).length).toBeGreaterThan(before);
  });

  it('fits a telephone, in both themes, and the button changes between them', async () => {
    const server = await start();
    for (const colorScheme of ['dark', 'light'] as const) {
      const { page } = await openPage(browser, server.url, {
        viewport: { width: 390, height: 800 },
        colorScheme,
      });
      await pointsOf(page, 'Connections', 2);
      // What is hot is seen at once.
      const hottest = page.locator('#hot-keys tbody tr').first();
      await hottest.waitFor();
      expect((await hottest.boundingBox())!.y).toBeLessThan(600);
      const other = colorScheme === 'dark' ? 'Light' : 'Dark';
      const button = page.locator('#theme');
      expect(await button.textContent()).toBe(other);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      const ground = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
      const before = await ground();
      await button.press('Enter');
      expect(await ground()).not.toBe(before);
      expect(await button.textContent()).toBe(other === 'Light' ? 'Dark' : 'Light');
    }
  });
});
