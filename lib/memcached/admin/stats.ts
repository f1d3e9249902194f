/** `stats`: which statistics its arguments select, and how the text protocol writes them. */

import { chunks } from '../incremental-task.js';
import type { ItemStore } from '../item-store.js';
import type { PrefixStats } from '../prefix-stats.js';
import type { Siblings } from '../siblings.js';
import { type AdminAnswer, ERROR, OK, refusal, type Stat, type StatsAnswer } from './answers.js';
import { generalStats } from './stats-general.js';
import { cacheDump, itemStats, sizeStats, slabStats } from './stats-items.js';
import { curveStats, hotStats } from './stats-reads.js';
import { settingsStats } from './stats-settings.js';

/** In the text protocol. */
export function stats(items: ItemStore, args: readonly string[]): AdminAnswer {
  const answer = statsAnswer(items, args);
  if (answer.kind === 'list') return { lines: chunks(statLines(answer.list)) };
  return answer.kind === 'lines' ? answer : answer.text;
}

function* statLines(list: Iterable<Stat | null>): Generator<string | null, void, undefined> {
  for (const stat of list) yield stat === null ? null : `STAT ${stat[0]} ${stat[1]}\r\n`;
  yield 'END\r\n';
}

type Family = (items: ItemStore, args: readonly string[]) => StatsAnswer;

/** The answer to `stats <args>`, for every protocol; without arguments, the general statistics. */
export function statsAnswer(items: ItemStore, [family = '', ...args]: readonly string[]): StatsAnswer {
  return FAMILIES.get(family)?.(items, args) ?? refusal(ERROR);
}

const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['', list(generalStats)],
  ['settings', list(settingsStats)],
  ['items', list(itemStats)],
  ['slabs', list(slabStats)],
  ['conns', list(connectionStats)],
  ['extstore', list(() => [])],
  ['sizes', sizeStats],
  ['cachedump', cacheDump],
  ['detail', detail],
  ['curve', curveStats],
  ['hot', hotStats],
  ['reset', reset],
]);

function list(make: (items: ItemStore) => Iterable<Stat | null>): Family {
  return (items) => ({ kind: 'list', list: make(items) });
}

/** Listeners and connections, each under the number that `cfd=` shows elsewhere. */
function* connectionStats(items: ItemStore): Generator<Stat | null> {
  for (const transport of items.transports) {
    for (const connection of transport.connections()) {
      if (connection === null) {
        yield null;
        continue;
      }
      const { id, address, listenAddress, state, secondsSinceLastCommand } = connection;
      yield [`${id}:addr`, address];
      if (listenAddress !== undefined) yield [`${id}:listen_addr`, listenAddress];
      yield [`${id}:state`, state];
      yield [`${id}:secs_since_last_cmd`, secondsSinceLastCommand];
    }
  }
}

function detail(items: ItemStore, [action]: readonly string[]): StatsAnswer {
  if (!items.allowDump) return refusal('CLIENT_ERROR stats detail not allowed\r\n');
  const { prefixes } = items;
  if (action === 'dump') {
    const { siblings } = items;
    if (siblings === null) return { kind: 'dump', text: prefixes.dump() };
    return { kind: 'lines', lines: chunks(detailOfAll(prefixes, siblings)) };
  }
  if (action !== 'on' && action !== 'off') return refusal('CLIENT_ERROR usage: stats detail on|off|dump\r\n');
  prefixes.enabled = action === 'on';
  items.siblings?.setAsHere();
  return { kind: 'done', text: OK };
}

/** A prefix that several threads have counted comes once for each of them: clients that add up get the sum. */
function* detailOfAll(prefixes: PrefixStats, siblings: Siblings): Generator<string | null> {
  yield* siblings.detail();
  yield prefixes.dump();
}

function reset(items: ItemStore): StatsAnswer {
  items.resetStats();
  items.admin.resetStats();
  return { kind: 'done', text: 'RESET\r\n' };
}
