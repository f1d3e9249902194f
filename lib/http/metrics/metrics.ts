/**
 * Metrics for Prometheus: nothing is counted for them, and nothing is read until somebody scrapes. All that one
 * scrape tells is read at once, and agrees.
 */

import { collectDefaultMetrics, type Registry } from 'prom-client';
import { knownItemStoreOf } from '../../memcached/item-store.js';
import { isMemcachedEngine } from '../../memcached/memcached-engine.js';
import { ENGINE_FAMILIES } from './engine-families.js';
import type { Family } from './family.js';
import { LOADING_FAMILIES } from './loading-families.js';
import { MEMCACHED_FAMILIES, memcachedStats } from './memcached-families.js';
import { type MetricsOptions, type MetricsRegister, resolveMetricsOptions } from './options.js';
import { addToRegister } from './read-metric.js';

/** Metrics that are registered, until `close`. */
export interface Metrics {
  /** Where they are: `await register.metrics()` gives the text, `register.contentType` its type. */
  readonly register: MetricsRegister;
  /** Takes them out of the register again; those of the process stay. */
  close(): void;
}

/**
 * Registers metrics of an engine, whether it is served or not.
 *
 * @example
 * import { register } from 'prom-client';
 * createMetrics({ engine: users, register, labels: { cache: 'users' } });
 *
 * Throws `HOTSET_INVALID_OPTION`, also where the register has metrics of such names and labels already.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const { engine, loading, register, prefix, labels, processMetrics } = resolveMetricsOptions(options);
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
    add(ENGINE_FAMILIES, () => engine.stats());
    if (isMemcachedEngine(engine)) add(MEMCACHED_FAMILIES, () => memcachedStats(knownItemStoreOf(engine)));
    if (loading !== undefined) add(LOADING_FAMILIES, () => loading.stats());
  } catch (error) {
    close();
    throw error;
  }
  if (processMetrics && registry.getSingleMetric('process_cpu_seconds_total') === undefined)
    collectDefaultMetrics({ register: registry });
  return { register, close };
}

/** A scrape asks for all its metrics in one turn. */
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
