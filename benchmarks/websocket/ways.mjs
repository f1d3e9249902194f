/**
 * The same entries by three ways: the memcached port, the `memcached` subprotocol in frames, and `hotset.v1`. One server
 * has both ports; CPU time for each operation, and operations a second.
 */

import { announce, rotated } from '../harness/rounds.mjs';
import { counted, fixed, table, times } from '../harness/table.mjs';
import { USUAL } from '../server/cells.mjs';
import { CAN_READ_PROCESSES } from '../server/process-figures.mjs';
import { saturate } from '../server/server.mjs';
import { cellFigures } from '../server/tables.mjs';
import { startBoth } from './both-ports.mjs';

const ROUNDS = 5;
const MEASURE_MS = 800;
const WARM_UP_MS = 400;

/** title -> how to get there. */
const WAYS = {
  'memcached over TCP': { transport: 'tcp', protocol: 'memcached' },
  'memcached in frames': { transport: 'memcached frames', protocol: 'memcached' },
  'hotset.v1': { transport: 'hotset.v1', protocol: 'hotset.v1' },
};

const CELLS = ['get', 'set'].flatMap((command) =>
  [1, 16].map((pipeline) => ({ ...USUAL, command, pipeline })),
);

/** Returns the raw figures. `options`: smoke, rounds. */
export async function benchWays(options) {
  const { smoke } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const measureMs = smoke ? 60 : MEASURE_MS;
  console.log(`\nWays to one server: medians of ${counted(rounds, 'round')} of ${measureMs} ms.`);
  if (!CAN_READ_PROCESSES) {
    console.log("  everything is left out: CPU time is read from Linux's /proc");
    return { rounds: 0, ways: [], cells: [] };
  }
  const cells = CELLS.map((cell) => ({ ...cell, readings: {} }));
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    await measureAll(cells, rotated(Object.keys(WAYS), round), measureMs, smoke ? 0 : WARM_UP_MS);
  }
  const figures = { rounds, measureMs, ways: Object.keys(WAYS), cells };
  console.log(waysTable(figures, table));
  return figures;
}

async function measureAll(cells, ways, measureMs, warmUpMs) {
  const { server, tcp, http } = await startBoth();
  const at = (way) => ({ ...(WAYS[way].transport === 'tcp' ? tcp : http), ...WAYS[way] });
  const run = (way, cell, ms) =>
    saturate({ protocol: WAYS[way].protocol }, { address: at(way), pids: server.pids }, cell, ms);
  try {
    if (warmUpMs > 0) for (const cell of cells) for (const way of ways) await run(way, cell, warmUpMs);
    for (const cell of cells)
      for (const way of ways) {
        cell.readings[way] ??= [];
        cell.readings[way].push(await run(way, cell, measureMs));
      }
  } finally {
    await server.stop();
  }
}

/** One row for each cell: microseconds and operations a second by each way, and the ratio to the first. */
export function waysTable({ ways, cells }, print) {
  const [usual] = ways;
  const head = ['CPU us', ...ways.flatMap((way) => (way === usual ? [way, 'op/s'] : [way, '', 'op/s']))];
  const rows = cells.map((cell) => {
    const { figures } = cellFigures(cell);
    return [
      `${cell.command}, pipeline ${cell.pipeline}`,
      ...ways.flatMap((way) => {
        const { us, perSecond } = figures[way];
        const rate = `${Math.round(perSecond / 1000)} k`;
        return way === usual ? [fixed(us, 2), rate] : [fixed(us, 2), times(us, figures[usual].us), rate];
      }),
    ];
  });
  return print(head, rows);
}
