/** The live view: polls the servers' statistics once a second while the page is visible, and draws their sum. */

import type { ServerStats } from '../client/index.js';
import { Chart } from './chart.js';
import { createCurvePanel } from './curve.js';
import { byId, messageOf, setText } from './dom.js';
import { createEvictionAges } from './eviction-ages.js';
import { CHARTS } from './figures.js';
import { Flush } from './flush.js';
import { duration } from './format.js';
import { createHotEntries } from './hot-entries.js';
import { Inspector } from './inspector.js';
import { pollWhileVisible, watchVisibility } from './polling.js';
import { GAP_MS } from './readings.js';
import { createServerTable } from './server-table.js';
import { Servers } from './servers.js';
import { startSpan } from './span.js';
import { startTheme } from './theme.js';
import { createTiles } from './tiles.js';
import { curveOfAll, hottestOf, totalOf, totalsOf } from './total.js';

const STATS_INTERVAL_MS = 1_000;
/** One of several servers that is slow does not hold up the others' figures. */
const PATIENCE_MS = 700;
const HOT_INTERVAL_MS = 2_000;
const HOT_LIMIT = 10;
/** Charts before the curve and the hottest keys. */
const CHARTS_FIRST = 3;
const CURVE_INTERVAL_MS = 5_000;
const ACCESS_TEXTS: Readonly<Record<ServerStats['access'], string>> = {
  full: 'full access',
  'read-only': 'read-only',
  metadata: 'metadata only',
};

const summary = byId('facts', HTMLElement);
const servers = new Servers(() => {
  pollStats();
  pollCurve();
  pollHot();
});
const count = servers.all.length;
const inspector = new Inspector(servers);
const flush = new Flush(servers);
const showTiles = createTiles(byId('tiles', HTMLElement));
const showServers = createServerTable(byId('servers', HTMLElement), servers.all);
const charts = CHARTS.map((figure) => new Chart(figure));
const ages = createEvictionAges();
const hot = createHotEntries((key) => {
  void inspector.inspect(key);
  byId('inspect-key', HTMLElement).focus();
});
const curve = createCurvePanel();
/** When the newest point of the charts was read. */
let chartedAtMs = 0;

byId('panels', HTMLElement).prepend(
  ...charts.slice(0, CHARTS_FIRST).map(({ element }) => element),
  curve.element,
  hot.keys,
  ...charts.slice(CHARTS_FIRST).map(({ element }) => element),
  ages.element,
  hot.prefixes,
);
document.title = `hotset ${location.host}`;
startTheme(() => {
  for (const chart of charts) chart.redraw();
});
startSpan((seconds) => {
  for (const chart of charts) chart.shownSeconds = seconds;
});

const pollStats = pollWhileVisible(STATS_INTERVAL_MS, () => servers.isConnected || count > 1, readStats);

const areHotKeysVisible = watchVisibility(hot.keys, () => pollHot());
const areHotPrefixesVisible = watchVisibility(hot.prefixes, () => pollHot());
const pollHot = pollWhileVisible(
  HOT_INTERVAL_MS,
  () => servers.isConnected && (areHotKeysVisible() || areHotPrefixesVisible()),
  () =>
    Promise.all(servers.clients().map((client) => client.hot(HOT_LIMIT))).then(
      (all) => hot.show(hottestOf(all, HOT_LIMIT)),
      showHotError,
    ),
);

const isCurveVisible = watchVisibility(curve.element, () => pollCurve());
const pollCurve = pollWhileVisible(
  CURVE_INTERVAL_MS,
  () => servers.isConnected && isCurveVisible(),
  () =>
    Promise.all(servers.clients().map((client) => client.missRatioCurve())).then(
      (all) => curve.show(curveOfAll(all)),
      showCurveError,
    ),
);

/** Fills the charts with what the servers remember: from before the page was opened, or while it was hidden. */
async function recall(): Promise<void> {
  const past = totalsOf(await Promise.all(servers.all.map((server) => server.recall(chartedAtMs))));
  if (past.length === 0) return;
  for (const chart of charts) chart.add(...past);
  chartedAtMs = past.at(-1)!.atMs;
}

async function readStats(): Promise<void> {
  if (performance.timeOrigin + performance.now() - chartedAtMs > GAP_MS) await recall();
  const polls = Promise.all(servers.all.map((server) => server.poll()));
  await (count === 1
    ? polls
    : Promise.race([polls, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]));
  showServers();
  const now = performance.timeOrigin + performance.now();
  const readings = servers.connected
    .flatMap(({ server }) => server.reading ?? [])
    .filter(({ atMs }) => now - atMs < GAP_MS);
  // Errors of a connected server. The header shows that a connection is lost.
  const error = count === 1 && servers.isConnected ? servers.all[0]!.error : '';
  if (error !== '') setText(summary, error);
  else if (readings.length > 0) showStats(readings);
}

function showStats(readings: Parameters<typeof totalOf>[0]): void {
  const reading = totalOf(readings);
  const { version, uptimeMs, access } = reading.stats;
  const fleet = count === 1 ? '' : `${count} servers · `;
  setText(summary, `${fleet}${version} · up ${duration(uptimeMs)} · ${ACCESS_TEXTS[access]}`);
  showTiles(reading);
  for (const chart of charts) chart.add(reading);
  chartedAtMs = reading.atMs;
  ages.show(reading.stats);
  inspector.mayRead = access !== 'metadata';
  flush.show(reading.stats, readings.length);
}

function showCurveError(error: unknown): void {
  if (servers.isConnected) curve.showError(messageOf(error));
}

function showHotError(error: unknown): void {
  if (servers.isConnected) hot.showError(messageOf(error));
}
