/**
 * npm run bench:charts [-- --results=DIRECTORY --to=DIRECTORY]
 *
 * Draws docs/charts/*.svg from what `npm run bench -- --keep` left in benchmarks/results/.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { engineCharts } from './charts/engine-charts.mjs';
import { footprintCharts } from './charts/footprint-charts.mjs';
import { pausesCharts } from './charts/pauses-charts.mjs';
import { scaleCharts } from './charts/scale-charts.mjs';
import { latencyCharts, residentCharts, serverCharts } from './charts/server-charts.mjs';
import { readKept } from './report/kept.mjs';

const charts = {
  engine: engineCharts,
  scale: scaleCharts,
  pauses: pausesCharts,
  footprint: footprintCharts,
  server: serverCharts,
  latency: latencyCharts,
  resident: residentCharts,
};

const { values } = parseArgs({ options: { results: { type: 'string' }, to: { type: 'string' } } });
const from = values.results === undefined ? undefined : pathToFileURL(`${values.results}/`);
const to =
  values.to === undefined ? new URL('../docs/charts/', import.meta.url) : pathToFileURL(`${values.to}/`);

mkdirSync(to, { recursive: true });
for (const [part, draw] of Object.entries(charts)) {
  const results = readKept(part, from);
  if (results === null) {
    console.log(`${part}: no figures were kept, no charts drawn`);
    continue;
  }
  for (const { file, svg } of draw(results)) {
    writeFileSync(new URL(file, to), svg);
    console.log(`${part}: ${file}`);
  }
}
