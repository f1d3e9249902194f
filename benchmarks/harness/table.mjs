/** Tables for the terminal: first column to the left, the rest to the right. */

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

export function fixed(figure, digits) {
  return Number.isFinite(figure) ? figure.toFixed(digits) : '-';
}

/** `1.23x`, or a dash where there is nothing to divide by. */
export function times(figure, base) {
  return base > 0 && Number.isFinite(figure) ? `${(figure / base).toFixed(2)}x` : '-';
}
