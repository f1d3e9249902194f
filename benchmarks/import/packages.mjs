/** What is imported: the core, and beside it the libraries that the other parts measure, each as its users would. */

import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

export const CORE = 'hotset';

/** Name -> the code that imports what is used, and the specifier that is imported. */
export const imports = {
  [CORE]: {
    specifier: new URL('../../dist/index.js', import.meta.url).href,
    // What bundlers take of it.
    bundledSpecifier: new URL('../../dist/esm/index.js', import.meta.url).href,
    names: '{ CacheEngine }',
  },
  'lru-cache': { specifier: 'lru-cache', names: '{ LRUCache }' },
  'mnemonist/lru-map': { specifier: cjs('mnemonist/lru-map'), names: 'LRUMap' },
  'lru.min': { specifier: 'lru.min', names: '{ createLRU }' },
  lru_map: { specifier: 'lru_map', names: 'lruMap' },
  'tiny-lru': { specifier: 'tiny-lru', names: '{ lru }' },
  'quick-lru': { specifier: 'quick-lru', names: 'QuickLRU' },
  '@isaacs/ttlcache': { specifier: '@isaacs/ttlcache', names: '{ TTLCache }' },
  '@cacheable/memory': { specifier: '@cacheable/memory', names: '{ CacheableMemory }' },
  'node-cache': { specifier: 'node-cache', names: 'NodeCache' },
};

/** mnemonist's single structures can only be required: the file behind one, as a URL, or null where it is missing. */
function cjs(specifier) {
  try {
    return pathToFileURL(require.resolve(specifier)).href;
  } catch {
    return null;
  }
}

/** A bundler takes paths, not file URLs. */
export function bundlerPath(specifier) {
  return specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier;
}
