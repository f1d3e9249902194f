/** What `hotset replay` prints: a table of hit ratios, and what they say in words. */

export interface Series {
  readonly name: string;
  /** By size, as in `Report`; NaN where it was not computed. */
  readonly hitRatios: readonly number[];
}

export interface Report {
  /** Where the requests came from, and in which format. */
  readonly title: string;
  readonly unit: 'bytes' | 'entries';
  readonly reads: number;
  /** Of the whole trace; an estimate for a sample. */
  readonly keys: number;
  /** The share of the keys that was replayed. */
  readonly rate: number;
  /** What all keys together take. */
  readonly footprint: number;
  readonly sizes: readonly number[];
  /** The policies, LRU first. */
  readonly policies: readonly Series[];
  readonly limit: Series;
  /** LRU's curve, for the chart. */
  readonly lru: readonly { readonly size: number; readonly hitRatio: number }[];
  /** The smallest size with 99 % of the hits that LRU can have. */
  readonly sizeFor99: number;
  /** What the user should know of the input. */
  readonly notes: readonly string[];
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function sizeText(size: number, unit: 'bytes' | 'entries'): string {
  if (unit === 'entries') return size.toLocaleString('en-US');
  const power = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), UNITS.length - 1);
  const value = size / 1024 ** power;
  return `${value.toFixed(value < 10 && power > 0 ? 1 : 0)} ${UNITS[power]}`;
}

function counted(n: number, unit: string): string {
  const whole = Math.round(n);
  return `${whole.toLocaleString('en-US')} ${unit}${whole === 1 ? '' : 's'}`;
}

function roomText(size: number, unit: 'bytes' | 'entries'): string {
  if (unit === 'bytes') return sizeText(size, unit);
  return size === 1 ? '1 entry' : `${sizeText(size, unit)} entries`;
}

function percent(ratio: number, digits: number): string {
  return Number.isNaN(ratio) ? '' : `${(ratio * 100).toFixed(digits)} %`;
}

export function reportText(report: Report): string {
  const { title, unit, sizes, policies, limit, footprint } = report;
  const whole = report.rate === 1;
  const columns = [...policies, limit];
  const rows = [
    ['size', 'of all', ...columns.map(({ name }) => name)],
    ...sizes.map((size, i) => [
      sizeText(size, unit),
      percent(size / footprint, size < footprint / 100 ? 1 : 0),
      ...columns.map(({ hitRatios }) => percent(hitRatios[i]!, 1)),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = [
    title,
    `${counted(report.reads, 'read')} of ${whole ? '' : 'about '}${counted(report.keys, 'key')}, which ${report.keys === 1 ? 'takes' : 'take'} ${roomText(footprint, unit)} together` +
      `${whole ? '' : `; replayed: a sample of ${(report.rate * 100).toPrecision(2)} % of the keys`}`,
    ...report.notes,
    '',
    'Hit ratios:',
    ...rows.map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join('   ')),
    '',
    ...sentences(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** The share of one hit ratio's misses that another saves. */
function saved(ratio: number, other: number): number {
  return ratio >= 1 ? 0 : (other - ratio) / (1 - ratio);
}

export function sentences({ unit, sizes, policies, limit, sizeFor99, footprint }: Report): string[] {
  const [lru, ...others] = policies;
  const found: string[] = [];
  const room = (size: number): string => roomText(size, unit);
  if (sizeFor99 > 0)
    found.push(
      `With room for ${room(sizeFor99)}, ${percent(sizeFor99 / footprint, 0)} of all, LRU has 99 % of the hits that it can have.`,
    );
  // Where it matters most: the size at which the best policy saves most of LRU's misses.
  let best = { share: 0.02, name: '', size: 0 };
  for (const { name, hitRatios } of others)
    for (const [i, ratio] of hitRatios.entries()) {
      const share = saved(lru!.hitRatios[i]!, ratio);
      if (share > best.share) best = { share, name, size: sizes[i]! };
    }
  if (best.name !== '')
    found.push(
      `${best.name} saves up to ${percent(best.share, 0)} of LRU's misses: with room for ${room(best.size)}.`,
    );
  const gap = lru!.hitRatios
    .map((ratio, i) => saved(ratio, limit.hitRatios[i]!))
    .filter((share) => share > 0);
  if (gap.length > 0)
    found.push(`A cache that knew the future would save at most ${percent(Math.max(...gap), 0)} of them.`);
  return found;
}
