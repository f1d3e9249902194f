/**
 * Joins what tsc wrote to dist/ into one file for each entry of the package, and chunks that entries share.
 * A module costs half a millisecond to load, whatever is in it: the core has thirty. Nothing is minified or
 * renamed, and code that two entries use stays one copy, so that a class is the same class in both. tsc's own
 * files stay where they are, for the benchmarks; the package leaves them out.
 */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const entries = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
  .map((target) => (typeof target === 'string' ? target : target.default))
  .filter((target) => target.endsWith('.js'))
  .map((target) => join(root, target));

const { outputFiles } = await build({
  entryPoints: entries,
  outbase: dist,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  chunkNames: 'chunks/[name]-[hash]',
  write: false,
});

for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
for (const target of Object.values(manifest.bin)) chmodSync(join(root, target), 0o755);

await import('./browser-files.mjs');
