/** The server's results as the client's methods return them: the types, and the functions that check. */

import type { MissRatioCurve } from '../engine/miss-ratio/curve.js';
import type { EngineStats } from '../engine/stats.js';
import type {
  DeletedResult,
  EntryResult,
  HistoryResult,
  InspectResult,
  InvalidatedResult,
  KeysResult,
  StatsResult,
  TtlMs,
  WriteResult,
} from '../rpc-protocol.js';
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

/** What `getOrLease` brings. */
export interface LeasedEntry {
  /** What the server has. With `lease` or `isLoading` it is stale; `undefined` for nothing. */
  readonly entry: RemoteEntry | undefined;
  /** This client is to load the value, and is the only one: what `fill` and `release` take. */
  readonly lease: string | undefined;
  /** Another client has the lease. */
  readonly isLoading: boolean;
}

/** Some of the keys, and how to get the next ones. */
export interface KeysPage {
  /** May be empty, though there are more. */
  readonly keys: readonly string[];
  /** For the next call; `undefined` when these were the last. */
  readonly cursor: string | undefined;
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

export function leasedEntryOf(result: unknown): LeasedEntry {
  if (!isObject(result)) throw broken('a lease that is none');
  const { entry, lease, isLoading } = result;
  if ((lease !== null && typeof lease !== 'string') || typeof isLoading !== 'boolean')
    throw broken('a lease that is none');
  return { entry: entryOf(entry), lease: lease ?? undefined, isLoading };
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

export function keysOf(result: unknown): KeysPage {
  const { keys, cursor } = objectOf<KeysResult>(result);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    throw broken('keys that are none');
  return { keys, cursor: cursorOf(cursor) };
}

/** How many entries a request has deleted, and the cursor for the next. */
export function deletedOf(result: unknown): {
  readonly deleted: number;
  readonly cursor: string | undefined;
} {
  const { deleted, cursor } = objectOf<DeletedResult>(result);
  if (!Number.isSafeInteger(deleted)) throw broken('a number of entries that is none');
  return { deleted, cursor: cursorOf(cursor) };
}

/** How many entries a request has removed, and whether there are more. */
export function invalidatedOf(result: unknown): InvalidatedResult {
  const { removed, more } = objectOf<InvalidatedResult>(result);
  if (!Number.isSafeInteger(removed) || typeof more !== 'boolean')
    throw broken('an invalidation that is none');
  return { removed, more };
}

function cursorOf(cursor: unknown): string | undefined {
  if (cursor === null) return undefined;
  if (typeof cursor !== 'string') throw broken('a cursor that is none');
  return cursor;
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

export function curveOf(result: unknown): MissRatioCurve | undefined {
  return result === null ? undefined : objectOf<MissRatioCurve>(result);
}

export function historyOf(result: unknown): HistoryResult | undefined {
  if (result === null) return undefined;
  const history = objectOf<HistoryResult>(result);
  if (!isObject(history.columns) || !Object.values(history.columns).every(Array.isArray))
    throw broken('a history without columns');
  return history;
}

function unbounded(bound: TtlMs): number {
  return bound ?? Number.POSITIVE_INFINITY;
}

/** Texts for display are not checked further. */
export function objectOf<T extends object>(result: unknown): T {
  if (!isObject(result)) throw broken('something else than an object');
  return result as unknown as T;
}
