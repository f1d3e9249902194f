/** A panel of horizontal bars, one row for each contender, one or two bars in a row. */

import { short } from '../harness/table.mjs';
import { bar, line, text, textWidth } from './svg.mjs';

const ROW = 18;
const HEAD = 26;
const SUBTITLE = 16;
const AXIS = 22;
const LABEL_SIZE = 11.5;
const VALUE_ROOM = 58;

export function barPanelHeight(rows, bars = 1, subtitle = false) {
  return HEAD + (subtitle ? SUBTITLE : 0) + rows * rowHeight(bars) + AXIS;
}

function rowHeight(bars) {
  return bars === 1 ? ROW : ROW + 6;
}

/**
 * `rows`: `{ label, colour, values, note }`, one value for each bar; a value past the scale's end is drawn cut.
 * The second bar of a row is drawn faint. `scale(length)` makes the scale. `mark`: a value to draw a line at.
 *
 * @param {{ x: number, y: number, width: number, title: string, subtitle?: string, unit: string, rows: any[],
 *   scale: (length: number) => any, mark?: number, format?: (figure: any) => string }} panel
 */
export function barPanel({ x, y, width, title, subtitle, unit, rows, scale, mark, format = short }) {
  const bars = rows[0]?.values.length ?? 1;
  const labels = Math.max(...rows.map(({ label }) => textWidth(label, LABEL_SIZE))) + 8;
  const left = x + labels;
  const axis = scale(width - labels - VALUE_ROOM);
  const top = y + HEAD + (subtitle === undefined ? 0 : SUBTITLE);
  const bottom = top + rows.length * rowHeight(bars);
  const parts = [text(x, y + 12, title, { bold: true, size: 13 })];
  if (subtitle !== undefined) parts.push(text(x, y + 12 + SUBTITLE, subtitle, { tone: 'dim', size: 11 }));
  parts.push(text(x + width, y + 12, unit, { anchor: 'end', tone: 'dim', size: 11 }));
  for (const tick of axis.ticks) {
    parts.push(line(left + axis.at(tick), top - 2, left + axis.at(tick), bottom));
    parts.push(
      text(left + axis.at(tick), bottom + 14, trimmed(format(tick)), {
        anchor: 'middle',
        tone: 'dim',
        size: 10.5,
      }),
    );
  }
  if (mark !== undefined)
    parts.push(line(left + axis.at(mark), top - 2, left + axis.at(mark), bottom, 'dim', true));
  rows.forEach((row, i) => {
    const at = top + i * rowHeight(bars);
    const middle = at + rowHeight(bars) / 2 + 4;
    parts.push(text(left - 6, middle, row.label, { anchor: 'end', size: LABEL_SIZE }));
    if (row.note !== undefined) {
      parts.push(text(left + 4, middle, row.note, { tone: 'dim', size: 10.5 }));
      return;
    }
    row.values.forEach((value, index) => {
      if (!Number.isFinite(value)) return;
      const thick = bars === 1 ? 12 : 9;
      const barTop = at + (bars === 1 ? 3 : 3 + index * 9.5);
      parts.push(
        ...oneBar({ left, barTop, thick, value, axis, colour: row.colour, faint: index > 0, format }),
      );
    });
  });
  return parts.join('\n');
}

/** Ticks are round numbers. */
function trimmed(label) {
  return label.includes('.') ? label.replace(/\.?0+$/, '') : label;
}

function oneBar({ left, barTop, thick, value, axis, colour, faint, format }) {
  const end = axis.at(value);
  const parts = [bar(left, barTop, end, thick, colour, faint)];
  const cut = value > axis.max * 1.001;
  // A slanted gap says that the bar is longer than it is drawn.
  if (cut) {
    const gap = left + end - 14;
    const bottom = barTop + thick + 1;
    parts.push(
      `<polygon points="${gap},${bottom} ${gap + 4},${barTop - 1} ${gap + 8},${barTop - 1} ${gap + 4},${bottom}" class="card"/>`,
    );
  }
  parts.push(
    text(left + end + 5, barTop + thick - (thick < 12 ? 0.5 : 2), format(value), {
      tone: 'dim halo',
      size: thick < 12 ? 9.5 : 10.5,
      bold: cut,
    }),
  );
  return parts;
}
