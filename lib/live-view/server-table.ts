/** A line for each server, where there are several: which of them differs from the others. */

import type { ClientState } from '../client/index.js';
import { create, setText } from './dom.js';
import { TILES } from './figures.js';
import { ABSENT, duration } from './format.js';
import type { Reading } from './readings.js';
import type { Server } from './server.js';

const STATE_TEXTS: Readonly<Record<ClientState, string>> = {
  connecting: 'connecting…',
  connected: 'up',
  disconnected: 'reconnecting…',
  closed: 'not connected',
};

/** Fills `target`, and returns a function that shows what is known of the servers now. Does nothing for a single one. */
export function createServerTable(target: HTMLElement, servers: readonly Server[]): () => void {
  if (servers.length === 1) return () => {};
  const headings = ['Server', 'State', ...TILES.map(({ title }) => title)];
  const head = create('tr', '', ...headings.map((heading) => create('th', '', heading)));
  for (const heading of head.children) heading.setAttribute('scope', 'col');
  const rows = servers.map((server, i) => {
    const state = create('td', 'state');
    const cells = TILES.map(() => create('td', '', ABSENT));
    const row = create(
      'tr',
      '',
      create('td', '', i === 0 ? server.name : linkTo(server.name)),
      state,
      ...cells,
    );
    return { server, row, state, cells };
  });
  const body = create('tbody', '', ...rows.map(({ row }) => row));
  target.append(create('table', '', create('thead', '', head), body));
  target.hidden = false;
  return () => {
    for (const { server, row, state, cells } of rows) {
      const { reading } = server;
      row.dataset.state = server.state;
      setText(state, stateText(server, reading));
      for (const [i, cell] of cells.entries()) {
        setText(cell, reading === null ? ABSENT : TILES[i]!.value(reading));
        cell.title = reading === null ? '' : TILES[i]!.detail(reading);
      }
    }
  };
}

function stateText({ state, error }: Server, reading: Reading | null): string {
  if (error !== '') return error;
  return reading === null ? STATE_TEXTS[state] : `up ${duration(reading.stats.uptimeMs)}`;
}

/** A peer has a page of its own. */
function linkTo(name: string): HTMLAnchorElement {
  const link = create('a', '', name);
  link.href = `//${name}/`;
  link.rel = 'noopener noreferrer';
  link.target = '_blank';
  return link;
}
