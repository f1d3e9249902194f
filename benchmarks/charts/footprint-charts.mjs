/** Bytes for each entry: for the largest size, a panel for each shape of entry. */

import { marked } from '../caches/features.mjs';
import { FOOTPRINT_SHAPES } from '../footprint/shapes.mjs';
import { footprintFigures } from '../footprint/tables.mjs';
import { TWO_ARRAYS } from '../footprint/two-arrays.mjs';
import { count, fixed } from '../harness/table.mjs';
import { barPanel, barPanelHeight } from './bar-panel.mjs';
import { colourOf } from './contender-colours.mjs';
import { panelGrid } from './grid.mjs';
import { linearScale } from './scales.mjs';
import { picture } from './svg.mjs';

export function footprintCharts({ cases, contenders }) {
  const entries = Math.max(...cases.map((figure) => figure.entries));
  const own = cases.filter((figure) => figure.entries === entries);
  const figures = own.map((figure) => footprintFigures(figure));
  const finite = figures
    .flat()
    .flatMap(({ grown, turnedOver }) => [grown, turnedOver])
    .filter(Number.isFinite);
  const panels = own.map(({ shape }, i) => {
    const rows = [...figures[i]]
      .sort((a, b) => (a.grown || Number.POSITIVE_INFINITY) - (b.grown || Number.POSITIVE_INFINITY))
      .map(({ name, grown, turnedOver }) => ({
        label: name === TWO_ARRAYS ? 'two arrays' : marked(name, contenders[name]),
        colour: name === TWO_ARRAYS ? 'floor' : colourOf(name, contenders[name]),
        values: [grown, turnedOver],
        note: Number.isFinite(grown) ? undefined : 'too slow',
      }));
    return {
      height: barPanelHeight(rows.length, 2),
      draw: (x, y, width) =>
        barPanel({
          x,
          y,
          width,
          title: `Values: ${FOOTPRINT_SHAPES[shape].title}`,
          unit: 'B',
          rows,
          scale: (length) => linearScale(Math.max(...finite), length),
          format: (value) => fixed(value, 0),
        }),
    };
  });
  return [
    {
      file: 'footprint.svg',
      svg: picture({
        title: `Memory for each entry, ${count(entries)} entries`,
        words:
          'Bytes under keys of 9 characters, key and value with them: heap and what lies outside it, after forced collections. Upper bar: filled from empty. Lower, faint bar: after all entries were replaced once. ~ not exact LRU, + keeps everything and is told to delete.',
        legendEntries: [],
        draw: (x, y, width) =>
          panelGrid(
            panels.map(({ draw }) => draw),
            { x, y, width, columns: 2, heights: panels.map(({ height }) => height) },
          ),
      }),
    },
  ];
}
