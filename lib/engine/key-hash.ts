/**
 * A cheap hash of a key, to choose one of many tables. It need not be good, for a bad one only makes tables
 * unequal; it must be the same for keys that a Map takes for the same. JavaScript does not show V8's own.
 */

/** The longest text that is looked at in full, and how much of a longer one: both ends, and places between. */
const FULL_LENGTH = 128;
const END_LENGTH = 32;
const PLACES_BETWEEN = 64;

/** A prime below 2^32: the remainder depends on all bits of a bigint. */
const BIGINT_DIVISOR = 4294967291n;

/** A whole number of 32 bits. Objects and symbols have no hash and share 0. O(1). */
export function keyHash(key: unknown): number {
  switch (typeof key) {
    case 'string':
      return stringHash(key);
    case 'number':
      return numberHash(key);
    case 'bigint':
      return mixed(Number(key % BIGINT_DIVISOR));
    case 'boolean':
      return mixed(key ? 1 : 2);
    default:
      return 0;
  }
}

function stringHash(text: string): number {
  const { length } = text;
  if (length <= FULL_LENGTH) return mixed(rangeHash(text, 0, length, length));
  let hash = rangeHash(text, 0, END_LENGTH, length);
  hash = rangeHash(text, length - END_LENGTH, length, hash);
  const step = (length - 2 * END_LENGTH) / PLACES_BETWEEN;
  for (let i = 0; i < PLACES_BETWEEN; i++)
    hash = Math.imul(hash, 31) + text.charCodeAt(END_LENGTH + Math.floor(i * step));
  return mixed(hash);
}

function rangeHash(text: string, from: number, to: number, start: number): number {
  let hash = start;
  for (let i = from; i < to; i++) hash = Math.imul(hash, 31) + text.charCodeAt(i);
  return hash;
}

function numberHash(key: number): number {
  const whole = key | 0;
  // Fractions and what lies beyond 32 bits: the parts that `| 0` drops count as well. NaN and -0 become 0.
  return whole === key ? mixed(whole) : mixed(whole ^ ((key * 2 ** -32) | 0) ^ ((key % 1) * 2 ** 31));
}

/** The finaliser of MurmurHash3: every bit of the result depends on every bit of `bits`. */
function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
