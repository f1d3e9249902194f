/** Metrics and spans, as the OpenTelemetry SDK collects them. */

import type { Span, Tracer } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { observe, traceLoads } from '../../lib/adapters/opentelemetry/index.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { LoadingCache } from '../../lib/loading/index.js';
import { Fleet } from '../tiered/fixture.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function collector() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const provider = new MeterProvider({ readers: [reader] });
  ends.push(() => provider.shutdown());
  const collect = async () => {
    exporter.reset();
    await reader.forceFlush();
    const found: Record<string, unknown> = {};
    for (const { scopeMetrics } of exporter.getMetrics())
      for (const { metrics } of scopeMetrics)
        for (const { descriptor, dataPoints } of metrics)
          for (const { attributes, value } of dataPoints)
            found[[descriptor.name, descriptor.unit, ...Object.values(attributes)].join(' ')] = value;
    return found;
  };
  return { meter: provider.getMeter('spec'), collect };
}

describe('metrics', () => {
  it('are what the statistics say', async () => {
    const { meter, collect } = collector();
    const clock = new ManualClock();
    const engine = new CacheEngine<string, number>({ clock, maxEntries: 2 });
    const loading = new LoadingCache(engine);
    const end = observe(meter, { engine, loading, attributes: { 'cache.name': 'users' } });
    engine.set('a', 1, { ttlMs: 10 });
    engine.get('a');
    engine.get('b');
    clock.advance(10);
    engine.get('a');
    for (const key of ['b', 'c', 'd']) engine.set(key, 1);
    await loading.getOrLoad('e', () => 5);
    await loading.getOrLoad('e', () => 6);
    const { bytes, maxBytes } = engine;
    expect(await collect()).toEqual({
      'hotset.cache.lookups {lookup} users hit': 2,
      'hotset.cache.lookups {lookup} users absent': 2,
      'hotset.cache.lookups {lookup} users expired': 1,
      'hotset.cache.stores {entry} users': 5,
      'hotset.cache.refusals {entry} users': 0,
      'hotset.cache.removals {entry} users evicted': 2,
      'hotset.cache.removals {entry} users expired': 1,
      'hotset.cache.removals {entry} users deleted': 0,
      'hotset.cache.entries {entry} users': 2,
      'hotset.cache.entries.limit {entry} users': 2,
      'hotset.cache.memory.usage By users': bytes,
      ...(Number.isFinite(maxBytes) && { 'hotset.cache.memory.limit By users': maxBytes }),
      'hotset.loading.requests {key} users hit': 1,
      'hotset.loading.requests {key} users stale_hit': 0,
      'hotset.loading.requests {key} users negative_hit': 0,
      'hotset.loading.requests {key} users join': 0,
      'hotset.loading.requests {key} users load': 1,
      'hotset.loading.requests {key} users refusal': 0,
      'hotset.loading.requests {key} users skip': 0,
      'hotset.loading.loads {load} users loaded': 1,
      'hotset.loading.loads {load} users not_found': 0,
      'hotset.loading.loads {load} users failure': 0,
      'hotset.loading.loads {load} users timeout': 0,
      'hotset.loading.loads {load} users abort': 0,
      'hotset.loading.duration s users': expect.any(Number),
      'hotset.loading.longest s users': expect.any(Number),
      'hotset.loading.refreshes {key} users': 0,
      'hotset.loading.discards {key} users': 0,
      'hotset.loading.gave_up {call} users abort': 0,
      'hotset.loading.gave_up {call} users timeout': 0,
      'hotset.loading.in_flight {key} users': 0,
      'hotset.loading.stale_fallbacks {key} users': 0,
    });
    end();
    engine.set('f', 6);
    expect(await collect()).toMatchObject({ 'hotset.cache.stores {entry} users': 5 });
  });

  it('of a TieredCache are those of both tiers, of the link and of loads', async () => {
    const { meter, collect } = collector();
    const tiered = new Fleet().process<number>({ source: true });
    observe(meter, { engine: tiered.engine, tiered });
    await tiered.getOrLoad('a', () => 1);
    expect(await collect()).toMatchObject({
      'hotset.tier_one.lookups {key} miss': 1,
      'hotset.tier_two.stores {key} fill': 1,
      'hotset.tier_two.read By': 0,
      'hotset.link.up 1': 1,
      'hotset.loading.requests {key} load': 1,
    });
    expect(() => observe(meter, { engine: tiered.engine, tiered, loading: tiered as never })).toThrow(
      'tiered takes the place of loading',
    );
  });

  it('keep several caches apart', async () => {
    const { meter, collect } = collector();
    const engines = ['a', 'b'].map((name) => {
      const engine = new CacheEngine<string, number>();
      observe(meter, { engine, attributes: { 'cache.name': name } });
      return engine;
    });
    engines[1]!.set('key', 1);
    expect(await collect()).toMatchObject({
      'hotset.cache.stores {entry} a': 0,
      'hotset.cache.stores {entry} b': 1,
    });
  });

  it('refuse bad arguments, and measure nothing then', async () => {
    const { meter, collect } = collector();
    const engine = new CacheEngine<string, number>();
    expect(() => observe({} as never, { engine })).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
    for (const options of [
      {},
      { engine: {} },
      { engine, loading: {} },
      { engine, loading: null },
      { engine, tiered: 0 },
      { engine, attributes: 'users' },
      { engine, attributes: null },
      { engine, name: 'users' },
    ])
      expect(() => observe(meter, options as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
    expect(await collect()).toEqual({});
  });
});

describe('spans', () => {
  /** A tracer that keeps what it is told. */
  function tracer() {
    const spans: {
      name: string;
      attributes: unknown;
      errors: unknown[];
      status?: unknown;
      isEnded: boolean;
    }[] = [];
    const startSpan = (name: string, options: { attributes: unknown }) => {
      const span = {
        name,
        attributes: options.attributes,
        errors: [] as unknown[],
        isEnded: false,
        status: undefined,
      };
      spans.push(span);
      return {
        end: () => {
          span.isEnded = true;
        },
        recordException: (error: unknown) => void span.errors.push(error),
        setStatus: (status: never) => {
          span.status = status;
        },
      } as unknown as Span;
    };
    return { tracer: { startSpan } as unknown as Tracer, spans };
  }

  it('are one for each call of a loader', async () => {
    const { tracer: own, spans } = tracer();
    const end = traceLoads(own);
    ends.push(end);
    const users = new LoadingCache(new CacheEngine<number, number>());
    const failure = new Error('down');
    await Promise.all([users.getOrLoad(1, async () => 1), users.getOrLoad(1, async () => 1)]);
    await users.getOrLoadMany([2, 3], (ids) => ids.map((id) => id));
    await expect(
      users.getOrLoad(4, () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    await users.getOrLoad(1, async () => 1);
    expect(spans).toEqual([
      {
        name: 'hotset load',
        attributes: { 'hotset.load.keys': 1 },
        errors: [],
        isEnded: true,
        status: undefined,
      },
      {
        name: 'hotset load',
        attributes: { 'hotset.load.keys': 2 },
        errors: [],
        isEnded: true,
        status: undefined,
      },
      {
        name: 'hotset load',
        attributes: { 'hotset.load.keys': 1 },
        errors: [failure],
        isEnded: true,
        status: { code: 2 },
      },
    ]);
    end();
    await users.getOrLoad(5, async () => 5);
    expect(spans.length).toBe(3);
  });

  it('refuse what is no tracer', () => {
    expect(() => traceLoads({} as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
  });
});
