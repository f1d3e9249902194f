/** Servers: CPU time for each operation by command and by size of value, latency, resident memory. */

import { median } from '../harness/statistics.mjs';
import { count, counted, fixed } from '../harness/table.mjs';
import { sameCell, USUAL } from '../server/cells.mjs';
import { ENGINE, FLOOR, HOTSET, MEMCACHED, REDIS } from '../server/contenders.mjs';
import { bytesText, shownNames } from '../server/labels.mjs';
import { residentFigures, residentTitle } from '../server/resident.mjs';
import { cellFigures } from '../server/tables.mjs';
import { barPanel, barPanelHeight } from './bar-panel.mjs';
import { panelGrid } from './grid.mjs';
import { linePanel } from './line-panel.mjs';
import { linearScale } from './scales.mjs';
import { picture } from './svg.mjs';

const COLOURS = {
  [HOTSET]: 'hotset',
  [ENGINE]: 'hotset-plain',
  [MEMCACHED]: 'rival',
  [REDIS]: 'rest',
  [FLOOR]: 'floor',
};
const colourOf = (name) => COLOURS[name];

const ORDER = [HOTSET, ENGINE, MEMCACHED];
const rank = (name) => (ORDER.indexOf(name) + ORDER.length + 1) % (ORDER.length + 1);

function sortedNames(record) {
  return Object.keys(record).sort((a, b) => rank(a) - rank(b));
}

const SHOWN = ['get', 'set', 'multi-get', 'mg', 'ms', 'binary get'].flatMap((command) =>
  [1, 16].map((pipeline) => ({ ...USUAL, command, pipeline })),
);

export function serverCharts(content) {
  const cells = content.cells.map(cellFigures);
  const names = shownNames(content.contenders);
  return [
    { file: 'server-cpu.svg', svg: cpuPicture(cells, names) },
    { file: 'server-values.svg', svg: valuesPicture(cells, names) },
  ];
}

function cpuPicture(cells, names) {
  const found = SHOWN.flatMap((wanted) => cells.find(({ cell }) => sameCell(cell, wanted)) ?? []);
  const panels = found.map(({ cell, figures }) => {
    const rows = sortedNames(figures).map((name) => ({
      label: names[name],
      colour: colourOf(name),
      values: [figures[name].us, figures[name].user],
    }));
    return panelOf(rows, {
      title: `${cell.command}, pipeline ${cell.pipeline}`,
      unit: cell.command === 'multi-get' ? 'µs for each key' : 'µs',
      format: (value) => fixed(value, 2),
    });
  });
  return barPicture(
    'CPU time of the server for each operation',
    `${counted(USUAL.connections, 'connection')} over loopback, values of ${USUAL.valueBytes} B, medians. Upper bar: user and system time; lower, faint bar: user time alone. memcached has one thread.`,
    panels,
  );
}

function valuesPicture(cells, names) {
  const series = (command) =>
    Object.keys(names)
      .map((name) => ({
        name: names[name],
        colour: colourOf(name),
        points: cells
          .filter(
            ({ cell, figures }) =>
              sameCell({ ...cell, valueBytes: USUAL.valueBytes }, { ...USUAL, command, pipeline: 1 }) &&
              figures[name] !== undefined,
          )
          .map(({ cell, figures }) => ({ x: cell.valueBytes, y: figures[name].us }))
          .sort((a, b) => a.x - b.x),
      }))
      .filter(({ points }) => points.length > 1);
  const panels = ['get', 'set'].map((command) => ({
    height: 300,
    draw: (x, y, width) =>
      linePanel({
        x,
        y,
        width,
        height: 300,
        title: `${command}, pipeline 1`,
        unit: 'CPU µs for each operation',
        xTitle: 'bytes of a value',
        series: series(command),
        format: bytesText,
      }),
  }));
  return barPicture(
    'CPU time of the server by size of value',
    `${counted(USUAL.connections, 'connection')} over loopback, medians. Both axes are logarithmic.`,
    panels,
    1,
  );
}

export function latencyCharts({ cases, contenders }) {
  const names = shownNames(contenders);
  const panels = cases.map(({ title, readings }) => {
    const of = (name, field) => median(readings[name].map((reading) => reading[field]));
    const rows = sortedNames(readings).map((name) => ({
      label: names[name],
      colour: colourOf(name),
      values: [of(name, 'p999'), of(name, 'p50')],
    }));
    return panelOf(rows, { title, unit: 'µs', format: (value) => count(Math.round(value)) });
  });
  return [
    {
      file: 'server-latency.svg',
      svg: barPicture(
        'Latency at a fixed rate',
        `Requests at a fixed mean rate, the same for all, measured from when they were due. Upper bar: p99.9; lower, faint bar: the median.`,
        panels,
      ),
    },
  ];
}

export function residentCharts({ cases, contenders }) {
  const names = shownNames(contenders);
  const panels = cases.map((residentCase) => {
    const figures = residentFigures(residentCase, residentCase.readings);
    const rows = sortedNames(figures).map((name) => ({
      label: names[name],
      colour: colourOf(name),
      values: [figures[name].filled, figures[name].replaced],
    }));
    return panelOf(rows, {
      title: residentTitle(residentCase),
      unit: 'B for each item',
      format: (value) => fixed(value, 0),
    });
  });
  return [
    {
      file: 'server-resident.svg',
      svg: barPicture(
        'Resident memory of the server for each item',
        'As the operating system sees it, over what the server needs while it is empty. Upper bar: all items stored; lower, faint bar: each replaced once.',
        panels,
      ),
    },
  ];
}

function panelOf(rows, { title, unit, format }) {
  const max = Math.max(...rows.flatMap(({ values }) => values));
  return {
    height: barPanelHeight(rows.length, 2),
    draw: (x, y, width) =>
      barPanel({ x, y, width, title, unit, rows, scale: (length) => linearScale(max, length), format }),
  };
}

function barPicture(title, words, panels, columns = 2) {
  return picture({
    title,
    words,
    legendEntries: [],
    draw: (x, y, width) =>
      panelGrid(
        panels.map(({ draw }) => draw),
        { x, y, width, columns, heights: panels.map(({ height }) => height) },
      ),
  });
}
