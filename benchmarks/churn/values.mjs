/** What goes through the caches: `value(i)` builds a fresh one that nothing else retains, as a service would. */

const SCRATCH_BYTES = 32_768;
const scratch = Buffer.alloc(SCRATCH_BYTES, 0x78);

/** A flat string of its own, one byte for a character. */
function text(i, length) {
  scratch.write(String(i).padStart(12, '0'), 0, 'latin1');
  return scratch.latin1Slice(0, length);
}

/** About a thousand bytes of JSON. */
function record(i) {
  return {
    id: i,
    name: text(i, 40),
    mail: text(i + 1, 60),
    about: text(i + 2, 420),
    scores: [i, i + 0.5, i + 1, i + 1.5],
    address: { street: text(i + 3, 60), city: text(i + 4, 30), zip: i % 100_000 },
    tags: [text(i + 5, 20), text(i + 6, 20), text(i + 7, 20)],
    notes: text(i + 8, 120),
  };
}

/** `bytes`: of the text, or of the JSON, about. */
export const CHURN_SHAPES = {
  'strings of 1 kB': { bytes: 1_000, value: (i) => text(i, 1_000) },
  'strings of 20 kB': { bytes: 20_000, value: (i) => text(i, 20_000) },
  'objects of 1 kB': { bytes: 1_000, value: record },
  'objects of 20 kB': {
    bytes: 20_000,
    value: (i) => ({ id: i, rows: Array.from({ length: 20 }, (_, n) => record(i + n)) }),
  },
};
