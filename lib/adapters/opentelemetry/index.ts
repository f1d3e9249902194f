/** `hotset/opentelemetry`: metrics of caches, and spans of loads, for OpenTelemetry. */

import { tracingChannel } from 'node:diagnostics_channel';
import {
  type Attributes,
  type BatchObservableCallback,
  type Meter,
  type Observable,
  type Span,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { HotsetError, invalidArgument, invalidOption, rejectUnknownOptions } from '../../errors.js';
import type { Figure } from '../../figures.js';
import type { EngineStats } from '../../index.js';
import { LOADING_FIGURES } from '../../loading/figures.js';
import type { LoadingStats, LoadMessage } from '../../loading/index.js';
import { TIERED_FIGURES } from '../../tiered/figures.js';
import type { TieredStats } from '../../tiered/index.js';

/** What `observe` takes. */
export interface ObserveOptions {
  /** Any CacheEngine or SharedStore. */
  readonly engine: { stats(): EngineStats };
  /** A LoadingCache to observe as well. */
  readonly loading?: { stats(): LoadingStats } | undefined;
  /** A TieredCache to observe as well, its loads included, in the place of `loading`. `engine` is then its engine. */
  readonly tiered?: { stats(): TieredStats } | undefined;
  /** Attributes of every measurement, such as `{ 'cache.name': 'users' }`; several caches need them. Default: none. */
  readonly attributes?: Attributes | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof ObserveOptions>([
  'engine',
  'loading',
  'tiered',
  'attributes',
]);

const ENGINE: readonly Figure<EngineStats>[] = [
  {
    kind: 'counter',
    name: 'cache.lookups',
    unit: '{lookup}',
    help: 'Reads by get.',
    read: {
      label: 'result',
      attribute: 'hotset.lookup.result',
      reads: {
        hit: ({ hits }) => hits,
        absent: ({ missesAbsent }) => missesAbsent,
        expired: ({ missesExpired }) => missesExpired,
      },
    },
  },
  {
    kind: 'counter',
    name: 'cache.stores',
    unit: '{entry}',
    help: 'Values stored.',
    read: ({ stores }) => stores,
  },
  {
    kind: 'counter',
    name: 'cache.refusals',
    unit: '{entry}',
    help: 'Values refused because they are too large, or there is no room for them.',
    read: ({ refusals }) => refusals,
  },
  {
    kind: 'counter',
    name: 'cache.removals',
    unit: '{entry}',
    help: 'Entries removed.',
    read: {
      label: 'cause',
      attribute: 'hotset.removal.cause',
      reads: {
        evicted: ({ evictions }) => evictions,
        expired: ({ expirations }) => expirations,
        deleted: ({ deletions }) => deletions,
      },
    },
  },
  {
    kind: 'amount',
    name: 'cache.entries',
    unit: '{entry}',
    help: 'Entries held, including expired ones that are not yet reclaimed.',
    read: ({ size }) => size,
  },
  {
    kind: 'amount',
    name: 'cache.entries.limit',
    unit: '{entry}',
    help: 'The entry limit; absent for none.',
    read: ({ maxEntries }) => finite(maxEntries),
  },
  {
    kind: 'amount',
    name: 'cache.memory.usage',
    unit: 'By',
    help: 'Counted bytes of all entries: keys, values and overhead.',
    read: ({ bytes }) => bytes,
  },
  {
    kind: 'amount',
    name: 'cache.memory.limit',
    unit: 'By',
    help: 'The byte budget; absent for none.',
    read: ({ maxBytes }) => finite(maxBytes),
  },
];

/**
 * Measures caches with `meter`, each time that its reader collects. Returns a function that ends it. Throws
 * `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`.
 */
export function observe(meter: Meter, options: ObserveOptions): () => void {
  if (typeof meter?.addBatchObservableCallback !== 'function')
    throw invalidArgument('meter', 'a Meter', meter);
  rejectUnknownOptions(options, OPTIONS);
  const { engine, loading, tiered, attributes = {} } = options;
  const measured = {
    engine,
    ...(loading !== undefined && { loading }),
    ...(tiered !== undefined && { tiered }),
  };
  for (const [name, cache] of Object.entries(measured))
    if (typeof cache?.stats !== 'function')
      throw invalidOption(name, 'an object with a stats() method', cache);
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    throw invalidOption('attributes', 'an object', attributes);
  if (loading && tiered)
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      'tiered takes the place of loading: its loads are measured with it',
    );
  const ends = [observeWith(meter, ENGINE, () => engine.stats(), attributes)];
  if (loading) ends.push(observeWith(meter, LOADING_FIGURES, () => loading.stats(), attributes));
  if (tiered)
    ends.push(
      observeWith(meter, LOADING_FIGURES, () => tiered.stats().loading, attributes),
      observeWith(meter, TIERED_FIGURES, () => tiered.stats(), attributes),
    );
  return () => {
    for (const end of ends) end();
  };
}

const INSTRUMENTS = { counter: 'Counter', amount: 'UpDownCounter', gauge: 'Gauge' } as const;

function observeWith<S>(
  meter: Meter,
  figures: readonly Figure<S>[],
  read: () => S,
  attributes: Attributes,
): () => void {
  const observed = figures.map((figure) => {
    const { kind, name, unit, help: description } = figure;
    const observable = meter[`createObservable${INSTRUMENTS[kind]}`](`hotset.${name}`, { unit, description });
    return { figure, observable };
  });
  const callback: BatchObservableCallback = (result) => {
    const stats = read();
    for (const { figure, observable } of observed)
      for (const [own, value] of measurements(figure, stats))
        result.observe(observable, value, { ...attributes, ...own });
  };
  const observables: Observable[] = observed.map(({ observable }) => observable);
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}

function measurements<S>({ read }: Figure<S>, stats: S): [Attributes, number][] {
  const all: [Attributes, number | undefined][] =
    typeof read === 'function'
      ? [[{}, read(stats)]]
      : Object.entries(read.reads).map(([value, readOne]) => [{ [read.attribute]: value }, readOne(stats)]);
  return all.filter((measurement): measurement is [Attributes, number] => measurement[1] !== undefined);
}

function finite(limit: number): number | undefined {
  return Number.isFinite(limit) ? limit : undefined;
}

/**
 * A span for each call of a loader in this process, of any `LoadingCache`; its parent is the span of the caller who started
 * it. Returns a function that ends it. Throws `HOTSET_INVALID_ARGUMENT`.
 */
export function traceLoads(tracer: Tracer): () => void {
  if (typeof tracer?.startSpan !== 'function') throw invalidArgument('tracer', 'a Tracer', tracer);
  const spans = new WeakMap<object, Span>();
  const channel = tracingChannel<LoadMessage>('hotset:load');
  const end = (message: LoadMessage) => {
    spans.get(message)?.end();
    spans.delete(message);
  };
  const subscribers = {
    start: (message: LoadMessage) => {
      spans.set(
        message,
        tracer.startSpan('hotset load', { attributes: { 'hotset.load.keys': message.keys.length } }),
      );
    },
    end: () => {},
    asyncStart: () => {},
    asyncEnd: end,
    error: (message: LoadMessage & { error: unknown }) => {
      const span = spans.get(message);
      span?.recordException(message.error as Error);
      span?.setStatus({ code: SpanStatusCode.ERROR });
    },
  };
  channel.subscribe(subscribers);
  return () => {
    channel.unsubscribe(subscribers);
  };
}
