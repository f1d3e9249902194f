/** The live view: polls the server's statistics once a second while the page is visible, and draws them. */

import type { ServerStats } from '../client/index.js';
import { Chart } from './chart.js';
import { byId, messageOf, setText } from './dom.js';
import { createEvictionAges } from './eviction-ages.js';
import { CHARTS } from './figures.js';
import { Flush } from './flush.js';
import { duration } from './format.js';
import { createHotEntries } from './hot-entries.js';
import { Inspector } from './inspector.js';
import { pollWhileVisible, watchVisibility } from './polling.js';
import { Readings } from './readings.js';
import { ServerConnection } from './server-connection.js';
import { startTheme } from './theme.js';
import { createTiles } from './tiles.js';

const STATS_INTERVAL_MS = 1_000;
const HOT_INTERVAL_MS = 2_000;
const HOT_LIMIT = 10;
const ACCESS_TEXTS: Readonly<Record<ServerStats['access'], string>> = {
  full: 'full access',
  'read-only': 'read-only',
  metadata: 'metadata only',
};

const readings = new Readings();
const summary = byId('facts', HTMLElement);
const connection = new ServerConnection({
  onConnected: () => pollStats(),
  onDisconnected: () => readings.reset(),
});
const client = () => connection.client;
const inspector = new Inspector(client);
const flush = new Flush(client);
const showTiles = createTiles(byId('tiles', HTMLElement));
const charts = CHARTS.map((figure) => new Chart(figure));
const ages = createEvictionAges();
const hot = createHotEntries((key) => {
  void inspector.inspect(key);
  byId('inspect-key', HTMLElement).focus();
});

byId('panels', HTMLElement).prepend(
  ...charts.map(({ element }) => element),
  ages.element,
  hot.keys,
  hot.prefixes,
);
document.title = `hotset ${location.host}`;
startTheme(() => {
  for (const chart of charts) chart.redraw();
});

const pollStats = pollWhileVisible(
  STATS_INTERVAL_MS,
  () => connection.isConnected,
  () => connection.client.stats().then(showStats, showError),
);

const areHotKeysVisible = watchVisibility(hot.keys, () => pollHot());
const areHotPrefixesVisible = watchVisibility(hot.prefixes, () => pollHot());
const pollHot = pollWhileVisible(
  HOT_INTERVAL_MS,
  () => connection.isConnected && (areHotKeysVisible() || areHotPrefixesVisible()),
  () => connection.client.hot(HOT_LIMIT).then(hot.show, showHotError),
);

function showStats(stats: ServerStats): void {
  const reading = readings.add(stats, performance.timeOrigin + performance.now());
  const { version, uptimeMs, access } = stats;
  setText(summary, `${version} · up ${duration(uptimeMs)} · ${ACCESS_TEXTS[access]}`);
  showTiles(reading);
  for (const chart of charts) chart.add(reading);
  ages.show(stats);
  inspector.mayRead = access !== 'metadata';
  flush.show(stats);
}

function showHotError(error: unknown): void {
  if (connection.isConnected) hot.showError(messageOf(error));
}

/** Errors of a connected server. The header shows that the connection is lost. */
function showError(error: unknown): void {
  if (connection.isConnected) setText(summary, messageOf(error));
}
