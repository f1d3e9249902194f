/**
 * Resident memory for each item, as the operating system sees it: a fresh server, then all items stored, then each
 * replaced once by another value of the same size. What a server needs while it is empty is shown apart.
 */

import { runChild } from '../harness/child.mjs';
import { rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, fixed, table } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { presentContenders } from './contenders.mjs';
import { shownNames } from './labels.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES, resident } from './process-figures.mjs';

const fillUrl = new URL('./fill.mjs', import.meta.url);

const ROUNDS = 2;
/** What the server does by itself after the last request is over by then. */
const SETTLE_MS = 2_000;

/** `memoryMebibytes`: twice what memcached needs, so that nobody has to evict. */
const CASES = [
  { keys: 1_000_000, valueBytes: 100, memoryMebibytes: 1024 },
  { keys: 10_000_000, valueBytes: 100, memoryMebibytes: 6 * 1024, rounds: 1 },
  { keys: 100_000, valueBytes: 4_000, memoryMebibytes: 1024 },
];
const SMOKE_CASES = [{ keys: 10_000, valueBytes: 100, memoryMebibytes: 64 }];

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on '1000000 x 100'), contenders. */
export async function benchResident(options) {
  const { smoke, only } = options;
  console.log('\nResident memory of servers, bytes for each item.');
  const { present, missing } = await presentContenders(options);
  const servers = CAN_READ_PROCESSES ? present.filter(({ isFloor }) => !isFloor) : [];
  const wanted = (smoke ? SMOKE_CASES : CASES).filter(
    ({ keys, valueBytes }) => only?.test(`${keys} x ${valueBytes}`) ?? true,
  );
  const cases = [];
  for (const residentCase of wanted) {
    const rounds = smoke ? 1 : Math.min(options.rounds ?? ROUNDS, residentCase.rounds ?? ROUNDS);
    const readings = {};
    for (let round = 0; round < rounds; round++)
      for (const contender of rotated(servers, round)) {
        readings[contender.name] ??= [];
        readings[contender.name].push(await measure(contender, residentCase, smoke ? 0 : SETTLE_MS));
      }
    cases.push({ ...residentCase, rounds, readings });
    console.log(`\n${residentTitle(residentCase)}`);
    console.log(residentTable(servers, residentCase, readings, table));
  }
  const contenders = servers.map(({ name, version }) => ({ name, version }));
  return { missing, contenders, cases };
}

async function measure(contender, { keys, valueBytes, memoryMebibytes }, settleMs) {
  const address = await freeAddress('tcp');
  const server = await startServer(contender.command(address, { memoryMebibytes }), address);
  const settled = async () => {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    return resident(server.pids);
  };
  const fill = (version) =>
    runChild(fillUrl, [
      JSON.stringify({
        address,
        pids: server.pids,
        protocol: contender.protocol,
        keys,
        valueBytes,
        version,
      }),
    ]);
  try {
    const empty = await settled();
    const { ms, us } = await fill(0);
    const filled = await settled();
    await fill(1);
    const replaced = await settled();
    return {
      emptyBytes: empty.bytes,
      filledBytes: filled.bytes,
      replacedBytes: replaced.bytes,
      peakBytes: replaced.peakBytes,
      fillMs: ms,
      fillUs: us,
    };
  } finally {
    await server.stop();
  }
}

export function residentTitle({ keys, valueBytes }) {
  return `${count(keys)} items of ${count(valueBytes)} B under keys of 20 B`;
}

/** Median bytes for each item, over what the server needs while it is empty: name -> `{ emptyBytes, filled, replaced, fillUs }`. */
export function residentFigures({ keys }, readings) {
  return Object.fromEntries(
    Object.entries(readings).map(([name, all]) => {
      const perItem = (field) => median(all.map((reading) => (reading[field] - reading.emptyBytes) / keys));
      const emptyBytes = median(all.map((reading) => reading.emptyBytes));
      const fillUs = median(all.map((reading) => reading.fillUs));
      return [
        name,
        { emptyBytes, filled: perItem('filledBytes'), replaced: perItem('replacedBytes'), fillUs },
      ];
    }),
  );
}

export function residentTable(contenders, residentCase, readings, make) {
  const names = shownNames(contenders);
  const rows = Object.entries(residentFigures(residentCase, readings)).map(([name, figures]) => [
    names[name],
    fixed(figures.emptyBytes / 2 ** 20, 0),
    fixed(figures.filled, 0),
    fixed(figures.replaced, 0),
    fixed(figures.filled + figures.emptyBytes / residentCase.keys, 0),
    fixed(figures.fillUs, 2),
  ]);
  return make(
    ['', 'empty, MiB', 'stored, B/item', 'replaced, B/item', 'stored, empty server included', 'CPU µs a set'],
    rows,
  );
}
