/**
 * Latency at a fixed rate: half of what the server does at saturation, found for each server in the same round. The
 * last case holds a million items and replaces one in ten operations, so that hotset's collector has work: its
 * pauses are read from V8's own trace.
 */

import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, table } from '../harness/table.mjs';
import { freeAddress } from './addresses.mjs';
import { USUAL } from './cells.mjs';
import { HOTSET, presentContenders } from './contenders.mjs';
import { shownNames } from './labels.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { saturate } from './server.mjs';
import { keysFor } from './traffic.mjs';

const openLoopUrl = new URL('./open-loop.mjs', import.meta.url);
const fillUrl = new URL('./fill.mjs', import.meta.url);

const ROUNDS = 3;
const SECONDS = 5;
const SATURATE_MS = 800;
const LOAD = 0.5;

const FEW_KEYS = keysFor(USUAL.valueBytes);

/** @type {{ title: string, cell: any, keys: number, traced?: boolean }[]} */
const CASES = [
  { title: 'get', cell: { ...USUAL, command: 'get', pipeline: 1 }, keys: FEW_KEYS },
  { title: 'set', cell: { ...USUAL, command: 'set', pipeline: 1 }, keys: FEW_KEYS },
  {
    title: 'get, 1,000 connections',
    cell: { ...USUAL, command: 'get', pipeline: 1, connections: 1_000 },
    keys: FEW_KEYS,
  },
  {
    title: '90/10 mix over 1,000,000 items',
    cell: { ...USUAL, command: 'mixed', pipeline: 1 },
    keys: 1_000_000,
    traced: true,
  },
];

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a title), contenders, memcached. */
export async function benchLatency(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const seconds = smoke ? 0.2 : SECONDS;
  console.log(`\nLatency at half of saturation: medians of ${counted(rounds, 'round')} of ${seconds} s.`);
  const { present, missing } = presentContenders(options);
  const servers = CAN_READ_PROCESSES ? present.filter(({ isFloor }) => !isFloor) : [];
  const cases = CASES.filter(({ title }) => only?.test(title) ?? true).map((latencyCase) => ({
    ...latencyCase,
    ...(smoke ? { keys: FEW_KEYS } : {}),
    readings: /** @type {Record<string, any[]>} */ ({}),
  }));
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const latencyCase of cases)
      for (const contender of rotated(servers, round)) {
        const reading = await measure(contender, latencyCase, seconds, smoke);
        latencyCase.readings[contender.name] ??= [];
        latencyCase.readings[contender.name].push(reading);
      }
  }
  for (const { title, readings } of cases) {
    console.log(`\n${title}`);
    console.log(latencyTable(servers, readings, table));
  }
  const contenders = servers.map(({ name, version }) => ({ name, version }));
  return { rounds, seconds, load: LOAD, missing, contenders, cases };
}

/**
 * @param {any} contender
 * @param {{ cell: any, keys: number, traced?: boolean }} latencyCase
 */
async function measure(contender, { cell, keys, traced }, seconds, smoke) {
  const address = await freeAddress(cell.transport);
  const nodeOptions = traced && contender.name === HOTSET ? ['--trace-gc'] : [];
  const server = await startServer(contender.command(address, { nodeOptions }), address);
  const { protocol } = contender;
  try {
    if (keys !== FEW_KEYS)
      await runChild(fillUrl, [
        JSON.stringify({ address, protocol, keys, valueBytes: cell.valueBytes, version: 0 }),
      ]);
    const { operations, ms } = await saturate(contender, server, cell, smoke ? 100 : SATURATE_MS);
    const perSecond = Math.round(((operations * 1000) / ms) * LOAD);
    const traceFrom = server.output().length;
    const job = { address, protocol, cell, perSecond, seconds, keys };
    const reading = await runChild(openLoopUrl, [JSON.stringify(job)]);
    return { ...reading, ...(traced ? { collector: pauses(server.output().slice(traceFrom)) } : {}) };
  } finally {
    await server.stop();
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
    count(Math.round(of(all, 'perSecond') / 100) * 100),
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
  const found = all.flatMap(({ collector }) => collector ?? []);
  if (found.length === 0) return '';
  const kinds = [...new Set(found.flatMap(({ longest }) => Object.keys(longest)))];
  return kinds
    .map((kind) => `${kind} ${fixed(median(found.flatMap(({ longest }) => longest[kind] ?? [])), 1)}`)
    .join(', ');
}
