/**
 * Metrics for Prometheus. They read what the engine counts anyway, and only during a scrape. All values of one
 * scrape are read in one turn, so that they agree.
 */

import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { EngineStats } from '../../engine/stats.js';
import { LOADING_FIGURES } from '../../loading/figures.js';
import { knownItemStoreOf, type ServedStore } from '../../memcached/item-store.js';
import { TIERED_FIGURES } from '../../tiered/figures.js';
import { CURVE_FAMILIES } from './curve-families.js';
import { ENGINE_FAMILIES } from './engine-families.js';
import type { Family } from './family.js';
import { familyOf } from './figure-families.js';
import { hotFamilies } from './hot-families.js';
import { MEMCACHED_FAMILIES, memcachedStats } from './memcached-families.js';
import { type MetricsOptions, type MetricsRegister, resolveMetricsOptions } from './options.js';
import { addToRegister } from './read-metric.js';
import { HTTP_FAMILIES, type HttpFigures, SERVER_FAMILIES } from './server-families.js';

const LOADING_FAMILIES = LOADING_FIGURES.map(familyOf);
const TIERED_FAMILIES = TIERED_FIGURES.map(familyOf);

/** Metrics that are registered, until `close`. */
export interface Metrics {
  /** Where they are registered: `await register.metrics()` gives the text, `register.contentType` its type. */
  readonly register: MetricsRegister;
  /** Removes them from the register; metrics of the process stay. */
  close(): void;
}

/**
 * Registers metrics of an engine, served or not.
 *
 * @example
 * import { register } from 'prom-client';
 * createMetrics({ engine: users, register, labels: { cache: 'users' } });
 *
 * Throws `HOTSET_INVALID_OPTION`, also where the register has metrics of such names and labels already.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const { engine, loading, tiered, hotKeys, register, prefix, labels, processMetrics } =
    resolveMetricsOptions(options);
  // A register of either format has the same methods; prom-client's types say so of the usual one only.
  const registry = register as Registry;
  const removals: (() => void)[] = [];
  const close = (): void => {
    for (const remove of removals.splice(0)) remove();
  };
  const add = <Source>(families: readonly Family<Source>[], read: () => Source): void => {
    const source = oncePerTurn(read);
    for (const family of families)
      removals.push(addToRegister(registry, { ...family, name: prefix + family.name }, source, labels));
  };
  try {
    add(ENGINE_FAMILIES, () => withRefusalsOfServers(engine));
    add(CURVE_FAMILIES, () => engine.missRatioCurve?.());
    // A server may begin to serve it later.
    add(MEMCACHED_FAMILIES, () => memcachedStats(knownItemStoreOf(engine)));
    add(SERVER_FAMILIES, () => knownItemStoreOf(engine));
    add(hotFamilies(hotKeys), () => knownItemStoreOf(engine));
    if (loading !== undefined) add(LOADING_FAMILIES, () => loading.stats());
    if (tiered !== undefined) {
      add(LOADING_FAMILIES, () => tiered.stats().loading);
      add(TIERED_FAMILIES, () => tiered.stats());
    }
  } catch (error) {
    close();
    throw error;
  }
  if (processMetrics && registry.getSingleMetric('process_cpu_seconds_total') === undefined)
    collectDefaultMetrics({ register: registry });
  return { register, close };
}

/** Metrics of an HTTP server, of the engine that it serves, and of the process. */
export function createHttpMetrics(store: ServedStore, hotKeys: number, figures: () => HttpFigures): Metrics {
  const metrics = createMetrics({ engine: 'items' in store ? store.items : store, hotKeys });
  const read = oncePerTurn(figures);
  for (const family of HTTP_FAMILIES) addToRegister(metrics.register as Registry, family, read, {});
  return metrics;
}

/** Servers refuse what is larger than an item may be before the engine sees it. */
function withRefusalsOfServers(engine: { stats(): EngineStats }): EngineStats {
  const stats = engine.stats();
  const items = knownItemStoreOf(engine);
  if (items === undefined) return stats;
  const tooLarge = items.figure('store_too_large') + items.figure('oversized_appends');
  return { ...stats, refusals: stats.refusals + tooLarge };
}

/** A scrape reads all metrics in one turn. */
function oncePerTurn<Source>(read: () => Source): () => Source {
  let held: { readonly source: Source } | null = null;
  return () => {
    if (held !== null) return held.source;
    held = { source: read() };
    queueMicrotask(() => {
      held = null;
    });
    return held.source;
  };
}
