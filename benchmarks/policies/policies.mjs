/** The engine under each policy, in all workloads of the engine's benchmark: ns for each operation. */

import { NO_CACHE, policies } from '../caches/index.mjs';
import { caseName } from '../engine/cases.mjs';
import { runChild } from '../harness/child.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { counted, table } from '../harness/table.mjs';
import { policyWorkloads, workloads } from '../workloads/index.mjs';
import { WORKLOAD_KEY_KINDS } from '../workloads/keys.mjs';
import { policiesTable } from './tables.mjs';

const childUrl = new URL('../engine/contender.mjs', import.meta.url);
const CHILD_MS = 60_000;
const KEY_KIND = 'fresh';
const SIZES = [1000, 100_000];

/** Returns the raw figures. `options`: smoke, rounds, only. */
export async function benchPolicies({ smoke, rounds = smoke ? 1 : 3, only }) {
  const measureMs = smoke ? 8 : 100;
  console.log(`\nPolicies: a fresh process for each figure; medians of ${counted(rounds, 'round')}.`);
  const cases = [];
  for (const { workload, keyKind, entries } of selected(smoke, only)) {
    const names = [...(workload === 'ttl-churn' ? [] : [NO_CACHE]), ...Object.keys(policies)];
    const results = await inRounds(names, rounds, (name) =>
      runChild(childUrl, [name, workload, keyKind, entries, measureMs, ''], { timeoutMs: CHILD_MS }),
    );
    cases.push({ workload, keyKind, entries, readings: Object.fromEntries(results) });
  }
  const figures = { rounds, measureMs, cases };
  const { head, rows } = policiesTable(figures);
  console.log(table(head, rows));
  return figures;
}

/** Hits with every kind of key, the other workloads with one. */
function selected(smoke, only) {
  const cases = Object.keys({ ...policyWorkloads, ...workloads }).flatMap((workload) =>
    (smoke ? SIZES.slice(0, 1) : SIZES).flatMap((entries) =>
      (Object.hasOwn(policyWorkloads, workload) ? WORKLOAD_KEY_KINDS : [KEY_KIND]).map((keyKind) => ({
        workload,
        keyKind,
        entries,
      })),
    ),
  );
  return cases.filter((benchCase) => only?.test(caseName(benchCase)) ?? true);
}
