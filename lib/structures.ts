/**
 * What servers use of mnemonist, each structure from its own file: the package's entry loads all of them, which takes 50 ms
 * and 10 MB. Its ES module is that entry only.
 */

import { createRequire } from 'node:module';
import type * as mnemonist from 'mnemonist';

const load = createRequire(import.meta.url);

export const Heap: typeof mnemonist.Heap = load('mnemonist/heap');
export const MinHeap: typeof mnemonist.MinHeap = load('mnemonist/heap').MinHeap;
export const Queue: typeof mnemonist.Queue = load('mnemonist/queue');
export type TrieMap<K, V> = mnemonist.TrieMap<K, V>;
export const TrieMap: typeof mnemonist.TrieMap = load('mnemonist/trie-map');
