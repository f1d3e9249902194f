/**
 * Random operations on the engine and on a naive cache must agree, and leave the engine consistent: with every
 * combination of features, and keys of every kind.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, ManualClock, type RemovalCause } from '../../lib/index.js';
import { NaiveCache, type NaiveEntry } from './naive-cache.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 3000);
const OPERATIONS = 200;
const NEVER = Number.POSITIVE_INFINITY;

const key: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  ...['', '0', 'a', 'b', 'c', 'kk', 'ü', 'x'.repeat(64), 'x'.repeat(65), 'ł'.repeat(100)],
  ...[0, -0, 1, -1, 2 ** 31, 0.1, 1e300, Number.NaN, Number.NEGATIVE_INFINITY],
  ...[{}, [], Symbol('key'), true, false, 0n, 2n ** 70n, undefined, null],
);
// A value is its own weight, so that one number says what is stored and how much room it takes.
const value = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 600 }));
const ttl = fc.constantFrom(
  ...[NEVER, NEVER, -5, 0, 1, 10, 63, 64, 65, 1000, 4096, 5000, 300_000, 2e7, 2 ** 40, 1e15],
);
const step = fc.constantFrom(0, 1, 1, 9, 10, 63, 64, 100, 4096, 5000, 262_144, 1e6, 2e7, 1e9, 1e12);
const limits = { maxBytes: fc.integer({ min: 180, max: 4000 }), maxEntries: fc.integer({ min: 1, max: 12 }) };

function kind<Name extends string, Shape extends object>(
  weight: number,
  op: Name,
  shape: { [Part in keyof Shape]: fc.Arbitrary<Shape[Part]> },
): { weight: number; arbitrary: fc.Arbitrary<{ op: Name } & Shape> } {
  return { weight, arbitrary: fc.record(shape).map((parts) => ({ op, ...parts }) as { op: Name } & Shape) };
}

const operation = fc.oneof(
  kind(8, 'set', { key, value, ttl, flags: fc.constantFrom(0, 0, 1, 0xffffffff) }),
  kind(8, 'get', { key }),
  kind(2, 'add', { key, value, ttl }),
  kind(2, 'replace', { key, value, ttl }),
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
function emptyWeights({ weighs, trackAccess, versions }: Features): (key: unknown) => number {
  const weights = new Map<unknown, number>();
  const weighed = (each: unknown): number => {
    const probe = new CacheEngine<unknown, number>({ sizeOf: (size) => size, trackAccess });
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

/** A fraction, so that no time is whole. */
const START_MS = 0.5;

function agree(
  chosen: Features,
  operations: readonly (typeof operation extends fc.Arbitrary<infer Each> ? Each : never)[],
): void {
  const { weighs, trackAccess, versions, evict, hears } = chosen;
  const maxBytes = weighs ? chosen.maxBytes : NEVER;
  const maxEntryBytes = weighs ? chosen.maxEntryBytes : NEVER;
  const clock = new ManualClock(START_MS);
  const removals: [unknown, number, RemovalCause][] = [];
  const hearsRemovals = hears === 'removals' || hears === 'both';
  const options = { maxBytes, maxEntryBytes, maxEntries: chosen.maxEntries, evict, clock, trackAccess };
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
  const emptyWeight = emptyWeights(chosen);
  const model = new NaiveCache(
    { maxBytes, maxEntryBytes, maxEntries: chosen.maxEntries, evict },
    (each, size) => (weighs ? emptyWeight(each) + size : 0),
  );
  model.now = START_MS;

  for (const o of operations) {
    switch (o.op) {
      case 'set':
        expect(engine.set(o.key, o.value, { ttlMs: o.ttl, flags: o.flags })).toBe(
          model.set(o.key, o.value, o.ttl, o.flags),
        );
        break;
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
        expect(engine.add(o.key, o.value, { ttlMs: o.ttl })).toBe(model.add(o.key, o.value, o.ttl));
        break;
      case 'replace':
        expect(engine.replace(o.key, o.value, { ttlMs: o.ttl })).toBe(model.replace(o.key, o.value, o.ttl));
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
        for (const each of engine.keys({ order: 'oldest-first' })) {
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
        for (const entry of model.live()) {
          const [age, idle] = [ageOf(entry.storedAt, model), ageOf(entry.usedAt, model)];
          model.set(entry.key, entry.value, entry.expiresAt - model.now, entry.flags);
          const { now } = model;
          const written = model.peek(entry.key);
          if (written !== undefined)
            Object.assign(written, { storedAt: now - age, usedAt: now - idle, fetched: entry.fetched });
        }
        break;
      case 'clear':
        engine.clear();
        model.clear();
        break;
    }
    expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
    expect(engine.size).toBeLessThanOrEqual(engine.maxEntries);
  }

  expect(engine.verify()).toEqual([]);
  const live = model.live().map((entry) => [entry.key, entry.value]);
  expect([...engine.entries({ order: 'oldest-first' })]).toEqual(live);
  expect([...engine]).toEqual(live.toReversed());
  expect([...engine.dump()]).toEqual(model.live().map((entry) => dumped(entry, model, trackAccess)));
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
  expect(engine.bytes).toBe(model.live().reduce((sum, entry) => sum + entry.bytes, 0));
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

function dumped(entry: NaiveEntry, model: NaiveCache, trackAccess: boolean): object {
  const { key: its, value: held, flags, expiresAt, storedAt, usedAt, fetched } = entry;
  const access = trackAccess
    ? { ageMs: ageOf(storedAt, model), idleMs: ageOf(usedAt, model), fetched }
    : { ageMs: undefined, idleMs: undefined, fetched: undefined };
  return { key: its, value: held, flags, remainingTtlMs: expiresAt - model.now, ...access };
}

describe('CacheEngine against a naive model', () => {
  it(`agrees over ${RUNS} runs of ${OPERATIONS} operations`, () => {
    fc.assert(
      fc.property(
        features,
        fc.array(operation, { minLength: OPERATIONS, maxLength: OPERATIONS, size: 'max' }),
        agree,
      ),
      { numRuns: RUNS },
    );
  });
});
