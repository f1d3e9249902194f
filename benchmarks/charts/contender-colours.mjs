/** One colour for each contender, the same in all charts. */

import { HOTSET, HOTSET_PLAIN, LRU_CACHE, LRU_CACHE_PLAIN } from '../caches/index.mjs';

const NAMED = {
  [HOTSET]: 'hotset',
  [HOTSET_PLAIN]: 'hotset-plain',
  [LRU_CACHE]: 'rival',
  [LRU_CACHE_PLAIN]: 'rival-plain',
};

export function colourOf(name, info) {
  if (NAMED[name] !== undefined) return NAMED[name];
  if (info === undefined || info.floor) return 'floor';
  return info.exactLru ? 'rest' : 'loose';
}

const LEGEND = [
  ...Object.entries(NAMED).map(([label, colour]) => ({ label, colour })),
  { label: 'other exact LRUs', colour: 'rest' },
  { label: 'not exact LRU', colour: 'loose' },
  { label: 'floor', colour: 'floor' },
];

/** The legend for what is shown. */
export function contenderLegend(names, infos) {
  const used = new Set(names.map((name) => colourOf(name, infos[name])));
  return LEGEND.filter(({ colour }) => used.has(colour));
}
