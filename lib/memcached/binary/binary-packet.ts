/**
 * The binary protocol's packets: a header of 24 bytes, extras, key, value. Source: memcached's
 * protocol-binary.txt, and the server's own answers where that is silent.
 */

export const HEADER_BYTES = 24;
export const REQUEST_MAGIC = 0x80;
export const RESPONSE_MAGIC = 0x81;

/** One request's header. A handler has one and refills it for each packet. */
export class Header {
  opcode = 0;
  keyBytes = 0;
  extrasBytes = 0;
  /** Extras, key and value together. */
  bodyBytes = 0;
  /** Echoed as it is: 32 bits with a sign, since V8 makes an object of a number without one. */
  opaque = 0;
  /** 0 means no comparison. A bigint where a number would not be exact. */
  cas: number | bigint = 0;

  get valueBytes(): number {
    return this.bodyBytes - this.keyBytes - this.extrasBytes;
  }

  /** Reads the header in `bytes` at `at`; false when it is none. Data type and vbucket mean nothing. */
  read(bytes: Buffer, at: number): boolean {
    this.opcode = bytes[at + 1]!;
    this.keyBytes = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    this.extrasBytes = bytes[at + 4]!;
    this.bodyBytes = readUint32(bytes, at + 8);
    this.opaque = readUint32(bytes, at + 12) | 0;
    this.cas = readUint64(bytes, at + 16);
    return bytes[at] === REQUEST_MAGIC;
  }
}

/** A number of 32 bits. Buffer's own method costs more to call. */
export function readUint32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** A number of 64 bits: a bigint where a number would not be exact. */
export function readUint64(bytes: Buffer, at: number): number | bigint {
  const high = readUint32(bytes, at);
  return high < 2 ** 21 ? high * 2 ** 32 + readUint32(bytes, at + 4) : bytes.readBigUInt64BE(at);
}

export function writeUint64(words: DataView, at: number, number: number | bigint): void {
  if (typeof number === 'bigint') {
    words.setBigUint64(at, number);
    return;
  }
  words.setInt32(at, Math.floor(number / 2 ** 32));
  words.setInt32(at + 4, number);
}

export const STATUS = {
  ok: 0x00,
  notFound: 0x01,
  exists: 0x02,
  tooLarge: 0x03,
  invalid: 0x04,
  notStored: 0x05,
  nonNumeric: 0x06,
  authError: 0x20,
  authContinue: 0x21,
  unknown: 0x81,
  outOfMemory: 0x82,
} as const;

export type Status = (typeof STATUS)[keyof typeof STATUS];

/** The text of each error status; `authContinue` is no error and has none. */
export const STATUS_TEXT: Readonly<Record<Exclude<Status, 0>, string>> = {
  [STATUS.notFound]: 'Not found',
  [STATUS.exists]: 'Data exists for key.',
  [STATUS.tooLarge]: 'Too large.',
  [STATUS.invalid]: 'Invalid arguments',
  [STATUS.notStored]: 'Not stored.',
  [STATUS.nonNumeric]: 'Non-numeric server-side value for incr or decr',
  [STATUS.authError]: 'Auth failure.',
  [STATUS.authContinue]: '',
  [STATUS.unknown]: 'Unknown command',
  [STATUS.outOfMemory]: 'Out of memory',
};
