/** Rates from counters: true to the server's clock, and never negative when counters begin anew. */

import { describe, expect, it } from 'vitest';
import type { ServerStats } from '../../lib/client/index.js';
import { CHARTS, TILES } from '../../lib/live-view/figures.js';
import { GAP_MS, type Reading, Readings } from '../../lib/live-view/readings.js';
import { statsAt } from './stats.js';

const evictions = ({ engine }: ServerStats): number => engine.evictions;

function readingsOf(...moments: readonly [atMs: number, uptimeMs: number, evictions: number][]): Reading[] {
  const readings = new Readings();
  return moments.map(([atMs, uptimeMs, evicted]) =>
    readings.add(statsAt(uptimeMs, { engine: { evictions: evicted } }), atMs),
  );
}

const rates = (list: readonly Reading[]): (number | null)[] =>
  list.map((reading) => reading.perSecond(evictions));

describe('rates', () => {
  it('are gains over the time that the server says has passed, whatever the network did', () => {
    expect(rates(readingsOf([0, 1_000, 50], [1_700, 2_000, 150], [2_000, 4_000, 150]))).toEqual([
      null,
      100,
      0,
    ]);
  });

  it('are left out for the first reading of a server that began anew', () => {
    const list = readingsOf([0, 60_000, 500], [1_000, 300, 3], [2_000, 1_300, 13]);
    expect(rates(list)).toEqual([null, null, 10]);
    expect(list.map(({ isFirst }) => isFirst)).toEqual([true, true, false]);
  });

  it('are left out for a counter that was reset, and for no other', () => {
    const readings = new Readings();
    readings.add(statsAt(1_000, { engine: { evictions: 9, expirations: 1 } }), 0);
    const next = readings.add(statsAt(2_000, { engine: { evictions: 0, expirations: 3 } }), 1_000);
    expect([next.perSecond(evictions), next.perSecond(({ engine }) => engine.expirations)]).toEqual([
      null,
      2,
    ]);
    expect(next.isFirst).toBe(false);
  });

  it('are left out after a gap, and when two readings have the same time', () => {
    expect(rates(readingsOf([0, 1_000, 0], [GAP_MS + 1, 1_000 + GAP_MS + 1, 60]))).toEqual([null, null]);
    expect(rates(readingsOf([0, 1_000, 0], [10, 1_000, 60]))).toEqual([null, null]);
  });

  it('begin anew after the connection was lost, though the new server is older by now', () => {
    const readings = new Readings();
    readings.add(statsAt(1_000, { engine: { evictions: 1 } }), 0);
    readings.reset();
    expect(
      readings.add(statsAt(2_000, { engine: { evictions: 99 } }), 3_000).perSecond(evictions),
    ).toBeNull();
  });
});

describe('figures', () => {
  const readings = new Readings();
  const first = readings.add(statsAt(1_000), 0);
  const second = readings.add(
    statsAt(2_000, {
      engine: { hits: 90, misses: 10, hitRatio: 0.9, recent: { reads: 100, hits: 90, hitRatio: 0.9 } },
      commands: { cmd_get: 100, get_hits: 90, get_misses: 10, cmd_set: 20, delete_hits: 3, incr_misses: 2 },
      network: { bytesRead: 2_048, bytesWritten: 4_096 },
    }),
    1_000,
  );

  it('of a first reading are dashes where there is no rate, and no NaN', () => {
    const texts = TILES.flatMap((tile) => [tile.value(first), tile.detail(first)]);
    expect(texts.join()).not.toMatch(/NaN|undefined|Infinity/);
    expect(TILES.find(({ title }) => title === 'Operations')!.value(first)).toBe('–');
    expect(TILES.find(({ title }) => title === 'Hit ratio')!.value(first)).toBe('–');
  });

  it('tiles add up the commands', () => {
    const shown = Object.fromEntries(TILES.map((tile) => [tile.title, tile.value(second)]));
    expect(shown).toMatchObject({ Operations: '125/s', 'Hit ratio': '90.0\u00a0%' });
  });

  it('charts have a value for each line', () => {
    const drawn = Object.fromEntries(
      CHARTS.map(({ title, lines }) => [title, lines.map((line) => line.value(second))]),
    );
    expect(drawn).toMatchObject({
      'Hit ratio': [0.9, 0.9],
      Operations: [90, 10, 20, 3, 0, 2],
      Memory: [0, 67_108_864],
      Network: [2_048, 4_096],
    });
  });

  it('an engine without a limit has no bar and no line for it', () => {
    const open = new Readings().add(statsAt(1_000, { engine: { maxBytes: Number.POSITIVE_INFINITY } }), 0);
    const memory = TILES.find(({ title }) => title === 'Memory')!;
    expect([memory.detail(open), memory.fill?.(open)]).toEqual(['no limit', null]);
  });
});
