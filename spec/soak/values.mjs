/**
 * Values of random shapes and sizes, which nothing else holds. Each kind is one that the estimate promises to count
 * within a tenth; left out is what it says it cannot see (lib/weigh/graph.ts, primitives.ts, objects.ts):
 *
 * - strings sliced out of longer ones, which keep those alive, and literals, which all share;
 * - structuredClone, whose short texts are shared with nobody and whose floats are boxed;
 * - arrays filled by `push`, objects filled field by field, and what was removed from a Map or an array again: V8
 *   keeps room that nobody sees;
 * - a field or an array that holds fractions now and whole numbers then: the shape decides, not the value;
 * - dictionaries of 17 names and more that have a prototype: a hash table or not, as V8 likes;
 * - records with any of many optional fields, or of more than some 1000 names in all: the memo of names (memo.ts)
 *   holds 256 kB, forgets them in time, and counts each anew, which is half as much again;
 * - Errors (their stacks differ), private fields, closures over more than a number, promises, SharedArrayBuffers.
 */

const scratch = Buffer.allocUnsafeSlow(2 ** 17);
const words =
  'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore'.split(
    ' ',
  );

/** Flat, one byte a character. */
function latin(random, length) {
  for (let at = 0; at < length; at += 4)
    scratch.writeUInt32LE((random.below(2 ** 32) & 0x1f1f1f1f) + 0x60606060, at);
  return scratch.latin1Slice(0, length);
}

/** Flat, two bytes a character. */
function wide(random, length) {
  for (let at = 0; at < length; at++) scratch.writeUInt16LE(0x4e00 + random.below(0x4000), at * 2);
  return scratch.ucs2Slice(0, length * 2);
}

const list = (length, item) => Array.from({ length }, (_, i) => item(i));
const fraction = (random) => random.below(2 ** 40) + 0.5;
const integer = (random) => random.below(2 ** 31);

/** What fields of generated records are: a field is of one kind in all records. */
const fields = [
  integer,
  fraction,
  (random) => random.chance(0.5),
  () => null,
  (random) => random.pick(words),
  (random) => latin(random, random.size(11, 60)),
  (random) => wide(random, random.size(11, 30)),
  (random) => list(random.below(12), () => integer(random)),
  (random) => list(1 + random.below(12), () => fraction(random)),
  (random) => list(random.below(6), () => latin(random, random.size(11, 30))),
  (random) => [random.pick(words), fraction(random), integer(random), null],
];

/** Names and kinds of fields, with records in records. */
function schema(random, id, depth) {
  return list(random.size(2, 16), (n) => {
    const name = `${random.pick(words)}_${id}_${n}`;
    if (depth === 0 || random.chance(0.8)) return [name, random.pick(fields)];
    const inner = schema(random, `${id}_${n}`, depth - 1);
    const make = (r) => record(inner, r);
    return [name, random.chance(0.5) ? make : (r) => list(r.below(4), () => make(r))];
  });
}

function record(schemaFields, random) {
  return Object.fromEntries(schemaFields.map(([name, make]) => [name, make(random)]));
}

class Point {
  constructor(random) {
    this.x = integer(random);
    this.y = fraction(random);
    this.name = latin(random, 16);
  }
}

class Session {
  constructor(random) {
    this.user = latin(random, 24);
    this.since = new Date(random.below(2 ** 41));
    this.rights = new Set(list(random.size(1, 20), () => integer(random)));
    this.at = new Point(random);
  }
}

/** An object whose names no other has. */
function dictionary(object, random, size) {
  for (let n = 0; n < size; n++) object[latin(random, 16)] = n;
  return object;
}

const typedArrays = [Uint8Array, Int16Array, Uint32Array, Float32Array, Float64Array, BigInt64Array];

/** Kinds by name; each makes a value. The seed decides on the schemas of records. */
export function kinds(random) {
  const schemas = list(10, (id) => schema(random, id, 2));
  return {
    'small integers': integer,
    doubles: fraction,
    bigints: (r) => BigInt(r.below(2 ** 40)) << BigInt(r.below(200)),
    'true, undefined, null': (r) => r.pick([true, undefined, null]),
    symbols: (r) => Symbol(latin(r, 20)),
    'one-byte strings': (r) => latin(r, r.size(11, 20_000)),
    'two-byte strings': (r) => wide(r, r.size(11, 5000)),
    'short strings': (r) => latin(r, r.size(11, 40)),
    'joined strings': (r) => `session:${latin(r, r.size(20, 400))}:${latin(r, 20)}:profile`,
    'generated JSON': (r) => JSON.parse(JSON.stringify(record(r.pick(schemas), r))),
    'lists of JSON': (r) => {
      const fieldsOfAll = r.pick(schemas);
      return JSON.parse(JSON.stringify(list(r.size(1, 12), () => record(fieldsOfAll, r))));
    },
    'arrays of doubles': (r) => list(r.size(1, 3000), () => fraction(r)),
    'arrays of integers': (r) => list(r.size(1, 3000), () => integer(r)),
    'arrays of strings': (r) => list(r.size(1, 200), () => latin(r, r.size(11, 60))),
    'arrays of objects': (r) => list(r.size(1, 100), (rank) => ({ id: integer(r), rank })),
    'mixed arrays': (r) =>
      list(r.size(1, 100), (i) => (i % 2 === 0 ? latin(r, r.size(11, 30)) : r.pick([fraction, integer])(r))),
    'dictionaries of stable names': (r) =>
      JSON.parse(JSON.stringify(Object.fromEntries(words.map((word) => [word, integer(r)])))),
    'dictionaries of fresh names': (r) => dictionary({}, r, r.size(3, 16)),
    'dictionaries without a prototype': (r) => dictionary(Object.create(null), r, r.size(3, 60)),
    'pooled Buffers': (r) => Buffer.from(latin(r, r.size(8, 4000)), 'latin1'),
    'unpooled Buffers': (r) => Buffer.allocUnsafeSlow(r.size(8, 100_000)).fill(1),
    'slices of Buffers': (r) => {
      const whole = Buffer.allocUnsafeSlow(r.size(100, 20_000)).fill(2);
      return list(r.size(1, 6), () => whole.subarray(r.below(50), 60 + r.below(40)));
    },
    'objects with a pooled Buffer': (r) => ({
      id: integer(r),
      body: Buffer.from(latin(r, r.size(8, 500)), 'latin1'),
    }),
    'typed arrays': (r) => new (r.pick(typedArrays))(r.size(1, 2000)),
    ArrayBuffers: (r) => new ArrayBuffer(r.size(8, 5000)),
    DataViews: (r) => new DataView(new ArrayBuffer(r.size(8, 5000))),
    Maps: (r) => new Map(list(r.below(60), () => [latin(r, 20), integer(r)])),
    'Maps of objects': (r) => new Map(list(r.below(20), (rank) => [integer(r), { id: rank, rank }])),
    Sets: (r) => new Set(list(r.below(100), () => integer(r))),
    Dates: (r) => new Date(r.below(2 ** 41)),
    points: (r) => new Point(r),
    sessions: (r) => new Session(r),
  };
}

/** The key with a number: one of four kinds, always the same. */
export function keyOf(number) {
  switch (number & 3) {
    case 0:
      return number;
    case 1:
      return scratch.latin1Slice(0, scratch.write(`user:${number}`, 'latin1'));
    case 2:
      return `session:${number}:profile:of:somebody`;
    default:
      return scratch.ucs2Slice(0, scratch.write(`\u20ac${number}`, 'utf16le'));
  }
}
