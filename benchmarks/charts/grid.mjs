/** Panels in columns: `panels` are functions of (x, y, width); all of a row are as high as its highest. */

export function panelGrid(panels, { x, y, width, columns, heights, gapX = 34, gapY = 22 }) {
  const each = (width - gapX * (columns - 1)) / columns;
  const parts = [];
  let top = y;
  for (let at = 0; at < panels.length; at += columns) {
    const row = panels.slice(at, at + columns);
    row.forEach((draw, i) => {
      parts.push(draw(x + i * (each + gapX), top, each));
    });
    top += Math.max(...heights.slice(at, at + columns)) + gapY;
  }
  return { body: parts.join('\n'), height: top - gapY - y };
}
