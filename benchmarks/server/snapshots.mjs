/** A warm restart (`-e`): seconds to end with ten million items saved, and to start again with all of them. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, table } from '../harness/table.mjs';
import { freeAddress, scratch } from './addresses.mjs';
import { HOTSET, MEMCACHED, presentContenders } from './contenders.mjs';
import { shownNames } from './labels.mjs';
import { startServer } from './process.mjs';
import { CAN_READ_PROCESSES } from './process-figures.mjs';
import { statistics } from './wire.mjs';

const fillUrl = new URL('./fill.mjs', import.meta.url);

const ROUNDS = 3;
const CASE = { keys: 10_000_000, valueBytes: 100, memoryMebibytes: 4 * 1024 };
const SMOKE_CASE = { keys: 10_000, valueBytes: 100, memoryMebibytes: 64 };
const MAX_MS = 300_000;
/** memcached starts empty within the second in which it ended. */
const MEMCACHED_PAUSE_MS = 1_100;

/** Returns the raw figures. `options`: smoke, rounds, contenders. */
export async function benchSnapshots(options) {
  const { smoke } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  const snapshotCase = smoke ? SMOKE_CASE : CASE;
  console.log(
    `\nWarm restarts with ${count(snapshotCase.keys)} items: medians of ${counted(rounds, 'round')}.`,
  );
  const { present, missing } = await presentContenders(options);
  const servers = present.filter(({ name }) => CAN_READ_PROCESSES && [HOTSET, MEMCACHED].includes(name));
  const readings = {};
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const contender of rotated(servers, round)) {
      readings[contender.name] ??= [];
      readings[contender.name].push(await measure(contender, snapshotCase));
    }
  }
  const contenders = servers.map(({ name, version }) => ({ name, version }));
  const figures = { rounds, ...snapshotCase, missing, contenders, readings };
  console.log(`\n${snapshotsTable(figures, table)}`);
  return figures;
}

async function measure(contender, { keys, valueBytes, memoryMebibytes }) {
  const file = join(scratch(), 'memory');
  const address = await freeAddress('tcp');
  const command = contender.command(address, { memoryMebibytes, flags: ['-e', file] });
  const timed = async (work) => {
    const started = performance.now();
    const result = await work();
    return { ms: Math.round(performance.now() - started), result };
  };
  try {
    const first = await startServer(command, address);
    const job = { address, pids: first.pids, protocol: contender.protocol, keys, valueBytes };
    await runChild(fillUrl, [JSON.stringify(job)]);
    // memcached saves at this signal only; hotset takes it as SIGTERM.
    const saved = await timed(() => first.stop({ signal: 'SIGUSR1', graceMs: MAX_MS }));
    if (!existsSync(file)) throw new Error(`${contender.name} saved nothing`);
    await setTimeout(MEMCACHED_PAUSE_MS);
    const loaded = await timed(() => startServer(command, address, { startMs: MAX_MS }));
    const items = Number((await statistics(address)).curr_items);
    await loaded.result.stop({ signal: 'SIGKILL' });
    if (items !== keys) throw new Error(`${contender.name} has ${items} items after the restart`);
    return { saveMs: saved.ms, loadMs: loaded.ms };
  } finally {
    for (const name of [file, `${file}.meta`]) rmSync(name, { force: true });
  }
}

/** Seconds. `make(head, rows)`: how a table is written. */
export function snapshotsTable({ contenders, readings }, make) {
  const names = shownNames(contenders);
  const seconds = (name, field) => fixed(median(readings[name].map((reading) => reading[field])) / 1000, 2);
  const rows = contenders.map(({ name }) => [names[name], seconds(name, 'saveMs'), seconds(name, 'loadMs')]);
  return make(['seconds', 'to end, saved', 'to start, loaded'], rows);
}
