/** Which workloads, kinds of key and sizes are run, and who takes part in each. */

import {
  BARE_MAP,
  HOTSET,
  HOTSET_PLAIN,
  LRU_CACHE,
  LRU_CACHE_PLAIN,
  LRU_MAP,
  LRU_MAP_WITH_DELETE,
  NO_CACHE,
} from '../caches/index.mjs';
import { workloads } from '../workloads/index.mjs';
import { WORKLOAD_KEY_KINDS } from '../workloads/keys.mjs';

/** At this size each figure takes seconds, so that only those take part whom the bars and the floor need. */
const MANY_ENTRIES = 1_000_000;
const WITH_MANY_ENTRIES = [NO_CACHE, BARE_MAP, HOTSET, LRU_CACHE, HOTSET_PLAIN, LRU_CACHE_PLAIN, LRU_MAP];

/** In the smoke, where everybody takes part; in the other workloads only few do. */
const SMOKE_WORKLOAD = 'mixed';

/** `options`: smoke, only (a RegExp on 'workload kind entries'). */
export function selectedCases({ smoke, only }) {
  const sizes = smoke ? [1_000] : [1_000, 100_000, MANY_ENTRIES];
  const kinds = smoke ? ['fresh'] : WORKLOAD_KEY_KINDS;
  const cases = [];
  for (const workload of Object.keys(workloads))
    for (const entries of sizes)
      for (const keyKind of kinds)
        cases.push({
          workload,
          keyKind,
          entries,
          few: entries >= MANY_ENTRIES || (smoke && workload !== SMOKE_WORKLOAD),
        });
  return cases.filter((benchCase) => only?.test(caseName(benchCase)) ?? true);
}

export function caseName({ workload, keyKind, entries }) {
  return `${workload} ${keyKind} ${entries}`;
}

/** `info`: what results keep of the contender. `full`: also where `few` do, whoever it is. */
export function takesPart(name, info, { workload, keyKind, few }, full) {
  if (few && full !== true && !isInShortList(name, workload)) return false;
  if (info.onlyIn !== undefined && !info.onlyIn.includes(workload)) return false;
  const { needs } = workloads[workload](1_000);
  if (needs === 'ttl' && !info.withTtl) return false;
  if (needs === 'delete' && info.features.delete !== 'on') return false;
  return !(keyKind === 'integer' && info.stringKeysOnly);
}

/** mnemonist's LRUMap cannot delete: there, the other one stands for it. */
function isInShortList(name, workload) {
  return WITH_MANY_ENTRIES.includes(name) || (name === LRU_MAP_WITH_DELETE && workload === 'delete');
}
