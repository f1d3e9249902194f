/** `hotset/unstorage`: a driver for unstorage, and so for Nitro and Nuxt, with a budget in bytes and TTLs. */

import type { Driver } from 'unstorage';
import { invalidArgument, invalidOption, throwRefusal } from '../../errors.js';
import { CacheEngine, type CacheEngineOptions } from '../../index.js';
import { textArgument } from '../../options.js';

/** What the driver takes: `engine` and `base`, or the options of an engine of its own. */
export interface HotsetDriverOptions extends CacheEngineOptions<string, unknown> {
  /** An engine that others use as well. Default: one of the driver's own, from the other options. */
  engine?: CacheEngine<string, unknown> | undefined;
  /** Before each key, so that the driver's entries are apart from others of `engine`. Default: none. */
  base?: string | undefined;
}

/** What a call may have beside its key and value. */
interface DriverCall {
  /** TTL in seconds, as other drivers take it. Default: the engine's. */
  readonly ttl?: number | undefined;
}

/**
 * A driver for `createStorage({ driver: hotsetDriver({ maxBytes: '64MiB' }) })`; by name, `hotset/unstorage`.
 * `setItem(key, value, { ttl })` takes seconds. A value that the engine refuses rejects with `HOTSET_TOO_LARGE` or
 * `HOTSET_NO_ROOM`, and a bad key or `ttl` with `HOTSET_INVALID_ARGUMENT`. Throws `HOTSET_INVALID_OPTION`.
 */
export function hotsetDriver(
  options: HotsetDriverOptions = {},
): Driver<HotsetDriverOptions, CacheEngine<string, unknown>> {
  // Spread, anything else would be no options.
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidOption('options', 'an object', options);
  const { engine: given, base: name = '', ...engineOptions } = options;
  if (typeof name !== 'string') throw invalidOption('base', 'a text', name);
  const base = name === '' || name.endsWith(':') ? name : `${name}:`;
  if (given !== undefined && !(given instanceof CacheEngine))
    throw invalidOption('engine', 'a CacheEngine', given);
  if (given !== undefined && Object.keys(engineOptions).length > 0)
    throw invalidOption(Object.keys(engineOptions)[0]!, 'left out beside engine', 'given');
  const engine = given ?? new CacheEngine<string, unknown>(engineOptions);

  const whole = (key: string) => base + textArgument('key', key);
  const read = (key: string) => engine.get(whole(key)) ?? null;
  const write = (key: string, value: unknown, call?: DriverCall | null) => {
    const result = engine.set(whole(key), value, ttlOf(call?.ttl));
    throwRefusal(result, JSON.stringify(key));
  };

  return {
    name: 'hotset',
    options,
    flags: { ttl: true },
    getInstance: () => engine,
    hasItem: (key) => engine.has(whole(key)),
    getItem: (key) => read(key) as string | null,
    getItemRaw: read,
    setItem: write,
    setItemRaw: write,
    removeItem: (key) => void engine.delete(whole(key)),
    getMeta: (key) => {
      const leftMs = engine.remainingTtlMs(whole(key));
      if (leftMs === undefined) return null;
      return leftMs === Number.POSITIVE_INFINITY ? {} : { ttl: leftMs / 1000 };
    },
    getKeys: (under = '') => [...engine.keys({ prefix: whole(under) })].map((key) => key.slice(base.length)),
    clear: (under = '') => void engine.deletePrefix(whole(under)),
    dispose: () => {
      if (given === undefined) engine.clear();
    },
    watch: (callback) => {
      if (typeof callback !== 'function') throw invalidArgument('callback', 'a function', callback);
      return engine.subscribe(base, ({ key, cause }) => {
        if (key !== undefined)
          callback(cause === 'stored' || cause === 'touched' ? 'update' : 'remove', key.slice(base.length));
      });
    },
  };
}

/** Seconds, of a call that may have none. */
function ttlOf(ttl: number | null | undefined): { ttlMs: number } | undefined {
  if (ttl === undefined || ttl === null) return undefined;
  if (typeof ttl !== 'number' || Number.isNaN(ttl)) throw invalidArgument('ttl', 'a number of seconds', ttl);
  return { ttlMs: ttl * 1000 };
}

export { hotsetDriver as default };
