/** hotset's own statistics of what is read: `stats curve`, and `stats hot`, which counts while somebody asks. */

import { LONG_INTEREST_MS } from '../hot-keys.js';
import type { ItemStore } from '../item-store.js';
import { uriEncoded } from '../watch/lines.js';
import { refusal, type Stat, type StatsAnswer } from './answers.js';

const HOT_LIMIT = 20;

/** What hit ratio another size or policy would have. */
export function curveStats(items: ItemStore): StatsAnswer {
  const curve = items.entries.missRatioCurve();
  if (curve === undefined) return refusal('CLIENT_ERROR no miss-ratio curve is kept on this server\r\n');
  const ratio = (value: number): string => value.toFixed(4);
  const list: Stat[] = [
    ['curve:unit', curve.unit],
    ['curve:size', curve.size],
    ['curve:policy', curve.policy],
    ['curve:hit_ratio', ratio(curve.hitRatio)],
    ...curve.factors.map(({ factor, hitRatio }): Stat => {
      return [`curve:hit_ratio_${Number(factor.toFixed(2))}x`, ratio(hitRatio)];
    }),
    ...Object.entries(curve.policies).map(([policy, hitRatio]): Stat => {
      return [`curve:hit_ratio_${policy}`, ratio(hitRatio)];
    }),
    ['curve:working_set', curve.workingSet],
    ['curve:size_for_99', curve.sizeFor99],
    ['curve:sampled_reads', curve.sampledReads],
    ['curve:sampled_keys', curve.sampledKeys],
    ['curve:summary', curve.summary],
  ];
  return { kind: 'list', list };
}

/** The keys and prefixes that are read most. Keys are URI-encoded, as in a metadump. */
export function hotStats(items: ItemStore): StatsAnswer {
  if (!items.allowDump) return refusal('CLIENT_ERROR stats hot not allowed\r\n');
  return { kind: 'list', list: hotList(items) };
}

function* hotList(items: ItemStore): Generator<Stat | null> {
  const steps = items.hotKeys.report(HOT_LIMIT, LONG_INTEREST_MS);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) yield null;
  const { sampledMs, reads, keys, prefixes } = step.value;
  yield ['hot:sampled_seconds', Math.floor(sampledMs / 1000)];
  yield ['hot:reads', reads];
  for (const [i, hot] of keys.entries()) {
    yield [`hot:key:${i + 1}:key`, encoded(hot.key)];
    yield [`hot:key:${i + 1}:reads`, hot.reads];
    yield [`hot:key:${i + 1}:bytes`, hot.bytes];
  }
  for (const [i, hot] of prefixes.entries()) {
    yield [`hot:prefix:${i + 1}:prefix`, encoded(hot.prefix)];
    yield [`hot:prefix:${i + 1}:reads`, hot.reads];
  }
}

function encoded(key: string): string {
  return uriEncoded(Buffer.from(key, 'utf8').toString('latin1'));
}
