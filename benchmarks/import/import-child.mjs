/**
 * Runs in a process of its own: imports one module, and prints as JSON how long that took and which of
 * Node's public modules it brought in. Argument: the specifier.
 */

import { builtinModules } from 'node:module';

const [specifier] = process.argv.slice(2);
// The first reading of the clock loads a module itself.
let start = performance.now();
const before = new Set(process.moduleLoadList);
start = performance.now();
await import(specifier);
const ms = performance.now() - start;
const loaded = process.moduleLoadList
  .filter((entry) => !before.has(entry))
  .map((entry) => entry.replace(/^NativeModule /, ''))
  .filter((name) => builtinModules.includes(name));
process.stdout.write(JSON.stringify({ ms, loaded }));
