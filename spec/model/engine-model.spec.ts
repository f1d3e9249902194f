/**
 * Random operations on the engine and on a naive cache must agree, and leave the engine consistent: with every
 * combination of features, and keys of every kind.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../lib/engine/budget.js';
import { storeOf } from '../../lib/engine/cache-engine.js';
import type { EntryStore } from '../../lib/engine/entry-store.js';
import { FrequencySketch } from '../../lib/engine/policy/frequency-sketch.js';
import { CacheEngine, ManualClock, type Policy, type RemovalCause } from '../../lib/index.js';
import { NaiveCache, type NaiveEntry } from './naive-cache.js';
import { isNamed, type NaiveFrequencies } from './naive-policies.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 1000);
const OPERATIONS = 200;
const NEVER = Number.POSITIVE_INFINITY;

const KEYS: readonly unknown[] = [
  ...['', '0', 'a', 'b', 'c', 'kk', 'ü', 'x'.repeat(64), 'x'.repeat(65), 'ł'.repeat(100)],
  ...[0, -0, 1, -1, 2 ** 31, 0.1, 1e300, Number.NaN, Number.NEGATIVE_INFINITY],
  ...[{}, [], Symbol('key'), true, false, 0n, 2n ** 70n, undefined, null],
];
const key: fc.Arbitrary<unknown> = fc.constantFrom(...KEYS);
// A value is its own weight, so that one number says what is stored and how much room it takes.
const value = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 600 }));
const ttl = fc.constantFrom(
  ...[NEVER, NEVER, -5, 0, 1, 10, 63, 64, 65, 1000, 4096, 5000, 300_000, 2e7, 2 ** 40, 1e15],
);
const step = fc.constantFrom(0, 1, 1, 9, 10, 63, 64, 100, 4096, 5000, 262_144, 1e6, 2e7, 1e9, 1e12);
const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.subarray(['t', 'ü', 'ł', 'x'.repeat(50)]) },
);
const prefix = fc.constantFrom('', 'x', 'k', 'ł', 'none');
const limits = { maxBytes: fc.integer({ min: 180, max: 4000 }), maxEntries: fc.integer({ min: 1, max: 12 }) };

function kind<Name extends string, Shape extends object>(
  weight: number,
  op: Name,
  shape: { [Part in keyof Shape]: fc.Arbitrary<Shape[Part]> },
): { weight: number; arbitrary: fc.Arbitrary<{ op: Name } & Shape> } {
  return { weight, arbitrary: fc.record(shape).map((parts) => ({ op, ...parts }) as { op: Name } & Shape) };
}

const operation = fc.oneof(
  kind(8, 'set', {
    ...{ key, value, ttl, tags, flags: fc.constantFrom(0, 0, 1, 0xffffffff) },
    // Never less than what a reload weighs.
    more: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 10, 10.5, 5000),
  }),
  kind(3, 'getOrCompute', { key, value, ttl, tags }),
  kind(1, 'invalidateTags', { tags: fc.subarray(['t', 'ü', 'ł', 'never']) }),
  kind(1, 'deletePrefix', { prefix }),
  kind(1, 'scan', { prefix, limit: fc.constantFrom(1, 2, 5, 1000), key }),
  kind(8, 'get', { key }),
  kind(2, 'add', { key, value, ttl, tags }),
  kind(2, 'replace', { key, value, ttl, tags }),
  kind(2, 'compareAndSet', { key, value, ttl, right: fc.boolean() }),
  kind(2, 'update', { key, value }),
  kind(2, 'touch', { key, ttl, promote: fc.boolean() }),
  kind(2, 'delete', { key }),
  kind(3, 'advance', { ms: step }),
  kind(1, 'jumpBack', { ms: step }),
  kind(1, 'sweep', { limit: fc.constantFrom(0, 1, 3, 1000) }),
  kind(1, 'evictOldest', {}),
  kind(1, 'peek', { key }),
  kind(1, 'resize', limits),
  kind(1, 'walk', { key }),
  kind(1, 'reload', {}),
  kind(1, 'clear', {}),
);

const features = fc.record({
  weighs: fc.boolean(),
  trackAccess: fc.boolean(),
  slides: fc.boolean(),
  versions: fc.boolean(),
  evict: fc.boolean(),
  hears: fc.constantFrom('nothing', 'removals', 'changes', 'both'),
  maxEntryBytes: fc.oneof(fc.integer({ min: 180, max: 900 }), fc.constant(NEVER)),
  ...limits,
});

type Features = typeof features extends fc.Arbitrary<infer Each> ? Each : never;

/** Every column in use from the start: overhead is then the same for all entries, as the model has it. */
function needEveryColumn(engine: CacheEngine<unknown, number>, versions: boolean): void {
  engine.set('a', 1, { ttlMs: 1, flags: 1 });
  if (versions) storeOf(engine).beginVersions();
  engine.clear();
  engine.resetStats();
}

/** What entries with a value that weighs nothing count, by key. */
function emptyWeights(
  { weighs, trackAccess, slides, versions }: Features,
  policy: Policy,
): (key: unknown) => number {
  const weights = new Map<unknown, number>();
  const weighed = (each: unknown): number => {
    const ttlFrom = slides ? 'read' : 'write';
    const probe = new CacheEngine<unknown, number>({ sizeOf: (size) => size, trackAccess, ttlFrom, policy });
    needEveryColumn(probe, versions);
    probe.set(each, 0);
    return probe.bytes;
  };
  return (each) => {
    if (!weighs) return 0;
    if (!weights.has(each)) weights.set(each, weighed(each));
    return weights.get(each)!;
  };
}

/** A sketch that is as wrong as the engine's: it counts what the engine counts, under the same hashes. */
function frequenciesOf(store: EntryStore<unknown, number>): NaiveFrequencies {
  const { index, order } = store as unknown as {
    index: { hash(key: unknown): number };
    order: { hashes: { of(key: unknown, hash: number): number } };
  };
  const hash = (each: unknown) => {
    const its = index.hash(each);
    return its > 0 ? its : order.hashes.of(each, its);
  };
  const sketch = new FrequencySketch({ addPolicy() {} } as unknown as Budget);
  return {
    add: (each, entries, uses) => sketch.add(hash(each), entries, uses),
    of: (each) => sketch.frequency(hash(each)),
    clear: () => sketch.clear(),
  };
}

/** A text for an object or a symbol. */
function named<Operation extends object>(operation: Operation): Operation {
  if (!('key' in operation) || isNamed(operation.key)) return operation;
  return { ...operation, key: `key ${KEYS.indexOf(operation.key)}` };
}

function rank(each: unknown): string {
  return `${typeof each} ${String(each)}`;
}

/** A fraction, so that no time is whole. */
const START_MS = 0.5;

function agree(
  policy: Policy,
  chosen: Features,
  operations: readonly (typeof operation extends fc.Arbitrary<infer Each> ? Each : never)[],
): void {
  const { weighs, trackAccess, slides, versions, evict, hears } = chosen;
  const ttlFrom = slides ? ('read' as const) : ('write' as const);
  const maxBytes = weighs ? chosen.maxBytes : NEVER;
  const maxEntryBytes = weighs ? chosen.maxEntryBytes : NEVER;
  const clock = new ManualClock(START_MS);
  const removals: [unknown, number, RemovalCause][] = [];
  const hearsRemovals = hears === 'removals' || hears === 'both';
  const bounds = { maxBytes, maxEntryBytes, maxEntries: chosen.maxEntries };
  const options = { ...bounds, evict, clock, trackAccess, ttlFrom, policy };
  const engine = new CacheEngine<unknown, number>({
    ...options,
    sizeOf: (weight) => weight,
    onRemoval: hearsRemovals ? (...removal) => void removals.push(removal) : undefined,
  });
  const store = storeOf(engine);
  needEveryColumn(engine, versions);
  removals.length = 0;
  const known = new Set<unknown>();
  if (hears === 'changes' || hears === 'both')
    engine.subscribe('', ({ cause, key: changed }) => {
      if (cause === 'cleared') known.clear();
      else if (cause === 'stored') known.add(changed);
      else if (cause !== 'touched') known.delete(changed);
    });
  const emptyWeight = emptyWeights(chosen, policy);
  const model = new NaiveCache(
    { ...bounds, evict, slides, policy },
    (each, size) => (weighs ? emptyWeight(each) + size : 0),
    frequenciesOf(store),
  );
  model.now = START_MS;

  // An object has another hash each time that it enters: the sketch of the model could not know it.
  for (const o of policy === 'w-tinylfu' ? operations.map(named) : operations) {
    if (policy !== 'lru') {
      // Which expired entries are gone already changes who leaves next.
      engine.sweepExpired();
      model.sweep();
    }
    const removalsBefore = [removals.length, model.removals.length] as const;
    switch (o.op) {
      case 'set': {
        const bytes = o.more === undefined ? undefined : o.value + o.more;
        expect(engine.set(o.key, o.value, { ttlMs: o.ttl, flags: o.flags, tags: o.tags, bytes })).toBe(
          model.set(o.key, o.value, o.ttl, o.flags, o.tags, Math.ceil(bytes ?? o.value)),
        );
        break;
      }
      case 'getOrCompute': {
        const held = model.get(o.key);
        const compute = () => (held === undefined ? o.value : Number.NaN);
        expect(engine.getOrCompute(o.key, compute, { ttlMs: o.ttl, tags: o.tags })).toBe(held ?? o.value);
        if (held === undefined) model.set(o.key, o.value, o.ttl, 0, o.tags);
        break;
      }
      case 'invalidateTags':
        expect(engine.invalidateTags(o.tags)).toBe(
          model.deleteAll((entry) => entry.tags.some((tag) => o.tags.includes(tag))),
        );
        break;
      case 'deletePrefix':
        expect(engine.deletePrefix(o.prefix)).toBe(
          model.deleteAll((entry) => o.prefix === '' || String(entry.key).startsWith(o.prefix)),
        );
        break;
      case 'scan': {
        // What stays is seen, whatever happens between the pages.
        const stays = new Set(
          [...engine.keys({ prefix: o.prefix })].filter((each) => ![o.key].includes(each)),
        );
        const seen = new Set<unknown>();
        let cursor: number | undefined;
        do {
          const page = engine.scanKeys({ prefix: o.prefix, limit: o.limit, cursor });
          for (const each of page.keys) seen.add(each);
          cursor = page.cursor;
          expect(engine.delete(o.key)).toBe(model.delete(o.key));
        } while (cursor !== undefined);
        expect([...stays].filter((each) => !seen.has(each))).toEqual([]);
        break;
      }
      case 'get':
        expect(engine.get(o.key)).toBe(model.get(o.key));
        break;
      case 'peek': {
        const expected = model.peek(o.key);
        expect(engine.peek(o.key)).toBe(expected?.value);
        expect(engine.has(o.key)).toBe(expected !== undefined);
        if (versions) expect(engine.getEntry(o.key)?.flags).toBe(expected?.flags);
        else if (expected !== undefined) expect(store.flagsAt(store.peekSlot(o.key))).toBe(expected.flags);
        break;
      }
      case 'add':
        expect(engine.add(o.key, o.value, { ttlMs: o.ttl, tags: o.tags })).toBe(
          model.add(o.key, o.value, o.ttl, o.tags),
        );
        break;
      case 'replace':
        expect(engine.replace(o.key, o.value, { ttlMs: o.ttl, tags: o.tags })).toBe(
          model.replace(o.key, o.value, o.ttl, o.tags),
        );
        break;
      case 'compareAndSet': {
        // It would begin versions, and make every entry heavier.
        if (!versions) break;
        const version = Number(engine.getEntry(o.key)?.version ?? 0) + (o.right ? 0 : 0.5);
        expect(engine.compareAndSet(o.key, version, o.value, { ttlMs: o.ttl })).toBe(
          model.compareAndSet(o.key, o.right, o.value, o.ttl),
        );
        break;
      }
      case 'update':
        expect(engine.update(o.key, o.value)).toBe(model.update(o.key, o.value));
        break;
      case 'touch':
        expect(engine.touch(o.key, o.ttl, { promote: o.promote })).toBe(model.touch(o.key, o.ttl, o.promote));
        break;
      case 'delete':
        expect(engine.delete(o.key)).toBe(model.delete(o.key));
        break;
      case 'advance':
        clock.advance(o.ms);
        model.now += o.ms;
        break;
      case 'jumpBack':
        // An entry that has expired may live again if nothing has taken it yet: let both take all.
        engine.sweepExpired();
        model.sweep();
        clock.advance(-o.ms);
        model.now -= o.ms;
        break;
      case 'sweep':
        engine.sweepExpired(o.limit);
        break;
      case 'evictOldest':
        expect(engine.evictOldest()?.[0]).toBe(model.evictOldest());
        break;
      case 'resize': {
        const newLimits = weighs
          ? { maxBytes: o.maxBytes, maxEntries: o.maxEntries }
          : { maxEntries: o.maxEntries };
        engine.resize(newLimits);
        model.resize(newLimits);
        break;
      }
      case 'walk':
        // Deleting and promoting on the way must not derail the walk.
        // By W-TinyLFU a use moves others as well: a walk may miss those.
        for (const each of policy === 'w-tinylfu'
          ? [...engine.keys({ order: 'oldest-first' })]
          : engine.keys({ order: 'oldest-first' })) {
          if (each === o.key) engine.delete(o.key);
          else engine.get(each);
        }
        for (const entry of model.live()) {
          if (entry.key === o.key) model.delete(o.key);
          else model.get(entry.key);
        }
        break;
      case 'reload':
        // A dump loaded into the engine that it is of: every live entry is written again, in its order.
        expect(engine.load(engine.dump())).toBe(model.live().length);
        model.isLoading = true;
        for (const entry of model.live().map((each) => ({ ...each }))) {
          const [age, idle] = [ageOf(entry.storedAt, model), ageOf(entry.usedAt, model)];
          const { ttl: ttlMs } = entry;
          model.set(entry.key, entry.value, entry.expiresAt - model.now, entry.flags, entry.tags);
          const { now } = model;
          const written = model.peek(entry.key);
          if (written !== undefined)
            Object.assign(written, {
              ...{ storedAt: now - age, usedAt: now - idle, fetched: entry.fetched },
              ttl: ttlMs,
            });
        }
        model.isLoading = false;
        break;
      case 'clear':
        engine.clear();
        model.clear();
        break;
    }
    // These remove in an order of their own.
    if (o.op === 'invalidateTags' || o.op === 'deletePrefix')
      for (const [i, list] of [removals, model.removals].entries())
        list.push(...list.splice(removalsBefore[i]!).sort(([a], [b]) => rank(a).localeCompare(rank(b))));
    expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
    expect(engine.size).toBeLessThanOrEqual(engine.maxEntries);
  }

  expect(engine.verify()).toEqual([]);
  const live = model.live().map((entry) => [entry.key, entry.value]);
  expect([...engine.entries({ order: 'oldest-first' })]).toEqual(live);
  expect([...engine]).toEqual(live.toReversed());
  expect([...engine.dump()]).toEqual(model.live().map((entry) => dumped(entry, model, trackAccess, slides)));
  expect(engine.stats()).toMatchObject({ hits: model.hits, stores: model.stores });
  const copy = new CacheEngine<unknown, number>({
    ...options,
    sizeOf: (weight) => weight,
    maxBytes: engine.maxBytes,
    maxEntries: engine.maxEntries,
  });
  needEveryColumn(copy, versions);
  copy.load(engine.dump());
  expect([...copy.dump()]).toEqual([...engine.dump()]);
  expect(copy.verify()).toEqual([]);
  engine.sweepExpired();
  expect(engine.size).toBe(live.length);
  expect(engine.bytes).toBe(model.bytesOf(model.live()));
  expect(engine.verify()).toEqual([]);
  const told = (list: [unknown, number, RemovalCause][]) =>
    list.filter(([, , cause]) => cause !== 'expired' && cause !== 'cleared');
  if (hearsRemovals) expect(told(removals)).toEqual(told(model.removals));
  if (hears === 'changes' || hears === 'both') expect(known).toEqual(new Set(engine.keys()));
}

/** 0 by a clock that was put back. */
function ageOf(timeMs: number, { now }: NaiveCache): number {
  return Math.max(0, now - timeMs);
}

function dumped(entry: NaiveEntry, model: NaiveCache, trackAccess: boolean, slides: boolean): object {
  const { key: its, value: held, flags, expiresAt, storedAt, usedAt, fetched, tags: names } = entry;
  const access = trackAccess
    ? { ageMs: ageOf(storedAt, model), idleMs: ageOf(usedAt, model), fetched }
    : { ageMs: undefined, idleMs: undefined, fetched: undefined };
  const sliding = slides && entry.ttl !== NEVER ? { ttlMs: entry.ttl } : {};
  const tagged = names.length > 0 ? { tags: names } : {};
  return {
    key: its,
    value: held,
    flags,
    remainingTtlMs: expiresAt - model.now,
    ...sliding,
    ...tagged,
    ...access,
  };
}

describe('CacheEngine against a naive model', () => {
  it.each<[Policy, number]>([
    ['lru', RUNS],
    ['sieve', RUNS / 8],
    ['s3-fifo', RUNS / 8],
    ['w-tinylfu', RUNS / 8],
  ])(
    `%s agrees over %d runs of ${OPERATIONS} operations`,
    (policy, numRuns) => {
      fc.assert(
        fc.property(
          features,
          fc.array(operation, { minLength: OPERATIONS, maxLength: OPERATIONS, size: 'max' }),
          (chosen, operations) => agree(policy, chosen, operations),
        ),
        { numRuns: Math.ceil(numRuns) },
      );
    },
    300_000,
  );
});
