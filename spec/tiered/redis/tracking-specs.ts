/** What tracking does, over whichever client. Pings go out when a spec says so: a scheduler stands still until then. */

import { expect, it, onTestFinished, vi } from 'vitest';
import { ManualClock } from '../../../lib/index.js';
import { ManualScheduler } from '../../../lib/scheduler.js';
import { redisTier, redisTracking } from '../../../lib/tiered/index.js';
import type {
  InvalidationListener,
  InvalidationSource,
  SecondTier,
} from '../../../lib/tiered/second-tier.js';
import type { OpenClient } from './fixture.js';

const { signal } = new AbortController();
const PING_INTERVAL_MS = 1_000;
/** Shorter than a ping's time, longer than a retry takes. */
const STEP_MS = 100;

/** What a source has reported, in order: `key:k`, `all`, `connected`, `disconnected`. */
export class Reports implements InvalidationListener {
  readonly events: string[] = [];
  readonly #scheduler = new ManualScheduler(new ManualClock());
  readonly #source: InvalidationSource;
  #aliveAtMs = Number.NEGATIVE_INFINITY;

  private constructor(open: OpenClient, prefix: string) {
    this.#source = redisTracking(open.client, {
      pingIntervalMs: PING_INTERVAL_MS,
      scheduler: this.#scheduler,
    });
    this.#source.start(prefix, this);
  }

  /** Until the end of the spec. */
  static begin(open: OpenClient, prefix: string): Reports {
    const reports = new Reports(open, prefix);
    onTestFinished(() => reports.stop());
    return reports;
  }

  /** The same, once it is connected. */
  static async start(open: OpenClient, prefix: string): Promise<Reports> {
    const reports = Reports.begin(open, prefix);
    await reports.until('connected');
    reports.events.length = 0;
    return reports;
  }

  connected(): void {
    this.events.push('connected');
  }
  disconnected(): void {
    this.events.push('disconnected');
  }
  alive(sentAtMs: number): void {
    this.#aliveAtMs = sentAtMs;
  }
  keysChanged(keys: readonly string[]): void {
    for (const key of keys) this.events.push(`key:${key}`);
  }
  allChanged(): void {
    this.events.push('all');
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  /** Takes what has been reported of all that had happened before. */
  async caughtUp(): Promise<readonly string[]> {
    const nowMs = performance.now();
    this.#scheduler.advance(PING_INTERVAL_MS);
    await vi.waitFor(() => expect(this.#aliveAtMs).toBeGreaterThan(nowMs), { timeout: 20_000, interval: 1 });
    return this.events.splice(0);
  }

  /** Lets time pass until the event is the last one. */
  async until(event: string): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.events.at(-1) === event) return;
        this.#scheduler.advance(STEP_MS);
        throw new Error(`not ${event}: ${this.events}`);
      },
      { timeout: 20_000, interval: 5 },
    );
  }
}

export function set(
  tier: SecondTier,
  key: string,
  ttlMs = 60_000,
  limit: AbortSignal = signal,
): Promise<void> {
  return tier.set(new Map([[key, { bytes: Buffer.from('value'), ttlMs }]]), limit);
}

/** Makes a spec of each row; call it inside of a `describe`. */
export function trackingSpecs(run: string, target: () => OpenClient): void {
  let count = 0;

  async function start(): Promise<{ reports: Reports; prefix: string; tier: SecondTier }> {
    const prefix = `${run}${count++}:`;
    return { reports: await Reports.start(target(), prefix), prefix, tier: redisTier(target().client) };
  }

  it('reports what is set and deleted under its prefix', async () => {
    const { reports, prefix, tier } = await start();
    const keys = ['a', 'b', 'ünïcödé', '{tag}c', 'c}', ' d\r\n'].map((key) => prefix + key);
    const changes = keys.map((key) => `key:${key}`).sort();
    for (const key of keys) await set(tier, key);
    await set(tier, `other:${prefix}a`);
    expect([...(await reports.caughtUp())].sort()).toEqual(changes);
    await tier.delete(keys, signal);
    expect([...(await reports.caughtUp())].sort()).toEqual(changes);
  });

  it('reports a delete of what is not there', async () => {
    const { reports, prefix, tier } = await start();
    await tier.delete([`${prefix}absent`], signal);
    expect(await reports.caughtUp()).toEqual([`key:${prefix}absent`]);
    await tier.leases!.read(`${prefix}leased`, 60_000, 0, signal);
    await tier.deletePrefix!(prefix, signal);
    expect(await reports.caughtUp()).toEqual([`key:${prefix}leased`]);
    expect((await tier.get([`${prefix}absent`, `${prefix}leased`], signal)).size).toBe(0);
  });

  it('reports what expires, and no reads', async () => {
    const { reports, prefix, tier } = await start();
    await set(tier, `${prefix}kept`);
    await set(tier, `${prefix}gone`, 1);
    const isGone = async (): Promise<void> =>
      expect((await tier.get([`${prefix}gone`], signal)).size).toBe(0);
    await vi.waitFor(isGone, { timeout: 20_000, interval: 1 });
    await tier.get([`${prefix}kept`], signal);
    const reported = await reports.caughtUp();
    expect(reported.filter((event) => event === `key:${prefix}gone`)).toHaveLength(2);
    expect(reported).toHaveLength(3);
  });

  it('reports nothing of leases but what is filled', async () => {
    const { reports, prefix, tier } = await start();
    const leases = tier.leases!;
    for (const key of ['plain', '{tag}', 'brace}']) {
      const { lease } = await leases.read(prefix + key, 60_000, 0, signal);
      await leases.release(prefix + key, lease!, signal);
      await leases.read(prefix + key, 60_000, 0, signal);
    }
    expect(await reports.caughtUp()).toEqual([]);
    const { lease } = await leases.read(`${prefix}key`, 60_000, 0, signal);
    await leases.fill(`${prefix}key`, lease!, { bytes: Buffer.from('value'), ttlMs: 60_000 }, signal);
    expect(await reports.caughtUp()).toEqual([`key:${prefix}key`]);
  });

  it('tracks every key without a prefix, but no lease', async () => {
    const { tier, prefix } = await start();
    const all = await Reports.start(target(), '');
    const { lease } = await tier.leases!.read(prefix, 60_000, 0, signal);
    await tier.leases!.release(prefix, lease!, signal);
    await set(tier, prefix);
    expect(await all.caughtUp()).toEqual([`key:${prefix}`]);
  });

  it('reports nothing once it is stopped', async () => {
    const { reports, prefix, tier } = await start();
    const stopped = await Reports.start(target(), prefix);
    await stopped.stop();
    await set(tier, `${prefix}key`);
    expect(await reports.caughtUp()).toHaveLength(1);
    expect(stopped.events).toEqual([]);
  });
}
