/** A second tier over several servers: what goes where, what a server that fails means, and what one that comes back may hold. */

import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/scheduler.js';
import { ketama, type ShardedTier, type ShardedTierOptions, shardedTier } from '../../lib/sharding/index.js';
import { secondTierContract } from '../tiered/second-tier-contract.js';
import { ModelServer, ModelTier } from './model-tier.js';

const NAMES = ['a:11211', 'b:11211', 'c:11211'];
const { signal } = new AbortController();
const bytes = (text: string): Uint8Array => Buffer.from(text);
const down = new Error('refused');

/** Some processes, each with a sharded tier of its own over the same three servers. */
class World {
  readonly clock = new ManualClock(1000);
  readonly scheduler = new ManualScheduler(this.clock);
  readonly servers = NAMES.map(() => new ModelServer(this.clock));
  readonly states: string[] = [];

  process(options: Partial<ShardedTierOptions> = {}, extra: object = {}): Process {
    const tiers = this.servers.map((server) => new ModelTier(server));
    const sharded = shardedTier({
      servers: NAMES.map((name, i) => ({ name, tier: tiers[i]!, ...extra })),
      clock: this.clock,
      scheduler: this.scheduler,
      random: () => 0,
      onStateChange: (name, state) => this.states.push(`${name[0]} ${state}`),
      ...options,
    });
    open.push(sharded);
    return new Process(sharded, tiers);
  }

  /** Lets time pass, and what is due settle. */
  async pass(ms: number): Promise<void> {
    await settled();
    this.scheduler.advance(ms);
    await settled();
  }
}

class Process {
  readonly tier: ShardedTier;
  readonly tiers: readonly ModelTier[];

  constructor(tier: ShardedTier, tiers: readonly ModelTier[]) {
    this.tier = tier;
    this.tiers = tiers;
  }

  async get(key: string): Promise<string | undefined> {
    const entry = (await this.tier.get([key], signal)).get(key);
    return entry && Buffer.from(entry.bytes).toString();
  }

  set(key: string, text: string, ttlMs = 3_600_000): Promise<void> {
    return this.tier.set(new Map([[key, { bytes: bytes(text), ttlMs }]]), signal);
  }

  delete(key: string): Promise<void> {
    return this.tier.delete([key], signal);
  }

  stat(server: number) {
    return this.tier.stats().get(NAMES[server]!)!;
  }

  /** Cuts this process from a server, and lets it notice. */
  async lose(server: number): Promise<void> {
    this.tiers[server]!.error = down;
    for (let times = 0; times < 3; times++) await this.get(keyOn(server)).catch(() => {});
    expect(this.stat(server).state).toBe('out');
  }
}

const open: ShardedTier[] = [];
afterEach(() => {
  for (const tier of open.splice(0)) tier.close();
});

/** A promise to be resolved by hand. */
function gate(): { readonly promise: Promise<void>; open(): void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open: () => open() };
}

/** Microtasks only: nothing here waits for a timer of the platform. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
}

const places = (() => {
  const world = new World();
  const { tier, tiers } = world.process();
  return async () => {
    const found: string[][] = [[], [], []];
    for (let i = 0; i < 60; i++) {
      await tier.set(new Map([[`key-${i}`, { bytes: bytes('x'), ttlMs: 1000 }]]), signal);
      found[tiers.findIndex(({ server }) => server.live(`key-${i}`) !== undefined)]!.push(`key-${i}`);
    }
    return found;
  };
})();
const KEYS = await places();

/** A key whose own server this is. */
function keyOn(server: number, nth = 0): string {
  return KEYS[server]![nth]!;
}

describe('the contract of second tiers', () => {
  // Its rows wait for what expires.
  const clock = { now: () => performance.now() };
  const tier = shardedTier({
    servers: NAMES.map((name) => ({ name, tier: new ModelTier(new ModelServer(clock)) })),
  });
  secondTierContract({ tier: () => tier });
});

describe('where keys go', () => {
  it('asks each server once, and all at once', async () => {
    const { tier, tiers } = new World().process();
    const keys = KEYS.flat();
    await tier.set(new Map(keys.map((key) => [key, { bytes: bytes(key), ttlMs: 1000 }])), signal);
    const found = await tier.get([...keys, 'nothing'], signal);
    expect([...found.keys()].sort()).toEqual(keys.toSorted());
    for (const { calls } of tiers) expect(calls.map((call) => call.split(' ')[0])).toEqual(['set', 'get']);
    await tier.delete(keys, signal);
    expect((await tier.get(keys, signal)).size).toBe(0);
  });

  it('takes the ring that it is given', async () => {
    const world = new World();
    const { tier } = world.process({ ring: ketama() });
    const ring = ketama()(NAMES.map((name) => ({ name })));
    for (const key of KEYS.flat()) {
      await tier.set(new Map([[key, { bytes: bytes('x'), ttlMs: 1000 }]]), signal);
      expect(world.servers.map((server) => server.live(key) !== undefined).indexOf(true)).toBe(
        ring.locate(key),
      );
    }
  });

  it('has leases and deletes by prefix only where all servers do', () => {
    const world = new World();
    const whole = world.process().tier;
    expect(whole.leases).toBeDefined();
    expect(whole.deletePrefix).toBeDefined();
    const { get, set, delete: remove } = new ModelTier(world.servers[0]!);
    const plain = { name: 'plain', get, set, delete: remove };
    const mixed = shardedTier({
      servers: [
        { name: 'a', tier: plain },
        { name: 'b', tier: new ModelTier(world.servers[0]!) },
      ],
    });
    expect(mixed.leases).toBeUndefined();
    expect(mixed.deletePrefix).toBeUndefined();
  });

  it('refuses options that it does not have, and sources for some servers only', () => {
    const tier = new ModelTier(new ModelServer(new ManualClock()));
    const refused = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
    for (const options of [
      { servers: [] },
      { servers: [{ name: 'a' }] },
      { servers: [{ name: 'a', tier, wieght: 1 }] },
      { servers: [{ name: 'a', tier }], rehash: 'yes' },
      {
        servers: [
          { name: 'a', tier, source: tier.source },
          { name: 'b', tier },
        ],
      },
      { servers: [{ name: 'a', tier }], timeoutMs: 0 },
      { servers: [{ name: 'a', tier }], ejectAfter: 1 },
    ])
      expect(() => shardedTier(options as never), JSON.stringify(options)).toThrow(refused);
  });
});

describe('a server that fails', () => {
  it('costs its own keys only: many at once are found on the others', async () => {
    const { tier, tiers } = new World().process();
    for (const server of [0, 1, 2])
      await tier.set(new Map([[keyOn(server), { bytes: bytes('v'), ttlMs: 1000 }]]), signal);
    tiers[1]!.error = down;
    const found = await tier.get([keyOn(0), keyOn(1), keyOn(2)], signal);
    expect([...found.keys()].sort()).toEqual([keyOn(0), keyOn(2)].sort());
    await expect(tier.get([keyOn(1)], signal)).rejects.toBe(down);
  });

  it('is out after three failures in a row, is not asked, and is tried again after waits that grow', async () => {
    const world = new World();
    const process = world.process();
    await process.lose(1);
    expect(world.states).toEqual(['b out']);
    const asked = process.tiers[1]!.calls.length;
    expect(await process.get(keyOn(1))).toBeUndefined();
    expect(process.tiers[1]!.calls).toHaveLength(asked);
    // Half of 500, 1,000, 2,000, …, at most 10,000.
    for (const waitMs of [250, 500, 1000, 2000, 4000, 5000, 5000]) {
      const before = process.tiers[1]!.calls.length;
      await world.pass(waitMs - 1);
      expect(process.tiers[1]!.calls).toHaveLength(before);
      await world.pass(1);
      expect(process.tiers[1]!.calls).toHaveLength(before + 1);
    }
    process.tiers[1]!.error = null;
    await world.pass(5000);
    expect(world.states).toEqual(['b out', 'b in']);
    await process.set(keyOn(1), 'value');
    expect(await process.get(keyOn(1))).toBe('value');
    expect(process.stat(1)).toMatchObject({ state: 'in', ejections: 1, missedKeys: 0 });
  });

  it('is out after a second failure once it has failed for two seconds', async () => {
    const world = new World();
    const process = world.process();
    process.tiers[1]!.error = down;
    await process.get(keyOn(1)).catch(() => {});
    await world.pass(2000);
    expect(process.stat(1).state).toBe('in');
    await process.get(keyOn(1)).catch(() => {});
    expect(process.stat(1).state).toBe('out');
  });

  it('stays in when failures alternate with answers, or are the request’s own', async () => {
    const world = new World();
    const process = world.process();
    for (let times = 0; times < 10; times++) {
      process.tiers[1]!.error = times % 2 === 0 ? down : null;
      await process.get(keyOn(1)).catch(() => {});
    }
    const { HotsetError } = await import('../../lib/errors.js');
    process.tiers[1]!.error = new HotsetError('HOTSET_TOO_LARGE', 'too large');
    for (let times = 0; times < 10; times++) await process.get(keyOn(1)).catch(() => {});
    expect(process.stat(1).state).toBe('in');
  });

  it('that hangs fails after timeoutMs, whether its callers wait so long or not', async () => {
    const world = new World();
    const process = world.process({ failures: 2 });
    process.tiers[1]!.hangs = true;
    const aborter = new AbortController();
    const given = process.tier.get([keyOn(1)], aborter.signal);
    aborter.abort(new Error('nobody waits'));
    const slow = process.tier.get([keyOn(0), keyOn(1)], signal);
    await world.pass(500);
    await expect(given).rejects.toMatchObject({ code: 'HOTSET_TIMEOUT' });
    expect((await slow).size).toBe(0);
    expect(process.stat(1)).toMatchObject({ state: 'out', failures: 2 });
  });

  it('is not to blame for a caller who gives up', async () => {
    const process = new World().process({ failures: 1 });
    const aborter = new AbortController();
    process.tiers[1]!.error = new Error('aborted');
    const given = process.tier.get([keyOn(1)], aborter.signal);
    aborter.abort();
    await expect(given).rejects.toThrow('aborted');
    await expect(process.tier.get([keyOn(1)], aborter.signal)).rejects.toBe(aborter.signal.reason);
    expect(process.stat(1)).toMatchObject({ state: 'in', failures: 0 });
  });

  it('that answers after timeoutMs gets the lease back that it gave', async () => {
    const world = new World();
    const process = world.process({ timeoutMs: 50 });
    const tier = process.tiers[1]!;
    let answer = (): void => {};
    tier.way = { there: async () => {}, back: () => new Promise((resolve) => (answer = resolve)) };
    const read = process.tier.leases!.read(keyOn(1), 60_000, 0, signal);
    await Promise.all([expect(read).rejects.toThrow(/timeoutMs/), world.pass(50)]);
    tier.way = null;
    answer();
    await settled();
    expect((await process.tier.leases!.read(keyOn(1), 60_000, 0, signal)).lease).toBeDefined();
  });

  it('gives a void lease: its key is loaded, and nothing is stored', async () => {
    const process = new World().process();
    await process.lose(1);
    const { entry, lease, isLoading } = await process.tier.leases!.read(keyOn(1), 1000, 0, signal);
    expect({ entry, isLoading }).toEqual({ entry: undefined, isLoading: false });
    expect(
      await process.tier.leases!.fill(keyOn(1), lease!, { bytes: bytes('v'), ttlMs: 1000 }, signal),
    ).toBe(false);
    await process.tier.leases!.release(keyOn(1), lease!, signal);
  });

  it('rejects writes of its keys, after those of the others', async () => {
    const world = new World();
    const process = world.process();
    await process.lose(1);
    const entry = { bytes: bytes('v'), ttlMs: 1000 };
    const all = new Map([0, 1, 2].map((server) => [keyOn(server), entry]));
    const refused = expect.objectContaining({ code: 'HOTSET_DISCONNECTED' });
    await expect(process.tier.set(all, signal)).rejects.toEqual(refused);
    expect(world.servers[2]!.text(keyOn(2))).toBe('v');
    await expect(process.tier.delete([...all.keys()], signal)).rejects.toEqual(refused);
    expect(world.servers[2]!.text(keyOn(2))).toBeUndefined();
    await expect(process.tier.deletePrefix!('key-', signal)).rejects.toEqual(refused);
  });
});

describe('a server that comes back with old values', () => {
  it('has none left of what was written meanwhile', async () => {
    const world = new World();
    const process = world.process();
    for (let i = 0; i < 4; i++) await process.set(keyOn(1, i), 'old');
    await process.lose(1);
    await expect(process.set(keyOn(1, 0), 'new')).rejects.toThrow();
    await expect(process.delete(keyOn(1, 1))).rejects.toThrow();
    await expect(process.tier.deletePrefix!(keyOn(1, 2), signal)).rejects.toThrow();
    process.tiers[1]!.error = null;
    await world.pass(250);
    expect(process.stat(1)).toMatchObject({ state: 'in', missedKeys: 0 });
    expect(await process.get(keyOn(1, 0))).toBeUndefined();
    expect(await process.get(keyOn(1, 1))).toBeUndefined();
    expect(await process.get(keyOn(1, 2))).toBeUndefined();
    expect(await process.get(keyOn(1, 3))).toBe('old');
  });

  it('is not read, before it is out, for a key whose write was not acknowledged', async () => {
    const world = new World();
    const process = world.process();
    await process.set(keyOn(1), 'old');
    process.tiers[1]!.error = down;
    await expect(process.delete(keyOn(1))).rejects.toBe(down);
    process.tiers[1]!.error = null;
    expect(await process.get(keyOn(1))).toBeUndefined();
    expect(world.servers[1]!.text(keyOn(1))).toBe('old');
    await world.pass(250);
    expect(world.servers[1]!.text(keyOn(1))).toBeUndefined();
    expect(process.stat(1)).toMatchObject({ state: 'in', missedKeys: 0 });
  });

  it('is read again once a later write is acknowledged, and a lease deletes first', async () => {
    const world = new World();
    const process = world.process();
    await process.set(keyOn(1), 'old');
    await process.set(keyOn(1, 1), 'old');
    process.tiers[1]!.error = down;
    await expect(process.tier.delete([keyOn(1), keyOn(1, 1)], signal)).rejects.toBe(down);
    process.tiers[1]!.error = null;
    await process.set(keyOn(1), 'new');
    expect(await process.get(keyOn(1))).toBe('new');
    const { entry, lease } = await process.tier.leases!.read(keyOn(1, 1), 1000, 0, signal);
    expect(entry).toBeUndefined();
    expect(
      await process.tier.leases!.fill(keyOn(1, 1), lease!, { bytes: bytes('loaded'), ttlMs: 9e5 }, signal),
    ).toBe(true);
    expect(await process.get(keyOn(1, 1))).toBe('loaded');
    await world.pass(250);
    expect(await process.get(keyOn(1))).toBe('new');
    expect(await process.get(keyOn(1, 1))).toBe('loaded');
  });

  it('gives nothing that was asked for before a write that it then missed', async () => {
    const process = new World().process();
    const tier = process.tiers[1]!;
    await process.set(keyOn(1), 'old');
    const back = gate();
    tier.way = { there: async () => {}, back: () => back.promise };
    const reads = [
      process.tier.get([keyOn(1)], signal),
      process.tier.leases!.read(keyOn(1), 1000, 0, signal),
    ] as const;
    await settled();
    tier.way = null;
    tier.error = down;
    await expect(process.delete(keyOn(1))).rejects.toBe(down);
    back.open();
    expect((await reads[0]).size).toBe(0);
    expect((await reads[1]).entry).toBeUndefined();
  });

  it('keeps a key missed that is missed again, whatever older answers come', async () => {
    const world = new World();
    const process = world.process();
    const tier = process.tiers[1]!;
    tier.error = down;
    await expect(process.delete(keyOn(1))).rejects.toBe(down);
    tier.error = null;
    // A write, and then the repair, are answered after another write has failed.
    for (const begin of [() => process.set(keyOn(1), 'first'), () => world.pass(250)]) {
      const back = gate();
      tier.way = { there: async () => {}, back: () => back.promise };
      const begun = begin();
      for (let times = 0; times < 3; times++) await settled();
      tier.way = null;
      tier.error = down;
      await expect(process.delete(keyOn(1))).rejects.toBe(down);
      tier.error = null;
      back.open();
      await begun;
      await settled();
      expect(process.stat(1).missedKeys).toBe(1);
      world.servers[1]!.store(keyOn(1), { bytes: bytes('old'), ttlMs: 9e9 });
      expect(await process.get(keyOn(1))).toBeUndefined();
    }
  });

  it('takes no fill under a lease from before a write that it missed', async () => {
    const process = new World().process();
    const { lease } = await process.tier.leases!.read(keyOn(1), 60_000, 0, signal);
    process.tiers[1]!.error = down;
    await expect(process.delete(keyOn(1))).rejects.toBe(down);
    process.tiers[1]!.error = null;
    const entry = { bytes: bytes('loaded before'), ttlMs: 1000 };
    expect(await process.tier.leases!.fill(keyOn(1), lease!, entry, signal)).toBe(false);
  });

  it('is emptied when it has missed more than maxMissedKeys, and stays out where nothing empties it', async () => {
    const world = new World();
    let emptied = 0;
    const empty = async () => {
      emptied++;
      world.servers[1]!.clear();
    };
    const able = world.process({ maxMissedKeys: 2 }, { empty });
    const unable = world.process({ maxMissedKeys: 2 });
    for (let i = 0; i < 5; i++) await able.set(keyOn(1, i), 'old');
    for (const process of [able, unable]) {
      await process.lose(1);
      for (let i = 0; i < 3; i++) await expect(process.delete(keyOn(1, i))).rejects.toThrow();
      expect(process.stat(1)).toMatchObject({ state: 'out', mistrusted: true });
      process.tiers[1]!.error = null;
    }
    for (let times = 0; times < 50; times++) await world.pass(400);
    expect(able.stat(1)).toMatchObject({ state: 'in', mistrusted: false, missedKeys: 0 });
    expect(await able.get(keyOn(1, 4))).toBeUndefined();
    expect(emptied).toBe(1);
    expect(unable.stat(1)).toMatchObject({ state: 'out', mistrusted: true });
  });
});

describe('with rehash', () => {
  const rehash = { rehash: true, rehashedTtlMs: 5000 };

  it('keys of a server that is out are on the others, for as long as rehashedTtlMs', async () => {
    const world = new World();
    const process = world.process(rehash);
    await process.lose(1);
    await process.set(keyOn(1), 'value');
    await process.set(keyOn(0), 'own');
    expect(await process.get(keyOn(1))).toBe('value');
    expect(world.servers[1]!.held.size).toBe(0);
    const { lease } = await process.tier.leases!.read(keyOn(1, 1), 1000, 0, signal);
    expect(
      await process.tier.leases!.fill(keyOn(1, 1), lease!, { bytes: bytes('f'), ttlMs: 9e9 }, signal),
    ).toBe(true);
    await world.pass(5000);
    expect(await process.get(keyOn(1))).toBeUndefined();
    expect(await process.get(keyOn(1, 1))).toBeUndefined();
    expect(await process.get(keyOn(0))).toBe('own');
  });

  it('a server that comes back has no older value of what was written on the others', async () => {
    const world = new World();
    const process = world.process(rehash);
    await process.set(keyOn(1, 0), 'old');
    await process.set(keyOn(1, 1), 'old');
    await process.lose(1);
    await process.set(keyOn(1, 0), 'new');
    await process.delete(keyOn(1, 1));
    process.tiers[1]!.error = null;
    await world.pass(250);
    expect(process.stat(1).state).toBe('in');
    expect(await process.get(keyOn(1, 0))).toBeUndefined();
    expect(await process.get(keyOn(1, 1))).toBeUndefined();
  });

  it('a lease of one server is void on another', async () => {
    const world = new World();
    const process = world.process(rehash);
    const { lease } = await process.tier.leases!.read(keyOn(1), 60_000, 0, signal);
    const entry = { bytes: bytes('loaded before'), ttlMs: 1000 };
    await process.lose(1);
    expect(await process.tier.leases!.fill(keyOn(1), lease!, entry, signal)).toBe(false);
    const other = await process.tier.leases!.read(keyOn(1), 60_000, 0, signal);
    process.tiers[1]!.error = null;
    await world.pass(250);
    expect(await process.tier.leases!.fill(keyOn(1), other.lease!, entry, signal)).toBe(false);
    expect(world.servers[1]!.text(keyOn(1))).toBeUndefined();
  });

  it('without any server, reads are misses and writes reject', async () => {
    const process = new World().process(rehash);
    for (const server of [0, 1, 2]) process.tiers[server]!.error = down;
    for (let times = 0; times < 30; times++)
      for (const key of KEYS.flat()) await process.get(key).catch(() => {});
    expect((await process.tier.get(KEYS.flat(), signal)).size).toBe(0);
    await expect(process.set(keyOn(0), 'v')).rejects.toMatchObject({ code: 'HOTSET_DISCONNECTED' });
  });
});

describe('invalidations', () => {
  function linked(world: World) {
    const tiers = world.servers.map((server) => new ModelTier(server));
    const sharded = shardedTier({
      servers: NAMES.map((name, i) => ({ name, tier: tiers[i]!, source: tiers[i]!.source })),
      clock: world.clock,
      scheduler: world.scheduler,
      random: () => 0,
    });
    open.push(sharded);
    const heard: string[] = [];
    sharded.source!.start('', {
      connected: () => heard.push('connected'),
      disconnected: () => heard.push('disconnected'),
      keysChanged: (keys) => heard.push(`${keys}`),
      allChanged: () => heard.push('all'),
    });
    return { process: new Process(sharded, tiers), heard };
  }

  it('come from all servers, and the link is up when all are', async () => {
    const world = new World();
    const { process, heard } = linked(world);
    expect(heard).toEqual(['connected']);
    for (const server of [0, 1, 2]) world.servers[server]!.remove(keyOn(server));
    world.servers[2]!.clear();
    expect(heard.splice(0)).toEqual(['connected', keyOn(0), keyOn(1), keyOn(2), 'all']);
    process.tiers[1]!.source.down();
    process.tiers[2]!.source.down();
    process.tiers[1]!.source.up();
    expect(heard.splice(0)).toEqual(['disconnected']);
    process.tiers[2]!.source.up();
    expect(heard.splice(0)).toEqual(['connected']);
    await process.tier.source!.stop();
  });

  it('a server that is out does not keep the link down, and is in again only behind its own link', async () => {
    const world = new World();
    const { process, heard } = linked(world);
    process.tiers[1]!.source.down();
    await process.lose(1);
    expect(heard.splice(0)).toEqual(['connected', 'disconnected', 'connected']);
    process.tiers[1]!.error = null;
    await world.pass(60_000);
    expect(process.stat(1).state).toBe('out');
    process.tiers[1]!.source.up();
    await world.pass(0);
    expect(process.stat(1).state).toBe('in');
    expect(heard).toEqual([]);
  });

  it('the loss of the link to a server that is out empties the first tier as well', async () => {
    const world = new World();
    const { process, heard } = linked(world);
    await process.lose(1);
    process.tiers[1]!.source.down();
    expect(heard).toEqual(['connected', 'disconnected', 'connected']);
  });
});
