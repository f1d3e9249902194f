/** A headless Chromium, and pages that note everything that a page should not do. */

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type Assertion, expect } from 'vitest';
import { CHROMIUM } from '../support/external-tool.js';

export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and what the policy of the page forbade. */
  readonly complaints: readonly string[];
  /** Addresses outside the page's own server that it asked for. */
  readonly strayRequests: readonly string[];
  /** Text frames that the page sent. */
  readonly sent: readonly string[];
}

/** The sandbox does not work for root, as whom CI runs. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** Opens `url` in a context of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const strayRequests: string[] = [];
  const sent: string[] = [];
  const { host } = new URL(url);
  const check = (address: string): void => {
    const target = new URL(address);
    if (target.protocol !== 'data:' && target.host !== host) strayRequests.push(address);
  };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => {
    check(socket.url());
    socket.on('framesent', ({ payload }) => sent.push(String(payload)));
  });
  await page.goto(url);
  return { page, complaints, strayRequests, sent };
}

/** What a page shows in the end: looks again and again until the expectation holds, on slow machines too. */
export function eventually<T>(read: () => T | Promise<T>): Assertion<T> {
  return expect.poll(read, { timeout: 30_000 }) as unknown as Assertion<T>;
}
