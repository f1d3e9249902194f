/**
 * How old a value may be, as docs/sharding.md says, at random: processes that lose servers and find them again, each by itself,
 * servers that are emptied, and writes, deletes, reads and leases in between, which overlap, take a while, and may be lost or late.
 * Every write has a number, so that a read shows its age.
 */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/scheduler.js';
import { type ShardedTier, shardedTier } from '../../lib/sharding/index.js';
import { ModelServer, ModelTier } from './model-tier.js';

const NAMES = ['a:1', 'b:1', 'c:1'];
const KEYS = Array.from({ length: 3 }, (_, i) => `key-${i}`);
const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 300);
const STEPS = 120;
const REHASHED_TTL_MS = 2000;
/** What may lie between a write's call and its end: the way to the server, the longest time that one takes here. */
const LATE_MS = 6000;
const { signal } = new AbortController();

/** Small, quick, and the same everywhere (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Process {
  readonly tier: ShardedTier;
  readonly tiers: readonly ModelTier[];
  readonly leases: Map<string, { lease: string; loaded: number }>;
}

/** A write or delete; the moments are counted, not measured. */
interface Write {
  readonly number: number;
  readonly process: Process;
  readonly calledAt: number;
  /** When its process was told that it is done; `Infinity` before that, and for one that was rejected. */
  doneAt: number;
}

/** What was never written. */
const NOTHING: Write = { number: 0, process: {} as Process, calledAt: -1, doneAt: -1 };

/** Called with what a process found, which was asked for at a moment. */
type Check = (process: Process, key: string, found: number, askedAt: number) => void;

/** A connection: requests, and answers, take a while and stay in their order. */
class Way {
  readonly #scheduler: ManualScheduler;
  readonly #latencyMs: () => number;
  #lastThereMs = 0;
  #lastBackMs = 0;

  constructor(scheduler: ManualScheduler, latencyMs: () => number) {
    this.#scheduler = scheduler;
    this.#latencyMs = latencyMs;
  }

  there(): Promise<void> {
    this.#lastThereMs = Math.max(this.#lastThereMs, this.#scheduler.clock.now() + this.#latencyMs());
    return this.#at(this.#lastThereMs);
  }

  back(): Promise<void> {
    this.#lastBackMs = Math.max(this.#lastBackMs, this.#scheduler.clock.now() + this.#latencyMs());
    return this.#at(this.#lastBackMs);
  }

  #at(atMs: number): Promise<void> {
    return new Promise((resolve) => this.#scheduler.schedule(atMs - this.#scheduler.clock.now(), resolve));
  }
}

class Run {
  readonly clock = new ManualClock();
  readonly scheduler = new ManualScheduler(this.clock);
  readonly servers = NAMES.map(() => new ModelServer(this.clock));
  readonly processes: readonly Process[];
  readonly writes = new Map<string, Write[]>(KEYS.map((key) => [key, [NOTHING]]));
  /** When each value was replaced by a write that was called. */
  readonly replacedMs = new Map<number, number>();
  readonly failures: string[] = [];
  readonly #random: (below: number) => number;
  #numbers = 0;
  #moments = 0;

  constructor(seed: number, processes: number, rehash: boolean, maxMissedKeys: number) {
    this.#random = randomOf(seed);
    // Some are slower than timeoutMs.
    const latencyMs = () => (this.#random(40) === 0 ? this.#random(2500) : this.#random(60));
    this.processes = Array.from({ length: processes }, () => {
      const tiers = this.servers.map((server) => new ModelTier(server));
      for (const tier of tiers) tier.way = new Way(this.scheduler, latencyMs);
      const servers = NAMES.map((name, i) => ({
        name,
        tier: tiers[i]!,
        empty: () => tiers[i]!.empty(),
      }));
      const tier = shardedTier({
        servers,
        rehash,
        rehashedTtlMs: REHASHED_TTL_MS,
        maxMissedKeys,
        maxProbeMs: 4000,
        clock: this.clock,
        scheduler: this.scheduler,
        random: () => this.#random(1000) / 1000,
      });
      return { tier, tiers, leases: new Map() };
    });
  }

  /** Begins something at random, without waiting for it, or lets time pass. */
  async step(check: Check): Promise<void> {
    const process = this.processes[this.#random(this.processes.length)]!;
    const key = KEYS[this.#random(KEYS.length)]!;
    const server = this.#random(NAMES.length);
    const kind = this.#random(100);
    if (kind < 22) void this.read(process, key, check);
    else if (kind < 34)
      void this.#write(process, key, (number) => process.tier.set(entryOf(key, number), signal));
    else if (kind < 42) void this.#write(process, key, () => process.tier.delete([key], signal));
    else if (kind < 44) void this.#write(process, key, () => process.tier.deletePrefix!(key, signal));
    else if (kind < 54) void this.#lease(process, key, check);
    else if (kind < 62) void this.#fill(process, key);
    else if (kind < 65) {
      process.tiers[server]!.error = new Error('cut');
      process.tiers[server]!.isHeard = this.#random(2) === 0;
    } else if (kind < 68) process.tiers[server]!.error = null;
    else if (kind < 69) this.servers[server]!.clear();
    else await this.pass(this.#random(kind < 95 ? 40 : 1500));
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    do {
      this.scheduler.advance(Math.min(10, endMs - this.clock.now()));
      await settled();
    } while (this.clock.now() < endMs);
  }

  /** Every process reaches every server, for long enough. */
  async heal(): Promise<void> {
    for (const { tiers } of this.processes) for (const tier of tiers) tier.error = null;
    for (const { tier } of this.processes) {
      const isWell = () =>
        [...tier.stats().values()].every(({ state, missedKeys }) => state === 'in' && missedKeys === 0);
      for (let times = 0; times < 200 && !isWell(); times++) await this.pass(500);
      expect(isWell()).toBe(true);
    }
    await this.pass(REHASHED_TTL_MS);
  }

  async readAll(check: Check): Promise<void> {
    const reads = this.processes.flatMap((process) => KEYS.map((key) => this.read(process, key, check)));
    await this.pass(3000);
    await Promise.all(reads);
  }

  close(): void {
    for (const { tier } of this.processes) tier.close();
  }

  async read(process: Process, key: string, check: Check): Promise<void> {
    const askedAt = ++this.#moments;
    const found = await process.tier.get([key], signal).catch(() => new Map<string, never>());
    const entry = found.get(key);
    if (entry !== undefined) check(process, key, numberOf(entry.bytes), askedAt);
  }

  /**
   * A write that counts for a read, and is newer than what it found: one that was done before, or one of its own that was called
   * before, and that began after what was found was done. Of one process' own writes each is newer than those before.
   */
  newerThan(process: Process, key: string, found: number, askedAt: number): Write | undefined {
    const writes = this.writes.get(key)!;
    const value = writes.find(({ number }) => number === found)!;
    return writes.find((write) => {
      const counts = write.doneAt < askedAt || (write.process === process && write.calledAt < askedAt);
      const isNewer =
        write.process === value.process ? write.number > value.number : write.calledAt > value.doneAt;
      return counts && isNewer;
    });
  }

  async #write(process: Process, key: string, write: (number: number) => Promise<void>): Promise<void> {
    const writes = this.writes.get(key)!;
    this.replacedMs.set(writes.at(-1)!.number, this.clock.now());
    const record: Write = {
      number: ++this.#numbers,
      process,
      calledAt: ++this.#moments,
      doneAt: Number.POSITIVE_INFINITY,
    };
    writes.push(record);
    await write(record.number).then(
      () => {
        record.doneAt = ++this.#moments;
      },
      () => {},
    );
  }

  async #lease(process: Process, key: string, check: Check): Promise<void> {
    const askedAt = ++this.#moments;
    const read = await process.tier.leases!.read(key, 3000, 600_000, signal).catch(() => null);
    if (read === null) return;
    if (read.entry !== undefined) check(process, key, numberOf(read.entry.bytes), askedAt);
    const loaded = this.writes.get(key)!.at(-1)!.number;
    if (read.lease !== undefined) process.leases.set(key, { lease: read.lease, loaded });
  }

  async #fill(process: Process, key: string): Promise<void> {
    const held = process.leases.get(key);
    if (held === undefined) return;
    process.leases.delete(key);
    const entry = entryOf(key, held.loaded).get(key)!;
    await process.tier.leases!.fill(key, held.lease, entry, signal).catch(() => {});
  }
}

function entryOf(key: string, number: number): Map<string, { bytes: Uint8Array; ttlMs: number }> {
  return new Map([[key, { bytes: Buffer.from(String(number)), ttlMs: 3_600_000 }]]);
}

function numberOf(bytes: Uint8Array): number {
  return Number(Buffer.from(bytes).toString());
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 40; turns++) await Promise.resolve();
}

async function runs(
  processes: number,
  rehash: boolean,
  work: (run: Run, seed: number) => Promise<void>,
): Promise<void> {
  for (let seed = 1; seed <= RUNS; seed++) {
    const run = new Run(seed, processes, rehash, seed % 3 === 0 ? 2 : 1000);
    await work(run, seed);
    run.close();
    expect(run.failures).toEqual([]);
  }
}

describe('without rehash', () => {
  it('nobody reads a value older than a write that is done, nor one older than its own last write', async () => {
    let reads = 0;
    await runs(2, false, async (run, seed) => {
      const check: Check = (process, key, found, askedAt) => {
        reads++;
        const newer = run.newerThan(process, key, found, askedAt);
        if (newer !== undefined)
          run.failures.push(`seed ${seed}: ${key} is ${found}, older than ${newer.number}`);
      };
      for (let step = 0; step < STEPS; step++) await run.step(check);
      await run.heal();
      await run.readAll(check);
    });
    expect(reads).toBeGreaterThan(RUNS * 5);
  });
});

describe('with rehash', () => {
  it('a process alone never reads a value older than its own last write, but for copies of an outage before', async () => {
    let reads = 0;
    await runs(1, true, async (run, seed) => {
      const check: Check = (process, key, found, askedAt) => {
        reads++;
        const ageMs = run.clock.now() - (run.replacedMs.get(found) ?? run.clock.now());
        if (ageMs <= REHASHED_TTL_MS + LATE_MS) return;
        const newer = run.newerThan(process, key, found, askedAt);
        if (newer !== undefined)
          run.failures.push(`seed ${seed}: ${key} is ${found}, older than ${newer.number} by ${ageMs} ms`);
      };
      for (let step = 0; step < STEPS; step++) await run.step(check);
    });
    expect(reads).toBeGreaterThan(RUNS * 5);
  });

  it('once all processes reach all servers, and copies have expired, nobody reads a value older than a write that is done', async () => {
    let reads = 0;
    await runs(3, true, async (run, seed) => {
      for (let step = 0; step < STEPS; step++) await run.step(() => {});
      await run.heal();
      await run.readAll((process, key, found, askedAt) => {
        reads++;
        const newer = run.newerThan(process, key, found, askedAt);
        if (newer !== undefined)
          run.failures.push(`seed ${seed}: ${key} is ${found}, older than ${newer.number}`);
      });
    });
    expect(reads).toBeGreaterThan(RUNS);
  });
});
