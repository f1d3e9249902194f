/** A history as statistics: where each figure belongs, and when it was. */

import { expect, it } from 'vitest';
import { rememberedOf } from '../../lib/live-view/remembered.js';

it('has the figures where stats has them, at their times by the page’s clock', () => {
  const columns = {
    uptimeMs: [1000, 2000, 2900],
    'engine.hits': [1, 2, 3],
    'engine.maxBytes': [null, 5, 5],
    'engine.recent.reads': [0, 4, 4],
    'engine.recent.hits': [0, 3, 3],
    'commands.cmd_get': [7, 8, 9],
  };
  const rows = rememberedOf({ uptimeMs: 3000, columns }, 100_000);
  // The last one is too young for a rate.
  expect(rows).toEqual([
    {
      atMs: 98_000,
      stats: {
        uptimeMs: 1000,
        engine: { hits: 1, maxBytes: Number.POSITIVE_INFINITY, recent: { reads: 0, hits: 0, hitRatio: 0 } },
        commands: { cmd_get: 7 },
      },
    },
    {
      atMs: 99_000,
      stats: {
        uptimeMs: 2000,
        engine: { hits: 2, maxBytes: 5, recent: { reads: 4, hits: 3, hitRatio: 0.75 } },
        commands: { cmd_get: 8 },
      },
    },
  ]);
});

it('is empty for a server that has just started', () => {
  expect(rememberedOf({ uptimeMs: 10, columns: { uptimeMs: [] } }, 0)).toEqual([]);
});
