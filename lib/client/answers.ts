/** The server's results as the client's methods return them: the types, and the functions that check. */

import type { EngineStats } from '../engine/stats.js';
import type { EntryResult, InspectResult, StatsResult, TtlMs, WriteResult } from '../rpc-protocol.js';
import { broken, isObject } from './messages.js';
import { bytesOf } from './values.js';

/** An entry as the server sent it. */
export interface RemoteEntry extends Pick<EntryResult, 'flags' | 'version'> {
  /** Text, bytes, or parsed JSON. */
  readonly value: unknown;
  /** Milliseconds until it expires, when the server answered; `Infinity` for never. */
  readonly ttlMs: number;
}

/** The result of a write. `version` is the entry's new one: null unless it was stored, and without cas ids. */
export interface WriteOutcome {
  /** Whether the value was stored, and if not, why. */
  readonly result: WriteResult['result'];
  /** The new version; null unless it was stored, and where the server has no cas ids. */
  readonly version: string | null;
}

/** An entry's metadata on the server; `ttlMs` is `Infinity` for never. */
export type Inspection = Omit<InspectResult, 'ttlMs'> & { readonly ttlMs: number };

/** A server's figures; what is without a limit is `Infinity`. */
export type ServerStats = StatsResult<EngineStats>;

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

/** Whether the result is `yes`; anything but that and `not-found` is a protocol error. */
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
  const { ttlMs, ...others } = objectOf<InspectResult>(result);
  return { ...others, ttlMs: unbounded(ttlMs) };
}

/** JSON has no Infinity: an absent bound is null in it. */
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

function unbounded(bound: TtlMs): number {
  return bound ?? Number.POSITIVE_INFINITY;
}

/** Texts for display are not checked further. */
export function objectOf<T extends object>(result: unknown): T {
  if (!isObject(result)) throw broken('something else than an object');
  return result as unknown as T;
}
