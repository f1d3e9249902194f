/** Writes raw figures: to `<name>.local.json`, which git ignores, or to `<name>.json` to be committed. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { machine, versions } from './machine.mjs';

const directory = new URL('../results/', import.meta.url);

/** Returns the file's name under benchmarks/. */
export function writeResults(name, keep, figures) {
  const file = keep ? `${name}.json` : `${name}.local.json`;
  const content = { taken: new Date().toISOString(), machine: machine(), versions: versions(), ...figures };
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL(file, directory), `${JSON.stringify(content, null, 2)}\n`);
  return `results/${file}`;
}
