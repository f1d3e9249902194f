/** What Redis' pub/sub does as a bus' transport, over whichever client. */

import { expect, it, onTestFinished, vi } from 'vitest';
import { redisPubSub } from '../../../lib/tiered/index.js';
import type { OpenClient } from './fixture.js';

const WAIT = { timeout: 20_000, interval: 1 };

/** A subscription, and what it has brought: texts, and `up` or `down`. */
export async function subscribed(open: OpenClient, channel: string): Promise<string[]> {
  const events: string[] = [];
  const stop = redisPubSub(open.client).subscribe(
    channel,
    (text) => events.push(text),
    (isUp) => events.push(isUp ? 'up' : 'down'),
  );
  onTestFinished(stop);
  await vi.waitFor(() => expect(events).toEqual(['up']), WAIT);
  events.length = 0;
  return events;
}

/** Makes a spec of each row; call it inside of a `describe`. */
export function pubSubSpecs(run: string, target: () => OpenClient): void {
  it('carries texts in order to every subscriber of a channel, the sender included', async () => {
    const [first, second] = [await subscribed(target(), run), await subscribed(target(), run)];
    const other = await subscribed(target(), `${run}:other`);
    const pubSub = redisPubSub(target().client);
    const texts = Array.from({ length: 20 }, (_, at) => `{"at":${at},"ü":"\r\n"}`);
    for (const text of texts) await pubSub.publish(run, text);
    await pubSub.publish(`${run}:other`, 'last');
    await vi.waitFor(() => expect([first, second, other]).toEqual([texts, texts, ['last']]), WAIT);
  });

  it('brings nothing once it is stopped', async () => {
    const events: string[] = [];
    const pubSub = redisPubSub(target().client);
    const stop = pubSub.subscribe(
      run,
      (text) => events.push(text),
      (isUp) => events.push(isUp ? 'up' : 'down'),
    );
    await vi.waitFor(() => expect(events).toEqual(['up']), WAIT);
    await stop();
    const other = await subscribed(target(), run);
    await pubSub.publish(run, 'text');
    await vi.waitFor(() => expect(other).toEqual(['text']), WAIT);
    expect(events).toEqual(['up']);
  });
}
