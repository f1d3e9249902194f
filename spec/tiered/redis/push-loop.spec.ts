/** The loop that keeps pushes coming, over connections that do what a spec says. */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../lib/index.js';
import { ManualScheduler } from '../../../lib/scheduler.js';
import type { PushConnection } from '../../../lib/tiered/redis/push-connection.js';
import { PushLoop } from '../../../lib/tiered/redis/push-loop.js';

const PING_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;
const OPEN_TIMEOUT_MS = 10_000;

type Answer = 'yes' | 'no' | 'never';

class FakeConnection implements PushConnection {
  isClosed = false;
  lose: (error?: unknown) => void = () => {};
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  open(onLost: (error?: unknown) => void): Promise<void> {
    this.lose = onLost;
    return answer(this.#world.opens);
  }
  track(): Promise<void> {
    return Promise.resolve();
  }
  subscribe(): Promise<void> {
    return Promise.resolve();
  }
  ping(): Promise<unknown> {
    return answer(this.#world.pings);
  }
  close(): void {
    if (this.isClosed) throw new Error('closed already');
    this.isClosed = true;
  }
}

function answer(how: Answer): Promise<void> {
  if (how === 'never') return new Promise(() => {});
  return how === 'yes' ? Promise.resolve() : Promise.reject(new Error('no'));
}

/** A loop of two connections. */
class World {
  opens: Answer = 'yes';
  pings: Answer = 'yes';
  verifies: Answer = 'yes';
  readonly events: string[] = [];
  readonly connections: FakeConnection[] = [];
  readonly scheduler = new ManualScheduler(new ManualClock());
  readonly loop = new PushLoop(
    {
      open: async (join) => {
        for (let count = 0; count < 2; count++) {
          const connection = new FakeConnection(this);
          this.connections.push(connection);
          await join(connection);
        }
      },
      verify: () => answer(this.verifies),
      up: () => this.events.push('up'),
      down: () => this.events.push('down'),
      alive: () => this.events.push('alive'),
    },
    this.scheduler,
    PING_MS,
  );

  /** Lets time pass, and whatever follows from it. */
  async pass(ms: number): Promise<string[]> {
    this.scheduler.advance(ms);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    return this.events.splice(0);
  }

  get open(): number {
    return this.connections.filter(({ isClosed }) => !isClosed).length;
  }
}

async function started(): Promise<World> {
  const world = new World();
  world.loop.start();
  expect(await world.pass(0)).toEqual(['up', 'alive']);
  expect(world.loop.isUp).toBe(true);
  return world;
}

describe('a push loop', () => {
  it('asks for a sign of life again and again', async () => {
    const world = await started();
    expect(await world.pass(PING_MS - 1)).toEqual([]);
    expect(await world.pass(1)).toEqual(['alive']);
    expect(await world.pass(PING_MS)).toEqual(['alive']);
    expect(world.scheduler.pending).toBe(1);
  });

  it('begins again with all connections when one is lost', async () => {
    const world = await started();
    world.connections[0]!.lose();
    expect(world.events).toEqual(['down']);
    expect(world.loop.isUp).toBe(false);
    expect(world.open).toBe(0);
    expect(await world.pass(50)).toEqual(['down', 'up', 'alive']);
    expect(world.open).toBe(2);
  });

  it('ignores what an old connection still says', async () => {
    const world = await started();
    const [first, second] = world.connections;
    first!.lose();
    await world.pass(50);
    first!.lose(new Error('again'));
    second!.lose();
    expect(world.events).toEqual([]);
    expect(world.loop.isUp).toBe(true);
  });

  it.each(['no', 'never'] as const)('takes a ping that is answered with %s for a loss', async (how) => {
    const world = await started();
    world.pings = how;
    await world.pass(PING_MS);
    await world.pass(PING_MS);
    expect(world.open).toBe(0);
    world.pings = 'yes';
    await world.pass(LONGEST_RETRY_MS);
    expect(world.loop.isUp).toBe(true);
  });

  it('begins again when other servers are to be asked', async () => {
    const world = await started();
    world.verifies = 'no';
    expect(await world.pass(PING_MS)).toEqual(['down']);
    world.verifies = 'yes';
    expect(await world.pass(50)).toEqual(['up', 'alive']);
  });

  it.each(['no', 'never'] as const)('reports once that it cannot begin (%s), and tries on', async (how) => {
    const world = new World();
    world.opens = how;
    world.loop.start();
    const events: string[] = [];
    for (let tries = 0; tries < 10; tries++) events.push(...(await world.pass(OPEN_TIMEOUT_MS)));
    expect(events).toEqual(['down']);
    expect(world.connections.length).toBeGreaterThan(4);
    world.opens = 'yes';
    for (let tries = 0; tries < 2; tries++) events.push(...(await world.pass(OPEN_TIMEOUT_MS)));
    expect(events.slice(0, 3)).toEqual(['down', 'up', 'alive']);
    expect(world.open).toBe(2);
  });

  it('waits longer after each failure, up to five seconds', async () => {
    const world = new World();
    world.opens = 'no';
    world.loop.start();
    const waits: number[] = [];
    await world.pass(0);
    for (let tries = 0; tries < 10; tries++) {
      const before = world.connections.length;
      let waitedMs = 0;
      while (world.connections.length === before) {
        await world.pass(1);
        waitedMs++;
      }
      waits.push(waitedMs);
    }
    expect(waits[0]).toBeLessThanOrEqual(50);
    for (const waitedMs of waits.slice(-2)) {
      expect(waitedMs).toBeGreaterThanOrEqual(LONGEST_RETRY_MS / 2);
      expect(waitedMs).toBeLessThanOrEqual(LONGEST_RETRY_MS);
    }
  });

  it.each(['while it is up', 'while it opens', 'while it waits'])(
    'is quiet once it is stopped %s',
    async (when) => {
      const world = new World();
      if (when === 'while it waits') world.opens = 'no';
      world.loop.start();
      if (when !== 'while it opens') await world.pass(0);
      world.events.length = 0;
      world.loop.stop();
      world.opens = 'yes';
      expect(await world.pass(10 * OPEN_TIMEOUT_MS)).toEqual([]);
      for (const connection of world.connections) connection.lose();
      expect(world.events).toEqual([]);
      expect(world.open).toBe(0);
      expect(world.scheduler.pending).toBe(0);
    },
  );
});
