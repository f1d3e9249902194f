/** Random packets of the binary protocol, over the keys of the text one; some of the wrong shape. */

import { type Flushes, isBlank, isInChunks, isLarge, NO_NUMBERS } from './known-differences.js';
import type { Random } from './random.js';
import type { Grammar } from './stream.js';
import { casBytesOf, TAG, TAG_BYTES } from './template.js';
import { anyKey, anyValue, KEYS } from './text-grammar.js';

const OPCODE = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  increment: 0x05,
  decrement: 0x06,
  quit: 0x07,
  flush: 0x08,
  getq: 0x09,
  noop: 0x0a,
  version: 0x0b,
  getk: 0x0c,
  getkq: 0x0d,
  append: 0x0e,
  prepend: 0x0f,
  setq: 0x11,
  addq: 0x12,
  replaceq: 0x13,
  deleteq: 0x14,
  incrementq: 0x15,
  decrementq: 0x16,
  flushq: 0x18,
  appendq: 0x19,
  prependq: 0x1a,
  touch: 0x1c,
  gat: 0x1d,
  gatq: 0x1e,
  gatk: 0x23,
  gatkq: 0x24,
} as const;

const RETRIEVALS: ReadonlySet<number> = new Set([
  ...[OPCODE.get, OPCODE.getq, OPCODE.getk, OPCODE.getkq],
  ...[OPCODE.touch, OPCODE.gat, OPCODE.gatq, OPCODE.gatk, OPCODE.gatkq],
]);
const OPAQUE_AT = 15;
const NO_CAS = '\0'.repeat(8);
/** No key: the low byte of the opaque names one, and this is none. */
const NO_KEY = 0xfe;

interface Fields {
  readonly extras?: string;
  readonly key?: string;
  readonly value?: string;
  readonly cas?: string;
}

function packet(
  random: Random,
  opcode: number,
  { extras = '', key = '', value = '', cas = NO_CAS }: Fields,
): string {
  const keyLength = key.replaceAll(TAG, '0'.repeat(TAG_BYTES)).length;
  const header = Buffer.alloc(16);
  header[0] = 0x80;
  header[1] = opcode;
  header.writeUInt16BE(keyLength, 2);
  header[4] = extras.length;
  header.writeUInt32BE(extras.length + keyLength + value.length, 8);
  header.writeUInt32BE(random.below(0x10000), 12);
  const index = KEYS.indexOf(key);
  header[OPAQUE_AT] = index === -1 ? NO_KEY : index;
  return header.toString('latin1') + cas + extras + key + value;
}

function uint32(number: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number >>> 0);
  return bytes.toString('latin1');
}

function uint64(number: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes.toString('latin1');
}

function anyExptime(random: Random): number {
  return random.weighted<number>([
    [50, 0],
    [20, 1 + random.below(6)],
    [10, 100 + random.below(3000)],
    [4, random.pick([2592000, 2592001, 1000000000, 0x7fffffff])],
  ]);
}

/** Mostly none. */
function anyCas(random: Random, key: string): string {
  return random.weighted<string>([
    [60, NO_CAS],
    [30, casBytesOf(key)],
    [6, casBytesOf(anyKey(random))],
    [3, uint64(0xffffffffffffffffn)],
  ]);
}

function valueFor(random: Random, key: string): string {
  for (;;) {
    const value = anyValue(random);
    if (!isLarge(value) && (NO_NUMBERS.test(key) || !(isBlank(value) || isInChunks(value)))) return value;
  }
}

const DELTAS = [0n, 1n, 1n, 2n, 9n, 10n, 91n, 100n, 4294967296n, 9007199254740993n];
const DECREMENTS = [...DELTAS, 0xffffffffffffffffn, 0x8000000000000000n];

type Rule = (random: Random) => string;

function store(...opcodes: readonly number[]): Rule {
  return (random) => {
    const key = anyKey(random);
    const extras = uint32(random.pick([0, 0, 7, 0xffffffff])) + uint32(anyExptime(random));
    return packet(random, random.pick(opcodes), {
      extras,
      key,
      value: valueFor(random, key),
      cas: anyCas(random, key),
    });
  };
}

function extend(...opcodes: readonly number[]): Rule {
  return (random) => {
    const key = anyKey(random);
    return packet(random, random.pick(opcodes), {
      key,
      value: valueFor(random, key),
      cas: anyCas(random, key),
    });
  };
}

function fetch(...opcodes: readonly number[]): Rule {
  return (random) => packet(random, random.pick(opcodes), { key: anyKey(random) });
}

function touch(...opcodes: readonly number[]): Rule {
  return (random) =>
    packet(random, random.pick(opcodes), { extras: uint32(anyExptime(random)), key: anyKey(random) });
}

function count(opcodes: readonly number[], deltas: readonly bigint[]): Rule {
  return (random) => {
    const key = random.pick(NUMBER_KEYS);
    const exptime = random.chance(0.4) ? 0xffffffff : anyExptime(random);
    const extras = uint64(random.pick(deltas)) + uint64(random.pick(DELTAS)) + uint32(exptime);
    return packet(random, random.pick(opcodes), { extras, key, cas: anyCas(random, key) });
  };
}

const NUMBER_KEYS = KEYS.filter((key) => !NO_NUMBERS.test(key));
const COUNTING: ReadonlySet<number> = new Set([
  ...[OPCODE.increment, OPCODE.incrementq, OPCODE.decrement, OPCODE.decrementq],
]);

/** Extras, key or value where the opcode has none, or none where it needs them: answered, and the end. */
function misshapen(random: Random): string {
  const fields: Fields = {
    extras: random.pick(['', '', 'x'.repeat(4), 'x'.repeat(8), 'x'.repeat(20)]),
    key: random.pick(['', anyKey(random)]),
    value: random.pick(['', '', 'value']),
  };
  // Not those that store, whose shape may happen to be right; nor touch and gat, of which memcached takes a value too.
  const opcode = random.pick([OPCODE.get, OPCODE.getkq, OPCODE.noop, OPCODE.version]);
  return packet(random, opcode, fields);
}

const RULES: readonly (readonly [number, Rule])[] = [
  [20, fetch(OPCODE.get, OPCODE.getq, OPCODE.getk, OPCODE.getkq)],
  [12, store(OPCODE.set, OPCODE.set, OPCODE.setq)],
  [8, store(OPCODE.add, OPCODE.addq)],
  [8, store(OPCODE.replace, OPCODE.replaceq)],
  [9, extend(OPCODE.append, OPCODE.appendq, OPCODE.prepend, OPCODE.prependq)],
  [8, count([OPCODE.increment, OPCODE.increment, OPCODE.incrementq], DELTAS)],
  [8, count([OPCODE.decrement, OPCODE.decrement, OPCODE.decrementq], DECREMENTS)],
  [8, touch(OPCODE.touch, OPCODE.gat, OPCODE.gatq, OPCODE.gatk, OPCODE.gatkq)],
  [
    7,
    (random) => {
      const key = anyKey(random);
      return packet(random, random.pick([OPCODE.delete, OPCODE.deleteq]), { key, cas: anyCas(random, key) });
    },
  ],
  [2, (random) => packet(random, OPCODE.noop, {})],
  [1, (random) => packet(random, OPCODE.version, {})],
  [0.3, (random) => packet(random, OPCODE.quit, {})],
  [0.5, (random) => packet(random, random.pick([OPCODE.flush, OPCODE.flushq]), {})],
  // With a body memcached loses its place afterwards: not to be copied.
  [0.5, (random) => packet(random, random.pick([0x30, 0x55, 0xff, 0x1b, 0x20]), {})],
  [0.3, misshapen],
];

/** A grammar for one stream. */
export function binaryGrammar(flushes: Flushes): Grammar {
  return (random, before) => {
    for (;;) {
      const command = random.weighted(RULES)(random);
      const opcode = command.charCodeAt(1);
      if ((opcode === OPCODE.flush || opcode === OPCODE.flushq) && !flushes.admit('flush_all\r\n')) continue;
      if (
        !COUNTING.has(opcode) ||
        !before.some((other) => isText(other) || holds(other, command[OPAQUE_AT]!))
      )
        return command;
    }
  };
}

/** Of another connection, whose packet is cut: it may wait with any item. */
function isText(command: string): boolean {
  return !command.startsWith('\x80');
}

/** As with text: a number is not padded while a reply that waits refers to its item. */
function holds(command: string, key: string): boolean {
  return RETRIEVALS.has(command.charCodeAt(1)) && command[OPAQUE_AT] === key;
}
