/** The figures of two tiers as rows, for the terminal and for the docs. */

import { fixed, short, times } from '../harness/table.mjs';

export function tierOneTable({ figures }) {
  const nsOf = (way) => figures.find((each) => each.way === way)?.ns;
  return {
    head: ['a hit of the first tier', 'ns', 'beside the engine'],
    rows: figures.map(({ way, ns }) => [
      way,
      fixed(ns, 1),
      times(ns, nsOf(way.startsWith('await') ? 'await engine.get' : 'engine.get')),
    ]),
  };
}

const WAYS = {
  plain: 'its own get',
  bytes: 'its own get, of bytes',
  tier: 'the tier',
  cache: 'TieredCache.get',
};

export function tierTwoTable({ figures }) {
  return {
    head: ['a hit of the second tier', 'us, one at a time', '', 'us, 16 at once', ''],
    rows: figures.map(({ kind, client, way, one, sixteen }) => {
      // Its own client, or the faster one where the tier has none of npm's.
      const plain = figures.filter((each) => each.kind === kind && each.way === 'plain');
      const same = plain.filter((each) => each.client === client);
      const bases = same.length > 0 ? same : plain;
      const least = (field) => Math.min(...bases.map((each) => each[field]));
      return [
        `${kind}, ${client}: ${WAYS[way]}`,
        fixed(one, 1),
        way === 'plain' ? '' : times(one, least('one')),
        fixed(sixteen, 1),
        way === 'plain' ? '' : times(sixteen, least('sixteen')),
      ];
    }),
  };
}

export function fleetTable({ processes, reads, figures }) {
  return {
    head: ['second tier', `loads for ${reads} misses of one key in ${processes} processes`],
    rows: figures.map(({ kind, loads }) => [kind, [...new Set(loads)].join(', ')]),
  };
}

export function besideTable({ figures }) {
  const operations = Object.keys(figures[0]?.operations ?? {});
  return {
    head: ['', ...operations.flatMap((operation) => [`${operation}, us`, 'CPU, us', 'bytes'])],
    rows: figures.map(({ name, operations: found }) => [
      name,
      ...operations.flatMap((operation) => {
        const { us, cpuUs, bytes } = found[operation];
        return [short(us), short(cpuUs), Math.round(bytes)];
      }),
    ]),
  };
}

export function stoppedTable({ figures }) {
  const questions = Object.keys(figures[0]?.answers ?? {});
  return {
    head: ['while Redis is stopped', ...figures.map(({ name }) => name)],
    rows: questions.map((question) => [question, ...figures.map(({ answers }) => answers[question])]),
  };
}
