/** The cost of importing, as rows. */

import { median } from '../harness/statistics.mjs';
import { count, fixed } from '../harness/table.mjs';

export function importFigures({ packages, empty }) {
  const baseMs = median(empty);
  return packages.map(({ name, ms, ...rest }) => ({ name, ms: median(ms) - baseMs, ...rest }));
}

export function importTable(content) {
  const bytes = (figure) => (figure === undefined ? '-' : count(figure));
  const rows = importFigures(content).map(({ name, ms, bundle, loaded }) => [
    name,
    bytes(bundle.minified),
    bytes(bundle.gzipped),
    fixed(ms, 1),
    bundle.nodeModules?.join(' ') || '-',
    loaded.map((module) => `node:${module}`).join(' ') || '-',
  ]);
  return {
    head: ['', 'minified B', 'gzipped B', 'import ms', 'imports of node:', 'newly loaded by it'],
    rows,
  };
}
