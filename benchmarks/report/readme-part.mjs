/** The README's one table: what stands for each part of the benchmarks, as a ratio to the peer. */

import { HOTSET, HOTSET_PLAIN, LRU_CACHE, LRU_MAP } from '../caches/index.mjs';
import { meanRatio } from '../engine/bars.mjs';
import { fixed, markdownTable } from '../harness/table.mjs';
import { sameCell, USUAL } from '../server/cells.mjs';
import { MEMCACHED, HOTSET as SERVER } from '../server/contenders.mjs';
import { shownNames } from '../server/labels.mjs';
import { pairedRatio } from '../server/tables.mjs';
import { weighingRatio } from '../weighing/tables.mjs';

const SIZES = [1_000, 100_000, 1_000_000];
const PIPELINES = [1, 16, 64];

/** `results(part)`: what was kept of it, or null: its rows are then left out. */
export function readmePart(results) {
  const from = (part, make) => (results(part) === null ? [] : make(results(part)));
  return [
    markdownTable(
      ['in the process, geometric mean of all operations', '1,000 entries', '100,000', '1,000,000'],
      from('engine', ({ cases }) => [
        ['byte budget + TTL, to lru-cache with sizes + TTL', ...inProcess(cases, HOTSET, LRU_CACHE)],
        ['`maxEntries` only, to mnemonist LRUMap', ...inProcess(cases, HOTSET_PLAIN, LRU_MAP)],
      ]),
    ),
    ...from('weighing', (content) => [
      `Weighing a value takes ${times(weighingRatio(content))} the time of \`JSON.stringify(value).length\`.`,
    ]),
    ...from('server', ({ contenders, cells }) => [
      markdownTable(
        [
          `the server, CPU time to ${shownNames(contenders)[MEMCACHED]}`,
          'one at a time',
          ...PIPELINES.slice(1).map((n) => `${n} pipelined`),
        ],
        ['get', 'set'].map((command) => [`${command} of 100 B`, ...onTheWire(cells, command)]),
      ),
    ]),
  ].join('\n\n');
}

function onTheWire(cells, command) {
  return PIPELINES.map((pipeline) => {
    const found = cells.find((cell) => sameCell(cell, { ...USUAL, command, pipeline }));
    return times(found === undefined ? Number.NaN : pairedRatio(found.readings, SERVER, MEMCACHED));
  });
}

function inProcess(cases, name, rival) {
  return SIZES.map((entries) =>
    times(
      meanRatio(
        cases.filter((found) => found.entries === entries),
        { name, rivals: [rival] },
      ),
    ),
  );
}

function times(figure) {
  return Number.isFinite(figure) ? `${fixed(figure, 2)}x` : '-';
}
