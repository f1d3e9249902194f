/** Dumps over a socket: others are served meanwhile, and what a dump holds goes with its client. */

import { describe, expect, it } from 'vitest';
import { type Served, serve } from './fixture.js';
import { eventually, type WireClient } from './wire-client.js';

const COUNT = 30_000;

function fill({ clock, engine }: Served, ttlMs = Number.POSITIVE_INFINITY): void {
  for (let i = 0; i < COUNT; i++) engine.set(`key-${i}`, 'v', { ttlMs });
  clock.advance(500);
}

async function crawlerRuns(client: WireClient): Promise<boolean> {
  return (await client.stats()).lru_crawler_running === '1';
}

describe('a dump', () => {
  it('of many items is whole, and others are answered in the middle of it', async () => {
    const served = await serve();
    fill(served);
    const [dumper, other] = [await served.connect(), await served.connect()];
    await other.ask('version\r\n');
    dumper.send('lru_crawler metadump all\r\n');
    await dumper.bytes(4);
    await other.ask(`set key-5 0 0 3\r\nnew\r\nget key-${COUNT - 1}\r\n`, /END\r\n/);
    // Had the dump been made in one go, all of it would have been sent before this answer.
    expect(await crawlerRuns(other)).toBe(true);
    const text = await dumper.untilTail('\nEND\r\n');
    expect(new Set(text.match(/key=\S+/g)).size).toBe(COUNT);
    expect(await dumper.ask('mn\r\n')).toBe('MN\r\n');
    expect(await crawlerRuns(other)).toBe(false);
  });

  it('that is not read waits, holds little memory, and ends with its client', async () => {
    const served = await serve();
    fill(served);
    const [dumper, other] = [await served.connect(), await served.connect()];
    dumper.socket.pause();
    dumper.send('lru_crawler metadump all\r\n'.repeat(100));
    await eventually(() => served.transport.bytesWritten > 500_000, 'the dump has begun');
    expect(await crawlerRuns(other)).toBe(true);
    expect(await other.ask('lru_crawler metadump all\r\n')).toBe(
      'BUSY currently processing crawler request\r\n',
    );
    await dumper.close();
    await eventually(() => served.transport.currentConnections === 1, 'the client is gone');
    expect(await crawlerRuns(other)).toBe(false);
    other.send('lru_crawler mgdump all\r\n');
    expect((await other.untilTail('\nEN\r\n')).split('\r\n')).toHaveLength(COUNT + 3);
  });

  it('is whole for a client that sends no more: printf | nc', async () => {
    const served = await serve();
    fill(served);
    const client = await served.connect();
    client.finish('lru_crawler metadump all\r\n');
    const text = await client.rest();
    expect(text.startsWith('OK\r\nkey=key-0 ')).toBe(true);
    expect(text.endsWith(' \nEND\r\n')).toBe(true);
    expect(text.split('\n')).toHaveLength(COUNT + 3);
  });

  it('of sizes and of the cache goes on between others too', async () => {
    const served = await serve({ trackSizes: true });
    fill(served);
    const client = await served.connect();
    expect(await client.ask('stats sizes\r\n', /END\r\n/)).toBe(`STAT 96 ${COUNT}\r\nEND\r\n`);
    const lines = await client.ask('stats cachedump 1 0\r\n', /(^|\n)END\r\n$/);
    expect(lines.split('\r\n')).toHaveLength(COUNT + 2);
  });
});

it('a crawl over a socket gives back what has expired', async () => {
  const served = await serve();
  fill(served, 1000);
  const client = await served.connect();
  await client.ask('version\r\n');
  served.clock.advance(60_000);
  expect(await client.ask('lru_crawler crawl all\r\n')).toBe('OK\r\n');
  while (await crawlerRuns(client));
  expect(served.engine.size).toBe(0);
  expect(await client.stats()).toMatchObject({
    crawler_reclaimed: String(COUNT),
    crawler_items_checked: String(COUNT),
  });
});
