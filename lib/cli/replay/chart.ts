/** The curve of hit ratios as an SVG that stands alone: sizes on a logarithmic axis, a line for each policy. */

import { type Report, sentences, sizeText } from './report.js';

const WIDTH = 860;
const HEIGHT = 500;
const PLOT = { left: 64, top: 64, right: 700, bottom: 420 };
/** Okabe and Ito's colours, which most people tell apart. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00'];
const LIMIT_COLOR = '#666666';
const LABEL_HEIGHT = 16;

interface Line {
  readonly name: string;
  readonly color: string;
  readonly dashed: boolean;
  readonly points: readonly { readonly size: number; readonly hitRatio: number }[];
}

export function chart(report: Report): string {
  const { sizes, unit } = report;
  const from = Math.log2(sizes[0]!);
  const to = Math.max(Math.log2(sizes.at(-1)!), from + 1);
  const x = (size: number): number =>
    PLOT.left + ((Math.log2(size) - from) / (to - from)) * (PLOT.right - PLOT.left);
  const y = (ratio: number): number => PLOT.bottom - ratio * (PLOT.bottom - PLOT.top);
  const lines = linesOf(report);
  const title = `Hit ratio by size: ${report.title}`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#222">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(PLOT.left, 26, title, 'font-size="16" font-weight="600"'),
    text(PLOT.left, 46, sentences(report)[0] ?? '', 'fill="#555"'),
  ];
  for (let tenths = 0; tenths <= 10; tenths += 2) {
    const at = y(tenths / 10);
    parts.push(
      `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(at)}" y2="${round(at)}" stroke="${tenths === 0 ? '#888' : '#e4e4e4'}"/>`,
      text(PLOT.left - 8, at + 4, `${tenths * 10} %`, 'text-anchor="end" fill="#555"'),
    );
  }
  let labelled = Number.NEGATIVE_INFINITY;
  for (const size of sizes) {
    const at = x(size);
    if (at - labelled < 72) continue;
    labelled = at;
    parts.push(
      `<line x1="${round(at)}" x2="${round(at)}" y1="${PLOT.bottom}" y2="${PLOT.bottom + 5}" stroke="#888"/>`,
      text(at, PLOT.bottom + 20, sizeText(size, unit), 'text-anchor="middle" fill="#555"'),
    );
  }
  parts.push(
    text(
      (PLOT.left + PLOT.right) / 2,
      PLOT.bottom + 44,
      unit === 'bytes' ? 'memory (logarithmic)' : 'entries (logarithmic)',
      'text-anchor="middle" fill="#555"',
    ),
  );
  for (const { points, color, dashed } of lines) {
    const shown = points.filter(({ size }) => size >= sizes[0]! * 0.999 && size <= sizes.at(-1)! * 1.001);
    const path = shown.map(({ size, hitRatio }) => `${round(x(size))},${round(y(hitRatio))}`).join(' ');
    parts.push(
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"${dashed ? ' stroke-dasharray="5 4"' : ''}/>`,
    );
  }
  for (const { line, at } of labelsOf(lines, y))
    parts.push(text(PLOT.right + 10, at + 4, line.name, `fill="${line.color}" font-weight="600"`));
  parts.push('</svg>');
  return `${parts.join('\n')}\n`;
}

function linesOf({ policies, limit, lru, sizes }: Report): Line[] {
  const points = (hitRatios: readonly number[]): Line['points'] =>
    hitRatios.flatMap((hitRatio, i) => (Number.isNaN(hitRatio) ? [] : [{ size: sizes[i]!, hitRatio }]));
  return [
    { name: limit.name, color: LIMIT_COLOR, dashed: true, points: points(limit.hitRatios) },
    ...policies.map(({ name, hitRatios }, i) => ({
      name,
      color: COLORS[i % COLORS.length]!,
      dashed: false,
      points: name === 'lru' ? lru : points(hitRatios),
    })),
  ];
}

/** Beside the lines' ends, moved apart where they would cover each other. */
function labelsOf(lines: readonly Line[], y: (ratio: number) => number): { line: Line; at: number }[] {
  const labels = lines
    .filter(({ points }) => points.length > 0)
    .map((line) => ({ line, at: y(line.points.at(-1)!.hitRatio) }))
    .sort((a, b) => a.at - b.at);
  for (let i = 1; i < labels.length; i++)
    labels[i]!.at = Math.max(labels[i]!.at, labels[i - 1]!.at + LABEL_HEIGHT);
  const over = (labels.at(-1)?.at ?? 0) - PLOT.bottom;
  if (over > 0) for (const label of labels) label.at -= over;
  return labels;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content
    .replaceAll(/[\p{Cc}\ufffe\uffff]|\p{Cs}/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
