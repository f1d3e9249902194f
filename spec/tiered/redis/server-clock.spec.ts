/** The servers' time as it is known here, with clocks that a spec moves. */

import { describe, expect, it } from 'vitest';
import { ServerClock } from '../../../lib/tiered/redis/server-clock.js';

const TRUSTED_MS = 10_000;
const REFRESH_MS = 5_000;

class World {
  /** By the server's clock. */
  readonly skewsMs: number[] = [1_000_000];
  isDown = false;
  questions = 0;
  /** What passes between a question and the answer. */
  delayMs = 0;
  monotonicMs = 0;
  wallMs = 5_000_000;
  readonly clock = new ServerClock(
    async () => {
      this.questions++;
      if (this.isDown) throw new Error('down');
      const times = this.skewsMs.map((skewMs) => this.monotonicMs + skewMs);
      this.pass(this.delayMs);
      return times;
    },
    { monotonic: () => this.monotonicMs, wall: () => this.wallMs },
  );

  pass(ms: number): void {
    this.monotonicMs += ms;
    this.wallMs += ms;
  }

  /** Reads, and lets a question be answered. */
  async now(): Promise<number> {
    this.clock.now();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    return this.clock.now();
  }
}

describe("the servers' clock", () => {
  it('is not known until it has been asked for', async () => {
    const world = new World();
    expect(world.clock.now()).toBeNaN();
    expect(await world.now()).toBe(1_000_000);
    expect(world.questions).toBe(1);
  });

  it('goes on with the time that passes here, and is asked for every five seconds of use', async () => {
    const world = new World();
    await world.now();
    world.pass(REFRESH_MS);
    expect(await world.now()).toBe(1_000_000 + REFRESH_MS);
    expect(world.questions).toBe(1);
    world.pass(1);
    expect(await world.now()).toBe(1_000_000 + REFRESH_MS + 1);
    expect(world.questions).toBe(2);
    world.pass(100 * TRUSTED_MS);
    expect(world.questions).toBe(2);
  });

  it('is asked for once at a time', async () => {
    const world = new World();
    for (let reads = 0; reads < 100; reads++) world.clock.now();
    await world.now();
    expect(world.questions).toBe(1);
  });

  it('is never earlier than it is, however long the answer took', async () => {
    const world = new World();
    world.delayMs = 300;
    expect(await world.now()).toBe(1_000_000 + 300);
    world.pass(REFRESH_MS + 1);
    const trueMs = world.monotonicMs + 1_000_000;
    expect(await world.now()).toBeGreaterThanOrEqual(trueMs);
  });

  it('is not trusted for longer than ten seconds without an answer', async () => {
    const world = new World();
    await world.now();
    world.isDown = true;
    world.pass(TRUSTED_MS);
    expect(await world.now()).toBe(1_000_000 + TRUSTED_MS);
    world.pass(1);
    expect(await world.now()).toBeNaN();
    world.isDown = false;
    expect(await world.now()).toBe(1_000_000 + TRUSTED_MS + 1);
  });

  it('counts the time that the machine slept, and no time backwards', async () => {
    const world = new World();
    await world.now();
    world.wallMs += 3_600_000;
    expect(world.clock.now()).toBe(1_000_000 + 3_600_000);
    world.wallMs -= 7_200_000;
    expect(world.clock.now()).toBe(1_000_000);
  });

  it('is the latest of several, unless they differ by more than a second', async () => {
    const world = new World();
    world.skewsMs.push(1_000_900, 1_000_100);
    expect(await world.now()).toBe(1_000_900);
    world.skewsMs.push(2_000_000);
    world.pass(REFRESH_MS + 1);
    await world.now();
    world.pass(TRUSTED_MS);
    expect(await world.now()).toBeNaN();
  });
});
