/** Growth: lines over the number of entries, a panel for each operation and kind of key. */

import { counted } from '../harness/table.mjs';
import { SCALE_OPERATIONS, scaleFigures } from '../scale/tables.mjs';
import { colourOf } from './contender-colours.mjs';
import { panelGrid } from './grid.mjs';
import { linePanel } from './line-panel.mjs';
import { picture } from './svg.mjs';

const HEIGHT = 280;

export function scaleCharts(content) {
  const panels = [];
  for (const operation of Object.keys(SCALE_OPERATIONS))
    for (const keyKind of new Set(content.cases.map((figure) => figure.keyKind))) {
      const series = scaleFigures(content, operation, keyKind)
        .map(({ name, points }) => ({
          name,
          colour: colourOf(name, content.contenders[name]),
          points: points
            .filter(({ ns }) => typeof ns === 'number' && ns > 0)
            .map(({ entries, ns }) => ({ x: entries, y: ns })),
        }))
        .filter(({ points }) => points.length > 0);
      panels.push((x, y, width) =>
        linePanel({
          x,
          y,
          width,
          height: HEIGHT,
          title: `${SCALE_OPERATIONS[operation]}, ${keyKind} keys`,
          unit: 'ns',
          xTitle: 'entries',
          series,
          format: magnitude,
        }),
      );
    }
  return [
    {
      file: 'scale.svg',
      svg: picture({
        title: 'What an operation costs as the cache grows',
        words: `Nanoseconds for each operation, net of keys and loop, medians of ${counted(content.rounds, 'round')}; both axes are logarithmic. A line that ends early failed: the page says how.`,
        legendEntries: [],
        draw: (x, y, width) =>
          panelGrid(panels, { x, y, width, columns: 2, heights: panels.map(() => HEIGHT) }),
      }),
    },
  ];
}

function magnitude(entries) {
  if (entries >= 1e6) return `${entries / 1e6} M`;
  return entries >= 1e3 ? `${entries / 1e3} k` : `${entries}`;
}
