/** What metrics tell, and that every parser can read it. */

import {
  AggregatorRegistry,
  Counter,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics, type MetricsOptions } from '../../lib/http/index.js';
import { CacheEngine, HotsetError, ManualClock } from '../../lib/index.js';
import { LoadingCache, ManualScheduler } from '../../lib/loading/index.js';
import { makeFixture, thrownBy } from '../engine/fixture.js';
import { type ExposedFamily, readExposition } from '../support/exposition.js';
import { serve } from '../tcp/fixture.js';
import { Fleet } from '../tiered/fixture.js';

/** Every sample by its name and labels, as in `hotset_misses_total{reason="absent"}`. */
async function scrape(register: { metrics(): Promise<string> }): Promise<Record<string, number>> {
  return flat(readExposition(await register.metrics()));
}

function flat(families: ReadonlyMap<string, ExposedFamily>): Record<string, number> {
  const samples = [...families.values()].flatMap((family) => family.samples);
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => {
      const list = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      return [list.length === 0 ? name : `${name}{${list.join(',')}}`, value];
    }),
  );
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
});

function registerOf(options: Omit<MetricsOptions, 'register'>): Registry {
  const register = new Registry();
  open.push(createMetrics({ ...options, register }));
  return register;
}

describe('an engine', () => {
  it('has its counters, its limits and its misses by their reason', async () => {
    const { engine, clock } = makeFixture({ maxEntries: 2, maxBytes: 1000, trackAccess: true });
    const register = registerOf({ engine });
    engine.set('a', 1, { ttlMs: 10 });
    engine.get('a');
    clock.advance(10);
    engine.get('a');
    engine.get('b');
    engine.get('b');
    engine.set('c', 1);
    engine.set('d', 1);
    engine.set('e', 1, { ttlMs: 1e6 });
    engine.set('f', 1);
    engine.set('g', 1);
    engine.delete('g');
    expect(await scrape(register)).toMatchObject({
      hotset_hits_total: 1,
      'hotset_misses_total{reason="absent"}': 2,
      'hotset_misses_total{reason="expired"}': 1,
      hotset_recent_hit_ratio: 0.25,
      hotset_stores_total: 6,
      hotset_deletions_total: 1,
      hotset_evictions_total: 3,
      hotset_evictions_unfetched_total: 3,
      hotset_evictions_with_ttl_total: 1,
      hotset_expirations_total: 1,
      hotset_expirations_unfetched_total: 0,
      hotset_entries: 1,
      hotset_bytes: engine.bytes,
      hotset_max_bytes: 1000,
      hotset_max_entries: 2,
    });
  });

  it('has ages at eviction as histograms in seconds', async () => {
    const { engine, clock } = makeFixture({ maxEntries: 1, trackAccess: true });
    const register = registerOf({ engine });
    engine.set('a', 1);
    clock.advance(5000);
    engine.get('a');
    clock.advance(50);
    engine.set('b', 1);
    clock.advance(8 * 86_400_000);
    engine.set('c', 1);
    const samples = await scrape(register);
    expect(samples).toMatchObject({
      'hotset_eviction_age_seconds_bucket{le="1"}': 0,
      'hotset_eviction_age_seconds_bucket{le="10"}': 1,
      'hotset_eviction_age_seconds_bucket{le="604800"}': 1,
      'hotset_eviction_age_seconds_bucket{le="+Inf"}': 2,
      hotset_eviction_age_seconds_sum: 5.05 + 8 * 86_400,
      hotset_eviction_age_seconds_count: 2,
      'hotset_eviction_idle_seconds_bucket{le="0.01"}': 0,
      'hotset_eviction_idle_seconds_bucket{le="0.1"}': 1,
      hotset_eviction_idle_seconds_sum: 0.05 + 8 * 86_400,
    });
  });

  it('omits unknown figures without trackAccess, and the ratio of no reads', async () => {
    const register = registerOf({ engine: new CacheEngine() });
    const samples = Object.keys(await scrape(register));
    expect(samples).toContain('hotset_evictions_total');
    expect(samples).toContain('hotset_expirations_total');
    for (const unknown of ['_unfetched', '_with_ttl', '_age_', '_idle_', '_ratio', 'loading_'])
      expect(samples.filter((name) => name.includes(unknown))).toEqual([]);
    expect(samples.filter((name) => name.startsWith('memcached_'))).toEqual(['memcached_up']);
  });

  it('without a limit has +Inf', async () => {
    const engine = new CacheEngine({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: 5 });
    expect(await scrape(registerOf({ engine }))).toMatchObject({
      hotset_max_bytes: Number.POSITIVE_INFINITY,
      hotset_max_entries: 5,
    });
  });

  it('is read only when somebody scrapes, and once for each scrape', async () => {
    const engine = new CacheEngine();
    let reads = 0;
    const counted = {
      stats: () => {
        reads++;
        return engine.stats();
      },
    };
    const register = registerOf({ engine: counted });
    engine.get('a');
    expect(reads).toBe(0);
    await register.metrics();
    expect(reads).toBe(1);
    engine.get('a');
    expect(await scrape(register)).toMatchObject({ 'hotset_misses_total{reason="absent"}': 2 });
    expect(reads).toBe(2);
  });
});

describe('a LoadingCache', () => {
  it('has the results of requests, and how long loads took', async () => {
    const clock = new ManualClock(1000);
    const engine = new CacheEngine<string, number>({ clock });
    const loading = new LoadingCache(engine, { scheduler: new ManualScheduler(clock), loadClock: clock });
    const register = registerOf({ engine, loading });
    await loading.getOrLoad('a', async () => {
      clock.advance(250);
      return 1;
    });
    await loading.getOrLoad('a', () => 2);
    await loading.getOrLoad('b', () => Promise.reject(new Error('no'))).catch(() => {});
    expect(await scrape(register)).toMatchObject({
      'hotset_loading_requests_total{result="hit"}': 1,
      'hotset_loading_requests_total{result="load"}': 2,
      'hotset_loading_ends_total{result="loaded"}': 1,
      'hotset_loading_ends_total{result="failure"}': 1,
      hotset_loading_duration_seconds_sum: 0.25,
      hotset_loading_duration_seconds_count: 2,
      hotset_loading_longest_seconds: 0.25,
      hotset_loading_in_flight: 0,
    });
  });
});

describe('an engine for the wire', () => {
  it('reports that it is not served, and once it is, what the memcached exporter does', async () => {
    const engine = new CacheEngine<string, unknown>({ clock: new ManualClock(1000) });
    const register = registerOf({ engine });
    expect(Object.entries(await scrape(register)).filter(([name]) => name.startsWith('memcached_'))).toEqual([
      ['memcached_up', 0],
    ]);
    const { connect } = await serve({}, engine);
    const client = await connect();
    client.send('set a 0 0 1\r\nx\r\nget a\r\nget b\r\nincr n 1\r\ngets a\r\nflush_all\r\nversion\r\n');
    await client.line();
    while (!(await client.line()).startsWith('VERSION')) {}
    expect(await scrape(register)).toMatchObject({
      memcached_up: 1,
      'memcached_version{version="1.6.45"}': 1,
      'memcached_commands_total{command="get",status="hit"}': 2,
      'memcached_commands_total{command="get",status="miss"}': 1,
      'memcached_commands_total{command="incr",status="miss"}': 1,
      'memcached_commands_total{command="set",status="hit"}': 1,
      'memcached_commands_total{command="flush",status="hit"}': 1,
      memcached_current_connections: 1,
      memcached_max_connections: 1024,
      memcached_items_total: 1,
      memcached_current_items: 0,
      memcached_limit_bytes: engine.maxBytes,
    });
  });

  it('does not count a cas among the sets, as the exporter does not', async () => {
    const { engine, connect } = await serve();
    const register = registerOf({ engine });
    const client = await connect();
    client.send('set a 0 0 1\r\nx\r\ncas a 0 0 1 999\r\ny\r\ncas b 0 0 1 1\r\ny\r\nversion\r\n');
    while (!(await client.line()).startsWith('VERSION')) {}
    expect(await scrape(register)).toMatchObject({
      'memcached_commands_total{command="set",status="hit"}': 1,
      'memcached_commands_total{command="cas",status="badval"}': 1,
      'memcached_commands_total{command="cas",status="miss"}': 1,
      'memcached_slab_current_items{slab="1"}': 1,
    });
  });

  it('counts what is refused as too large, whoever refuses it, and as what', async () => {
    const { engine, connect } = await serve({ maxItemBytes: 1024 }, { maxBytes: '64KiB' });
    const register = registerOf({ engine });
    const client = await connect();
    const value = 'v'.repeat(2000);
    const refused = [
      `set a 0 0 2000\r\n${value}\r\n`,
      `add a 0 0 2000\r\n${value}\r\n`,
      `ms a 2000\r\n${value}\r\n`,
      // The item would be too large, and memcached does not count that.
      `append held 0 0 600\r\n${value.slice(1400)}\r\n`,
      `prepend held 0 0 600\r\n${value.slice(1400)}\r\n`,
    ];
    await client.ask(`set held 0 0 600\r\n${value.slice(1400)}\r\n`);
    for (const request of refused)
      expect(await client.ask(request)).toMatch(/^(SERVER_ERROR object|NOT_STORED)/);
    expect(engine.set('b', 'v'.repeat(100_000))).toBe('too-large');
    expect(await scrape(register)).toMatchObject({
      hotset_refusals_total: 6,
      memcached_item_too_large_total: 3,
    });
    await client.ask('stats reset\r\n');
    expect(await scrape(register)).toMatchObject({ hotset_refusals_total: 0 });
  });

  /** From metrics.md of prometheus/memcached_exporter. */
  const EXPORTER: Readonly<Record<string, [type: string, ...labels: string[]]>> = {
    memcached_accepting_conns: ['gauge'],
    memcached_commands_total: ['counter', 'command', 'status'],
    memcached_connections_rejected_total: ['counter'],
    memcached_connections_total: ['counter'],
    memcached_connections_yielded_total: ['counter'],
    memcached_current_bytes: ['gauge'],
    memcached_current_connections: ['gauge'],
    memcached_current_items: ['gauge'],
    memcached_item_no_memory_total: ['counter'],
    memcached_item_too_large_total: ['counter'],
    memcached_items_evicted_total: ['counter'],
    memcached_items_reclaimed_total: ['counter'],
    memcached_items_total: ['counter'],
    memcached_limit_bytes: ['gauge'],
    memcached_lru_crawler_items_checked_total: ['counter'],
    memcached_lru_crawler_reclaimed_total: ['counter'],
    memcached_lru_crawler_starts_total: ['counter'],
    memcached_max_connections: ['gauge'],
    memcached_process_system_cpu_seconds_total: ['counter'],
    memcached_process_user_cpu_seconds_total: ['counter'],
    memcached_read_bytes_total: ['counter'],
    memcached_slab_current_items: ['gauge', 'slab'],
    memcached_slab_items_age_seconds: ['gauge', 'slab'],
    memcached_slab_items_crawler_reclaimed_total: ['counter', 'slab'],
    memcached_slab_items_evicted_nonzero_total: ['counter', 'slab'],
    memcached_slab_items_evicted_time_seconds: ['counter', 'slab'],
    memcached_slab_items_evicted_total: ['counter', 'slab'],
    memcached_slab_items_evicted_unfetched_total: ['counter', 'slab'],
    memcached_slab_items_expired_unfetched_total: ['counter', 'slab'],
    memcached_slab_items_outofmemory_total: ['counter', 'slab'],
    memcached_slab_items_reclaimed_total: ['counter', 'slab'],
    memcached_time_seconds: ['gauge'],
    memcached_up: ['gauge'],
    memcached_uptime_seconds: ['counter'],
    memcached_version: ['gauge', 'version'],
    memcached_written_bytes_total: ['counter'],
  };

  it('has the names, types and labels of the exporter, each with a sample', async () => {
    const { engine, connect } = await serve();
    const register = registerOf({ engine });
    const client = await connect();
    client.send('set a 0 0 1\r\nx\r\n');
    await client.line();
    const families = [...readExposition(await register.metrics()).values()].filter(({ name }) =>
      name.startsWith('memcached_'),
    );
    const shapes = families.map(({ name, type, samples }) => [
      name,
      [type, ...Object.keys(samples[0]!.labels)],
    ]);
    expect(Object.fromEntries(shapes)).toEqual(EXPORTER);
  });
});

describe('a register', () => {
  it('has several caches, distinguished by labels, and releases each', async () => {
    const register = new Registry();
    const users = new CacheEngine();
    const metrics = createMetrics({ engine: users, register, labels: { cache: 'us"er\\s\n' } });
    createMetrics({ engine: new CacheEngine(), register, labels: { cache: 'orders' } });
    users.get('a');
    expect(await scrape(register)).toMatchObject({
      'hotset_misses_total{cache="us"er\\s\n",reason="absent"}': 1,
      'hotset_misses_total{cache="orders",reason="absent"}': 0,
    });
    metrics.close();
    const left = Object.keys(await scrape(register));
    expect(left).toContain('hotset_entries{cache="orders"}');
    expect(left.filter((name) => name.includes('us"er'))).toEqual([]);
    expect(() => createMetrics({ engine: users, register, labels: { cache: 'us"er\\s\n' } })).not.toThrow();
  });

  it("keeps a service's own metrics, and gives ours up again", async () => {
    const register = new Registry();
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [register] }).inc(3);
    const metrics = createMetrics({ engine: new CacheEngine(), register, prefix: 'shop_' });
    expect(await scrape(register)).toMatchObject({ orders_total: 3, shop_hotset_entries: 0 });
    metrics.close();
    metrics.close();
    expect(await scrape(register)).toEqual({ orders_total: 3 });
  });

  it('refuses the same names with the same labels, and is left as it was', async () => {
    const register = new Registry();
    createMetrics({ engine: new CacheEngine(), register });
    const before = await register.metrics();
    const refused = thrownBy(() => createMetrics({ engine: new CacheEngine(), register }));
    expect(refused).toBeInstanceOf(HotsetError);
    expect(refused.code).toBe('HOTSET_INVALID_OPTION');
    expect(await register.metrics()).toBe(before);
    const other = new Registry();
    new Counter({ name: 'hotset_entries', help: 'Not ours.', registers: [other] });
    expect(thrownBy(() => createMetrics({ engine: new CacheEngine(), register: other })).code).toBe(
      'HOTSET_INVALID_OPTION',
    );
    expect(Object.keys(await scrape(other))).toEqual(['hotset_entries']);
  });

  it('serves OpenMetrics, JSON, merged registers and clusters too', async () => {
    const { engine } = makeFixture({ trackAccess: true });
    engine.get('a');
    const open = new Registry<OpenMetricsContentType>();
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    createMetrics({ engine, register: open });
    for (const text of [await open.metrics(), await open.metrics()]) {
      expect(text).toMatch(/^# TYPE hotset_misses counter\nhotset_misses_total\{reason="absent"\} 1$/m);
      expect(text).toMatch(/^hotset_eviction_age_seconds_bucket\{le="\+Inf"\} 0$/m);
      expect(text).toMatch(/\n# EOF\n$/);
    }
    const register = registerOf({ engine });
    const json = await register.getMetricsAsJSON();
    const cluster = AggregatorRegistry.aggregate<PrometheusContentType>([json, json]);
    expect(await scrape(cluster)).toMatchObject({ 'hotset_misses_total{reason="absent"}': 2 });
    expect(await scrape(Registry.merge([register, new Registry()]))).toMatchObject({ hotset_entries: 0 });
    register.resetMetrics();
    expect(await scrape(register)).toMatchObject({ 'hotset_misses_total{reason="absent"}': 1 });
  });

  it('of its own has the metrics of the process too', async () => {
    const { register } = createMetrics({ engine: new CacheEngine() });
    const families = readExposition(await register.metrics());
    for (const name of ['hotset_entries', 'process_cpu_seconds_total', 'nodejs_heap_size_used_bytes'])
      expect(families.has(name), name).toBe(true);
  });
});

describe('options', () => {
  const engine = { stats: () => new CacheEngine().stats() };
  it.each<[name: string, options: object]>([
    ['engine', {}],
    ['engine', { engine: {} }],
    ['options', null as unknown as object],
    ['there is no option "registry"', { engine, registry: 1 }],
    ['loading', { engine, loading: {} }],
    ['register', { engine, register: {} }],
    ['register', { engine, register: null }],
    ['prefix', { engine, prefix: 'a-' }],
    ['prefix', { engine, prefix: 1 }],
    ['labels', { engine, labels: 1 }],
    ['labels', { engine, labels: { 'a-b': 'x' } }],
    ['labels', { engine, labels: { __name__: 'x' } }],
    ['labels', { engine, labels: { le: 'x' } }],
    ['labels.cache', { engine, labels: { cache: 1 } }],
    ['processMetrics', { engine, processMetrics: 1 }],
  ])('%s is refused where it makes no sense: %o', (name, options) => {
    const error = thrownBy(() => createMetrics(options as MetricsOptions));
    expect(error.code).toBe('HOTSET_INVALID_OPTION');
    expect(error.message.startsWith(name)).toBe(true);
  });
});

describe('a TieredCache', () => {
  it('has the figures of both tiers, of the link and of loads', async () => {
    const fleet = new Fleet();
    const tiered = fleet.process<number>({ source: true });
    const register = registerOf({ engine: tiered.engine, tiered });
    await tiered.getOrLoad('a', () => 1);
    await tiered.get('a');
    await tiered.getOrLoad('a', () => 1);
    fleet.store.isDown = true;
    await tiered.delete('a');
    expect(await scrape(register)).toMatchObject({
      'hotset_tier_one_lookups_total{result="hit"}': 1,
      hotset_tier_one_in_use: 1,
      'hotset_tier_two_lookups_total{result="hit"}': 1,
      'hotset_tier_two_lookups_total{result="miss"}': 1,
      'hotset_tier_two_requests_total{result="failure"}': 1,
      'hotset_tier_two_stores_total{result="fill"}': 1,
      hotset_tier_two_available: 1,
      hotset_tier_two_repairs: 1,
      hotset_link_up: 1,
      'hotset_loading_requests_total{result="load"}': 2,
    });
  });

  it('takes the place of a LoadingCache', () => {
    const tiered = new Fleet().process();
    expect(() => createMetrics({ engine: tiered.engine, tiered, loading: tiered as never })).toThrow(
      'tiered takes the place of loading',
    );
  });
});
