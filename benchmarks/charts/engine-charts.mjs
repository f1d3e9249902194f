/** Workloads: for each size one picture, a panel for each workload, contenders from fastest to slowest. */

import { marked } from '../caches/features.mjs';
import { summarized } from '../engine/figures.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted } from '../harness/table.mjs';
import { WORKLOAD_TITLES } from '../workloads/index.mjs';
import { barPanel, barPanelHeight } from './bar-panel.mjs';
import { colourOf, contenderLegend } from './contender-colours.mjs';
import { panelGrid } from './grid.mjs';
import { linearScale } from './scales.mjs';
import { picture } from './svg.mjs';

/** Longer bars than this many times the middle one are cut: the rest would look alike. */
const CUT = 4;
/** How far a cut bar reaches past the longest whole one. */
const PAST = 1.12;

/** `[{ file, svg }]` */
export function engineCharts({ cases, contenders, rounds }) {
  return [...new Set(cases.map(({ entries }) => entries))].map((entries) => {
    const own = cases.filter((benchCase) => benchCase.entries === entries);
    const kinds = new Set(own.map(({ keyKind }) => keyKind)).size;
    const panels = [...new Set(own.map(({ workload }) => workload))].map((workload) =>
      workloadPanel(
        workload,
        summarized(own.filter((benchCase) => benchCase.workload === workload)),
        contenders,
      ),
    );
    return {
      file: `workloads-${entries}.svg`,
      svg: picture({
        title: `Time for each operation, ${count(entries)} entries`,
        words: `Nanoseconds net of keys and loop; less is faster. Geometric means over ${kinds} kinds of key, medians of ${counted(rounds, 'round')}. ~ not exact LRU, + keeps everything. Bars that were cut have a gap; their figure stands beside them.`,
        legendEntries: contenderLegend(Object.keys(contenders), contenders),
        draw: (x, y, width) =>
          panelGrid(
            panels.map(({ draw }) => draw),
            { x, y, width, columns: 2, heights: panels.map(({ height }) => height) },
          ),
      }),
    };
  });
}

function workloadPanel(workload, summary, contenders) {
  const rows = summary
    .filter(({ net }) => Number.isFinite(net))
    .sort((a, b) => a.net - b.net)
    .map(({ name, net }) => ({
      label: marked(name, contenders[name]),
      colour: colourOf(name, contenders[name]),
      values: [net],
    }));
  const all = rows.map(({ values: [net] }) => net);
  const whole = all.filter((net) => net <= median(all) * CUT);
  const max = Math.max(...whole) * (whole.length < all.length ? PAST : 1);
  return {
    height: barPanelHeight(rows.length, 1, true),
    draw: (x, y, width) =>
      barPanel({
        x,
        y,
        width,
        title: workload,
        subtitle: WORKLOAD_TITLES[workload],
        unit: 'ns',
        rows,
        scale: (length) => linearScale(max, length),
      }),
  };
}
