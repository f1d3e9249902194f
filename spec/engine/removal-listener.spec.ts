/** onRemoval: called once for each removal, with a consistent engine, and free to throw or to call back. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock, type RemovalCause, type RemovalListener } from '../../lib/index.js';
import { makeFixture, order, thrownBy } from './fixture.js';

type Engine = CacheEngine<string, number>;

/** An engine whose listener can be chosen when the engine is there. */
function withListener(
  listen: (engine: Engine) => RemovalListener<string, number>,
  maxEntries = 3,
): { engine: Engine; clock: ManualClock } {
  const clock = new ManualClock(0);
  const engine: Engine = new CacheEngine({
    clock,
    maxEntries,
    onRemoval: (...removal) => listen(engine)(...removal),
  });
  return { engine, clock };
}

/** Something that removes two entries or more of `a`, `b`, `c` (newest `c`), for each cause that can. */
const removeSeveral: [RemovalCause, (engine: Engine, clock: ManualClock) => void][] = [
  ['cleared', (engine) => engine.clear()],
  ['evicted', (engine) => engine.resize({ maxEntries: 1 })],
  [
    'expired',
    (engine, clock) => {
      clock.advance(100);
      engine.sweepExpired();
    },
  ],
];

function fill(engine: Engine): void {
  for (const key of ['a', 'b', 'c']) engine.set(key, 1, { ttlMs: 100 });
}

describe('the removal listener', () => {
  it('gets key, value and cause of every removal, once and in order', () => {
    const { engine, clock, removals } = makeFixture({ maxEntries: 2 });
    engine.set('a', 1);
    engine.set('a', 2);
    engine.set('b', 3);
    engine.set('c', 4);
    engine.delete('b');
    engine.touch('c', 10);
    clock.advance(10);
    engine.get('c');
    engine.set('d', 5);
    engine.clear();
    expect(removals).toEqual([
      ['a', 1, 'replaced'],
      ['a', 2, 'evicted'],
      ['b', 3, 'deleted'],
      ['c', 4, 'expired'],
      ['d', 5, 'cleared'],
    ]);
  });

  it.each(removeSeveral)('sees a consistent engine without the entry (%s)', (cause, remove) => {
    let calls = 0;
    const { engine, clock } = withListener((self) => (key, _, told) => {
      calls++;
      expect(told).toBe(cause);
      expect(self.verify()).toEqual([]);
      expect(self.has(key)).toBe(false);
      expect(self.bytes).toBeLessThanOrEqual(self.maxBytes);
    });
    fill(engine);
    remove(engine, clock);
    expect(calls).toBeGreaterThanOrEqual(2);
  });

  it('sees the new value in place when the old one is reported as replaced', () => {
    const seen: unknown[] = [];
    const { engine } = withListener((self) => (key, value, cause) => {
      seen.push([value, cause, self.peek(key), self.verify()]);
    });
    engine.set('a', 1);
    engine.set('a', 2);
    expect(seen).toEqual([[1, 'replaced', 2, []]]);
  });
});

describe('a listener that throws', () => {
  it('has its error reach the caller, who finds the work done', () => {
    const { engine } = withListener(() => (key) => {
      throw new Error(`no ${key}`);
    });
    fill(engine);
    expect(() => engine.set('d', 1)).toThrow('no a');
    expect(order(engine)).toEqual(['b', 'c', 'd']);
    expect(() => engine.delete('b')).toThrow('no b');
    expect(() => engine.evictOldest()).toThrow('no c');
    expect(order(engine)).toEqual(['d']);
    expect(engine.stats()).toMatchObject({ stores: 4, evictions: 2, deletions: 1 });
    expect(engine.verify()).toEqual([]);
  });

  it('can make a get of an expired entry throw', () => {
    const { engine, clock } = withListener(() => () => {
      throw new Error('no');
    });
    fill(engine);
    clock.advance(100);
    expect(() => engine.get('a')).toThrow('no');
    expect(engine.get('a')).toBeUndefined();
    expect(engine.verify()).toEqual([]);
  });

  it.each(removeSeveral)('does not keep the other calls from happening (%s)', (_, remove) => {
    const told: string[] = [];
    const { engine, clock } = withListener(() => (key) => {
      told.push(key);
      if (key === 'a') throw new Error('a');
    });
    fill(engine);
    expect(() => remove(engine, clock)).toThrow(new Error('a'));
    expect(told).toContain('b');
    expect(engine.verify()).toEqual([]);
  });

  it('several times throws one AggregateError with all of them', () => {
    const { engine } = withListener(() => (key) => {
      throw new Error(key);
    });
    fill(engine);
    const error = thrownBy(() => engine.clear()) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors.map((each: Error) => each.message)).toEqual(['a', 'b', 'c']);
    expect(engine.size).toBe(0);
  });

  it('is called again for the next removal', () => {
    const told: string[] = [];
    const { engine } = withListener(() => (key) => {
      told.push(key);
      throw undefined;
    });
    fill(engine);
    for (const key of ['a', 'b']) {
      try {
        engine.delete(key);
      } catch (error) {
        told.push(`caught ${error}`);
      }
    }
    expect(told).toEqual(['a', 'caught undefined', 'b', 'caught undefined']);
  });
});

describe('a listener that calls the engine', () => {
  const callsBack: [string, (engine: Engine, key: string) => void][] = [
    ['get', (engine) => engine.get('c')],
    ['set of a new key', (engine, key) => key.length < 3 && engine.set(`${key}'`, 1)],
    ['set of the removed key', (engine, key) => key === 'a' && engine.set(key, 9)],
    ['delete', (engine) => engine.delete('c')],
    ['clear', (engine) => engine.clear()],
    ['resize', (engine) => engine.resize({ maxEntries: 1 })],
    ['sweepExpired', (engine) => engine.sweepExpired()],
    ['a walk', (engine) => [...engine.keys()]],
  ];

  it.each(
    removeSeveral.flatMap(([cause, remove]) =>
      callsBack.map((back) => [cause, back[0], remove, back[1]] as const),
    ),
  )('(%s) may call %s', (_, __, remove, back) => {
    const told: string[] = [];
    const { engine, clock } = withListener((self) => (key, value, cause) => {
      told.push(`${key} ${value} ${cause}`);
      back(self, key);
      expect(self.verify()).toEqual([]);
    });
    fill(engine);
    remove(engine, clock);
    expect(engine.verify()).toEqual([]);
    expect(new Set(told).size).toBe(told.length);
    engine.clear();
    expect(engine.verify()).toEqual([]);
  });

  it('gets the removals that it causes after those that wait', () => {
    const told: string[] = [];
    const { engine } = withListener((self) => (key) => {
      told.push(key);
      if (key === 'a') self.delete('c');
    });
    fill(engine);
    engine.resize({ maxEntries: 1 });
    expect(told).toEqual(['a', 'b', 'c']);
  });

  it('during clear keeps what it stores', () => {
    const { engine } = withListener((self) => (key, value, cause) => {
      if (cause === 'cleared') self.set(key, value + 1);
    });
    fill(engine);
    engine.clear();
    expect([...engine.entries()]).toEqual([
      ['c', 2],
      ['b', 2],
      ['a', 2],
    ]);
    expect(engine.verify()).toEqual([]);
  });

  it('during eviction may store again what was evicted, once', () => {
    let again = true;
    const { engine } = withListener((self) => (key, value) => {
      if (!again) return;
      again = false;
      self.set(key, value);
    });
    fill(engine);
    engine.set('d', 1);
    expect(order(engine)).toEqual(['c', 'd', 'a']);
    expect(engine.verify()).toEqual([]);
  });

  it('has the errors of its own calls reach the outer caller', () => {
    const { engine } = withListener((self) => () => {
      self.set('x', 1, { ttlMs: Number.NaN });
    });
    fill(engine);
    expect(thrownBy(() => engine.delete('a')).code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(engine.verify()).toEqual([]);
  });
});

describe('a listener that never comes to an end', () => {
  it('since it puts back what was evicted is stopped, with the cache intact', () => {
    let calls = 0;
    const { engine } = withListener(
      (self) => (key, value) => {
        calls++;
        self.set(key, value);
      },
      1,
    );
    engine.set('a', 1);
    const error = thrownBy(() => engine.set('b', 1));
    expect(error.code).toBe('HOTSET_LISTENER_LOOP');
    expect(calls).toBeGreaterThan(100);
    expect(calls).toBeLessThan(100_000);
    expect([engine.size, engine.verify()]).toEqual([1, []]);
    expect(thrownBy(() => engine.set('c', 1)).code).toBe('HOTSET_LISTENER_LOOP');
    engine.delete(engine.keys().next().value as string);
    expect(engine.size).toBe(1);
  });

  it('since each removal causes two more is stopped before it fills the memory', () => {
    let calls = 0;
    const { engine } = withListener(
      (self) => (key) => {
        calls++;
        self.set(`${key.length}a`, 1);
        self.set(`${key.length}b`, 1);
      },
      1,
    );
    engine.set('a', 1);
    expect(thrownBy(() => engine.set('b', 1)).code).toBe('HOTSET_LISTENER_LOOP');
    expect(calls).toBeLessThan(3_000_000);
    expect([engine.size, engine.verify()]).toEqual([1, []]);
  });

  it('as a subscriber that writes for each write is stopped', () => {
    const engine = new CacheEngine<string, number>();
    engine.subscribe('', () => engine.set('again', 1));
    expect(thrownBy(() => engine.set('a', 1)).code).toBe('HOTSET_LISTENER_LOOP');
    expect(engine.verify()).toEqual([]);
  });

  it('is another matter than one with much to do', () => {
    const { engine } = withListener(
      (self) => (key) => {
        if (key === 'parent') for (let i = 0; i < 20_000; i++) self.delete(`child ${i}`);
      },
      100_000,
    );
    for (let i = 0; i < 20_000; i++) engine.set(`child ${i}`, i);
    engine.set('parent', 1);
    engine.delete('parent');
    expect(engine.size).toBe(0);
  });
});

describe('an async listener', () => {
  it('that fails is reported as a warning, and no caller waits for it', async () => {
    const warned = once(process, 'warning') as Promise<[Error & { code?: string; detail?: string }]>;
    const engine: Engine = new CacheEngine({
      onRemoval: (async (key: string) => {
        await null;
        throw new Error(`no ${key}`);
      }) as RemovalListener<string, number>,
    });
    engine.set('a', 1);
    expect(engine.delete('a')).toBe(true);
    const [warning] = await warned;
    expect(warning.code).toBe('HOTSET_LISTENER_FAILED');
    expect(warning.detail).toContain('no a');
  });

  it('that subscribes, and fails, as well', async () => {
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    const engine = new CacheEngine<string, number>();
    engine.subscribe('', (async () => {
      throw 'no error at all';
    }) as () => void);
    engine.set('a', 1);
    expect((await warned)[0].code).toBe('HOTSET_LISTENER_FAILED');
  });
});

it('a removal listener has no `this`', () => {
  const seen: unknown[] = [];
  const engine = new CacheEngine<string, number>({
    onRemoval(this: unknown) {
      seen.push(this);
    },
  });
  engine.set('a', 1);
  engine.delete('a');
  expect(seen).toEqual([undefined]);
});

it('an expired entry is reported as expired where it is the oldest, however many are looked at first', () => {
  const { engine, clock, removals } = makeFixture<number, number>({ maxEntries: 10_000 });
  for (let key = 0; key < 5000; key++) engine.set(key, key);
  engine.set(-1, -1, { ttlMs: 5 });
  for (let key = 5001; key < 10_000; key++) engine.set(key, key);
  for (let key = 0; key < 5000; key++) engine.get(key);
  clock.advance(5);
  engine.set(10_000, 1);
  engine.resize({ maxEntries: 9999 });
  expect(removals[0]).toEqual([-1, -1, 'expired']);
});
