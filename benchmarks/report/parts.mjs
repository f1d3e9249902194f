/** The parts of the docs that are made from kept results: name -> Markdown. */

import { redisTable, storeTable, trafficTable } from '../adapters/tables.mjs';
import { LETTERS, MARKS } from '../caches/features.mjs';
import { BARE_MAP, LRU_CACHE, LRU_CACHE_PLAIN } from '../caches/index.mjs';
import { churnTable } from '../churn/tables.mjs';
import { barTables } from '../engine/bars.mjs';
import { sharedCases, shortListCases } from '../engine/figures.mjs';
import { hitRows, otherNames } from '../engine/hits.mjs';
import { nodesTable } from '../engine/nodes.mjs';
import { featureTable, overviewTable, summaryTable, worstTable } from '../engine/tables.mjs';
import { FOOTPRINT_SHAPES } from '../footprint/shapes.mjs';
import { footprintTable } from '../footprint/tables.mjs';
import { count, counted, markdownTable } from '../harness/table.mjs';
import { importTable } from '../import/tables.mjs';
import { documentsTable, memoryTable, SIZES_LIST } from '../memory/tables.mjs';
import { expiryTable, growthSizes, growthTable } from '../pauses/tables.mjs';
import { policiesSaid, policiesTable } from '../policies/tables.mjs';
import { SCALE_OPERATIONS, scaleFailures, scaleTable } from '../scale/tables.mjs';
import { besideTable, fleetTable, stoppedTable, tierOneTable, tierTwoTable } from '../tiered/tables.mjs';
import { subscribersTable } from '../websocket/subscribers.mjs';
import { waysTable } from '../websocket/ways.mjs';
import { weighingSaid, weighingTable } from '../weighing/tables.mjs';
import { workersTable } from '../workers/tables.mjs';
import { WORKLOAD_TITLES } from '../workloads/index.mjs';
import { readmePart } from './readme-part.mjs';
import { serverParts } from './server-parts.mjs';

/**
 * `results(part)`: what was kept of it, or null. `info`: the contenders as they are now.
 * A part without results says how to get them.
 */
export function docParts(results, info) {
  const from = (part, make) => () => {
    const content = results(part);
    return content === null
      ? `*No figures are kept: \`npm run bench -- ${part} --keep\`, then \`npm run bench:report\`.*`
      : make(content);
  };
  return {
    readme: () => readmePart(results),
    features: () => markdown(featureTable(info)),
    does: () =>
      Object.entries(info)
        .map(([name, { does }]) => `- **${name}**: ${does}`)
        .join('\n'),
    conditions: from('engine', conditions),
    hits: from('engine', hits),
    'overview-lru-cache': from('engine', overview(LRU_CACHE_PLAIN)),
    'overview-lru-cache-ttl': from('engine', overview(LRU_CACHE)),
    'overview-map': from('engine', overview(BARE_MAP)),
    workloads: from('engine', workloadTables),
    worst: from('engine', ({ cases, contenders }) => markdown(worstTable(cases, contenders))),
    'workload-charts': from('engine', workloadCharts),
    bars: from('engine', bars),
    'overview-many': from('engine', overviewMany),
    nodes: from('engine', nodes),
    scale: from('scale', scale),
    pauses: from('pauses', pauses),
    expiry: from('pauses', expiry),
    footprint: from('footprint', footprint),
    memory: from('memory', memory),
    sizes: from('memory', (content) => markdown(memoryTable(content, { names: SIZES_LIST }))),
    weighing: from(
      'weighing',
      (content) => `${markdown(weighingTable(content))}\n\n${weighingSaid(content)}`,
    ),
    churn: from('churn', churn),
    policies: from(
      'policies',
      (content) => `${policiesSaid(content)}\n\n${markdown(policiesTable(content))}`,
    ),
    import: from('import', (content) => markdown(importTable(content))),
    subscribers: from('subscribers', (content) => subscribersTable(content, markdownTable)),
    ways: from('ways', (content) => waysTable(content, markdownTable)),
    'http-cache': from('http-cache', httpCache),
    tiered: from('tiered', tiered),
    'tiered-stopped': from('tiered', ({ stopped }) => markdown(stoppedTable(stopped))),
    workers: from('workers', (content) => markdown(workersTable(content))),
    'redis-cache': from('redis-cache', (content) => markdown(redisTable(content))),
    ...serverParts(from, results),
  };
}

function markdown({ head, rows }) {
  return markdownTable(head, rows);
}

function section(title, body) {
  return `### ${title}\n\n${body}`;
}

function picture(file, alt) {
  return `![${alt}](charts/${file})`;
}

function conditions({ taken, machine, versions, rounds, measureMs, missing }) {
  const { cpu, cores, memoryGiB, system } = machine;
  const { node, v8, hotset, memcached, ...packages } = versions;
  const list = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `Taken on ${taken.slice(0, 10)}: hotset ${hotset}, Node ${node}, V8 ${v8}, ${cpu}, ${counted(cores, 'core')}, ${memoryGiB} GiB, ${system};`,
    `${counted(rounds, 'round')}, ${measureMs} ms for each figure. ${list.join(', ')}.`,
    ...missing.map((line) => `${line}.`),
  ].join('\n');
}

function hits({ hits: compared, contenders }) {
  const exact = Object.keys(contenders).filter((name) => contenders[name].exactLru);
  const rows = hitRows(compared);
  const said = `The same hits, and the same entries left, in ${counted(compared.length, 'case')}: ${exact.join('; ')}.`;
  if (rows.length === 0) return said;
  return `${said}\n\n${markdownTable(['hits of the second pass', ...otherNames(compared), 'exact LRU'], rows)}`;
}

function overview(base) {
  return ({ cases, contenders }) =>
    `${markdown(overviewTable(sharedCases(cases), contenders, base))}\n\n${MARKS} ${LETTERS}`;
}

/** The sizes in which only some take part. */
function overviewMany({ cases, contenders }) {
  const own = shortListCases(cases);
  if (own.length === 0) return '*No figures are kept of a size in which only some take part.*';
  const present = new Set(own.flatMap(({ readings }) => Object.keys(readings)));
  const info = Object.fromEntries(Object.entries(contenders).filter(([name]) => present.has(name)));
  return markdown(overviewTable(own, info, LRU_CACHE));
}

function bars({ cases, taken, versions }) {
  const tables = barTables(cases).map(({ title, ...found }) => `**${title}**\n\n${markdown(found)}`);
  return [`Taken on ${taken.slice(0, 10)}, Node ${versions.node}.`, ...tables].join('\n\n');
}

function nodes({ cases, versions, nodes: others }) {
  if (others === undefined)
    return '*No figures are kept: `npm run bench -- engine --node=BINARY --keep`, then `npm run bench:report`.*';
  return markdown(nodesTable([{ node: versions.node, cases }, ...others]));
}

function memory(content) {
  const documents = documentsTable(content);
  const hidden = memoryTable(content, { limit: true });
  return [
    markdown(memoryTable(content, { limit: false })),
    ...(documents.rows.length > 0
      ? [section('Documents, in the one process, by how they came to be', markdown(documents))]
      : []),
    ...(hidden.rows.length > 0 ? [section('Not visible to the estimate', markdown(hidden))] : []),
  ].join('\n\n');
}

function churn(content) {
  return [
    `${Math.round(content.total / 1e6)} MB of values, a budget of ${Math.round(content.budget / 2 ** 20)} MiB; Node ${content.versions.node}, medians of ${counted(content.rounds, 'round')}.`,
    ...content.cases.map((figure) => section(figure.shape, markdown(churnTable(content, figure)))),
  ].join('\n\n');
}

function tiered(content) {
  const tables = {
    'tier-one': tierOneTable,
    'tier-two': tierTwoTable,
    fleet: fleetTable,
    beside: besideTable,
  };
  return Object.entries(tables)
    .filter(([name]) => content[name] !== undefined)
    .map(([name, make]) => markdown(make(content[name])))
    .join('\n\n');
}

function httpCache(content) {
  return `${markdown(trafficTable(content))}\n\n${markdown(storeTable(content))}`;
}

function workloadTables({ cases: all, contenders }) {
  const cases = sharedCases(all);
  return [...new Set(cases.map(({ workload }) => workload))]
    .map((workload) => {
      const own = cases.filter((benchCase) => benchCase.workload === workload);
      return section(`${workload}: ${WORKLOAD_TITLES[workload]}`, markdown(summaryTable(own, contenders)));
    })
    .join('\n\n');
}

function workloadCharts({ cases }) {
  return [...new Set(cases.map(({ entries }) => entries))]
    .map((entries) =>
      picture(`workloads-${entries}.svg`, `Time for each operation, ${count(entries)} entries`),
    )
    .join('\n\n');
}

function scale(content) {
  const kinds = [...new Set(content.cases.map(({ keyKind }) => keyKind))];
  const tables = Object.keys(SCALE_OPERATIONS).flatMap((operation) =>
    kinds.map((keyKind) =>
      section(
        `${SCALE_OPERATIONS[operation]}, ${keyKind} keys, net ns`,
        markdown(scaleTable(content, operation, keyKind)),
      ),
    ),
  );
  const failures = scaleFailures(content).map((failure) => `- ${failure}`);
  return [
    picture('scale.svg', 'What an operation costs as the cache grows'),
    ...tables,
    ...(failures.length > 0 ? [`What failed:\n\n${failures.join('\n')}`] : []),
  ].join('\n\n');
}

function pauses(content) {
  const phases = { growth: 'growing from empty', churn: 'each set evicting' };
  const tables = growthSizes(content).flatMap((entries) =>
    Object.entries(phases).map(([phase, title]) =>
      section(`${count(entries)} entries, ${title}, ms`, markdown(growthTable(content, phase, entries))),
    ),
  );
  return [picture('pauses.svg', 'The longest single set'), ...tables].join('\n\n');
}

function expiry(content) {
  if (content.expiry === undefined) return '*Not kept.*';
  const title = `${count(content.expiry.entries)} entries expire in the same second`;
  return [picture('expiry.svg', title), section(`${title}, ms`, markdown(expiryTable(content)))].join('\n\n');
}

function footprint({ cases, contenders }) {
  const tables = cases.map((figure) =>
    section(
      `${count(figure.entries)} entries, ${FOOTPRINT_SHAPES[figure.shape].title}, bytes each`,
      markdown(footprintTable(figure, contenders)),
    ),
  );
  return [picture('footprint.svg', 'Memory for each entry'), ...tables].join('\n\n');
}
