/** Tables of figures as families: names and units as Prometheus writes them. */

import type { Figure } from '../../figures.js';
import { counter, counterBy, type Family, gauge } from './family.js';

const UNITS: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

export function familyOf<Stats>({
  kind,
  name,
  prometheusName,
  unit,
  help,
  read,
  count,
}: Figure<Stats>): Family<Stats> {
  const stem = `hotset_${(prometheusName ?? name).replaceAll('.', '_')}${UNITS[unit] ?? ''}`;
  if (typeof read !== 'function') return counterBy(read.label, `${stem}_total`, help, read.reads);
  if (kind !== 'counter') return gauge(stem, help, read);
  if (count === undefined) return counter(`${stem}_total`, help, read);
  return {
    name: stem,
    type: 'summary',
    help,
    samples: (stats) => [
      { suffix: '_sum', value: read(stats) ?? 0 },
      { suffix: '_count', value: count(stats) ?? 0 },
    ],
  };
}
