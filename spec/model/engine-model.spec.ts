/** Random operations on the engine and on a naive cache must agree, and leave the engine consistent. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock, type RemovalCause } from '../../lib/index.js';
import { NaiveCache } from './naive-cache.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 1000);
const OPERATIONS = 200;

const key = fc.constantFrom('', '0', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'kk', 'lll', 'ü');
// A value is its own weight, so that one number says what is stored and how much room it takes.
const value = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 600 }));
const ttl = fc.constantFrom(
  Number.POSITIVE_INFINITY,
  Number.POSITIVE_INFINITY,
  -5,
  0,
  1,
  10,
  63,
  64,
  65,
  1000,
  4096,
  5000,
  300_000,
  2e7,
  2 ** 40,
  1e15,
);
const step = fc.constantFrom(0, 1, 1, 9, 10, 63, 64, 100, 4096, 5000, 262_144, 1e6, 2e7, 1e9, 1e12);

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('set' as const),
      key,
      value,
      ttl,
      flags: fc.constantFrom(0, 0, 1, 0xffffffff),
    }),
  },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('get' as const), key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('add' as const), key, value, ttl }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('replace' as const), key, value, ttl }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('compareAndSet' as const), key, value, ttl, right: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('update' as const), key, value }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('touch' as const), key, ttl, promote: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('advance' as const), ms: step }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('jumpBack' as const), ms: step }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('sweep' as const), limit: fc.constantFrom(0, 1, 3, 1000) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('evictOldest' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('peek' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('resize' as const),
      maxBytes: fc.integer({ min: 180, max: 4000 }),
      maxEntries: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('walk' as const), key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reload' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('clear' as const) }) },
);

const limits = fc.record({
  maxBytes: fc.integer({ min: 180, max: 4000 }),
  maxEntries: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(Number.POSITIVE_INFINITY)),
  maxEntryBytes: fc.oneof(fc.integer({ min: 180, max: 900 }), fc.constant(Number.POSITIVE_INFINITY)),
  evict: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});

function needEveryColumn(engine: CacheEngine<string, number>): void {
  engine.set('a', 1, { ttlMs: 1, flags: 1 });
  engine.beginVersions();
  engine.clear();
  engine.resetStats();
}

/** A clock that tells fractions has access times take 64 bits from the start, as the model has it. */
const FRACTIONAL_MS = 0.5;

/** What an entry with a value that weighs nothing counts. */
function emptyWeight(key: string, trackAccess: boolean): number {
  const clock = new ManualClock(FRACTIONAL_MS);
  const probe = new CacheEngine<string, number>({ sizeOf: (weight) => weight, trackAccess, clock });
  needEveryColumn(probe);
  probe.set(key, 0);
  return probe.bytes;
}

describe('CacheEngine against a naive model', () => {
  it(`agrees over ${RUNS} runs of ${OPERATIONS} operations`, () => {
    fc.assert(
      fc.property(
        limits,
        fc.boolean(),
        fc.constantFrom(undefined, { singleMaxEntries: 2, tables: 1 }, { singleMaxEntries: 5, tables: 4 }),
        fc.array(operation, { minLength: OPERATIONS, maxLength: OPERATIONS, size: 'max' }),
        (limitsInBytes, trackAccess, layout, operations) => {
          // An entry's place in many tables is heavier, which the model does not know: there entries are counted.
          const maxBytes = (bytes: number): number => (layout === undefined ? bytes : 1e9);
          const bounds = {
            ...limitsInBytes,
            maxBytes: maxBytes(limitsInBytes.maxBytes),
            maxEntryBytes: maxBytes(limitsInBytes.maxEntryBytes),
          };
          const clock = new ManualClock(FRACTIONAL_MS);
          const removals: [string, number, RemovalCause][] = [];
          const options = { ...bounds, clock, trackAccess, sizeOf: (weight: number) => weight };
          const engine = new CacheEngine<string, number>(
            { ...options, onRemoval: (k, v, cause) => removals.push([k, v, cause]) },
            layout,
          );
          // Every column in use from the start: overhead is then the same for all entries, as the model has it.
          needEveryColumn(engine);
          removals.length = 0;
          const weights = new Map<string, number>();
          const model = new NaiveCache({ ...bounds }, (k, v) => {
            if (!weights.has(k)) weights.set(k, emptyWeight(k, trackAccess));
            return weights.get(k)! + v;
          });

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
              case 'peek':
                expect(engine.peek(o.key)).toBe(model.peek(o.key)?.value);
                expect(engine.has(o.key)).toBe(model.peek(o.key) !== undefined);
                expect(engine.getEntry(o.key)?.flags).toBe(model.peek(o.key)?.flags);
                break;
              case 'add':
                expect(engine.add(o.key, o.value, { ttlMs: o.ttl })).toBe(model.add(o.key, o.value, o.ttl));
                break;
              case 'replace':
                expect(engine.replace(o.key, o.value, { ttlMs: o.ttl })).toBe(
                  model.replace(o.key, o.value, o.ttl),
                );
                break;
              case 'compareAndSet': {
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
                expect(engine.touch(o.key, o.ttl, { promote: o.promote })).toBe(
                  model.touch(o.key, o.ttl, o.promote),
                );
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
              case 'resize':
                engine.resize({ maxBytes: maxBytes(o.maxBytes), maxEntries: o.maxEntries });
                model.resize(maxBytes(o.maxBytes), o.maxEntries);
                break;
              case 'walk':
                // Deleting and promoting on the way must not derail the walk.
                for (const k of engine.keys({ order: 'oldest-first' })) {
                  if (k === o.key) engine.delete(o.key);
                  else engine.get(k);
                }
                for (const entry of model.live()) {
                  if (entry.key === o.key) model.delete(o.key);
                  else model.get(entry.key);
                }
                break;
              case 'reload':
                // A dump loaded into the engine that it is of: every live entry is written again, in its order.
                expect(engine.load(engine.dump())).toBe(model.live().length);
                for (const entry of model.live())
                  model.set(entry.key, entry.value, entry.expiresAt - model.now, entry.flags);
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
          expect([...engine.entries()]).toEqual(live.toReversed());
          expect([...engine]).toEqual(live.toReversed());
          const visited: [string, number][] = [];
          engine.forEach((v, k) => {
            visited.push([k, v]);
          });
          expect(visited).toEqual(live.toReversed());
          for (const entry of model.live())
            expect(engine.remainingTtlMs(entry.key)).toBe(entry.expiresAt - model.now);
          const copy = new CacheEngine<string, number>(
            { ...options, maxBytes: engine.maxBytes, maxEntries: engine.maxEntries },
            layout,
          );
          copy.load(engine.dump());
          expect([...copy.dump()]).toEqual([...engine.dump()]);
          expect(copy.verify()).toEqual([]);
          engine.sweepExpired();
          expect(engine.size).toBe(live.length);
          if (layout === undefined)
            expect(engine.bytes).toBe(model.live().reduce((sum, entry) => sum + entry.bytes, 0));
          expect(engine.verify()).toEqual([]);
          const told = (list: [string, number, RemovalCause][]) =>
            list.filter(([, , cause]) => cause !== 'expired' && cause !== 'cleared');
          expect(told(removals)).toEqual(told(model.removals));
        },
      ),
      { numRuns: RUNS },
    );
  });
});
