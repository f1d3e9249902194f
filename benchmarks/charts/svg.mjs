/**
 * Small SVG by hand: a card of its own colour, so that it can be read on any page, light or dark, and that follows the
 * reader's colour scheme. No library: those that draw without a DOM bring more code than the charts have.
 */

/** Light and dark. `rest` is other exact LRUs, `loose` is what is not exact LRU, `floor` is no cache at all. */
const COLOURS = {
  card: ['#ffffff', '#15191f'],
  edge: ['#d5dae1', '#333b46'],
  ink: ['#1c2128', '#e8ebef'],
  dim: ['#57606a', '#a3adb8'],
  grid: ['#e4e8ed', '#2b323c'],
  hotset: ['#d1481b', '#ff7a45'],
  'hotset-plain': ['#f0a283', '#b85a35'],
  rival: ['#1f6fc4', '#5aa9ff'],
  'rival-plain': ['#93bfe8', '#2f6aa8'],
  rest: ['#5b9a78', '#4f9472'],
  loose: ['#b9a44c', '#8f7f38'],
  floor: ['#a9b1ba', '#5f6873'],
};

const LINE_HEIGHT = 16;
export const FONT_PX = 12;
/** Of the widest usual sans-serif, so that what is estimated to fit does. */
const CHARACTER_WIDTH = 0.61;

export function textWidth(text, size = FONT_PX) {
  return text.length * size * CHARACTER_WIDTH;
}

export function escaped(text) {
  return String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `options`: anchor ('start', 'middle', 'end'), tone ('ink', 'dim' or 'dim halo', readable on lines), size, bold. */
export function text(x, y, content, { anchor = 'start', tone = 'ink', size = FONT_PX, bold = false } = {}) {
  const weight = bold ? ' font-weight="600"' : '';
  return `<text x="${r(x)}" y="${r(y)}" text-anchor="${anchor}" font-size="${size}"${weight} class="${tone}">${escaped(content)}</text>`;
}

/** `faint`: the same colour, behind another bar. */
export function bar(x, y, width, height, colour, faint = false) {
  const opacity = faint ? ' opacity="0.45"' : '';
  return `<rect x="${r(x)}" y="${r(y)}" width="${r(Math.max(1, width))}" height="${r(height)}" rx="1.5" class="${colour}"${opacity}/>`;
}

export function line(x1, y1, x2, y2, tone = 'grid', dashed = false) {
  const dashes = dashed ? ' stroke-dasharray="4 3"' : '';
  return `<line x1="${r(x1)}" y1="${r(y1)}" x2="${r(x2)}" y2="${r(y2)}" class="s-${tone}"${dashes}/>`;
}

export function polyline(points, colour) {
  const dots = points.map(([x, y]) => `<circle cx="${r(x)}" cy="${r(y)}" r="2.6" class="${colour}"/>`);
  const path = points.map(([x, y]) => `${r(x)},${r(y)}`).join(' ');
  return `<polyline points="${path}" class="s-${colour}" stroke-width="2"/>${dots.join('')}`;
}

/** Entries `{ colour, faint, label }` in rows that fit the width: `{ body, height }`. */
export function legend(x, y, width, entries) {
  const parts = [];
  let at = x;
  let row = y;
  for (const { colour, faint, label } of entries) {
    const needed = 18 + textWidth(label) + 16;
    if (at > x && at + needed > x + width) {
      at = x;
      row += LINE_HEIGHT + 2;
    }
    parts.push(bar(at, row - 9, 11, 11, colour, faint), text(at + 17, row, label, { tone: 'dim' }));
    at += needed;
  }
  return { body: parts.join('\n'), height: row - y + LINE_HEIGHT };
}

/** Words wrapped to the width: `{ body, height }`. */
export function paragraph(x, y, width, content) {
  const max = Math.floor(width / (FONT_PX * CHARACTER_WIDTH));
  const lines = [''];
  for (const word of content.split(' ')) {
    const current = lines[lines.length - 1];
    if (current !== '' && current.length + 1 + word.length > max) lines.push(word);
    else lines[lines.length - 1] = current === '' ? word : `${current} ${word}`;
  }
  return {
    body: lines.map((words, i) => text(x, y + i * LINE_HEIGHT, words, { tone: 'dim' })).join('\n'),
    height: lines.length * LINE_HEIGHT,
  };
}

/** A whole picture. `draw(x, y, width)` returns `{ body, height }` of what is below title, words and legend. */
export function picture({ title, words, legendEntries, width = 960, draw }) {
  const margin = 24;
  const inner = width - margin * 2;
  let y = margin + 14;
  const parts = [text(margin, y, title, { size: 17, bold: true })];
  y += 24;
  const said = paragraph(margin, y, inner, words);
  parts.push(said.body);
  y += said.height + 6;
  if (legendEntries.length > 0) {
    const shown = legend(margin, y, inner, legendEntries);
    parts.push(shown.body);
    y += shown.height + 6;
  }
  const drawn = draw(margin, y, inner);
  const height = Math.ceil(y + drawn.height + margin);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="-apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif">`,
    `<style>${styles(0)} @media (prefers-color-scheme: dark) { ${styles(1)} }</style>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" class="card s-edge"/>`,
    ...parts,
    drawn.body,
    '</svg>\n',
  ].join('\n');
}

function styles(scheme) {
  const rules = Object.entries(COLOURS).map(
    ([name, colours]) => `.${name}{fill:${colours[scheme]}} .s-${name}{stroke:${colours[scheme]}}`,
  );
  const halo = `.halo{stroke:${COLOURS.card[scheme]};stroke-width:3px;paint-order:stroke}`;
  return `${rules.join(' ')} polyline{fill:none} ${halo}`;
}

/** Rounded, so that the files stay small and their differences readable. */
function r(number) {
  return Number(number.toFixed(1));
}
