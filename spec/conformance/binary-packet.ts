/** Packets of memcached's binary protocol, as strings of bytes (latin1) for the wire tables. */

import type { Row, Turn } from './wire-table.js';

const REQUEST_MAGIC = 0x80;
const RESPONSE_MAGIC = 0x81;
const HEADER_BYTES = 24;

export const OPCODE = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  incr: 0x05,
  decr: 0x06,
  quit: 0x07,
  flush: 0x08,
  getq: 0x09,
  noop: 0x0a,
  version: 0x0b,
  getk: 0x0c,
  getkq: 0x0d,
  append: 0x0e,
  prepend: 0x0f,
  stat: 0x10,
  setq: 0x11,
  addq: 0x12,
  replaceq: 0x13,
  deleteq: 0x14,
  incrq: 0x15,
  decrq: 0x16,
  quitq: 0x17,
  flushq: 0x18,
  appendq: 0x19,
  prependq: 0x1a,
  verbosity: 0x1b,
  touch: 0x1c,
  gat: 0x1d,
  gatq: 0x1e,
  saslList: 0x20,
  saslAuth: 0x21,
  saslStep: 0x22,
  gatk: 0x23,
  gatkq: 0x24,
} as const;

/** What a failure says: the status and the text that comes with it. */
export const FAILURE = {
  notFound: [0x01, 'Not found'],
  exists: [0x02, 'Data exists for key.'],
  tooLarge: [0x03, 'Too large.'],
  invalid: [0x04, 'Invalid arguments'],
  notStored: [0x05, 'Not stored.'],
  nonNumeric: [0x06, 'Non-numeric server-side value for incr or decr'],
  unknown: [0x81, 'Unknown command'],
} as const;

export interface PacketFields {
  readonly extras?: string;
  readonly key?: string;
  readonly value?: string;
  readonly opaque?: number;
  readonly cas?: number | bigint;
  /** The status of a response, the vbucket of a request. */
  readonly status?: number;
  readonly dataType?: number;
  readonly magic?: number;
  // Lengths that the header claims, where they are not those of the parts.
  readonly extrasLength?: number;
  readonly keyLength?: number;
  readonly bodyLength?: number;
}

function packet(magic: number, opcode: number, fields: PacketFields): string {
  const { extras = '', key = '', value = '' } = fields;
  const body = extras + key + value;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(fields.magic ?? magic, 0);
  header.writeUInt8(opcode, 1);
  header.writeUInt16BE(fields.keyLength ?? key.length, 2);
  header.writeUInt8(fields.extrasLength ?? extras.length, 4);
  header.writeUInt8(fields.dataType ?? 0, 5);
  header.writeUInt16BE(fields.status ?? 0, 6);
  header.writeUInt32BE(fields.bodyLength ?? body.length, 8);
  header.writeUInt32BE(fields.opaque ?? 0, 12);
  header.writeBigUInt64BE(BigInt(fields.cas ?? 0), 16);
  return header.toString('latin1') + body;
}

export function request(opcode: number, fields: PacketFields = {}): string {
  return packet(REQUEST_MAGIC, opcode, fields);
}

export function response(opcode: number, fields: PacketFields = {}): string {
  return packet(RESPONSE_MAGIC, opcode, fields);
}

export function failure(opcode: number, kind: keyof typeof FAILURE, fields: PacketFields = {}): string {
  const [status, value] = FAILURE[kind];
  return response(opcode, { status, value, ...fields });
}

export function uint32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('latin1');
}

export function uint64(value: number | bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.toString('latin1');
}

// Requests, by the shape of their extras

type Rest = Omit<PacketFields, 'key' | 'value' | 'extras'>;

/** set, add, replace and their quiet forms. */
export function storeRequest(
  opcode: number,
  key: string,
  value: string,
  { flags = 0, exptime = 0, ...rest }: Rest & { flags?: number; exptime?: number } = {},
): string {
  return request(opcode, { extras: uint32(flags) + uint32(exptime), key, value, ...rest });
}

/** incr, decr and their quiet forms; `exptime` 0xffffffff does not create. */
export function countRequest(
  opcode: number,
  key: string,
  delta: number | bigint,
  {
    initial = 0,
    exptime = 0,
    ...rest
  }: Rest & {
    initial?: number | bigint;
    exptime?: number;
  } = {},
): string {
  return request(opcode, { extras: uint64(delta) + uint64(initial) + uint32(exptime), key, ...rest });
}

/** touch, gat and their other forms. */
export function touchRequest(opcode: number, key: string, exptime: number, rest: Rest = {}): string {
  return request(opcode, { extras: uint32(exptime), key, ...rest });
}

/** An item as get and gat send it. */
export function hit(
  opcode: number,
  value: string,
  { flags = 0, ...rest }: Omit<PacketFields, 'value' | 'extras'> & { flags?: number } = {},
): string {
  return response(opcode, { extras: uint32(flags), value, ...rest });
}

// Rows

type Packets = string | readonly string[];
type BinaryTurn =
  | readonly [send: Packets, reply: Packets, where?: 'beside' | undefined]
  | readonly [seconds: number];

/** Like `row` of wire-table.ts, for packets: no byte stands for another. */
export function binaryRow(
  title: string,
  turns: readonly BinaryTurn[],
  options: Omit<Row, 'title' | 'turns'> = {},
): Row {
  return {
    title,
    turns: turns.map(
      (turn): Turn => (turn.length === 1 ? turn : [joined(turn[0]), joined(turn[1]), turn[2]]),
    ),
    ...options,
  };
}

function joined(packets: Packets): string {
  return typeof packets === 'string' ? packets : packets.join('');
}

// Replies, read back

export interface ResponsePacket {
  readonly opcode: number;
  readonly status: number;
  readonly opaque: number;
  readonly cas: bigint;
  readonly extras: string;
  readonly key: string;
  readonly value: string;
}

/** Replies that are packets and nothing else. */
export function readPackets(replies: string): ResponsePacket[] {
  return pieces(replies).map((piece) => {
    const packet = readPacket(piece);
    if (packet === null) throw new Error(`not a packet: ${JSON.stringify(piece)}`);
    return packet;
  });
}

/** Replies as lines to read in a failure: a packet each, or a line of text. */
export function readable(replies: string): string[] {
  return pieces(replies).map((piece) => {
    const packet = readPacket(piece);
    if (packet === null) return JSON.stringify(piece);
    const { opcode, status, opaque, cas, extras, key, value } = packet;
    const name = Object.entries(OPCODE).find((entry) => entry[1] === opcode)?.[0] ?? `opcode ${opcode}`;
    const texts = JSON.stringify({ extras, key, value });
    return `${name} status ${status} opaque ${opaque} cas ${cas} ${texts}`;
  });
}

/** Cuts into packets, and lines of text where there are any. */
function pieces(replies: string): string[] {
  const cut: string[] = [];
  for (let at = 0; at < replies.length; ) {
    const end = replies[at] === '\x81' ? packetEnd(replies, at) : lineEnd(replies, at);
    cut.push(replies.slice(at, end));
    at = end;
  }
  return cut;
}

function packetEnd(replies: string, at: number): number {
  const header = Buffer.from(replies.slice(at, at + HEADER_BYTES), 'latin1');
  return header.length < HEADER_BYTES ? replies.length : at + HEADER_BYTES + header.readUInt32BE(8);
}

function lineEnd(replies: string, at: number): number {
  const end = replies.indexOf('\n', at);
  return end === -1 ? replies.length : end + 1;
}

function readPacket(piece: string): ResponsePacket | null {
  const bytes = Buffer.from(piece, 'latin1');
  if (bytes[0] !== RESPONSE_MAGIC || bytes.length < HEADER_BYTES) return null;
  const keyStart = HEADER_BYTES + bytes.readUInt8(4);
  const valueStart = keyStart + bytes.readUInt16BE(2);
  return {
    opcode: bytes.readUInt8(1),
    status: bytes.readUInt16BE(6),
    opaque: bytes.readUInt32BE(12),
    cas: bytes.readBigUInt64BE(16),
    extras: piece.slice(HEADER_BYTES, keyStart),
    key: piece.slice(keyStart, valueStart),
    value: piece.slice(valueStart),
  };
}
