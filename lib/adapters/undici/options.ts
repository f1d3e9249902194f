/** The options of a cache store: the type, the defaults, and the function that validates. */

import { invalidOption, rejectUnknownOptions } from '../../errors.js';
import { functionOption, limitOption } from '../../options.js';
import type { CacheKey, CacheValue } from './types.js';

/** What a `HotsetCacheStore` takes. */
export interface CacheStoreOptions {
  /** Keeps the responses of this store apart from all others in the engine. Default: `'http'`. */
  namespace?: string | undefined;
  /**
   * The most bytes that a body may have. A larger one is not stored, and takes no more memory on its way. The engine's
   * `maxBytes` is a bound too. Default: 5 MiB.
   */
  maxBodyBytes?: number | undefined;
  /**
   * The most bytes that bodies hold together while they arrive, `maxBodyBytes` at least. Above it, the one that has been
   * silent longest is not stored. Default: 32 MiB, or `maxBodyBytes` where that is more.
   */
  maxUnfinishedBytes?: number | undefined;
  /** Tags of a response, for `engine.invalidateTags`: `(key, { headers }) => …`. What it throws fails the request. Default: none. */
  tags?: ((key: CacheKey, response: CacheValue) => readonly string[]) | undefined;
}

const MIB = 1024 * 1024;
const DEFAULT_MAX_BODY_BYTES = 5 * MIB;
const DEFAULT_MAX_UNFINISHED_BYTES = 32 * MIB;

const KNOWN: ReadonlySet<string> = new Set<keyof CacheStoreOptions>([
  'namespace',
  'maxBodyBytes',
  'maxUnfinishedBytes',
  'tags',
]);

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveOptions(options: CacheStoreOptions): {
  namespace: string;
  maxBodyBytes: number;
  maxUnfinishedBytes: number;
  tags: (key: CacheKey, response: CacheValue) => readonly string[];
} {
  rejectUnknownOptions(options, KNOWN);
  const { namespace = 'http' } = options;
  if (typeof namespace !== 'string') throw invalidOption('namespace', 'a text', namespace);
  const maxBodyBytes = limitOption('maxBodyBytes', options.maxBodyBytes, DEFAULT_MAX_BODY_BYTES);
  const maxUnfinishedBytes = limitOption(
    'maxUnfinishedBytes',
    options.maxUnfinishedBytes,
    Math.max(DEFAULT_MAX_UNFINISHED_BYTES, maxBodyBytes),
  );
  if (maxUnfinishedBytes < maxBodyBytes)
    throw invalidOption(
      'maxUnfinishedBytes',
      `bytes, at least maxBodyBytes (${maxBodyBytes})`,
      options.maxUnfinishedBytes,
    );
  const tags = functionOption('tags', options.tags, () => []);
  return { namespace, maxBodyBytes, maxUnfinishedBytes, tags };
}
