/**
 * Latency at a fixed rate, the same for all servers. The last case holds ten million items and replaces one in ten
 * operations, so that what a server does beside its requests (V8's collector, growing, evicting) is seen; the
 * collector's stops are read from V8's own trace. All servers of a case run at once and take turns.
 */

import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, table } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { USUAL } from './cells.mjs';
import { ENGINE, HOTSET, presentContenders } from './contenders.mjs';
import { shownNames } from './labels.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { keysFor } from './traffic.mjs';

const openLoopUrl = new URL('./open-loop.mjs', import.meta.url);
const fillUrl = new URL('./fill.mjs', import.meta.url);

const ROUNDS = 5;
const SECONDS = 5;

const FEW_KEYS = keysFor(USUAL.valueBytes);
export const LARGE_CASE = '90/10 mix over 10,000,000 items';

/** @type {{ title: string, cell: any, perSecond: number, keys: number, memoryMebibytes?: number, traced?: boolean }[]} */
const CASES = [
  { title: 'get', cell: { ...USUAL, command: 'get' }, perSecond: 30_000, keys: FEW_KEYS },
  { title: 'set', cell: { ...USUAL, command: 'set' }, perSecond: 30_000, keys: FEW_KEYS },
  {
    title: 'get, 1,000 connections',
    cell: { ...USUAL, command: 'get', connections: 1_000 },
    perSecond: 20_000,
    keys: FEW_KEYS,
  },
  {
    title: LARGE_CASE,
    cell: { ...USUAL, command: 'mixed' },
    perSecond: 20_000,
    keys: 10_000_000,
    memoryMebibytes: 6 * 1024,
    traced: true,
  },
];

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a title), contenders. */
export async function benchLatency(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const seconds = smoke ? 0.2 : SECONDS;
  console.log(`\nLatency at a fixed rate: medians of ${counted(rounds, 'round')} of ${seconds} s.`);
  const { present, missing } = await presentContenders(options);
  const servers = CAN_READ_PROCESSES ? present.filter(({ isFloor }) => !isFloor) : [];
  const wanted = smoke ? CASES.slice(-1) : CASES;
  const cases = wanted
    .filter(({ title }) => only?.test(title) ?? true)
    .map((latencyCase) => ({
      ...latencyCase,
      ...(smoke ? { keys: FEW_KEYS, perSecond: 2_000 } : {}),
      readings: /** @type {Record<string, any[]>} */ ({}),
    }));
  for (const latencyCase of cases) {
    await measure(latencyCase, servers, rounds, seconds);
    console.log(`\n${latencyCase.title}`);
    console.log(latencyTable(servers, latencyCase.readings, table));
  }
  const contenders = servers.map(({ name, version }) => ({ name, version }));
  return { rounds, seconds, missing, contenders, cases };
}

/** @param {any} latencyCase */
async function measure(latencyCase, contenders, rounds, seconds) {
  const { cell, keys, perSecond, memoryMebibytes, traced, readings } = latencyCase;
  const running = new Map();
  try {
    for (const contender of contenders) {
      const address = await freeAddress(cell.transport);
      const nodeOptions = traced && [HOTSET, ENGINE].includes(contender.name) ? ['--trace-gc'] : [];
      const server = await startServer(contender.command(address, { memoryMebibytes, nodeOptions }), address);
      running.set(contender, server);
      const { protocol } = contender;
      const { pids } = server;
      await runChild(fillUrl, [
        JSON.stringify({ address, pids, protocol, keys, valueBytes: cell.valueBytes }),
      ]);
    }
    for (let round = 0; round < rounds; round++) {
      announce(round, rounds);
      for (const contender of rotated(contenders, round)) {
        const { address, output } = running.get(contender);
        const traceFrom = output().length;
        const job = { address, protocol: contender.protocol, cell, perSecond, seconds, keys };
        const reading = await runChild(openLoopUrl, [JSON.stringify(job)]);
        readings[contender.name] ??= [];
        readings[contender.name].push({
          ...reading,
          ...(traced ? { collector: pauses(output().slice(traceFrom)) } : {}),
        });
      }
    }
  } finally {
    for (const server of running.values()) await server.stop();
  }
}

/** Of V8's trace: how often its collector stopped the server, and the longest stop in milliseconds. */
function pauses(trace) {
  const found = [...trace.matchAll(/ms: ([\w-]+)[^:\n]*? MB, ([\d.]+) \/ /g)];
  if (found.length === 0) return undefined;
  const longest = {};
  for (const [, kind, ms] of found) longest[kind] = Math.max(longest[kind] ?? 0, Number(ms));
  return { stops: found.length, longest };
}

const COLUMNS = ['p50', 'p99', 'p999', 'max'];

/** Rows in microseconds. `make(head, rows)`: how a table is written. */
export function latencyTable(contenders, readings, make) {
  const names = shownNames(contenders);
  const of = (all, field) => median(all.map((reading) => reading[field]));
  const rows = Object.entries(readings).map(([name, all]) => [
    names[name],
    count(of(all, 'perSecond')),
    ...COLUMNS.map((column) => fixed(of(all, column), 0)),
    fixed(median(all.map(({ lateness }) => lateness.p999)), 0),
    collectorText(all),
  ]);
  return make(
    ['us', 'requests/s', 'p50', 'p99', 'p99.9', 'longest', 'sent late, p99.9', 'collector, longest ms'],
    rows,
  );
}

function collectorText(all) {
  return Object.entries(longestStops(all))
    .map(([kind, ms]) => `${kind} ${fixed(ms, 1)}`)
    .join(', ');
}

/** kind of collection -> the longest stop in milliseconds, in any round. */
export function longestStops(all) {
  const longest = {};
  for (const { collector } of all)
    for (const [kind, ms] of Object.entries(collector?.longest ?? {}))
      longest[kind] = Math.max(longest[kind] ?? 0, ms);
  return longest;
}
