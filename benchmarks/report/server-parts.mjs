/** The parts of docs/performance.md that are made from kept results: name -> Markdown. */

import { counted, markdownTable } from '../harness/table.mjs';
import { barsTable } from '../server/bars.mjs';
import { GROUPS, sameCell } from '../server/cells.mjs';
import { coresTable } from '../server/cores.mjs';
import { bytesText } from '../server/labels.mjs';
import { latencyTable } from '../server/latency.mjs';
import { lognormalTable } from '../server/lognormal.mjs';
import { residentTable, residentTitle } from '../server/resident.mjs';
import { heldTable, historyTable } from '../server/sizes.mjs';
import { snapshotsTable } from '../server/snapshots.mjs';
import { cellFigures, cpuTable, splitTable, throughputTable } from '../server/tables.mjs';
import { threadsTable } from '../threads/threads.mjs';

/** What the kept figures of a part have to be for it to be shown: `from(part, make)` says so where they are not. */
export function serverParts(from, results) {
  return {
    'server-bars': () => markdown(barsTable(results)),
    'server-conditions': from('server', conditions),
    'server-cpu': from('server', (content) => markdown(cpuTable(only(content, GROUPS.commands), command))),
    'server-split': from('server', (content) =>
      markdown(splitTable(only(content, GROUPS.commands), command)),
    ),
    'server-throughput': from('server', (content) =>
      markdown(throughputTable(only(content, GROUPS.commands), command)),
    ),
    'server-values': from('server', (content) =>
      markdown(
        cpuTable(
          only(content, groupsNamed('values')),
          ({ command: name, valueBytes }) => `${name}, ${bytesText(valueBytes)}`,
        ),
      ),
    ),
    'server-connections': from('server', (content) =>
      markdown(
        cpuTable(
          only(content, GROUPS.connections),
          (cell) => `${command(cell)}, ${counted(cell.connections, 'connection')}`,
        ),
      ),
    ),
    'server-transports': from('server', (content) =>
      markdown(
        cpuTable(
          only(content, [...GROUPS.unix, ...GROUPS.tls]),
          (cell) => `${command(cell)}, ${TRANSPORTS[cell.transport]}`,
        ),
      ),
    ),
    'server-latency': from('latency', latency),
    'server-resident': from('resident', ({ cases, contenders }) =>
      cases
        .map((residentCase) =>
          section(
            residentTitle(residentCase),
            residentTable(contenders, residentCase, residentCase.readings, markdownTable),
          ),
        )
        .join('\n\n'),
    ),
    'server-sizes': from('sizes', (content) =>
      [heldTable(content, markdownTable), historyTable(content, markdownTable)].join('\n\n'),
    ),
    'server-lognormal': from('lognormal', (content) => lognormalTable(content, markdownTable)),
    'server-snapshots': from('snapshots', (content) => snapshotsTable(content, markdownTable)),
    'server-cores': from('cores', cores),
    'service-threads': from('threads', (content) => threadsTable(content, markdownTable)),
  };
}

const TRANSPORTS = { unix: 'Unix socket', tls: 'TLS' };

const command = ({ command: name, pipeline }) => `${name}, pipeline ${pipeline}`;

function groupsNamed(beginning) {
  return Object.keys(GROUPS)
    .filter((title) => title.startsWith(beginning))
    .flatMap((title) => GROUPS[title]);
}

/** What was kept of some cells, as medians. */
function only(content, wanted) {
  const kept = content.cells.filter((cell) => wanted.some((own) => sameCell(own, cell)));
  return { contenders: content.contenders, cells: kept.map(cellFigures) };
}

function conditions({ taken, machine, rounds, measureMs, contenders, missing }) {
  const { cpu, cores, memoryGiB, system } = machine;
  const list = contenders.map(({ name, version }) => `${name} ${version}`);
  return [
    `Taken on ${taken.slice(0, 10)} on ${cpu}, ${counted(cores, 'core')}, ${memoryGiB} GiB, ${system}; ${counted(rounds, 'round')}, ${measureMs} ms for each figure.`,
    `${list.join('; ')}.`,
    ...missing.map((line) => `${line}.`),
  ].join('\n');
}

function latency({ cases, contenders, rounds, seconds }) {
  const said = `${counted(rounds, 'round')} of ${seconds} s; microseconds.`;
  return [
    said,
    ...cases.map(({ title, readings }) => section(title, latencyTable(contenders, readings, markdownTable))),
  ].join('\n\n');
}

function cores(content) {
  return [coresTable(content, markdownTable), ...content.missing.map((line) => `${line}.`)].join('\n\n');
}

function markdown({ head, rows }) {
  return markdownTable(head, rows);
}

function section(title, body) {
  return `### ${title}\n\n${body}`;
}
