/**
 * Where a cluster keeps a key: slots, hash tags, and the name of a key's lease, which must lie in the key's own slot.
 *
 * A lease's name begins with `{`, so that tracking a prefix does not report it, and holds the key at its end, so that a
 * prefix can be found in it.
 */

const SLOTS = 16_384;
const MARK = '}:hotset-lease:';

/** CRC16/XMODEM: what the cluster's specification takes. */
const CRC_TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

function crc16(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ CRC_TABLE[(crc >> 8) ^ byte]!;
}

/** The text in the first braces, where there is one: then it alone decides the slot. */
function hashTag(key: string): string | undefined {
  const open = key.indexOf('{');
  if (open < 0) return undefined;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}

/** 0 to 16383. O(length). */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashTag(key) ?? key)) crc = crc16(crc, byte);
  return crc % SLOTS;
}

/** Three characters that lie in a slot, never a brace: for keys that cannot be their own tag. Tries 8,000 on average. */
export function tagIn(slot: number): string {
  for (let first = 0x30; first < 0x70; first++)
    for (let second = 0x30; second < 0x70; second++) {
      const crc = crc16(crc16(0, first), second);
      for (let third = 0x30; third < 0x70; third++)
        if (crc16(crc, third) % SLOTS === slot) return String.fromCharCode(first, second, third);
    }
  throw new RangeError(`there is no slot ${slot}`);
}

/** Where the lease of `key` is. O(length). */
export function leaseKeyOf(key: string): string {
  const tag = hashTag(key) ?? (key !== '' && !key.includes('}') ? key : tagIn(slotOf(key)));
  return `{${tag}${MARK}${key}`;
}

/** The key that a lease is for; undefined for a name that is no lease's. */
export function keyOfLease(name: string): string | undefined {
  if (!name.startsWith('{')) return undefined;
  // The tag has no closing brace.
  const at = name.indexOf('}');
  return name.startsWith(MARK, at) ? name.slice(at + MARK.length) : undefined;
}

/** What the names of all leases of keys with `prefix` contain. */
export function leaseInfix(prefix: string): string {
  return MARK + prefix;
}
