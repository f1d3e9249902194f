/** What saving and loading take: the types, their defaults, and the functions that check them. */

import { type Clock, systemClock } from '../engine/clock.js';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';

/** Converts values to bytes and back, in place of `node:v8`'s serialization. Keys are not affected. */
export interface ValueCodec<V> {
  /**
   * The value's bytes. They are read until the entry is written, which takes several turns of the event loop above
   * 256 KiB: never return one buffer twice. If it throws, the entry cannot be saved.
   */
  encode(value: V): Uint8Array;
  /**
   * The value of these bytes, which it may keep. Called twice for each entry, first to check the file, and must do
   * the same both times. May throw.
   */
  decode(bytes: Buffer): V;
}

/** What `saveSnapshot` and `loadSnapshot` both take. */
export interface SnapshotOptions<V> {
  /** Writes and reads the values. A file must be loaded with the codec that it was saved with. Default: none. */
  codec?: ValueCodec<V> | undefined;
  /** Cancels: the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The most bytes that the key and the value of one entry may take in the file, 1 to 2 GiB. Default: 64 MiB. */
  maxEntryBytes?: number | undefined;
  /**
   * Wall-clock time in milliseconds, which also passes while no process runs. Not the engine's clock. Default: the
   * system's.
   */
  clock?: Clock | undefined;
}

/** What `saveSnapshot` takes. */
export interface SaveSnapshotOptions<V> extends SnapshotOptions<V> {
  /** The file's permissions, whatever the umask. Default: `0o600`, because a cache holds secrets. */
  mode?: number | undefined;
  /**
   * What becomes of an entry that cannot be written, because it does not serialize or is larger than
   * `maxEntryBytes`: `'refuse'` rejects with `HOTSET_UNSAVABLE_ENTRY`, `'skip'` omits and counts it. Default:
   * `'refuse'`.
   */
  unsavable?: 'refuse' | 'skip' | undefined;
}

/** What `loadSnapshot` takes. */
export type LoadSnapshotOptions<V> = SnapshotOptions<V>;

export interface ResolvedOptions<V> {
  readonly codec: ValueCodec<V> | null;
  readonly signal: AbortSignal | null;
  readonly maxEntryBytes: number;
  readonly clock: Clock;
}

export interface ResolvedSaveOptions<V> extends ResolvedOptions<V> {
  readonly mode: number;
  readonly skipsUnsavable: boolean;
}

const DEFAULT_MAX_ENTRY_BYTES: number = 64 * 1024 * 1024;
/** Lengths in the file have 32 bits, and a Buffer must be able to hold them on every supported Node. */
const LARGEST_ENTRY_BYTES = 2 ** 31;
const DEFAULT_MODE = 0o600;

const LOAD_OPTIONS = ['codec', 'signal', 'maxEntryBytes', 'clock'];
const KNOWN_LOAD_OPTIONS: ReadonlySet<string> = new Set<string>(LOAD_OPTIONS);
const KNOWN_SAVE_OPTIONS: ReadonlySet<string> = new Set<string>([...LOAD_OPTIONS, 'mode', 'unsavable']);

/** Checks the options of `loadSnapshot` and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveLoadOptions<V>(options: LoadSnapshotOptions<V>): ResolvedOptions<V> {
  rejectUnknownOptions(options, KNOWN_LOAD_OPTIONS);
  return resolveShared(options);
}

/** The same for `saveSnapshot`. */
export function resolveSaveOptions<V>(options: SaveSnapshotOptions<V>): ResolvedSaveOptions<V> {
  rejectUnknownOptions(options, KNOWN_SAVE_OPTIONS);
  const { mode = DEFAULT_MODE, unsavable = 'refuse' } = options;
  if (!isWhole(mode, 0, 0o777)) throw invalidOption('mode', 'permissions from 0 to 0o777', mode);
  if (unsavable !== 'refuse' && unsavable !== 'skip')
    throw invalidOption('unsavable', "'refuse' or 'skip'", unsavable);
  return { ...resolveShared(options), mode, skipsUnsavable: unsavable === 'skip' };
}

/** Throws `HOTSET_INVALID_ARGUMENT` for an engine without the method that is needed, or a path that is none. */
export function checkArguments(engine: unknown, method: 'dump' | 'load', path: unknown): void {
  if (typeof (engine as Record<string, unknown> | null | undefined)?.[method] !== 'function')
    throw invalidArgument('engine', `an engine: an object with a ${method}() method`, engine);
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the name of a file', path);
}

function resolveShared<V>(options: SnapshotOptions<V>): ResolvedOptions<V> {
  const { codec, signal, maxEntryBytes = DEFAULT_MAX_ENTRY_BYTES, clock = systemClock } = options;
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function'))
    throw invalidOption('codec', 'an object with encode() and decode() methods', codec);
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    throw invalidOption('signal', 'an AbortSignal', signal);
  if (!isWhole(maxEntryBytes, 1, LARGEST_ENTRY_BYTES))
    throw invalidOption('maxEntryBytes', `a whole number from 1 to ${LARGEST_ENTRY_BYTES}`, maxEntryBytes);
  if (typeof clock?.now !== 'function') throw invalidOption('clock', 'an object with a now() method', clock);
  return { codec: codec ?? null, signal: signal ?? null, maxEntryBytes, clock };
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
