/**
 * What has left an engine is not reachable through it: whichever way it left, whatever the engine keeps about its
 * entries, and whoever listens or walks.
 */

import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import { collect } from '../support/collect.js';

interface Value {
  bytes?: number;
  text?: string;
}
type Engine = CacheEngine<unknown, Value>;

/** Objects that should be collected, by the way that they left. */
class Watched {
  readonly #refs: [way: string, ref: WeakRef<object>][] = [];

  add<T extends object>(way: string, object: T): T {
    this.#refs.push([way, new WeakRef(object)]);
    return object;
  }

  get size(): number {
    return this.#refs.length;
  }

  async held(): Promise<string[]> {
    await collect();
    return [...new Set(this.#refs.filter(([, ref]) => ref.deref() !== undefined).map(([way]) => way))];
  }
}

const LONG = 'x'.repeat(80);

/** A key of each kind, each with a value of its own; objects among them are watched. */
function victims(watched: Watched, way: string): [unknown, Value][] {
  return [watched.add(`${way}: key`, {}), `${way}`, `${LONG}${way}`, Symbol(way), way.length * 1e6 + 0.5].map(
    (key) => [key, watched.add(`${way}: value`, {})],
  );
}

function fresh(watched: Watched, way: string): Value {
  return watched.add(`${way}: value`, {});
}

/** Of so many bytes, whoever weighs it. */
function ofBytes(bytes: number): Value {
  return { bytes, text: 'x'.repeat(bytes) };
}

interface Fixture {
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly watched: Watched;
}

/** Each leaves nothing of its victims in the engine. */
const ways: [string, (fixture: Fixture, way: string) => void][] = [
  [
    'evicted for new entries',
    ({ engine, watched }, way) => {
      for (const [key, value] of victims(watched, way)) engine.set(key, value);
      const { size, maxEntries } = engine;
      engine.resize({ maxEntries: size });
      for (let i = 0; i < size; i++) engine.set(`filler ${i}`, {});
      engine.resize({ maxEntries });
    },
  ],
  [
    'evicted for a larger value',
    ({ engine, watched }, way) => {
      if (engine.maxBytes === Number.POSITIVE_INFINITY) return;
      const { maxBytes } = engine;
      engine.set('filler 0', {});
      for (const [key, value] of victims(watched, way)) engine.set(key, value);
      engine.get('filler 0');
      engine.resize({ maxBytes: 1_000_000 });
      engine.set('filler 0', ofBytes(900_000));
      engine.resize({ maxBytes });
      engine.set('filler 0', {});
    },
  ],
  [
    'evicted by hand',
    ({ engine, watched }, way) => {
      for (const [key, value] of victims(watched, way)) engine.set(key, value);
      let left = engine.size;
      while (left-- > 0) engine.evictOldest();
    },
  ],
  [
    'evicted by a resize',
    ({ engine, watched }, way) => {
      const { maxEntries } = engine;
      for (const [key, value] of victims(watched, way)) engine.set(key, value);
      engine.set('last', {});
      engine.resize({ maxEntries: 1 });
      engine.resize({ maxEntries });
    },
  ],
  [
    'expired, and read',
    ({ engine, clock, watched }, way) => {
      const held = victims(watched, way);
      for (const [key, value] of held) engine.set(key, value, { ttlMs: 5 });
      clock.advance(5);
      for (const [key] of held) engine.get(key);
    },
  ],
  [
    'expired, and swept',
    ({ engine, clock, watched }, way) => {
      for (const [key, value] of victims(watched, way)) engine.set(key, value, { ttlMs: 5 });
      clock.advance(5);
      engine.sweepExpired();
    },
  ],
  [
    'expired, and needed',
    ({ engine, clock, watched }, way) => {
      for (const [key, value] of victims(watched, way)) engine.set(key, value, { ttlMs: 5 });
      clock.advance(5);
      const { maxEntries } = engine;
      engine.resize({ maxEntries: engine.size });
      for (let i = 0; i < engine.maxEntries + 100; i++) engine.set(`needs ${i}`, {});
      engine.resize({ maxEntries });
    },
  ],
  [
    'expired, and deleted or written again',
    ({ engine, clock, watched }, way) => {
      const held = victims(watched, way);
      for (const [key, value] of held) engine.set(key, value, { ttlMs: 5 });
      clock.advance(5);
      held.forEach(([key], i) => {
        if (i > 2) engine.set(key, fresh(watched, way));
        engine.delete(key);
      });
    },
  ],
  [
    'expired by a touch',
    ({ engine, watched }, way) => {
      const held = victims(watched, way);
      for (const [key, value] of held) engine.set(key, value);
      for (const [key] of held) engine.touch(key, 0);
      engine.sweepExpired();
    },
  ],
  [
    'replaced',
    ({ engine, watched }, way) => {
      for (let i = 0; i < 3; i++) {
        engine.set(way, fresh(watched, way));
        engine.replace(way, fresh(watched, way));
        engine.update(way, fresh(watched, way));
        engine.load([[way, fresh(watched, way)]]);
      }
      engine.set(way, {});
    },
  ],
  [
    'deleted',
    ({ engine, watched }, way) => {
      const held = victims(watched, way);
      for (const [key, value] of held) engine.set(key, value);
      for (const [key] of held) engine.delete(key);
    },
  ],
  [
    'refused as too large',
    ({ engine, watched }, way) => {
      if (engine.maxBytes === Number.POSITIVE_INFINITY) return;
      for (const keepRefused of [true, false]) {
        const large = watched.add(`${way}: value`, ofBytes(3_000_000));
        engine.set(way, fresh(watched, way));
        expect(engine.set(way, large, { keepRefused })).toBe('too-large');
        expect(engine.add(watched.add(`${way}: key`, {}), large)).toBe('too-large');
        engine.update(way, large, { keepRefused });
      }
      engine.delete(way);
    },
  ],
  [
    'not stored where something is, or is not',
    ({ engine, watched }, way) => {
      engine.set(way, {});
      engine.add(way, fresh(watched, way));
      engine.replace(watched.add(`${way}: key`, {}), fresh(watched, way));
      engine.update(watched.add(`${way}: key`, {}), fresh(watched, way));
    },
  ],
  [
    'refused for its options',
    ({ engine, watched }, way) => {
      for (const options of [{ ttlMs: Number.NaN }, { flags: -1 }, { ttl: 5 }])
        expect(() => engine.set(watched.add(`${way}: key`, {}), fresh(watched, way), options)).toThrow();
      expect(() => engine.load([[{}, fresh(watched, way)], {} as never])).toThrow();
    },
  ],
  [
    'expired before it was stored',
    ({ engine, watched }, way) => {
      engine.set(way, fresh(watched, way));
      engine.set(way, fresh(watched, way), { ttlMs: 0 });
      engine.set(watched.add(`${way}: key`, {}), fresh(watched, way), { ttlMs: -1, flags: 1 });
    },
  ],
  [
    'looked for in vain',
    ({ engine, watched }, way) => {
      engine.get(watched.add(`${way}: key`, {}));
      engine.peek(watched.add(`${way}: key`, {}));
      engine.delete(watched.add(`${way}: key`, {}));
      engine.touch(watched.add(`${way}: key`, {}), 5);
    },
  ],
  [
    'moved to another slot, and deleted',
    ({ engine, watched }, way) => {
      const first = engine.size;
      for (let i = 0; i < 6000; i++) engine.set(`ballast ${i}`, {});
      const held = victims(watched, way);
      for (const [key, value] of held) engine.set(key, value);
      for (let i = 0; i < 6000; i++) engine.delete(`ballast ${i}`);
      for (const [key] of held) engine.delete(key);
      expect(engine.size).toBe(first);
    },
  ],
];

type Configuration = [
  name: string,
  options: CacheEngineOptions<unknown, Value>,
  prepare?: (engine: Engine) => void,
];

const sizeOf = (value: Value): number => value.bytes ?? 10;
const weighed = { maxBytes: 2 ** 33, maxEntries: 1e7, maxEntryBytes: 2_000_000 };
const bytes = { ...weighed, sizeOf };

const configurations: Configuration[] = [
  ['entries alone', { maxBytes: Number.POSITIVE_INFINITY, maxEntries: 1e7 }],
  ['bytes', bytes],
  ['bytes that it weighs itself', weighed],
  ['times to live', { ...bytes, ttlMs: 1e9 }],
  ['access times', { ...bytes, trackAccess: true }],
  ['a removal listener', { ...bytes, onRemoval: () => {} }],
  ['subscribers', bytes, (engine) => engine.subscribe('', () => {})],
  ['versions', bytes, (engine) => storeOf(engine).beginVersions()],
  [
    'everything',
    { ...bytes, ttlMs: 1e9, trackAccess: true, onRemoval: () => {} },
    (engine) => {
      engine.subscribe('', () => {});
      storeOf(engine).beginVersions();
    },
  ],
];

/** In pages, with 140,000 entries, some are enough: they take seconds. */
function fillsOf(name: string): number[] {
  return ['bytes', 'entries alone', 'everything'].includes(name) ? [0, 5000, 140_000] : [0, 5000];
}

function fill(engine: Engine, entries: number): void {
  const value = {};
  for (let i = 0; i < entries; i++) engine.set(i, value);
}

describe.each(configurations)('an engine with %s', (name, options, prepare) => {
  it.each(fillsOf(name))('and %d entries keeps nothing of what has left it', async (entries) => {
    const clock = new ManualClock(1000);
    const engine: Engine = new CacheEngine({ ...options, clock });
    prepare?.(engine);
    const watched = new Watched();
    for (const [way, act] of ways) {
      if (engine.size < entries) fill(engine, entries);
      act({ engine, clock, watched }, way);
      // What a sweep looks at first may be what no longer fits.
      if (way === 'expired, and needed') engine.sweepExpired();
    }
    expect(watched.size).toBeGreaterThan(80);
    expect(await watched.held()).toEqual([]);
    expect(engine.verify()).toEqual([]);
  });

  it('keeps nothing once it is cleared, also for walks that were begun before', async () => {
    const engine: Engine = new CacheEngine(options);
    prepare?.(engine);
    const watched = new Watched();
    const walks = ((): Iterator<unknown>[] => {
      const begun: Iterator<unknown>[] = [];
      for (const [key, value] of victims(watched, 'cleared')) engine.set(key, value);
      for (const order of ['oldest-first', 'newest-first'] as const) {
        begun.push(engine.keys({ order }), engine.values({ order }), engine.entries({ order }));
      }
      begun.push(engine[Symbol.iterator](), engine.dump());
      for (const walk of begun) {
        walk.next();
        walk.next();
      }
      return begun;
    })();
    engine.clear();
    expect(await watched.held()).toEqual([]);
    for (const walk of walks) expect(walk.next().done).toBe(true);
  });
});

describe('nothing is held', () => {
  it('by a walk that stands at an entry which is deleted', async () => {
    const engine: Engine = new CacheEngine();
    const watched = new Watched();
    const walks = (() => {
      const held = victims(watched, 'deleted');
      for (const [key, value] of held) engine.set(key, value);
      const begun = [engine.entries(), engine.keys(), engine.values(), engine.dump()];
      for (const walk of begun) walk.next();
      for (const [key] of held) engine.delete(key);
      return begun;
    })();
    expect(await watched.held()).toEqual([]);
    for (const walk of walks) expect(walk.next().done).toBe(true);
  });

  it('of a value for which there was no room', async () => {
    const engine: Engine = new CacheEngine({ maxEntries: 1, evict: false });
    engine.set('first', {});
    const watched = new Watched();
    const results = victims(watched, 'no room').map(([key, value]) => engine.set(key, value));
    expect(new Set(results)).toEqual(new Set(['no-room']));
    expect(await watched.held()).toEqual([]);
  });

  it('of a value that could not be weighed', async () => {
    const engine: CacheEngine<unknown, unknown> = new CacheEngine();
    const weighing: Engine = new CacheEngine({
      sizeOf: () => {
        throw new Error('no');
      },
    });
    const watched = new Watched();
    expect(() => engine.set(watched.add('key', {}), watched.add('promise', Promise.resolve()))).toThrow();
    expect(() => weighing.set(watched.add('key', {}), watched.add('value', {}))).toThrow('no');
    expect(await watched.held()).toEqual([]);
  });

  it('of a buffer whose slices have left, or were refused', async () => {
    const engine = new CacheEngine<string, Uint8Array>({ maxBytes: 1_000_000 });
    const watched = new Watched();
    const slice = (way: string, size: number): Uint8Array =>
      watched.add(
        `${way}: slice`,
        new Uint8Array(watched.add(`${way}: buffer`, new ArrayBuffer(size)), 5, 10),
      );
    expect(engine.set('large', slice('refused', 5_000_000))).toBe('too-large');
    expect(engine.set('a', slice('replaced', 1000))).toBe('stored');
    engine.set('a', slice('deleted', 1000));
    engine.delete('a');
    engine.set('b', slice('expired', 1000), { ttlMs: 0 });
    for (let i = 0; i < 2000; i++) engine.set(`${i}`, i < 10 ? slice('evicted', 1000) : new Uint8Array(900));
    expect(await watched.held()).toEqual([]);
    expect(engine.verify()).toEqual([]);
  });

  it('of what a throwing listener was called with, nor of the error', async () => {
    const engine: Engine = new CacheEngine({
      onRemoval: (key, value) => {
        throw watched.add('error', Object.assign(new Error('no'), { key, value }));
      },
    });
    const watched = new Watched();
    (() => {
      for (const [key, value] of victims(watched, 'deleted')) {
        engine.set(key, value);
        expect(() => engine.delete(key)).toThrow('no');
      }
    })();
    expect(await watched.held()).toEqual([]);
  });

  it('of a subscriber that has left, also while others stay', async () => {
    const engine: Engine = new CacheEngine();
    const watched = new Watched();
    engine.subscribe('', () => {});
    (() => {
      const ends = ['', 'a'].map((prefix) =>
        engine.subscribe(
          prefix,
          watched.add('listener', () => {}),
        ),
      );
      engine.set('a', {});
      for (const end of ends) end();
    })();
    expect(await watched.held()).toEqual([]);
  });

  it('of an engine that is no longer used', async () => {
    const watched = new Watched();
    (() => {
      for (const [, options, prepare] of configurations) {
        const engine: Engine = watched.add('engine', new CacheEngine(options));
        prepare?.(engine);
        for (const [key, value] of victims(watched, 'dropped')) engine.set(key, value, { ttlMs: 1000 });
        for (let i = 0; i < 100; i++) engine.get('dropped');
        engine.keys().next();
      }
    })();
    expect(await watched.held()).toEqual([]);
  });
});
