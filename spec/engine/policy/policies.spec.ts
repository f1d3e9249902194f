/** What every policy must do besides choosing who leaves, and what is peculiar to each. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Budget } from '../../../lib/engine/budget.js';
import { storeOf } from '../../../lib/engine/cache-engine.js';
import { type Columns, NEWER, OLDER } from '../../../lib/engine/columns.js';
import { CacheEngine, type CacheEngineOptions, type Policy } from '../../../lib/index.js';
import { loadSnapshot, saveSnapshot } from '../../../lib/snapshot/index.js';
import { makePlace } from '../../snapshot/fixture.js';
import { heldBytes } from '../../support/collect.js';
import { makeFixture, order, thrownBy } from '../fixture.js';

const POLICIES = ['lru', 'sieve', 's3-fifo', 'w-tinylfu'] as const satisfies readonly Policy[];
const OTHERS = POLICIES.filter((policy) => policy !== 'lru');

function filled(
  options: CacheEngineOptions<number, number>,
  keys: number,
  value = (key: number) => key,
): CacheEngine<number, number> {
  const engine = new CacheEngine<number, number>(options);
  for (let key = 0; key < keys; key++) engine.set(key, value(key));
  return engine;
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** Engines of one seed decide alike. */
function useOneSeed(): void {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
}

describe('the option policy', () => {
  it('is lru by default, and the engine says which it is', () => {
    expect(new CacheEngine().policy).toBe('lru');
    for (const policy of POLICIES) expect(new CacheEngine({ policy }).policy).toBe(policy);
  });

  it.each(['LRU', '', null, 5, 'constructor'])('is not %j', (policy) => {
    const error = thrownBy(() => new CacheEngine({ policy: policy as Policy }));
    expect(error.code).toBe('HOTSET_INVALID_OPTION');
    expect(error.message).toContain("'w-tinylfu'");
  });
});

describe.each(POLICIES)('%s', (policy) => {
  it('counts hits, misses and evictions, and says why entries left', () => {
    const { engine, clock, removals } = makeFixture<number, number>({ maxEntries: 10, policy });
    for (let key = 0; key < 12; key++) engine.set(key, key);
    engine.set(11, 1);
    engine.delete(11);
    engine.set(12, 12, { ttlMs: 5 });
    clock.advance(5);
    expect(engine.get(12)).toBeUndefined();
    engine.clear();
    const causes = (cause: string) => removals.filter(([, , each]) => each === cause).length;
    expect(['evicted', 'replaced', 'deleted', 'expired', 'cleared'].map(causes)).toEqual([2, 1, 1, 1, 9]);
    expect(engine.stats()).toMatchObject({
      evictions: 2,
      deletions: 1,
      expirations: 1,
      stores: 14,
      misses: 1,
    });
    expect(engine.verify()).toEqual([]);
  });

  it('evicts expired entries first', () => {
    const { engine, clock } = makeFixture<number, number>({ maxEntries: 20, policy });
    for (let key = 0; key < 20; key++) engine.set(key, key, key % 2 === 0 ? { ttlMs: 10 } : {});
    clock.advance(10);
    for (let key = 20; key < 30; key++) engine.set(key, key);
    for (let key = 1; key < 20; key += 2) expect(engine.has(key)).toBe(true);
    expect(engine.stats()).toMatchObject({ evictions: 0, expirations: 10 });
  });

  it('refuses and evicts nothing where it must not evict, but for resize', () => {
    const engine = filled({ maxEntries: 5, policy, evict: false }, 5);
    expect(engine.set(5, 5)).toBe('no-room');
    expect(engine.set(4, 40)).toBe('stored');
    engine.resize({ maxEntries: 2 });
    expect(engine.size).toBe(2);
    expect(engine.verify()).toEqual([]);
  });

  it('has no use counted by peek, has, getEntry, walks and touch', () => {
    useOneSeed();
    const [looked, not] = [filled({ maxEntries: 50, policy }, 50), filled({ maxEntries: 50, policy }, 50)];
    for (let key = 0; key < 25; key++) {
      looked.peek(key);
      looked.has(key);
      looked.getEntry(key);
      looked.touch(key, Number.POSITIVE_INFINITY);
    }
    for (const _ of looked) void _;
    for (const engine of [looked, not]) for (let key = 50; key < 90; key++) engine.set(key, key);
    expect(new Set(looked.keys())).toEqual(new Set(not.keys()));
  });

  it.each([
    ['get', (engine: CacheEngine<number, number>, key: number) => engine.get(key)],
    ['set', (engine: CacheEngine<number, number>, key: number) => engine.set(key, key)],
    [
      'touch with promote',
      (engine: CacheEngine<number, number>, key: number) => engine.touch(key, 1e9, { promote: true }),
    ],
  ])('keeps what %s uses longer than what nobody uses', (_, use) => {
    const engine = filled({ maxEntries: 50, policy }, 50);
    for (let round = 0; round < 3; round++) for (let key = 0; key < 25; key++) use(engine, key);
    for (let key = 50; key < 70; key++) engine.set(key, key);
    for (let key = 0; key < 25; key++) expect(engine.has(key)).toBe(true);
  });

  it('evicts with evictOldest whom it would evict next', () => {
    useOneSeed();
    for (let entries = 1; entries < 40; entries++) {
      const [asked, full] = [
        filled({ maxEntries: 100, policy }, entries),
        filled({ maxEntries: 100, policy }, entries),
      ];
      for (const engine of [asked, full]) for (let key = 0; key < entries; key += 3) engine.get(key);
      const [evicted] = asked.evictOldest()!;
      full.resize({ maxEntries: entries - 1 || 1 });
      if (entries > 1) expect(full.has(evicted)).toBe(false);
      expect(asked.verify()).toEqual([]);
    }
    expect(new CacheEngine({ policy }).evictOldest()).toBeUndefined();
  });

  it('holds its budget while values grow and shrink in place, and never evicts the one that grows', () => {
    const engine = filled({ maxBytes: 20_000, policy, sizeOf: (size) => size }, 100, () => 50);
    for (let i = 0; i < 3000; i++) {
      const key = (i * 7) % 130;
      expect(engine.set(key, 50 + ((i * 31) % 3000))).toBe('stored');
      expect(engine.has(key)).toBe(true);
      expect(engine.bytes).toBeLessThanOrEqual(20_000);
    }
    expect(engine.verify()).toEqual([]);
  });

  it('follows a budget that changes', () => {
    const engine = filled(
      { maxBytes: '1MiB', policy, sizeOf: (size) => size },
      2000,
      (key) => 100 + (key % 400),
    );
    for (const maxBytes of [500_000, 100_000, 30_000, 400_000, 2_000_000]) {
      engine.resize({ maxBytes });
      expect(engine.bytes).toBeLessThanOrEqual(maxBytes);
      for (let key = 0; key < 4000; key++)
        if (engine.get(key) === undefined) engine.set(key, 100 + (key % 400));
      expect(engine.verify()).toEqual([]);
    }
    expect(engine.bytes).toBeGreaterThan(1_300_000);
  });

  it('gives everything back that it dumps, in its order, to an engine of any policy', () => {
    const engine = filled({ maxEntries: 100, policy, trackAccess: true }, 120);
    for (let key = 30; key < 110; key += 2) engine.get(key);
    for (let key = 200; key < 230; key++) engine.set(key, key);
    for (const other of POLICIES) {
      const copy = new CacheEngine<number, number>({ maxEntries: 100, policy: other, trackAccess: true });
      expect(copy.load(engine.dump())).toBe(100);
      expect(order(copy)).toEqual(order(engine));
      expect(copy.verify()).toEqual([]);
    }
  });

  it('loads the end of a dump that is larger than it', () => {
    const dump = filled({ maxEntries: 1000 }, 1000).dump();
    const engine = new CacheEngine<number, number>({ maxEntries: 200, policy });
    engine.load(dump);
    expect(engine.size).toBe(200);
    expect([...engine.keys()].filter((key) => key >= 780).length).toBeGreaterThan(150);
  });

  it('has snapshots that load under every policy', async () => {
    const { path } = makePlace();
    const engine = filled({ maxEntries: 300, policy }, 400);
    for (let key = 200; key < 300; key++) engine.get(key);
    await saveSnapshot(engine, path);
    for (const other of POLICIES) {
      const copy = new CacheEngine<number, number>({ maxEntries: 300, policy: other });
      expect((await loadSnapshot(copy, path)).stored).toBe(300);
      expect(order(copy)).toEqual(order(engine));
    }
  });

  it('counts what it holds, and gives it back', async () => {
    const before = await heldBytes();
    const engine = new CacheEngine<number, number>({ maxBytes: '24MiB', policy });
    for (let key = 0; key < 800_000; key++) {
      engine.set(key, key);
      if (key % 3 === 0) engine.get(key >>> 1);
    }
    const held = (await heldBytes()) - before;
    expect(engine.stats().evictions).toBeGreaterThan(100_000);
    expect(held / engine.bytes).toBeGreaterThan(0.8);
    expect(held / engine.bytes).toBeLessThan(1.1);
    for (const key of [...engine.keys()]) if (key % 1000 !== 0) engine.delete(key);
    expect(engine.bytes).toBeLessThan(1_000_000);
    expect((await heldBytes()) - before).toBeLessThan(2_500_000);
    expect(engine.verify()).toEqual([]);
  }, 30_000);

  it('finds what has not been used since a time', () => {
    const { engine, clock } = makeFixture<number, number>({ maxEntries: 1000, policy, trackAccess: true });
    for (let key = 0; key < 100; key++) {
      engine.set(key, key);
      clock.advance(1);
    }
    for (let key = 0; key < 100; key += 2) engine.get(key);
    const store = storeOf(engine);
    const found: number[] = [];
    for (let slot = store.oldestUnusedSince(1080); slot !== 0; slot = store.oldestUnusedSince(1080)) {
      found.push(store.keyAt(slot));
      engine.delete(store.keyAt(slot));
    }
    expect(found.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i * 2 + 1));
    expect(engine.size).toBe(60);
  });

  it('takes keys of every kind', () => {
    const engine = new CacheEngine<unknown, number>({ maxEntries: 40, policy });
    const kinds: ((i: number) => unknown)[] = [
      (i) => i,
      (i) => i + 0.5,
      (i) => `${i}`,
      (i) => `ł${i}`,
      (i) => 'x'.repeat(70) + i,
      (i) => BigInt(i),
      (i) => ({ i }),
      (i) => Symbol(`${i}`),
    ];
    const keys = Array.from({ length: 80 }, (_, i) => kinds[i % kinds.length]!(i));
    for (let round = 0; round < 3; round++)
      for (const [i, key] of keys.entries()) if (engine.get(key) === undefined) engine.set(key, i);
    expect(engine.size).toBe(40);
    for (const [key, value] of engine) expect(keys[value]).toBe(key);
    expect(engine.verify()).toEqual([]);
  });
});

describe.each(OTHERS)('a walk by %s', (policy) => {
  it.each(['newest-first', 'oldest-first'] as const)(
    'visits nothing twice while entries go round (%s)',
    (direction) => {
      for (let seed = 0; seed < 30; seed++) {
        const engine = filled({ maxEntries: 40, policy }, 60);
        for (let key = 20; key < 60; key += 2) for (let use = 0; use < 3; use++) engine.get(key);
        const before = new Set(engine.keys());
        const visited: number[] = [];
        let next = 100 + seed;
        for (const key of engine.keys({ order: direction })) {
          visited.push(key);
          if (!engine.has(key)) throw new Error(`${key} is not there`);
          engine.get((key * 7 + seed) % 60);
          engine.set(next, next++);
          if (seed % 3 === 0) engine.delete((key * 5) % 60);
          if (visited.length > 60) throw new Error('the walk does not end');
        }
        expect(new Set(visited).size).toBe(visited.length);
        for (const key of visited) expect(before.has(key)).toBe(true);
        expect(engine.verify()).toEqual([]);
      }
    },
  );
});

describe('the order of a walk', () => {
  it('by sieve is that of entrance', () => {
    const engine = filled({ maxEntries: 4, policy: 'sieve' }, 4);
    engine.get(0);
    engine.set(1, 5);
    expect(order(engine)).toEqual([0, 1, 2, 3]);
    engine.set(4, 4);
    expect(order(engine)).toEqual([0, 1, 3, 4]);
  });

  it('by s3-fifo has the small queue before the main one', () => {
    const engine = filled({ maxEntries: 20, policy: 's3-fifo' }, 20);
    for (let use = 0; use < 2; use++) engine.get(0);
    engine.set(20, 20);
    // 0 was used twice, and goes on to the main queue; 1 leaves a ghost, and comes back to it.
    expect(order(engine)).toEqual([...Array.from({ length: 19 }, (_, i) => i + 2), 0]);
    engine.set(1, 1);
    expect(order(engine).slice(-2)).toEqual([0, 1]);
  });

  it('by w-tinylfu has probation and window before what is protected', () => {
    const engine = filled({ maxEntries: 20, policy: 'w-tinylfu' }, 20);
    engine.get(3);
    expect(order(engine).at(-1)).toBe(3);
    // The window has the last four.
    expect(order(engine).slice(-5, -1)).toEqual([16, 17, 18, 19]);
  });
});

describe('verify', () => {
  interface Insides {
    readonly columns: Columns;
    readonly budget: Budget;
    readonly order: { hand: number; queues: { weights: number[]; ends: number[] }; ghosts: { cost: number } };
  }

  function damaged(policy: Policy, damage: (insides: Insides) => void): string {
    const engine = filled({ maxBytes: 20_000, policy, sizeOf: () => 100 }, 300);
    for (let key = 200; key < 260; key++) for (let use = 0; use < 3; use++) engine.get(key);
    for (let key = 300; key < 400; key++) engine.set(key, key);
    expect(engine.verify()).toEqual([]);
    damage(storeOf(engine) as unknown as Insides);
    return engine.verify().join();
  }

  it.each<[string, Policy, RegExp, (insides: Insides) => void]>([
    [
      'an older link',
      'sieve',
      /links around slot \d+ disagree/,
      ({ columns }) => {
        const { links } = columns;
        links[(links[(links[NEWER]! << 2) + NEWER]! << 2) + OLDER] = links[NEWER]! + 1;
      },
    ],
    [
      'a hand at a free slot',
      'sieve',
      /the hand is at a free slot/,
      ({ columns, order: parts }) => {
        parts.hand = columns.nextFresh;
      },
    ],
    [
      'an entry in the wrong queue',
      's3-fifo',
      /wrong queue|queues count/,
      ({ columns }) => {
        columns.links[(columns.links[NEWER]! << 2) + OLDER]! ^= 1 << 30;
      },
    ],
    [
      'the bytes of a queue',
      's3-fifo',
      /queues count [\d,]+ bytes/,
      ({ order: parts }) => {
        parts.queues.weights[0]! += 1;
      },
    ],
    [
      'the end of a queue',
      'w-tinylfu',
      /queues count [\d,]+ ends/,
      ({ order: parts }) => {
        parts.queues.ends[1] = 0;
      },
    ],
    [
      'what ghosts took',
      's3-fifo',
      /ghosts took/,
      ({ order: parts }) => {
        parts.ghosts.cost *= 2;
      },
    ],
    [
      'the bytes of a table',
      'w-tinylfu',
      /table takes \d+ bytes, and \d+ are counted/,
      ({ budget }) => {
        budget.policyBytes -= 8;
      },
    ],
  ])('finds damage to %s', (_, policy, message, damage) => {
    expect(damaged(policy, damage)).toMatch(message);
  });
});

describe('texts that everybody can make collide', () => {
  /** Of four characters each, two differ so that the index's hash is the same, whatever its seed. */
  function colliding(number: number): string {
    let text = '';
    for (let bit = 0; bit < 16; bit++) text += (number >>> bit) & 1 ? 'š@ab' : 'aAab';
    return text;
  }

  it('have one hash in the index, and neither frequencies nor ghosts in common', () => {
    const index = storeOf(new CacheEngine<string, number>()) as unknown as {
      index: { hash(key: string): number };
    };
    expect(new Set(Array.from({ length: 100 }, (_, i) => index.index.hash(`š${colliding(i)}`))).size).toBe(1);
    for (const policy of ['s3-fifo', 'w-tinylfu'] as const) {
      const hitsOf = (make: (number: number) => string) => {
        const engine = new CacheEngine<string, number>({ maxEntries: 200, policy });
        let hits = 0;
        for (let i = 0; i < 40_000; i++) {
          // Honest keys are used in turn, each of them every 150 reads; between them comes the flood.
          const honest = `key ${i % 150}`;
          if (engine.get(honest) === undefined) engine.set(honest, i);
          else hits++;
          const flood = make(i % 20_000);
          if (engine.get(flood) === undefined) engine.set(flood, i);
        }
        return hits;
      };
      const usual = hitsOf((number) => `flood ${number}`);
      expect(usual).toBeGreaterThan(20_000);
      expect(hitsOf((number) => `š${colliding(number)}`)).toBeGreaterThan(usual * 0.95);
    }
  }, 30_000);
});
