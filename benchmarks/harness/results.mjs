/** Keeps raw figures: in `<name>.local.json`, which git ignores, or in `<name>.json` to be committed. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { machine, versions } from './machine.mjs';

/** Of the files' form: what was kept in another form is not read. */
export const FORMAT = 2;

const directory = new URL('../results/', import.meta.url);

/** Returns the file's name under benchmarks/. */
export function writeResults(name, keep, figures) {
  const file = keep ? `${name}.json` : `${name}.local.json`;
  const content = {
    format: FORMAT,
    taken: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    ...figures,
  };
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL(file, directory), `${lines(content, '')}\n`);
  return `results/${file}`;
}

/** What was kept of one part, or null. `from`: the directory's URL, where it is not the committed one. */
export function readResults(name, from = directory) {
  const file = new URL(`${name}.json`, from);
  if (!existsSync(file)) return null;
  const content = JSON.parse(readFileSync(file, 'utf8'));
  return content.format === FORMAT ? content : null;
}

/** JSON with anything that fits on a line of its own on one line: thousands of readings stay readable. */
function lines(value, indent) {
  const flat = JSON.stringify(value);
  if (flat === undefined || flat.length <= 100 || typeof value !== 'object' || value === null) return flat;
  const deeper = `${indent} `;
  const entries = Array.isArray(value)
    ? value.map((item) => lines(item, deeper))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}: ${lines(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${entries.map((entry) => deeper + entry).join(',\n')}\n${indent}${close}`;
}
