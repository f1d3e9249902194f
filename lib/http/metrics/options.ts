/** The options of metrics: their type, their defaults, and the function that validates them. */

import { type OpenMetricsContentType, type PrometheusContentType, Registry } from 'prom-client';
import type { MissRatioCurve } from '../../engine/miss-ratio/curve.js';
import type { EngineStats } from '../../engine/stats.js';
import { HotsetError, invalidOption, rejectUnknownOptions } from '../../errors.js';
import type { LoadingStats } from '../../loading/stats.js';
import type { TieredStats } from '../../tiered/stats.js';
import type { Labels } from './read-metric.js';

/** A register of prom-client's, for either format. */
export type MetricsRegister = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/** What `createMetrics` takes. */
export interface MetricsOptions {
  /** Any CacheEngine. Its servers, if it has any, report what they count. */
  readonly engine: { stats(): EngineStats; missRatioCurve?(): MissRatioCurve | undefined };
  /** A LoadingCache to measure as well. */
  readonly loading?: { stats(): LoadingStats } | undefined;
  /** A TieredCache to measure as well, its loads included, in the place of `loading`. `engine` is then its engine. */
  readonly tiered?: { stats(): TieredStats } | undefined;
  /**
   * How many of the keys that are read most are samples, at most 100, while an adapter serves the engine. They show keys to whoever
   * reads the metrics, and count each read. Default: 0.
   */
  readonly hotKeys?: number | undefined;
  /** Where metrics are registered: prom-client's global `register`, or another. Default: a new one. */
  readonly register?: MetricsRegister | undefined;
  /** Prefix of every name, such as `shop_`. Default: none. */
  readonly prefix?: string | undefined;
  /** Labels of every sample, such as `{ cache: 'users' }`; several caches of one register need them. Default: none. */
  readonly labels?: Labels | undefined;
  /**
   * Whether prom-client's metrics of the process are collected: `process_…` and `nodejs_…`. They observe garbage
   * collection, and the event loop a hundred times a second, until the process ends. Default: true without `register`.
   */
  readonly processMetrics?: boolean | undefined;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof MetricsOptions>([
  'engine',
  'loading',
  'tiered',
  'hotKeys',
  'register',
  'prefix',
  'labels',
  'processMetrics',
]);

/** Labels that the metrics use themselves. */
const TAKEN_LABELS: ReadonlySet<string> = new Set([
  'command',
  'key',
  'kind',
  'le',
  'policy',
  'quantile',
  'reason',
  'result',
  'size',
  'slab',
  'status',
  'version',
]);

const PREFIX = /^(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?$/;
/** Names that begin with two underscores belong to Prometheus. */
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

export type ResolvedMetricsOptions = {
  readonly [Name in Exclude<keyof MetricsOptions, 'loading' | 'tiered'>]-?: NonNullable<MetricsOptions[Name]>;
} & Pick<MetricsOptions, 'loading' | 'tiered'>;

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveMetricsOptions(options: MetricsOptions): ResolvedMetricsOptions {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { engine, loading, tiered, hotKeys = 0, register, prefix = '', labels = {} } = options;
  checkMeasured('engine', 'a CacheEngine', engine);
  if (loading !== undefined) checkMeasured('loading', 'a LoadingCache', loading);
  if (tiered !== undefined) checkMeasured('tiered', 'a TieredCache', tiered);
  if (loading !== undefined && tiered !== undefined)
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      'tiered takes the place of loading: its loads are measured with it',
    );
  checkHotKeys(hotKeys);
  if (register !== undefined && typeof register?.registerMetric !== 'function')
    throw invalidOption('register', "a Registry of prom-client's", register);
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw invalidOption('prefix', 'what a name of a metric may begin with', prefix);
  if (typeof labels !== 'object' || labels === null) throw invalidOption('labels', 'an object', labels);
  for (const [name, value] of Object.entries(labels)) {
    if (!LABEL.test(name) || TAKEN_LABELS.has(name))
      throw invalidOption('labels', 'names of labels that hotset does not use itself', name);
    if (typeof value !== 'string') throw invalidOption(`labels.${name}`, 'a text', value);
  }
  const processMetrics = options.processMetrics ?? register === undefined;
  if (typeof processMetrics !== 'boolean')
    throw invalidOption('processMetrics', 'true or false', processMetrics);
  return {
    engine,
    ...(loading === undefined ? {} : { loading }),
    ...(tiered === undefined ? {} : { tiered }),
    hotKeys,
    register: register ?? new Registry(),
    prefix,
    labels: { ...labels },
    processMetrics,
  };
}

function checkMeasured(name: string, takes: string, measured: { stats(): unknown }): void {
  if (typeof measured?.stats !== 'function') throw invalidOption(name, takes, measured);
}

const MAX_HOT_KEYS = 100;

/** Throws `HOTSET_INVALID_OPTION`. */
export function checkHotKeys(hotKeys: number): void {
  if (!Number.isSafeInteger(hotKeys) || hotKeys < 0 || hotKeys > MAX_HOT_KEYS)
    throw invalidOption('hotKeys', `a whole number from 0 to ${MAX_HOT_KEYS}`, hotKeys);
}
