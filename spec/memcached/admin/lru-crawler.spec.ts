/** `lru_crawler crawl`: gives back what has expired, between other work. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Transport } from '../../../lib/transport.js';
import { STORE } from '../../support/stores.js';
import { Administered } from './fixture.js';

async function crawled(admin: Administered): Promise<void> {
  while (admin.items.admin.crawlerRunning) await turn();
}

function expiring(count: number): Administered {
  const admin = new Administered();
  for (let i = 0; i < count; i++) admin.set(`old-${i}`, 'v', 1);
  for (let i = 0; i < 10; i++) admin.set(`new-${i}`, 'v', 1000);
  admin.clock.advance(5000);
  return admin;
}

it('reclaims all that has expired, and counts it', async () => {
  const admin = expiring(3000);
  expect(admin.ask('lru_crawler crawl all\r\n')).toBe('OK\r\n');
  expect(admin.stat('lru_crawler_running')).toBe(1);
  expect(admin.stat('curr_items')).toBe(3010);
  expect(admin.ask('lru_crawler crawl all\r\n')).toBe('BUSY currently processing crawler request\r\n');
  await crawled(admin);
  expect(Object.fromEntries(admin.stats())).toMatchObject({
    curr_items: '10',
    reclaimed: '3000',
    crawler_reclaimed: '3000',
    crawler_items_checked: '3010',
    lru_crawler_starts: '1',
    lru_crawler_running: '0',
  });
  expect(admin.stat('items:1:crawler_reclaimed', 'items')).toBe(3000);
  expect(admin.engine.verify()).toEqual([]);
  admin.ask('stats reset\r\n');
  expect(Object.fromEntries(admin.stats())).toMatchObject({
    crawler_reclaimed: '0',
    crawler_items_checked: '0',
    lru_crawler_starts: '0',
  });
});

it('of classes that hold nothing checks nothing', async () => {
  const admin = expiring(5);
  expect(admin.ask('lru_crawler crawl 2,3\r\n')).toBe('OK\r\n');
  await crawled(admin);
  expect(admin.stat('curr_items')).toBe(15);
  expect(admin.stat('crawler_items_checked')).toBe(0);
  admin.ask('lru_crawler crawl 2,1\r\n');
  await crawled(admin);
  expect(admin.stat('curr_items')).toBe(10);
});

it('looks at no more than tocrawl says', async () => {
  const admin = expiring(3000);
  admin.ask('lru_crawler tocrawl 700\r\nlru_crawler crawl all\r\n');
  await crawled(admin);
  expect(admin.stat('crawler_reclaimed')).toBe(700);
  expect(admin.stat('crawler_items_checked')).toBe(700);
});

it('stops when it is disabled', async () => {
  const admin = expiring(3000);
  admin.ask('lru_crawler crawl all\r\nlru_crawler disable\r\n');
  await crawled(admin);
  expect(admin.stat('curr_items')).toBeGreaterThan(10);
  admin.ask('lru_crawler enable\r\nlru_crawler crawl all\r\n');
  await crawled(admin);
  expect(admin.stat('curr_items')).toBe(10);
});

it.runIf(STORE === 'engine')(
  'what a removal listener throws reaches the server, and ends the crawl',
  async () => {
    const failure = new Error('listener');
    const errors: unknown[] = [];
    const admin = new Administered(
      {},
      {
        onRemoval: () => {
          throw failure;
        },
      },
    );
    admin.items.transports.add({ onError: (error: unknown) => errors.push(error) } as unknown as Transport);
    admin.set('old', 'v', 1);
    admin.clock.advance(5000);
    admin.ask('lru_crawler crawl all\r\n');
    await crawled(admin);
    expect(errors).toEqual([failure]);
    expect(admin.engine.size).toBe(0);
  },
);
