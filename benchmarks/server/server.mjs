/** Servers at saturation, cell by cell: CPU time for each operation, throughput, resident memory. */

import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { counted } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { hasBar } from './bars.mjs';
import { cellName, GROUPS, USUAL } from './cells.mjs';
import { FLOOR, presentContenders, takesPart } from './contenders.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { cellFigures, terminalTable } from './tables.mjs';

const closedLoopUrl = new URL('./closed-loop.mjs', import.meta.url);

const ROUNDS = 5;
/** Of groups that no bar is stated for. */
const OTHER_ROUNDS = 3;
const MEASURE_MS = 800;
/** Each cell of a server is run for so long before any is measured: V8 compiles what it has seen, and later anew. */
const WARM_UP_MS = 200;
const SMOKE_MS = 60;

/** In the smoke: each kind of command and each transport, and the longest value. */
const SMOKE = /^(get|multi-get|mg|binary set) 1 100 B 50 tcp|^set 1 1000000 B|^get 1 .* (unix|tls)/;

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a cell's name), contenders. */
export async function benchServer(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const measureMs = smoke ? SMOKE_MS : MEASURE_MS;
  console.log(`\nServers at saturation: medians of ${counted(rounds, 'round')} of ${measureMs} ms.`);
  if (!CAN_READ_PROCESSES) {
    const why = "everything is left out: CPU time is read from Linux's /proc";
    console.log(`  ${why}`);
    return { rounds: 0, missing: [why], contenders: [], cells: [] };
  }
  const { present, missing } = await presentContenders(options);
  const wanted = (cell) => (only ?? (smoke ? SMOKE : /^/)).test(cellName(cell));
  const groups = Object.values(GROUPS)
    .map((cells) => cells.filter(wanted))
    .filter((cells) => cells.length > 0);
  const roundsOf = (cells) => (cells.some(hasBar) ? rounds : Math.min(rounds, OTHER_ROUNDS));
  const figures = new Map(groups.flat().map((cell) => [cell, {}]));
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const cells of groups.filter((own) => round < roundsOf(own)))
      await measure(cells, rotated(present, round), measureMs, smoke ? 0 : WARM_UP_MS, figures);
  }
  const contenders = present.map(({ name, version, protocol }) => ({ name, version, protocol }));
  const cells = [...figures].map(([cell, readings]) => ({ ...cell, readings }));
  console.log(terminalTable(contenders, cells.map(cellFigures)));
  return { rounds, measureMs, missing, usual: USUAL, contenders, cells };
}

/**
 * All cells of one group, all contenders started fresh: they take turns in each cell, so that what else the machine does
 * meanwhile meets all of them. Who waits for its turn takes no time. Readings are added to `figures`.
 */
async function measure(cells, contenders, measureMs, warmUpMs, figures) {
  const servers = new Map();
  try {
    for (const contender of contenders.filter(({ name }) => name !== FLOOR)) {
      const own = cells.filter((cell) => takesPart(contender, cell));
      if (own.length === 0) continue;
      const server = await start(contender, own[0]);
      servers.set(contender, server);
      if (warmUpMs > 0) for (const cell of own) await saturate(contender, server, cell, warmUpMs);
    }
    for (const [at, cell] of cells.entries())
      for (const contender of rotated(contenders, at)) {
        if (!takesPart(contender, cell)) continue;
        const own = figures.get(cell);
        own[contender.name] ??= [];
        own[contender.name].push(await read(contender, servers.get(contender), cell, measureMs, warmUpMs));
      }
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

/** The floor answers one command only: it starts for each cell. */
async function read(contender, running, cell, measureMs, warmUpMs) {
  if (contender.name !== FLOOR) return saturate(contender, running, cell, measureMs);
  const server = await start(contender, cell);
  try {
    if (warmUpMs > 0) await saturate(contender, server, cell, warmUpMs);
    return await saturate(contender, server, cell, measureMs);
  } finally {
    await server.stop();
  }
}

async function start(contender, cell) {
  const address = await freeAddress(cell.transport);
  return startServer(contender.command(address, { cell }), address);
}

/**
 * @param {{ protocol: string, isFloor?: boolean }} contender
 * @param {{ address: any, pids: number[] }} server
 */
export function saturate({ protocol, isFloor }, { address, pids }, cell, measureMs) {
  const job = { addresses: [address], pids, protocol, cell, measureMs, checked: !isFloor };
  return runChild(closedLoopUrl, [JSON.stringify(job)]);
}
