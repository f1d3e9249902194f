/**
 * Kinds of key. `source(count)` returns a function from a key's number to the key:
 * interned: the same string object each time, its hash long known; the cheapest for any cache.
 * fresh: a string built for each call, as keys from a request are; its hash is computed at each lookup.
 * integer: small integers.
 */

export const keyKinds = {
  interned: (count) => {
    // Through a buffer, so that the strings are flat; what `text` returns is two or three pieces.
    const keys = Array.from({ length: count }, (_, i) => Buffer.from(text(i), 'latin1').toString('latin1'));
    return (i) => keys[i];
  },
  fresh: () => text,
  integer: () => (i) => i,
};

/** All of one length, so that all entries weigh the same. */
function text(i) {
  return `user:${1_000_000_000 + i}:state`;
}
