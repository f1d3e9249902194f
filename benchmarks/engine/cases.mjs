/** Which workloads, kinds of key and sizes are run, and who takes part in each. */

import { workloads } from '../workloads/index.mjs';
import { WORKLOAD_KEY_KINDS } from '../workloads/keys.mjs';

/** `options`: smoke, full, only (a RegExp on 'workload kind entries'). */
export function selectedCases({ smoke, full, only }) {
  const sizes = smoke ? [1_000] : [1_000, 100_000, ...(full ? [1_000_000] : [])];
  const kinds = smoke ? ['fresh'] : WORKLOAD_KEY_KINDS;
  const cases = [];
  for (const workload of Object.keys(workloads))
    for (const entries of sizes) for (const keyKind of kinds) cases.push({ workload, keyKind, entries });
  return cases.filter((benchCase) => only?.test(caseName(benchCase)) ?? true);
}

export function caseName({ workload, keyKind, entries }) {
  return `${workload} ${keyKind} ${entries}`;
}

/** `info`: what results keep of a contender. */
export function takesPart(info, { workload, keyKind }) {
  if (info.onlyIn !== undefined && !info.onlyIn.includes(workload)) return false;
  const { needs } = workloads[workload](1_000);
  if (needs === 'ttl' && !info.withTtl) return false;
  if (needs === 'delete' && info.features.delete !== 'on') return false;
  return !(keyKind === 'integer' && info.stringKeysOnly);
}
