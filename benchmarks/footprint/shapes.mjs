/** Small entries, all under short string keys: what the cache itself holds is most of what is measured. */

export const FOOTPRINT_SHAPES = {
  integers: { title: 'integers', value: (i) => i & 0xffff },
  strings: { title: 'strings of 9 characters', value: (i) => `v${10_000_000 + i}` },
};
