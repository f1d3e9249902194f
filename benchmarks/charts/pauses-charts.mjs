/** Pauses: the longest call of each contender, with and without the collector, and mass expiry. */

import { NO_CACHE } from '../caches/index.mjs';
import { count, counted, short } from '../harness/table.mjs';
import { scenarios } from '../pauses/expiry-scenarios.mjs';
import { expiryFigures, growthFigures, growthSizes } from '../pauses/tables.mjs';
import { barPanel, barPanelHeight } from './bar-panel.mjs';
import { colourOf } from './contender-colours.mjs';
import { panelGrid } from './grid.mjs';
import { logScale } from './scales.mjs';
import { picture } from './svg.mjs';

const MIN_MS = 0.01;
/** What the project allows itself. */
const BAR_MS = 10;

export function pausesCharts(content) {
  const charts = [];
  if (content.growth.length > 0) charts.push(growthChart(content));
  if (content.expiry !== undefined) charts.push(expiryChart(content));
  return charts;
}

function growthChart(content) {
  const figures = [];
  for (const entries of growthSizes(content))
    for (const [phase, title] of [
      ['growth', 'growing from empty'],
      ['churn', 'each set evicting'],
    ])
      figures.push({
        title: `${count(entries)} entries, ${title}`,
        all: growthFigures(content, phase, entries),
      });
  const max = nextDecade(figures.flatMap(({ all }) => all.map(({ max }) => max)));
  const panels = figures.map(({ title, all }) => {
    const rows = all.map((figure) => ({
      label: figure.name === NO_CACHE ? 'no cache (the machine)' : figure.name,
      colour: colourOf(figure.name, content.contenders[figure.name]),
      values: [figure.netMax, figure.max],
      note: figure.failed,
    }));
    return {
      height: barPanelHeight(rows.length, 2),
      draw: (x, y, width) => msPanel({ x, y, width, title, rows, max }),
    };
  });
  return {
    file: 'pauses.svg',
    svg: picture({
      title: 'The longest single set',
      words: `Milliseconds, logarithmic; every call was timed, medians of ${counted(content.rounds, 'round')}. Upper bar: without what the collector took of the call. Lower, faint bar: all of it. Dashed: ${BAR_MS} ms.`,
      legendEntries: [],
      draw: (x, y, width) => gridOf(panels, x, y, width),
    }),
  };
}

function expiryChart(content) {
  const rows = expiryFigures(content).map((figure) => ({
    label: figure.name,
    colour: colourOf(scenarios[figure.name]?.contender ?? figure.name, { exactLru: true, floor: false }),
    values: [figure.netTurn, figure.turn],
    note: figure.failed,
  }));
  const max = nextDecade(rows.flatMap(({ values }) => values));
  const panel = {
    height: barPanelHeight(rows.length, 2),
    draw: (x, y, width) => msPanel({ x, y, width, title: 'Longest turn of the event loop', rows, max }),
  };
  return {
    file: 'expiry.svg',
    svg: picture({
      title: `${count(content.expiry.entries)} entries expire in the same second`,
      words: `How long everything else in the process had to wait at worst, in milliseconds, logarithmic; medians of ${counted(content.expiry.rounds, 'round')}. Upper bar: without the collector. Lower, faint bar: all of it. Dashed: ${BAR_MS} ms.`,
      legendEntries: [],
      draw: (x, y, width) => gridOf([panel], x, y, width, 1),
    }),
  };
}

function gridOf(panels, x, y, width, columns = 2) {
  return panelGrid(
    panels.map(({ draw }) => draw),
    { x, y, width, columns, heights: panels.map(({ height }) => height) },
  );
}

function msPanel({ x, y, width, title, rows, max }) {
  const scale = (length) => logScale(MIN_MS, max, length);
  const format = (value) => (value < MIN_MS ? '< 0.01' : short(value).replace(/\.0+$/, ''));
  return barPanel({ x, y, width, title, unit: 'ms', rows, scale, mark: BAR_MS, format });
}

function nextDecade(figures) {
  const max = Math.max(100, ...figures.filter(Number.isFinite));
  return 10 ** Math.ceil(Math.log10(max));
}
