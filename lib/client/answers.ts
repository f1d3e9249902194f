/** What the server's results say, as the client's methods give it: the types, and the functions that check. */

import type { EngineStats } from '../engine/stats.js';
import { broken, isObject } from './messages.js';
import { bytesOf } from './values.js';

/** An entry as the server told it. */
export interface RemoteEntry {
  /** Text, bytes, or what its JSON says. */
  readonly value: unknown;
  /** The flags that the writer gave. */
  readonly flags: number;
  /** Changes with each write; null where the server has no cas ids. */
  readonly version: string | null;
  /** Milliseconds until it expires, when the server answered; `Infinity` for never. */
  readonly ttlMs: number;
}

/** What became of a write. `version` is the entry's new one: null unless it was stored, and without cas ids. */
export interface WriteOutcome {
  /** Whether the value was stored, and if not, why. */
  readonly result: 'stored' | 'exists' | 'not-found';
  /** The new version; null unless it was stored, and where the server has no cas ids. */
  readonly version: string | null;
}

/** What the server knows of an entry, without its value. */
export interface Inspection {
  /** Counted bytes: key, value and overhead. */
  readonly bytes: number;
  /** The flags that the writer gave. */
  readonly flags: number;
  /** Changes with each write; null where the server has no cas ids. */
  readonly version: string | null;
  /** Milliseconds until it expires; `Infinity` for never. */
  readonly ttlMs: number;
  /** Milliseconds since the value was stored. */
  readonly ageMs: number;
  /** Milliseconds since it was last read or stored. */
  readonly idleMs: number;
  /** Whether it has been read since it was stored. */
  readonly fetched: boolean;
  /** Bytes of the value on the wire. */
  readonly valueBytes: number;
}

/** What was read most of late. */
export interface HotKeys {
  /** How long reads have been counted. */
  readonly sampledMs: number;
  /** Reads counted in that time. */
  readonly reads: number;
  /** The keys that were read most, most read first. */
  readonly keys: readonly { readonly key: string; readonly reads: number; readonly bytes: number }[];
  /** The prefixes of keys that were read most, most read first. */
  readonly prefixes: readonly {
    readonly prefix: string;
    readonly reads: number;
    readonly bytes: number;
    readonly keys: number;
  }[];
}

/** A server's figures: the engine's, memcached's counters by their names, and those of all transports. */
export interface ServerStats {
  /** The version of hotset. */
  readonly version: string;
  /** Milliseconds since the server started. */
  readonly uptimeMs: number;
  /** What this endpoint lets clients do. */
  readonly access: 'full' | 'read-only' | 'metadata';
  /** As `engine.stats()` gives it. */
  readonly engine: EngineStats;
  /** memcached's counters by their names, such as `cmd_get`. */
  readonly commands: Readonly<Record<string, number>>;
  /** Connections over all transports. */
  readonly connections: {
    readonly current: number;
    readonly total: number;
    readonly rejected: number;
    readonly max: number;
  };
  /** Bytes over all transports. */
  readonly network: { readonly bytesRead: number; readonly bytesWritten: number };
}

const WRITE_RESULTS: ReadonlySet<unknown> = new Set<WriteOutcome['result']>([
  'stored',
  'exists',
  'not-found',
]);

/** An entry, or undefined for `null`. */
export function entryOf(result: unknown): RemoteEntry | undefined {
  if (result === null) return undefined;
  if (!isObject(result)) throw broken('an entry that is none');
  const { value, base64, flags, version, ttlMs } = result;
  const isWhole =
    (typeof base64 === 'string' || value !== undefined) &&
    typeof flags === 'number' &&
    (version === null || typeof version === 'string') &&
    (ttlMs === null || typeof ttlMs === 'number');
  if (!isWhole) throw broken('an entry that lacks something');
  return {
    value: typeof base64 === 'string' ? bytesOf(base64) : value,
    flags,
    version,
    ttlMs: unbounded(ttlMs),
  };
}

/** The entries of a `getMany` of so many keys, undefined for those that are not there. */
export function entriesOf(result: unknown, count: number): (RemoteEntry | undefined)[] {
  if (!Array.isArray(result) || result.length !== count) throw broken(`something else than ${count} entries`);
  return result.map(entryOf);
}

export function writeOutcomeOf(result: unknown): WriteOutcome {
  if (!isObject(result) || !WRITE_RESULTS.has(result.result))
    throw broken('an outcome of a write that is none');
  return {
    result: result.result as WriteOutcome['result'],
    version: typeof result.version === 'string' ? result.version : null,
  };
}

/** Whether the result is `yes`; anything but that and `not-found` makes no sense. */
export function foundOf(result: unknown, yes: string): boolean {
  if (isObject(result) && result.result === yes) return true;
  if (isObject(result) && result.result === 'not-found') return false;
  throw broken(`neither ${yes} nor not-found`);
}

/** The new number; undefined where there was none. */
export function numberOf(result: unknown): bigint | undefined {
  if (!foundOf(result, 'stored')) return undefined;
  const { value } = result as { value?: unknown };
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw broken('a number that is none');
  return BigInt(value);
}

export function inspectionOf(result: unknown): Inspection | undefined {
  if (result === null) return undefined;
  const { ttlMs, ...others } = objectOf<Omit<Inspection, 'ttlMs'> & { ttlMs: number | null }>(result);
  return { ...others, ttlMs: unbounded(ttlMs) };
}

/** JSON has no Infinity: what has no bound is null in it. */
export function statsOf(result: unknown): ServerStats {
  const { engine, ...others } = objectOf<ServerStats>(result);
  if (!isObject(engine)) throw broken('statistics without an engine');
  return {
    ...others,
    engine: {
      ...engine,
      maxBytes: unbounded(engine.maxBytes),
      maxEntries: unbounded(engine.maxEntries),
      evictionAges: engine.evictionAges?.map(({ toMs, count }) => ({ toMs: unbounded(toMs), count })),
      evictionIdles: engine.evictionIdles?.map(({ toMs, count }) => ({ toMs: unbounded(toMs), count })),
    },
  };
}

function unbounded(bound: number | null): number {
  return bound ?? Number.POSITIVE_INFINITY;
}

/** What is shown to people is taken as the server says it. */
export function objectOf<T extends object>(result: unknown): T {
  if (!isObject(result)) throw broken('something else than an object');
  return result as unknown as T;
}
