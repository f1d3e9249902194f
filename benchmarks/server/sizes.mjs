/**
 * What `-m` holds and takes. First the items that a full server holds, for three sizes of values. Then a server that is
 * filled with values of one size after the other, and at the end meets a thousand clients that each send part of a large
 * `set`: resident memory after each step, in a process that may have no more private memory than 1.1 x `-m` + 100 MiB.
 *
 * That bound is RLIMIT_DATA: as near to a memory cgroup as can be had without rights. It counts what is writable and
 * private, touched or not: what the empty server has and has not touched (stacks of threads) is allowed on top.
 */

import { execFileSync } from 'node:child_process';
import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, ratio, table } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { MEMCACHED, presentContenders } from './contenders.mjs';
import { bytesText, shownNames } from './labels.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES, resident } from './process-figures.mjs';
import { statistics } from './wire.mjs';

const fillUrl = new URL('./fill.mjs', import.meta.url);
const unfinishedUrl = new URL('./unfinished.mjs', import.meta.url);

const ROUNDS = 3;
const MIB = 2 ** 20;
const MEMORY_MEBIBYTES = 256;
const SMOKE_MEMORY_MEBIBYTES = 8;
/** Fillings of the budget, so that every server evicts. */
const FILLINGS = 2;
/** Less than any server takes for an item beside its value. */
const LEAST_OVERHEAD_BYTES = 80;
const HELD_SIZES = [10, 100, 300];
const HISTORY_SIZES = [70_000, 300, 20_000, 100, 200_000, 1_000, 5_000, 30];
const UNFINISHED = 1_000;
const FEW_UNFINISHED = 20;

export const limitBytes = (memoryMebibytes) => Math.round(1.1 * memoryMebibytes + 100) * MIB;

/** Returns the raw figures. `options`: smoke, rounds, contenders. */
export async function benchSizes(options) {
  const { smoke } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const memoryMebibytes = smoke ? SMOKE_MEMORY_MEBIBYTES : MEMORY_MEBIBYTES;
  console.log(`\nSizes of values at -m ${memoryMebibytes}: medians of ${counted(rounds, 'round')}.`);
  const { present, missing } = await presentContenders(options);
  const servers = CAN_READ_PROCESSES
    ? present.filter(({ protocol, isFloor }) => protocol === 'memcached' && !isFloor)
    : [];
  const isLimited = hasPrlimit();
  if (!isLimited) missing.push('no limit of memory is set: prlimit does not run here');
  const held = HELD_SIZES.map((valueBytes) => ({ valueBytes, readings: {} }));
  const histories = {};
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const contender of rotated(servers, round)) {
      for (const { valueBytes, readings } of held)
        add(readings, contender.name, await heldItems(contender, valueBytes, memoryMebibytes));
      const history = await historyOf(
        contender,
        memoryMebibytes,
        isLimited,
        smoke ? FEW_UNFINISHED : UNFINISHED,
      );
      add(histories, contender.name, history);
    }
  }
  const contenders = servers.map(({ name, version }) => ({ name, version }));
  const figures = { rounds, memoryMebibytes, isLimited, missing, contenders, held, histories };
  console.log(`\n${heldTable(figures, table)}\n\n${historyTable(figures, table)}`);
  return figures;
}

function add(readings, name, reading) {
  readings[name] ??= [];
  readings[name].push(reading);
}

function fill({ protocol }, { address, pids }, valueBytes, memoryMebibytes, first = 0) {
  const keys = Math.ceil((FILLINGS * memoryMebibytes * MIB) / (valueBytes + LEAST_OVERHEAD_BYTES));
  const job = { address, pids, protocol, first, keys, valueBytes, evicts: true };
  return runChild(fillUrl, [JSON.stringify(job)]);
}

async function heldItems(contender, valueBytes, memoryMebibytes) {
  const address = await freeAddress('tcp');
  const server = await startServer(contender.command(address, { memoryMebibytes }), address);
  try {
    const { refused } = await fill(contender, server, valueBytes, memoryMebibytes);
    const found = await statistics(address);
    if (Number(found.evictions) === 0) throw new Error(`${contender.name} was not full`);
    return { items: Number(found.curr_items), refused, residentBytes: resident(server.pids).bytes };
  } finally {
    await server.stop();
  }
}

/** `{ steps: [{ valueBytes, residentBytes, peakBytes }], unfinished, peakBytes, ended }`: `ended` names the step that the server did not survive. */
async function historyOf(contender, memoryMebibytes, isLimited, connections) {
  const address = await freeAddress('tcp');
  const server = await startServer(contender.command(address, { memoryMebibytes }), address);
  if (isLimited) limit(server, limitBytes(memoryMebibytes));
  const steps = [];
  /** @type {any} */
  let unfinished = null;
  /** @type {string | null} */
  let ended = null;
  let at = '';
  try {
    for (const [step, valueBytes] of HISTORY_SIZES.entries()) {
      at = bytesText(valueBytes);
      const { refused } = await fill(contender, server, valueBytes, memoryMebibytes, step * 1e8);
      const { bytes, peakBytes } = resident(server.pids);
      steps.push({ valueBytes, refused, residentBytes: bytes, peakBytes });
    }
    at = 'unfinished sets';
    unfinished = await runChild(unfinishedUrl, [JSON.stringify({ address, pids: server.pids, connections })]);
  } catch (error) {
    if (server.alive()) throw error;
    ended = at;
    console.log(
      `  ${contender.name} has ended: ${server.errors().trim().split('\n').slice(0, 8).join('\n    ')}`,
    );
  } finally {
    await server.stop();
  }
  const peakBytes = Math.max(unfinished?.peakBytes ?? 0, ...steps.map((step) => step.peakBytes));
  return { steps, unfinished, peakBytes, ended };
}

function limit({ pids }, bytes) {
  for (const pid of pids) {
    const { dataBytes, anonymousBytes } = resident([pid]);
    const untouched = Math.max(0, dataBytes - anonymousBytes);
    execFileSync('prlimit', ['--pid', `${pid}`, `--data=${bytes + untouched}`]);
  }
}

function hasPrlimit() {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Items held, over memcached's: the median of the rounds' ratios. */
export function heldRatio({ readings }, name) {
  return median(
    (readings[name] ?? []).map(({ items }, i) => items / (readings[MEMCACHED]?.[i]?.items ?? Number.NaN)),
  );
}

export function heldTable({ contenders, held }, make) {
  const names = shownNames(contenders);
  const rows = held.flatMap((size) =>
    contenders.map(({ name }) => [
      `${bytesText(size.valueBytes)}, ${names[name]}`,
      count(median(size.readings[name].map(({ items }) => items))),
      ratio(heldRatio(size, name)),
      fixed(median(size.readings[name].map(({ residentBytes }) => residentBytes)) / MIB, 0),
    ]),
  );
  return make(['', 'items held', '/ memcached', 'resident MiB'], rows);
}

export function historyTable({ contenders, histories }, make) {
  const names = shownNames(contenders);
  const mebibytes = (bytes) => fixed(bytes / MIB, 0);
  const rows = contenders.map(({ name }) => {
    const all = histories[name];
    return [
      names[name],
      ...HISTORY_SIZES.map((_, i) =>
        mebibytes(median(all.flatMap(({ steps }) => steps[i]?.residentBytes ?? []))),
      ),
      mebibytes(median(all.flatMap(({ unfinished }) => unfinished?.residentBytes ?? []))),
      mebibytes(Math.max(...all.map(({ peakBytes }) => peakBytes))),
      all.find(({ ended }) => ended !== null)?.ended ?? '-',
    ];
  });
  const head = [
    'resident MiB after values of',
    ...HISTORY_SIZES.map(bytesText),
    'unfinished sets',
    'peak',
    'ended at',
  ];
  return make(head, rows);
}
