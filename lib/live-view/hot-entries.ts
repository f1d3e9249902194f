/** The keys and the prefixes that are read most. */

import type { HotKeys } from '../client/index.js';
import { create, createForeign, createPanel, setText } from './dom.js';
import { ABSENT, bytes, rate, wholeCount } from './format.js';

const NOTHING = 'No reads seen yet.';
/** The server counts from the first request on. */
const COUNTING = 'Counting…';
const COUNTING_MS = 1000;

export interface HotEntriesPanels {
  readonly keys: HTMLElement;
  readonly prefixes: HTMLElement;
  show(hot: HotKeys): void;
  /** Shows why there are no figures. */
  showError(message: string): void;
}

/** `onKey` is called with the key that the user presses. */
export function createHotEntries(onKey: (key: string) => void): HotEntriesPanels {
  const keyTable = createTable(['Key', 'Reads', 'Size'], onKey);
  const prefixTable = createTable(['Prefix', 'Reads', 'Keys', 'Size']);
  const keys = createPanel('Hottest keys', ...keyTable.parts);
  keys.id = 'hot-keys';
  return {
    keys,
    prefixes: createPanel('Hottest prefixes', ...prefixTable.parts),
    show({ sampledMs, keys: hottest, prefixes }) {
      const readRate = (reads: number): string => rate(sampledMs > 0 ? (reads * 1000) / sampledMs : null);
      const nothing = sampledMs < COUNTING_MS ? COUNTING : NOTHING;
      keyTable.fill(
        hottest.map((hot) => [hot.key, readRate(hot.reads), heldBytes(hot.bytes)]),
        nothing,
      );
      prefixTable.fill(
        prefixes.map((hot) => [hot.prefix, readRate(hot.reads), wholeCount(hot.keys), heldBytes(hot.bytes)]),
        nothing,
      );
    },
    showError(message) {
      keyTable.fill([], message);
      prefixTable.fill([], message);
    },
  };
}

/** Keys without an entry have no size. */
function heldBytes(size: number): string {
  return bytes(size === 0 ? null : size);
}

interface Table {
  readonly parts: readonly HTMLElement[];
  /** Shows `nothing` instead of an empty table. */
  fill(rows: readonly (readonly string[])[], nothing: string): void;
}

/** The first column is text from outside, and a button where there is an `onPress`. */
function createTable(headings: readonly string[], onPress?: (text: string) => void): Table {
  const body = create('tbody');
  const head = create('tr', '', ...headings.map((heading) => create('th', '', heading)));
  for (const heading of head.children) heading.setAttribute('scope', 'col');
  const table = create('table', '', create('thead', '', head), body);
  const note = create('p', 'note', ABSENT);
  table.hidden = true;
  body.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLButtonElement) onPress?.(target.textContent);
  });
  const createRow = (): HTMLTableRowElement => {
    const first = createForeign(onPress ? 'button' : 'span', '');
    if (first instanceof HTMLButtonElement) first.type = 'button';
    return create('tr', '', create('td', '', first), ...headings.slice(1).map(() => create('td')));
  };
  return {
    parts: [table, note],
    // Rows are reused, so that the one that is pressed or has the focus stays.
    fill(rows, nothing) {
      setText(note, nothing);
      table.hidden = rows.length === 0;
      note.hidden = rows.length > 0;
      while (body.rows.length > rows.length) body.deleteRow(-1);
      for (const [i, texts] of rows.entries()) {
        const row = body.rows[i] ?? body.appendChild(createRow());
        const [first, ...others] = row.cells;
        const foreign = first!.firstElementChild as HTMLElement;
        setText(foreign, texts[0]!);
        foreign.title = texts[0]!;
        for (const [column, cell] of others.entries()) setText(cell, texts[column + 1]!);
      }
    },
  };
}
