/** Pauses as rows: medians over rounds of each round's longest and rarest. */

import { NO_CACHE } from '../caches/index.mjs';
import { median } from '../harness/statistics.mjs';
import { count, short } from '../harness/table.mjs';

/** Milliseconds under a thousandth are shown as 0: below that it is the clock that is measured. */
const ms = (figure) => (figure < 0.001 ? '0.00' : short(figure));

/** `phase`: 'growth' or 'churn'. One figure for each contender and size, from the medians of its rounds. */
export function growthFigures({ growth }, phase, entries) {
  const figure = growth.find((candidate) => candidate.entries === entries);
  return Object.entries(figure?.readings ?? {})
    .map(([name, readings]) => {
      const all = readings.map((reading) => reading[phase]).filter((reading) => reading !== undefined);
      const failed =
        all.find((reading) => reading.failed)?.failed ?? readings.find((r) => r.tooSlow)?.tooSlow;
      const of = (kind, field) => median(all.map((reading) => reading[kind][field]));
      return failed !== undefined || all.length === 0
        ? { name, failed: failed ?? null }
        : {
            name,
            createMs: median(readings.map(({ createMs }) => createMs)),
            max: of('gross', 'max'),
            netMax: of('net', 'max'),
            p9999: of('gross', 'p9999'),
            netP9999: of('net', 'p9999'),
            over10ms: of('gross', 'over10ms'),
            netOver10ms: of('net', 'over10ms'),
          };
    })
    .filter(({ failed }) => failed !== null);
}

const HEAD = [
  '',
  'longest',
  'without collector',
  'p99.99',
  'without collector',
  'over 10 ms',
  'without collector',
  'to create it',
];

export function growthTable(content, phase, entries) {
  const rows = growthFigures(content, phase, entries).map((figure) =>
    figure.failed !== undefined
      ? [figure.name, figure.failed, ...HEAD.slice(2).map(() => '')]
      : [
          figure.name === NO_CACHE ? 'no cache: the machine itself' : figure.name,
          ms(figure.max),
          ms(figure.netMax),
          ms(figure.p9999),
          ms(figure.netP9999),
          count(figure.over10ms),
          count(figure.netOver10ms),
          ms(figure.createMs),
        ],
  );
  return { head: HEAD, rows };
}

export function growthSizes({ growth }) {
  return growth.map(({ entries }) => entries);
}

/** The longest call and the longest turn of the event loop, for each way of letting entries go. */
export function expiryFigures({ expiry }) {
  return Object.entries(expiry.readings).map(([name, readings]) => {
    const slow = readings.find((reading) => reading.tooSlow)?.tooSlow;
    if (slow !== undefined) return { name, failed: slow };
    const of = (kind, net, field) =>
      median(readings.map((reading) => reading[kind]?.[net][field] ?? Number.NaN));
    return {
      name,
      call: of('calls', 'gross', 'max'),
      netCall: of('calls', 'net', 'max'),
      turn: of('turns', 'gross', 'max'),
      netTurn: of('turns', 'net', 'max'),
      left: median(readings.map((reading) => reading.left)),
    };
  });
}

export function expiryTable(content) {
  const rows = expiryFigures(content).map((figure) =>
    figure.failed !== undefined
      ? [figure.name, figure.failed, '', '', '', '']
      : [
          figure.name,
          ms(figure.call),
          ms(figure.netCall),
          ms(figure.turn),
          ms(figure.netTurn),
          count(figure.left),
        ],
  );
  return {
    head: ['', 'longest call', 'without collector', 'longest turn', 'without collector', 'entries left'],
    rows,
  };
}
