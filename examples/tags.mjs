/**
 * Tags: forget everything that was made from one thing, however many entries that is.
 *
 *   node tags.mjs
 */

import { CacheEngine } from 'hotset';

const pages = new CacheEngine({ maxBytes: '64MiB', ttlMs: 60_000 });

pages.set('/', 'the newest products', { tags: ['product:1', 'product:2'] });
pages.set('/products/1', 'a chair', { tags: ['product:1'] });
pages.set('/products/2', 'a table', { tags: ['product:2'] });
pages.set('/about', 'about us');

console.log(pages.invalidateTags(['product:1']), 'pages showed product 1');
console.log([...pages.keys()].sort().join(' '), 'are left');
