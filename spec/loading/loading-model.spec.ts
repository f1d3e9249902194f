/** Random interleavings of callers, loaders, writers and time: what must hold whatever the order. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import {
  type LoadContext,
  LoadingCache,
  type LoadingOptions,
  ManualScheduler,
} from '../../lib/loading/index.js';
import { counted, settled } from './fixture.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 300);

/** A value knows at which step its loading began. */
type Value = { readonly key: string; readonly asOf: number };

interface Call {
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
  readonly asOf: number;
  /** Of its keys, those that have not been invalidated or set since. */
  readonly current: Set<string>;
  finish(answer: 'value' | 'miss' | 'error'): void;
  over: boolean;
}

const key = fc.constantFrom('a', 'b', 'c', 'd');
const pick = fc.nat(1000);

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('get' as const),
      key,
      forceRefresh: fc.boolean(),
      signal: fc.boolean(),
      listed: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('many' as const),
      keys: fc.subarray(['a', 'b', 'c', 'd']),
      signal: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('finish' as const),
      pick,
      answer: fc.constantFrom('value' as const, 'value' as const, 'miss' as const, 'error' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('giveUp' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('advance' as const), ms: fc.constantFrom(1, 5, 10, 25, 60) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('invalidate' as const), key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('tag' as const), key, direct: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('set' as const), key, direct: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('evict' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('clear' as const) }) },
);

const options: fc.Arbitrary<LoadingOptions<string, Value>> = fc.record({
  ttlMs: fc.constantFrom(20, 50),
  staleMs: fc.constantFrom(0, 15),
  staleOnErrorMs: fc.constantFrom(0, 30),
  refreshAheadMs: fc.constantFrom(0, 5),
  missTtlMs: fc.constantFrom(0, 10),
  errorTtlMs: fc.constantFrom(0, 10),
  timeoutMs: fc.constantFrom(40, Number.POSITIVE_INFINITY),
  flightTimeoutMs: fc.constantFrom(55, Number.POSITIVE_INFINITY),
  maxFlights: fc.constantFrom(3, 1000),
  maxNegatives: fc.constantFrom(1, 100),
  tags: fc.constant((_: unknown, each: string) => [`t:${each}`]),
});

it('holds for any order of events', async () => {
  await fc.assert(
    fc.asyncProperty(
      options,
      fc.constantFrom(2, 100),
      fc.array(operation, { minLength: 30, maxLength: 60 }),
      async (given, maxEntries, operations) => {
        const clock = new ManualClock(0);
        const scheduler = new ManualScheduler(clock);
        /** What the engine held before anything landed; what was evicted on the way is out of everybody's sight. */
        let before = new Map<string, Value>();
        const engine = new CacheEngine<string, Value>({
          clock,
          maxEntries,
          onRemoval: (gone, _, cause) => void (cause === 'evicted' && before.delete(gone)),
        });
        const cache = new LoadingCache(engine, { ...given, scheduler, loadClock: clock });
        const calls: Call[] = [];
        const callers: AbortController[] = [];
        const waits: { open: boolean; readonly promise: Promise<unknown> }[] = [];
        /** The step of the last invalidation of each key: what was loaded before it is too old from then on. */
        const oldest = new Map<string, number>();
        let step = 0;
        let asked = 0;

        const begin = <A>(
          keys: readonly string[],
          signal: AbortSignal,
          answer: (how: 'value' | 'miss') => A,
        ): Promise<A> =>
          new Promise((resolve, reject) => {
            const call: Call = {
              keys,
              signal,
              asOf: step,
              current: new Set(keys),
              over: false,
              finish: (how) => {
                call.over = true;
                if (how === 'error') reject(new Error('down'));
                else resolve(answer(how));
              },
            };
            for (const each of keys) {
              const rival = calls.find(
                (other) => !other.over && !other.signal.aborted && other.current.has(each),
              );
              expect(rival, `a second flight of ${each}`).toBeUndefined();
            }
            calls.push(call);
          });
        const load = (asked: string, { signal }: LoadContext<Value>): Promise<Value | undefined> => {
          const asOf = step;
          return begin([asked], signal, (how) => (how === 'miss' ? undefined : { key: asked, asOf }));
        };
        const wait = <T>(promise: Promise<T>, check: (value: T) => void): void => {
          const entry = { open: true, promise: undefined as unknown as Promise<unknown> };
          const done = promise.then(
            (value) => {
              entry.open = false;
              check(value);
            },
            () => {
              entry.open = false;
            },
          );
          waits.push(Object.assign(entry, { promise: done }));
        };
        const notTooOld =
          (asked: string, asOf: number | undefined): ((value: Value | undefined) => void) =>
          (value) => {
            if (value === undefined) return;
            expect(value.key).toBe(asked);
            expect(value.asOf, 'older than an invalidation before the call').toBeGreaterThanOrEqual(
              asOf ?? 0,
            );
          };
        const signalOf = (wanted: boolean): { signal?: AbortSignal } => {
          if (!wanted) return {};
          const caller = new AbortController();
          callers.push(caller);
          return { signal: caller.signal };
        };
        const supersede = (forgotten: string): void => {
          oldest.set(forgotten, step);
          for (const call of calls) call.current.delete(forgotten);
        };

        for (const o of operations) {
          step++;
          switch (o.op) {
            case 'get': {
              asked++;
              const call = cache.getOrLoad(o.key, load, {
                forceRefresh: o.forceRefresh,
                // A list is known before the value is, a function's answer not.
                ...(o.listed ? { tags: [`t:${o.key}`] } : {}),
                ...signalOf(o.signal),
              });
              wait(call, notTooOld(o.key, oldest.get(o.key)));
              break;
            }
            case 'many': {
              asked += o.keys.length;
              const oldestThen = new Map(oldest);
              const call = cache.getOrLoadMany(
                o.keys,
                (keys, { signal }) => {
                  const asOf = step;
                  return begin(
                    keys,
                    signal,
                    (how) => new Map(how === 'miss' ? [] : keys.map((each) => [each, { key: each, asOf }])),
                  );
                },
                signalOf(o.signal),
              );
              wait(call, (values) => {
                for (const [each, value] of values) notTooOld(each, oldestThen.get(each))(value);
                expect([...values.keys()]).toEqual(o.keys.filter((each) => values.has(each)));
              });
              break;
            }
            case 'finish': {
              const open = calls.filter((call) => !call.over);
              open[o.pick % open.length]?.finish(o.answer);
              break;
            }
            case 'giveUp':
              callers[o.pick % callers.length]?.abort(new Error('given up'));
              break;
            case 'advance':
              scheduler.advance(o.ms);
              break;
            case 'invalidate':
              supersede(o.key);
              cache.invalidate(o.key);
              expect(engine.has(o.key)).toBe(false);
              break;
            case 'tag':
              supersede(o.key);
              (o.direct ? engine : cache).invalidateTags([`t:${o.key}`, 'other']);
              expect(engine.has(o.key)).toBe(false);
              break;
            case 'set':
              // What the engine alone is told does not end a flight; that it is not overwritten is checked below.
              if (o.direct)
                engine.set(o.key, { key: o.key, asOf: step }, { ttlMs: 1000, tags: [`t:${o.key}`] });
              else {
                supersede(o.key);
                cache.set(o.key, { key: o.key, asOf: step });
              }
              break;
            case 'delete':
              engine.delete(o.key);
              break;
            case 'evict':
              engine.evictOldest();
              break;
            case 'clear':
              for (const each of ['a', 'b', 'c', 'd']) supersede(each);
              cache.clear();
              break;
          }
          before = new Map(engine.entries());
          await settled();
          // Nothing that lands takes the place of something that was loaded or set after it had started.
          for (const [each, { asOf }] of engine.entries())
            expect(asOf).toBeGreaterThanOrEqual(Math.max(before.get(each)?.asOf ?? 0, oldest.get(each) ?? 0));
          expect(engine.verify()).toEqual([]);
          const stats = cache.stats();
          expect(stats.loads + stats.refreshes).toBe(
            stats.loaded + stats.notFound + stats.failures + stats.timeouts + stats.aborts + stats.inFlight,
          );
          expect(stats.inFlight).toBeLessThanOrEqual(given.maxFlights!);
          expect(counted(stats)).toBeLessThanOrEqual(asked);
        }

        // A batch that waits for room goes on, with calls of its own.
        for (const call of calls) {
          if (!call.over) call.finish('value');
          await settled();
        }
        for (const { open, promise } of waits) {
          expect(open, 'a caller still waits').toBe(false);
          await promise;
        }
        expect(cache.stats().inFlight).toBe(0);
        expect(counted(cache.stats())).toBe(asked);
        expect(scheduler.pending).toBe(0);
      },
    ),
    { numRuns: RUNS },
  );
});
