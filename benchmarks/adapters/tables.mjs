/** The adapters' figures as rows, for the terminal and for the docs. */

import { fixed, short } from '../harness/table.mjs';

const percents = (ratio) => `${fixed(100 * ratio, 1)} %`;

export function trafficTable({ figures }) {
  return {
    head: ['', 'hits', 'CPU, us a request', 'held, MB'],
    rows: figures.map((each) => [
      `${each.name}, ${versionOf(each)}`,
      percents(each.hitRatio),
      fixed(each.cpuUs, 0),
      fixed(each.heldMB, 1),
    ]),
  };
}

/** The store without HTTP. */
export function storeTable({ figures }) {
  return {
    head: ['us a call', 'hit', 'hit, one of 200 variants', 'store 4 kB'],
    rows: figures
      .filter(({ hitNs }) => hitNs !== undefined)
      .map((each) => [
        `${each.name}, ${versionOf(each)}`,
        ...[each.hitNs, each.variantNs, each.storeNs].map((ns) => short(ns / 1000)),
      ]),
  };
}

export function redisTable({ figures }) {
  return {
    head: ['', 'hits', 'CPU, us a read', 'us a hit', 'entries', 'held, MB'],
    rows: figures.map((each) => [
      `${each.library}: ${each.name}`,
      percents(each.hitRatio),
      fixed(each.cpuUs, 1),
      each.hitUs > 0.001 ? short(each.hitUs) : '-',
      each.entries,
      fixed(each.heldMB, 1),
    ]),
  };
}

function versionOf({ library, node }) {
  return `${library === 'undici-8' ? 'undici 8' : 'undici 7'}, Node ${node.split('.')[0]}`;
}
