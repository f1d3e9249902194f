/** A panel of lines over a logarithmic axis of entries, each named at its end. */

import { count } from '../harness/table.mjs';
import { logScale } from './scales.mjs';
import { line, polyline, text } from './svg.mjs';

const HEAD = 26;
const AXIS = 36;
const NAMES_ROOM = 148;
const LABEL_GAP = 13;

/** `series`: `{ name, colour, points: [{ x, y }] }`. Both axes are logarithmic. */
export function linePanel({ x, y, width, height, title, unit, xTitle, series, format }) {
  const all = series.flatMap(({ points }) => points);
  const ys = all.map((point) => point.y);
  const xs = all.map((point) => point.x);
  const left = x + 40;
  const right = x + width - NAMES_ROOM;
  const top = y + HEAD;
  const bottom = y + height - AXIS;
  const across = logScale(Math.min(...xs), Math.max(...xs), right - left);
  const up = logScale(Math.min(...ys) / 1.15, Math.max(...ys) * 1.15, bottom - top, { everyStep: true });
  const parts = [text(x, y + 12, title, { bold: true, size: 13 })];
  parts.push(text(x + width, y + 12, unit, { anchor: 'end', tone: 'dim', size: 11 }));
  for (const tick of up.ticks) {
    parts.push(line(left, bottom - up.at(tick), right, bottom - up.at(tick)));
    parts.push(
      text(left - 6, bottom - up.at(tick) + 4, count(tick), { anchor: 'end', tone: 'dim', size: 10.5 }),
    );
  }
  for (const tick of across.ticks) {
    parts.push(line(left + across.at(tick), top, left + across.at(tick), bottom));
    parts.push(
      text(left + across.at(tick), bottom + 15, format(tick), { anchor: 'middle', tone: 'dim', size: 10.5 }),
    );
  }
  parts.push(text((left + right) / 2, bottom + 30, xTitle, { anchor: 'middle', tone: 'dim', size: 10.5 }));
  const ends = [];
  for (const { name, colour, points } of series) {
    const places = points.map((point) => [left + across.at(point.x), bottom - up.at(point.y)]);
    parts.push(polyline(places, colour));
    const [endX, endY] = places[places.length - 1];
    ends.push({ name, colour, endX, endY });
  }
  parts.push(...namedEnds(ends, right, top, bottom));
  return parts.join('\n');
}

/** Names beside the ends, pushed apart where they would overlap, each tied to its line. */
function namedEnds(ends, right, top, bottom) {
  const sorted = [...ends].sort((a, b) => a.endY - b.endY);
  let previous = top - LABEL_GAP;
  for (const end of sorted) {
    end.y = Math.max(end.endY, previous + LABEL_GAP);
    previous = end.y;
  }
  let next = bottom + LABEL_GAP;
  for (const end of sorted.reverse()) {
    end.y = Math.min(end.y, next - LABEL_GAP);
    next = end.y;
  }
  return sorted.flatMap(({ name, colour, endX, endY, y }) => [
    line(endX + 4, endY, right + 14, y, colour),
    text(right + 18, y + 4, name, { size: 11 }),
  ]);
}
