/**
 * Hashes of keys. The caller computes FNV-1a, begun with a seed of the store's; here its bits are mixed with a second seed,
 * because the lower bits of FNV depend on the lower bits of the key's bytes alone. Keys with equal hashes share a
 * chain, and chains are bounded: see key-index.ts.
 */

/** The finalizer of MurmurHash3, seeded: every bit depends on every bit. */
export function mixed(hash: number, seed: number): number {
  let h = hash ^ seed;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
