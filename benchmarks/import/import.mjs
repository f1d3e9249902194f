/** What importing the core costs: bytes of a bundle, milliseconds in a fresh process, modules of Node that it loads. */

import { runChild } from '../harness/child.mjs';
import { table } from '../harness/table.mjs';
import { bundled } from './bundle.mjs';
import { CORE, imports } from './packages.mjs';
import { importTable } from './tables.mjs';

const childUrl = new URL('./import-child.mjs', import.meta.url);
const emptyUrl = new URL('./empty.mjs', import.meta.url);

/** Returns the raw figures. `options`: smoke, rounds. */
export async function benchImport(options) {
  const runs = options.rounds ?? (options.smoke ? 1 : 20);
  console.log(`\nImport: medians of ${runs} fresh processes, less the import of an empty module.`);
  const esbuild = await import('esbuild').catch(() => null);
  if (esbuild === null) console.log('  esbuild is not installed: bundles are left out.');

  const readings = new Map();
  const missing = new Set();
  for (let run = 0; run < runs; run++)
    for (const name of ['empty', ...Object.keys(imports)]) {
      if (missing.has(name)) continue;
      const specifier = name === 'empty' ? emptyUrl.href : imports[name].specifier;
      try {
        const reading = await runChild(childUrl, [specifier]);
        readings.set(name, [...(readings.get(name) ?? []), reading]);
      } catch (error) {
        if (name === CORE || !/MODULE_NOT_FOUND|Cannot find/.test(error.message)) throw error;
        missing.add(name);
        console.log(`  ${name} is left out, because it is not installed.`);
      }
    }

  const packages = [];
  for (const [name, all] of readings) {
    if (name === 'empty') continue;
    const bundle = esbuild === null ? { error: 'no esbuild' } : await bundled(esbuild, imports[name]);
    packages.push({ name, bundle, ms: all.map(({ ms }) => ms), loaded: all[0].loaded });
  }
  const content = { runs, empty: readings.get('empty').map(({ ms }) => ms), packages };
  const { head, rows } = importTable(content);
  console.log(`\n${table(head, rows)}`);
  return content;
}
