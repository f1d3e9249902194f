/**
 * The layout of a snapshot file. All numbers are little-endian, whatever machine wrote them.
 *
 *     file    header, block…, footer, and nothing behind it
 *
 *     header  28 bytes; the same in every version
 *         0   8 bytes  89 'HOTSET' 0A: a text-mode transfer would change it
 *         8   uint32   format version, 1
 *        12   uint32   1: a codec of the user's has written the values
 *        16   float64  wall-clock time when saving began, in milliseconds since 1970
 *        24   uint32   CRC-32 of bytes 0 to 23
 *
 *     block   12 bytes and the payload
 *         0   uint32   index, from 0
 *         4   uint32   bytes of payload, 1 to BLOCK_MAX_BYTES
 *         8   uint32   CRC-32 of bytes 0 to 7 and the payload
 *
 *     footer  32 bytes; looks like a block without payload
 *         0   uint32   number of blocks
 *         4   uint32   0
 *         8   float64  number of entries
 *        16   uint32   CRC-32 of the header's bytes 0 to 23 and of the 12 bytes before each payload, in their
 *                      order (not of the header's own checksum: a CRC over data and its CRC is always the same)
 *        20   8 bytes  'HOTSETND'
 *        28   uint32   CRC-32 of bytes 0 to 27
 *
 * The payloads hold records, one for each entry, the least recently used first. A record that is longer than
 * BLOCK_MAX_BYTES has a run of blocks to itself; any other lies within one block.
 *
 *     record  10 to 39 bytes, then the key's bytes and the value's
 *         0   uint8    tags: the key's in the low half, the value's in the high half
 *         1   uint8    fields present: 1 flags, 2 time to live, 4 access times, 16 adapter's bits; 8: the value has been
 *                      read; 32: the key's bytes are those of an array of the key, its tags, and what a read sets the
 *                      time to live to (milliseconds, or undefined)
 *         2   uint32   bytes of the key
 *         6   uint32   bytes of the value
 *             uint32   flags; else 0
 *             float64  milliseconds to live, counted from the header's time; else the entry never expires
 *             float64, float64  milliseconds since it was stored and since it was last read, at the header's
 *                      time; below 0 for what happened while the file was being written
 *             uint8    an adapter's bits; else 0
 *
 * The version changes when an older reader could misunderstand a newer file.
 */

export const FORMAT_VERSION = 1;

export const MAGIC: Buffer = Buffer.from('\x89HOTSET\n', 'latin1');
export const END_MARK: Buffer = Buffer.from('HOTSETND', 'latin1');

export const HEADER_BYTES = 28;
export const BLOCK_HEADER_BYTES = 12;
export const FOOTER_BYTES = 32;

/** The most payload of one block: what is read and written at once, and checked before it is used. */
export const BLOCK_MAX_BYTES: number = 256 * 1024;

/** Bits of the header's second number. */
export const HEADER_CODEC = 1;

/** A record without any of the fields that may be present. */
export const RECORD_HEAD_BYTES = 10;

/** Bits of a record's second byte. */
export const HAS_FLAGS = 1;
export const HAS_TTL = 2;
export const HAS_ACCESS = 4;
export const FETCHED = 8;
export const HAS_ADAPTER_BITS = 16;
export const HAS_TAGS = 32;

/** What the bytes of a key or value are. */
export const TAG = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  /** A whole number of 32 bits, with its sign. */
  INT32: 4,
  FLOAT64: 5,
  /** A string without characters above U+00FF, one byte for each. */
  LATIN1: 6,
  /** Any other string, two bytes for each UTF-16 unit: lone surrogates stay what they are. */
  UTF16: 7,
  BUFFER: 8,
  UINT8ARRAY: 9,
  /** Anything else, as serialization.ts writes it on a little-endian machine: V8 writes in the machine's order. */
  SERIALIZED_LE: 10,
  SERIALIZED_BE: 11,
  /** A value as encoded by the user's codec. */
  CODEC: 12,
} as const;

/** Bytes of the contents that always have the same number, by tag; -1 for the others. */
export const FIXED_BYTES: readonly number[] = [0, 0, 0, 0, 4, 8, -1, -1, -1, -1, -1, -1, -1];

/** Bytes of a record in front of the key, by its second byte. */
export function recordHeadBytes(fields: number): number {
  return (
    RECORD_HEAD_BYTES +
    ((fields & HAS_FLAGS) === 0 ? 0 : 4) +
    ((fields & HAS_TTL) === 0 ? 0 : 8) +
    ((fields & HAS_ACCESS) === 0 ? 0 : 16) +
    ((fields & HAS_ADAPTER_BITS) === 0 ? 0 : 1)
  );
}
