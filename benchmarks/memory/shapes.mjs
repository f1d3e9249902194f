/**
 * What the entries of each shape are: `key(i)` and `value(i)` build fresh ones that nothing else retains.
 * Text comes out of a buffer, as it does when it was read from somewhere, so that every string is flat.
 */

const scratch = Buffer.alloc(8192, 0x78);

/** A flat one-byte string of its own, `length` characters, that begins with `i`. */
function oneByte(i, length) {
  scratch.write(String(i).padStart(12, '0'), 0, 'latin1');
  return scratch.latin1Slice(0, length);
}

function twoByte(i, length) {
  scratch.write(String(i).padStart(12, '\u20ac'), 0, 'utf16le');
  return scratch.ucs2Slice(0, length * 2);
}

const fieldNames = Array.from('abcdefghij');

const key20 = (i) => oneByte(i, 20);

function filledMap(i) {
  const map = new Map();
  for (let n = 0; n < 10; n++) map.set(n, i + n);
  return map;
}

function filledSet(i) {
  const set = new Set();
  for (let n = 0; n < 10; n++) set.add(i + n);
  return set;
}

function pushedArray(i) {
  const array = [];
  for (let n = 0; n < 10; n++) array.push(i + n);
  return array;
}

/** Properties that come one after the other, under names that all entries share. */
function grownObject(i) {
  const object = {};
  for (const name of fieldNames) object[name] = i;
  return object;
}

/** Names of its own for each entry, as in a record that is used as a dictionary. */
function dictionary(i) {
  const object = {};
  for (let n = 0; n < 20; n++) object[`user-${i}-${n}`] = n;
  return object;
}

class Point {
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }
}

/** `outside`: bytes of each value that lie outside V8's heap, in memory from malloc. */
export const shapes = {
  'strings of 100 B': { key: key20, value: (i) => oneByte(i, 100) },
  'strings of 100 B, built keys': { key: (i) => `session:${i}:profile`, value: (i) => oneByte(i, 100) },
  'two-byte strings of 100': { key: key20, value: (i) => twoByte(i, 100) },
  'strings of 4 kB': { key: key20, value: (i) => oneByte(i, 4096), most: 100_000 },
  'integer keys, doubles': { key: (i) => i, value: (i) => i + 0.5 },
  'integer keys, integers': { key: (i) => i, value: (i) => i },
  'objects {id, name, score}': {
    key: key20,
    value: (i) => ({ id: i, name: oneByte(i, 16), score: i + 0.5 }),
  },
  'nested objects': {
    key: key20,
    value: (i) => ({
      id: i,
      user: { name: oneByte(i, 16), tags: [oneByte(i, 14), oneByte(i, 15)] },
      at: { x: i + 0.25, y: i + 0.75 },
    }),
  },
  'objects from JSON': {
    key: key20,
    value: (i) => JSON.parse(`{"id":${i},"name":"name of ${i}","score":${i + 0.5},"tags":["a${i}","b${i}"]}`),
  },
  'objects of 10 integers': {
    key: key20,
    value: (i) => ({ a: i, b: i, c: i, d: i, e: i, f: i, g: i, h: i, i, j: i }),
  },
  'objects of 10 integers, grown': { key: key20, value: grownObject },
  'class instances': { key: key20, value: (i) => new Point(i, i + 0.5, oneByte(i, 16)) },
  'dictionaries of 20': { key: key20, value: dictionary, most: 100_000 },
  'arrays of 10 integers': { key: key20, value: (i) => Array.from({ length: 10 }, (_, n) => i + n) },
  'arrays of 10 integers, pushed': { key: key20, value: pushedArray },
  'arrays of 10 doubles': { key: key20, value: (i) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => i + n / 4) },
  'arrays of 10 objects': {
    key: key20,
    value: (i) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({ id: i + n, rank: n })),
  },
  'Maps of 10': { key: key20, value: filledMap },
  'Sets of 10': { key: key20, value: filledSet },
  Dates: { key: key20, value: (i) => new Date(i) },
  'Buffers of 100 B, unpooled': {
    key: key20,
    value: (i) => Buffer.allocUnsafeSlow(100).fill(i),
    outside: 100,
  },
  'Buffers of 100 B, pooled': {
    key: key20,
    value: (i) => Buffer.from(oneByte(i, 100), 'latin1'),
    outside: 100,
  },
  'Buffers of 5 kB, unpooled': {
    key: key20,
    value: (i) => Buffer.allocUnsafeSlow(5000).fill(i),
    outside: 5000,
    most: 100_000,
  },
  'Uint8Arrays of 1 kB': { key: key20, value: (i) => new Uint8Array(1024).fill(i), outside: 1024 },
  'Float64Arrays of 4': { key: key20, value: (i) => new Float64Array(4).fill(i), outside: 32 },
};
