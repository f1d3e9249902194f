/** The miss-ratio curve of an engine that keeps one: an estimate of what other sizes and policies would have. */

import type { MissRatioCurve } from '../../engine/miss-ratio/curve.js';
import { type Family, gauge, type Sample } from './family.js';

/** Undefined without a curve. */
type Curve = MissRatioCurve | undefined;

export const CURVE_FAMILIES: readonly Family<Curve>[] = [
  {
    name: 'hotset_estimated_hit_ratio',
    type: 'gauge',
    help: 'Hit ratio that the cache would have with so many times its size, estimated.',
    samples: (curve) =>
      known(curve).flatMap(({ factors }) =>
        factors.map(({ factor, hitRatio }): Sample => {
          return { value: hitRatio, labels: { size: `${Number(factor.toFixed(2))}x` } };
        }),
      ),
  },
  {
    name: 'hotset_estimated_policy_hit_ratio',
    type: 'gauge',
    help: 'Hit ratio that the cache would have under this policy, estimated.',
    samples: (curve) =>
      known(curve).flatMap(({ policies }) =>
        Object.entries(policies).map(([policy, value]): Sample => ({ value, labels: { policy } })),
      ),
  },
  gauge('hotset_working_set_bytes', 'Bytes of all that is read or written of late, estimated.', (curve) =>
    workingSet(curve, 'bytes'),
  ),
  gauge('hotset_working_set_entries', 'The same in entries, for a cache without a byte budget.', (curve) =>
    workingSet(curve, 'entries'),
  ),
];

/** Nothing is estimated before the first reads. */
function known(curve: Curve): MissRatioCurve[] {
  return curve === undefined || curve.sampledReads === 0 ? [] : [curve];
}

function workingSet(curve: Curve, unit: MissRatioCurve['unit']): number | undefined {
  return known(curve).find((one) => one.unit === unit)?.workingSet;
}
