/** Servers at saturation, cell by cell: CPU time for each operation, throughput, resident memory. */

import { runChild } from '../harness/child.mjs';
import { rotated } from '../harness/rounds.mjs';
import { freeAddress } from './addresses.mjs';
import { cellName, GROUPS, USUAL } from './cells.mjs';
import { FLOOR, presentContenders, takesPart } from './contenders.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { cellFigures, terminalTable } from './tables.mjs';

const closedLoopUrl = new URL('./closed-loop.mjs', import.meta.url);

const ROUNDS = 5;
const MEASURE_MS = 800;
const SMOKE_MS = 60;

/** In the smoke: each command and each transport, and the longest value. */
const SMOKE = / 1 100 B 50 tcp|1000000 B|^get 1 .* (1000 tcp|unix|tls)/;

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a cell's name), contenders, memcached. */
export async function benchServer(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const measureMs = smoke ? SMOKE_MS : MEASURE_MS;
  console.log(`\nServers at saturation: medians of ${rounds} rounds of ${measureMs} ms.`);
  const { present, missing } = presentContenders(options);
  if (!CAN_READ_PROCESSES) {
    const why = "everything is left out: CPU time is read from Linux's /proc";
    console.log(`  ${why}`);
    return { rounds: 0, missing: [why], contenders: [], cells: [] };
  }
  const wanted = (cell) => (only ?? (smoke ? SMOKE : /^/)).test(cellName(cell));
  const groups = Object.values(GROUPS)
    .map((cells) => cells.filter(wanted))
    .filter((cells) => cells.length > 0);
  const figures = new Map(groups.flat().map((cell) => [cell, {}]));
  for (let round = 0; round < rounds; round++)
    for (const cells of groups)
      for (const contender of rotated(present, round)) {
        const own = cells.filter((cell) => takesPart(contender, cell));
        const readings = await measure(contender, own, measureMs);
        readings.forEach((reading, i) => {
          const ofCell = figures.get(own[i]);
          ofCell[contender.name] ??= [];
          ofCell[contender.name].push(reading);
        });
      }
  const contenders = present.map(({ name, version, protocol }) => ({ name, version, protocol }));
  const cells = [...figures].map(([cell, readings]) => ({ ...cell, readings }));
  console.log(terminalTable(contenders, cells.map(cellFigures)));
  return { rounds, measureMs, missing, usual: USUAL, contenders, cells };
}

/** All cells of one group on one server, started fresh. */
async function measure(contender, cells, measureMs) {
  // The floor serves one command only.
  if (contender.name === FLOOR) {
    const readings = [];
    for (const cell of cells) readings.push(...(await onOneServer(contender, [cell], measureMs)));
    return readings;
  }
  return cells.length === 0 ? [] : await onOneServer(contender, cells, measureMs);
}

async function onOneServer(contender, cells, measureMs) {
  const address = await freeAddress(cells[0].transport);
  const server = await startServer(contender.command(address, { cell: cells[0] }), address);
  try {
    const readings = [];
    for (const cell of cells) readings.push(await saturate(contender, server, cell, measureMs));
    return readings;
  } finally {
    await server.stop();
  }
}

export function saturate({ protocol, isFloor }, { address, pids }, cell, measureMs) {
  const job = { addresses: [address], pids, protocol, cell, measureMs, checked: !isFloor };
  return runChild(closedLoopUrl, [JSON.stringify(job)]);
}
