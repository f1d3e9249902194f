/**
 * A byte budget for hotset that has room for the entries of a benchmark, and a limit on their number, as lru-cache
 * is given both. Every set is weighed and held against the budget; the number is what decides, because all contenders
 * must hold the same entries, and what hotset counts depends on how far its columns have grown.
 */

/** More than the columns take beside their share when they have just doubled. */
const ROOM = 2;
const SPARE_BYTES = 2 ** 20;

/** `scales`: an empty engine with the same options, to weigh the sample with. */
export function limitsFor(entries, sample, scales) {
  scales.set(sample.key, sample.value);
  return { maxEntries: entries, maxBytes: scales.bytes * entries * ROOM + SPARE_BYTES };
}
