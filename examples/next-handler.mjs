/**
 * A cache handler of the shape that Next.js and its like take: a class with `get`, `set` and `revalidateTag`. It keeps
 * rendered pages and fetched data within a budget in bytes.
 *
 *   // next.config.js
 *   module.exports = { cacheHandler: require.resolve('./next-handler.mjs'), cacheMaxMemorySize: 0 };
 */

import { CacheEngine } from 'hotset';

/** One for the process: the framework makes a handler for each request. */
const pages = new CacheEngine({ maxBytes: '128MiB' });

export default class CacheHandler {
  async get(key) {
    return pages.get(key) ?? null;
  }

  async set(key, value, { tags = [], revalidate } = {}) {
    if (value === null) {
      pages.delete(key);
      return;
    }
    const all = [...new Set([...tags, ...(value.tags ?? [])])];
    const ttlMs = typeof revalidate === 'number' ? revalidate * 1000 : Number.POSITIVE_INFINITY;
    pages.set(key, { value, lastModified: Date.now(), tags: all }, { ttlMs, tags: all });
  }

  async revalidateTag(tags) {
    pages.invalidateTags([tags].flat());
  }

  resetRequestCache() {}
}
