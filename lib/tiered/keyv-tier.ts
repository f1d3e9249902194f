/**
 * Any store that Keyv 5 or 6 has an adapter for, as a second tier. A value is a text in it: when it expires, and the
 * bytes in base64, so that the time left is exact to the millisecond whatever the store rounds, and every store takes it. The time is of the
 * wall clock, as Keyv's own is: clocks of machines that share a store must agree.
 *
 * Keyv has neither leases nor a way to delete by prefix. It hides what its store throws, and emits `error` instead: an error that
 * it emits during a call fails that call, also when it belongs to another.
 */

import { Buffer } from 'node:buffer';
import { HotsetError, invalidArgument } from '../errors.js';
import type { SecondTier, TierEntry } from './second-tier.js';

/** What is used of a Keyv, of version 5 or 6. */
export interface KeyvStore {
  /** What is under keys, in their order. */
  getMany(keys: string[]): Promise<unknown>;
  /** Stores entries; `ttl` in milliseconds. */
  setMany(entries: { key: string; value: string; ttl?: number }[]): Promise<unknown>;
  /** Removes keys. */
  deleteMany(keys: string[]): Promise<unknown>;
  /** Its errors. */
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/**
 * A second tier over a Keyv, which others may use as well. Throws `HOTSET_INVALID_ARGUMENT` for anything else, and for a
 * Keyv of version 5 with `emitErrors: false` and without `throwOnErrors`: its failures could not be seen.
 */
export function keyvTier(keyv: KeyvStore): SecondTier {
  if (['getMany', 'setMany', 'deleteMany', 'on'].some((name) => !hasMethod(keyv, name)))
    throw invalidArgument('keyv', 'a Keyv', keyv);
  const { opts, throwOnErrors } = keyv as { opts?: { emitErrors?: unknown }; throwOnErrors?: unknown };
  if (opts?.emitErrors === false && throwOnErrors !== true)
    throw invalidArgument('keyv', 'a Keyv that emits its errors, or throws them', keyv);
  return new KeyvTier(keyv);
}

class KeyvTier implements SecondTier {
  readonly name = 'keyv';
  readonly #keyv: KeyvStore;
  /** Errors that were emitted. */
  #errors = 0;
  #lastError: unknown;

  constructor(keyv: KeyvStore) {
    this.#keyv = keyv;
    keyv.on('error', (error) => {
      this.#errors++;
      this.#lastError = error;
    });
  }

  async get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    const entries = new Map<string, TierEntry>();
    if (keys.length === 0) return entries;
    const texts = await this.#call(signal, () => this.#keyv.getMany(keys.map(storedKey)));
    const nowMs = Date.now();
    for (const [at, key] of keys.entries()) {
      const entry = entryOf((texts as readonly unknown[])[at], nowMs);
      if (entry !== undefined) entries.set(key, entry);
    }
    return entries;
  }

  async set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void> {
    if (entries.size === 0) return;
    const nowMs = Date.now();
    const stored = Array.from(entries, ([key, { bytes, ttlMs }]) => ({
      key: storedKey(key),
      value: textOf(bytes, nowMs + ttlMs),
      // Whole milliseconds, since a store may take no others; what it keeps for too long is not read.
      ...(ttlMs !== Number.POSITIVE_INFINITY && { ttl: Math.ceil(ttlMs) }),
    }));
    const results = await this.#call(signal, () => this.#keyv.setMany(stored));
    if (results === false || (Array.isArray(results) && results.includes(false)))
      throw new HotsetError('HOTSET_NO_ROOM', 'the store of Keyv refuses a value');
  }

  async delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    // What it returns says whether there was something.
    if (keys.length > 0) await this.#call(signal, () => this.#keyv.deleteMany(keys.map(storedKey)));
  }

  async #call(signal: AbortSignal, call: () => Promise<unknown>): Promise<unknown> {
    signal.throwIfAborted();
    const errors = this.#errors;
    const result = await call();
    if (this.#errors !== errors) throw this.#lastError;
    return result;
  }
}

/** Keyv 5 takes a key that begins with its namespace for one that it has made itself, in some methods; this one never does. */
function storedKey(key: string): string {
  return `~${key}`;
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array, expiresAtMs: number): string {
  const at = expiresAtMs === Number.POSITIVE_INFINITY ? '' : String(expiresAtMs);
  return `${at},${Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')}`;
}

/** Undefined for what is absent, past its time, or not from here. */
function entryOf(text: unknown, nowMs: number): TierEntry | undefined {
  if (typeof text !== 'string') return undefined;
  const comma = text.indexOf(',');
  if (comma < 0 || comma === text.length - 1) return undefined;
  const ttlMs = comma === 0 ? Number.POSITIVE_INFINITY : Number(text.slice(0, comma)) - nowMs;
  if (!(ttlMs > 0)) return undefined;
  return { bytes: Buffer.from(text.slice(comma + 1), 'base64'), ttlMs };
}

function hasMethod(object: unknown, name: string): boolean {
  return typeof (object as Partial<Record<string, unknown>> | null | undefined)?.[name] === 'function';
}
