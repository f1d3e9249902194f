/** The live view: asks the server for its statistics once a second while somebody looks, and draws them. */

import type { ServerStats } from '../client/index.js';
import { Chart } from './chart.js';
import { byId, messageOf, setText } from './dom.js';
import { createEvictionAges } from './eviction-ages.js';
import { CHARTS } from './figures.js';
import { Flush } from './flush.js';
import { duration } from './format.js';
import { createHotEntries } from './hot-entries.js';
import { Inspector } from './inspector.js';
import { Link } from './link.js';
import { Readings } from './readings.js';
import { repeatWhileSeen, watchSight } from './repeat.js';
import { startTheme } from './theme.js';
import { createTiles } from './tiles.js';

const STATS_EVERY_MS = 1_000;
const HOT_EVERY_MS = 2_000;
const HOT_LIMIT = 10;
const ACCESS_TEXTS: Readonly<Record<ServerStats['access'], string>> = {
  full: 'full access',
  'read-only': 'read-only',
  metadata: 'metadata only',
};

const readings = new Readings();
const facts = byId('facts', HTMLElement);
const link = new Link({ onConnected: () => askForStats(), onLost: () => readings.forget() });
const client = () => link.client;
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

const askForStats = repeatWhileSeen(
  STATS_EVERY_MS,
  () => link.isConnected,
  () => link.client.stats().then(show, complain),
);

const seesHotKeys = watchSight(hot.keys, () => askForHot());
const seesHotPrefixes = watchSight(hot.prefixes, () => askForHot());
const askForHot = repeatWhileSeen(
  HOT_EVERY_MS,
  () => link.isConnected && (seesHotKeys() || seesHotPrefixes()),
  () => link.client.hot(HOT_LIMIT).then(hot.show, refuseHot),
);

function show(stats: ServerStats): void {
  const reading = readings.add(stats, performance.timeOrigin + performance.now());
  const { version, uptimeMs, access } = stats;
  setText(facts, `${version} · up ${duration(uptimeMs)} · ${ACCESS_TEXTS[access]}`);
  showTiles(reading);
  for (const chart of charts) chart.add(reading);
  ages.show(stats);
  inspector.mayRead = access !== 'metadata';
  flush.show(stats);
}

function refuseHot(error: unknown): void {
  if (link.isConnected) hot.refuse(messageOf(error));
}

/** A broken connection is told of beside the name; what a server that answers refuses stands here. */
function complain(error: unknown): void {
  if (link.isConnected) setText(facts, messageOf(error));
}
