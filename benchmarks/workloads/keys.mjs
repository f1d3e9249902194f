/**
 * Kinds of key. `source(count)` returns a function from a key's number to the key:
 * interned: the same string object each time, its hash long known; the cheapest for any cache.
 * fresh: a string built for each call, as keys from a request are; its hash is computed at each lookup.
 * integer: small integers.
 * short: a flat string of up to 9 characters, built for each call; for the parts that count memory and growth.
 */

/** @type {Record<string, (count: number) => (i: number) => string | number>} */
export const keyKinds = {
  interned: (count) => {
    // Through a buffer, so that the strings are flat; what `text` returns is two or three pieces.
    const keys = Array.from({ length: count }, (_, i) => Buffer.from(text(i), 'latin1').toString('latin1'));
    return (i) => keys[i];
  },
  fresh: () => text,
  integer: () => (i) => i,
  short: () => shortText,
};

/** The kinds that the engine's workloads are run with. */
export const WORKLOAD_KEY_KINDS = ['interned', 'fresh', 'integer'];

/** All of one length, so that all entries weigh the same. */
function text(i) {
  return `user:${1_000_000_000 + i}:state`;
}

/** All of one length up to 90 million keys; fewer than 13 characters, so V8 builds it in one piece. */
function shortText(i) {
  return `k${10_000_000 + i}`;
}

/** A few values of 100 one-byte characters, flat. The same objects for all entries: no cache copies them. */
export const values = Array.from({ length: 64 }, (_, i) =>
  Buffer.alloc(100, 65 + (i % 26)).toString('latin1'),
);
