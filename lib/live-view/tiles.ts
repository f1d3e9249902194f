/** The row of current figures at the top. */

import { create, setText } from './dom.js';
import { TILES } from './figures.js';
import { ABSENT } from './format.js';
import type { Reading } from './readings.js';

/** Fills `target`, and returns a function that shows a reading. */
export function createTiles(target: HTMLElement): (reading: Reading) => void {
  const shown = TILES.map((tile) => {
    const value = create('dd', 'value', ABSENT);
    const detail = create('dd', 'detail', ABSENT);
    const bar = create('span', 'fill');
    const track = create('dd', 'track', bar);
    track.hidden = true;
    target.append(create('dl', 'tile', create('dt', '', tile.title), value, track, detail));
    return { tile, value, detail, bar, track };
  });
  return (reading) => {
    for (const { tile, value, detail, bar, track } of shown) {
      setText(value, tile.value(reading));
      setText(detail, tile.detail(reading));
      const fill = tile.fill?.(reading) ?? null;
      track.hidden = fill === null;
      if (fill !== null) bar.style.width = `${Math.min(1, fill) * 100}%`;
    }
  };
}
