/**
 * Before anything is timed: contenders that claim exact LRU must hit equally often, and be left with the same
 * entries. The others are compared with nothing, but their hits are shown beside those.
 */

import { runChild } from '../harness/child.mjs';
import { count, table } from '../harness/table.mjs';
import { selectedCases, takesPart } from './cases.mjs';

const childUrl = new URL('./count-hits.mjs', import.meta.url);
/** Order does not depend on size: what is compared up to here is not compared again above. */
const MAX_ENTRIES = 100_000;
const ATTEMPTS = 3;

/** Returns `[{ workload, entries, exact, others: { name: hits } }]`; throws where contenders differ. */
export async function compareHits(info, options) {
  const cases = selectedCases(options).filter(
    ({ keyKind, entries }) => entries < MAX_ENTRIES || (entries === MAX_ENTRIES && keyKind === 'fresh'),
  );
  const counts = new Map();
  for (const [name, about] of Object.entries(info)) {
    if (about.floor) continue;
    const own = cases.filter((benchCase) => takesPart(name, about, benchCase, options.full));
    const found = await runChild(childUrl, [name, JSON.stringify(own)]);
    own.forEach((benchCase, i) => {
      counts.set(`${name} ${cases.indexOf(benchCase)}`, found[i]);
    });
  }
  const compared = [];
  for (const [index, benchCase] of cases.entries()) {
    const of = (name) => counts.get(`${name} ${index}`);
    const names = Object.keys(info).filter((name) => of(name) !== undefined);
    const exact = names.filter((name) => info[name].exactLru);
    if (new Set(exact.map((name) => `${of(name)}`)).size > 1 && !(await agreeAgain(benchCase, exact))) {
      const list = exact.map((name) => `${name}: ${of(name)}`).join('; ');
      const { workload, keyKind, entries } = benchCase;
      throw new Error(`hits differ in ${workload}, ${keyKind} keys, ${entries} entries: ${list}`);
    }
    compared.push({
      ...benchCase,
      exact: exact.length > 0 ? of(exact[0]) : null,
      others: Object.fromEntries(
        names.filter((name) => !info[name].exactLru).map((name) => [name, of(name)]),
      ),
    });
  }
  printHits(info, compared);
  return compared;
}

/** Waves of real time can be late when the machine was busy; nothing else gets a second chance. */
async function agreeAgain(benchCase, names) {
  if (benchCase.workload !== 'ttl-churn') return false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = [];
    for (const name of names)
      found.push(`${(await runChild(childUrl, [name, JSON.stringify([benchCase])]))[0]}`);
    if (new Set(found).size === 1) return true;
  }
  return false;
}

function printHits(info, compared) {
  const exact = Object.keys(info).filter((name) => info[name].exactLru);
  console.log(`  Same hits, and the same entries left, in ${compared.length} cases: ${exact.join('; ')}.`);
  const rows = [];
  for (const row of hitRows(compared)) rows.push(row);
  if (rows.length === 0) return;
  console.log('\n  Not exact LRU: hits of the second pass, beside those of exact LRU');
  console.log(table(['', ...otherNames(compared), 'exact LRU'], rows));
}

export function otherNames(compared) {
  return [...new Set(compared.flatMap(({ others }) => Object.keys(others)))];
}

/** Rows of the workloads in which reads decide about hits; one kind of key stands for all. */
export function hitRows(compared) {
  const shown = compared.filter(
    ({ workload, keyKind, exact }) =>
      keyKind === 'fresh' && exact !== null && ['mixed', 'scan'].includes(workload),
  );
  return shown.map(({ workload, entries, exact, others }) => [
    `${workload}, ${count(entries)} entries`,
    ...otherNames(compared).map((name) => (others[name] ? count(others[name][1]) : 'too slow')),
    count(exact[1]),
  ]);
}
