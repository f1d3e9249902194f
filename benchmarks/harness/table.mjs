/** Tables: for the terminal, and the same rows in Markdown. First column to the left, the rest to the right. */

export function table(head, rows) {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((row) => row[column].length)));
  const text = lines.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  '),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [text[0], rule, ...text.slice(1)].map((line) => `  ${line.trimEnd()}`).join('\n');
}

export function markdownTable(head, rows) {
  const escaped = (cell) => String(cell).replaceAll('|', '\\|');
  const line = (row) => `| ${row.map(escaped).join(' | ')} |`;
  const rule = `|---|${'---:|'.repeat(head.length - 1)}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function fixed(figure, digits) {
  return Number.isFinite(figure) ? figure.toFixed(digits) : '-';
}

/** A figure of any size in three digits or so. */
export function short(figure) {
  if (!Number.isFinite(figure)) return '-';
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString('en');
  return figure.toFixed(Math.abs(figure) >= 10 ? 1 : 2);
}

/** `1.23x`, or a dash where there is nothing to divide by. */
export function times(figure, base) {
  return base > 0 && Number.isFinite(figure) ? `${(figure / base).toFixed(2)}x` : '-';
}

/** `1.23x` of a ratio; no more digits than mean something. */
export function ratio(figure) {
  return Number.isFinite(figure) ? `${figure.toFixed(figure >= 100 ? 0 : figure >= 10 ? 1 : 2)}x` : '-';
}

export function count(figure) {
  return Number(figure).toLocaleString('en');
}

export function percent(part) {
  return Number.isFinite(part) ? `${(part * 100).toFixed(0)} %` : '-';
}

/** `1 round`, `3 rounds`. */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}
