/**
 * What the entries of each shape are: `key(i)` and `value(i)` build fresh ones that nothing else retains.
 * Text comes out of a buffer, as it does when it was read from somewhere, so that it is flat unless it says
 * otherwise.
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
const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

export const key20 = (i) => oneByte(i, 20);

function filledMap(i, size) {
  const map = new Map();
  for (let n = 0; n < size; n++) map.set(n, i + n);
  return map;
}

function filledSet(i, size) {
  const set = new Set();
  for (let n = 0; n < size; n++) set.add(i + n);
  return set;
}

function pushedArray(i, length) {
  const array = [];
  for (let n = 0; n < length; n++) array.push(i + n);
  return array;
}

/** Properties that come one after the other, under names that all entries share. */
function grownObject(i) {
  const object = {};
  for (const name of fieldNames) object[name] = i;
  return object;
}

/** Names of its own for each entry, as in a record that is used as a dictionary. */
function dictionary(object, i, size) {
  for (let n = 0; n < size; n++) object[`user-${i}-${n}`] = n;
  return object;
}

function numbered(size, at) {
  const object = {};
  for (let n = 0; n < size; n++) object[at(n)] = n;
  return object;
}

class Point {
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }
}

class Private {
  #hidden;
  constructor(hidden) {
    this.#hidden = hidden;
  }
  get hidden() {
    return this.#hidden;
  }
}

function cycle(i) {
  const parent = { id: i, children: /** @type {unknown[]} */ ([]), index: new Map() };
  const children = [0, 1, 2].map((n) => ({ parent, rank: n, name: oneByte(i + n, 16) }));
  parent.children = children.slice();
  parent.index.set('first', children[0]);
  return parent;
}

function sharedParts(i) {
  const address = { street: oneByte(i, 24), city: oneByte(i, 15), at: [i + 0.5, i + 0.25] };
  return { home: address, work: address, both: [address, address] };
}

function deepError(depth, i) {
  return depth === 0 ? new Error(`request ${i} failed`) : deepError(depth - 1, i);
}

/** `max`: entries beyond which a shape is left out. */
const values = {
  integers: (i) => i,
  doubles: (i) => i + 0.5,
  'integers of 33 bits and more': (i) => 2 ** 33 + i,
  'bigints of 64 bits': (i) => 2n ** 60n + BigInt(i),
  'bigints of 200 bits': (i) => 2n ** 199n + BigInt(i),
  'true, undefined, null': (i) => [true, undefined, null][i % 3],
  symbols: (i) => Symbol(oneByte(i, 20)),
  'strings of 8 B': (i) => oneByte(i, 12).slice(4, 12),
  'strings of 100 B': (i) => oneByte(i, 100),
  'strings of 4 kB': (i) => oneByte(i, 4096),
  'strings, joined': (i) => `session:${i}:${oneByte(i, 40)}:profile`,
  'two-byte strings of 10': (i) => twoByte(i, 10),
  'two-byte strings of 100': (i) => twoByte(i, 100),
  'objects, empty': () => ({}),
  'objects {id, name, score}': (i) => ({ id: i, name: oneByte(i, 16), score: i + 0.5 }),
  'objects of 10 integers': (i) => ({ a: i, b: i, c: i, d: i, e: i, f: i, g: i, h: i, i, j: i }),
  'objects from JSON': (i) =>
    JSON.parse(
      `{"id":${i},"name":"the name of ${i}","score":${i + 0.5},"tags":["tag a of ${i}","tag b of ${i}"]}`,
    ),
  'nested objects': (i) => ({
    id: i,
    user: { name: oneByte(i, 16), tags: [oneByte(i, 14), oneByte(i, 15)] },
    at: { x: i + 0.25, y: i + 0.75 },
  }),
  'class instances': (i) => new Point(i, i + 0.5, oneByte(i, 16)),
  'objects without a prototype': (i) => Object.assign(Object.create(null), { a: i, b: i, c: i }),
  cycles: cycle,
  'shared parts': sharedParts,
  'arrays, empty': () => [],
  'arrays of 10 integers': (i) => Array.from({ length: 10 }, (_, n) => i + n),
  'arrays of 10 doubles': (i) => ten.map((n) => i + n / 4),
  'arrays of 10 strings': (i) => ten.map((n) => oneByte(i + n, 20)),
  'arrays of 10 objects': (i) => ten.map((n) => ({ id: i + n, rank: n })),
  'arrays of doubles and strings': (i) => [i + 0.5, oneByte(i, 16), i + 0.25, oneByte(i, 17)],
  'arrays of 100, holey': (i) => {
    const array = new Array(100);
    array[i % 100] = i;
    return array;
  },
  'Maps of 10': (i) => filledMap(i, 10),
  'Maps of 17': (i) => filledMap(i, 17),
  'Maps, empty': () => new Map(),
  'Maps of objects': (i) => new Map(ten.map((n) => [oneByte(i * 10 + n, 20), { id: i, rank: n }])),
  'Sets of 10': (i) => filledSet(i, 10),
  'Sets of 100 strings': (i) => new Set(Array.from({ length: 100 }, (_, n) => oneByte(i * 100 + n, 20))),
  Dates: (i) => new Date(1.7e12 + i),
  'regular expressions': (i) => new RegExp(`^user-${i}$`),
  'Errors, ten frames deep': (i) => deepError(12, i),
  functions: (i) => () => i,
  'Buffers of 32 B, unpooled': (i) => Buffer.allocUnsafeSlow(32).fill(i),
  'Buffers of 100 B, unpooled': (i) => Buffer.allocUnsafeSlow(100).fill(i),
  'Buffers of 100 B, pooled': (i) => Buffer.from(oneByte(i, 100), 'latin1'),
  'Buffers of 1 kB, pooled': (i) => Buffer.allocUnsafe(1000).fill(i),
  'Buffers of 5 kB, unpooled': (i) => Buffer.allocUnsafeSlow(5000).fill(i),
  'Buffers of 200 kB': (i) => Buffer.allocUnsafeSlow(200_000).fill(i),
  'Uint8Arrays of 1 kB': (i) => new Uint8Array(1024).fill(i),
  'Float64Arrays of 4': (i) => new Float64Array(4).fill(i),
  'Float64Arrays of 100': (i) => new Float64Array(100).fill(i),
  'ArrayBuffers of 100 B': () => new ArrayBuffer(100),
  'DataViews of 100 B': () => new DataView(new ArrayBuffer(100)),
  'objects with a pooled Buffer': (i) => ({ id: i, body: Buffer.from(oneByte(i, 100), 'latin1') }),
  'dictionaries of 5': (i) => dictionary({}, i, 5),
  'dictionaries of 10': (i) => dictionary({}, i, 10),
  'dictionaries of 20, no prototype': (i) => dictionary(Object.create(null), i, 20),
  'objects with 10 indexes': (i) => numbered(10, (n) => i * 10_000 + n * 1000),
};

/** What the estimate does not see: shown, so that nobody has to guess how much it is. */
const limits = {
  // V8 keeps one as a hash table and the other not: what is counted lies between.
  'dictionaries of 20': (i) => dictionary({}, i, 20),
  'dictionaries of 20 from JSON': (i) => JSON.parse(JSON.stringify(dictionary({}, i, 20))),
  'arrays of 10 integers, pushed': (i) => pushedArray(i, 10),
  'arrays of 100 integers, pushed': (i) => pushedArray(i, 100),
  'objects of 10 integers, grown': grownObject,
  'strings sliced out of longer ones': (i) => oneByte(i, 200).slice(50, 100),
  'strings that are literals': () => 'one string for all of them',
  'Errors, shallow': (i) => new Error(`request ${i} failed`),
  // Real, but in no figure of process.memoryUsage().
  'SharedArrayBuffers of 100 B': () => new SharedArrayBuffer(100),
  'private fields': (i) => new Private(oneByte(i, 100)),
};

const max = { 'Buffers of 200 kB': 10_000 };

function withKeys(group, limit) {
  return Object.entries(group).map(([name, value]) => [
    name,
    { key: key20, value, limit, max: max[name] ?? Number.POSITIVE_INFINITY },
  ]);
}

const endless = { limit: false, max: Number.POSITIVE_INFINITY };

export const shapes = {
  'integer keys, integers': { ...endless, key: (i) => i, value: values.integers },
  'integer keys, doubles': { ...endless, key: (i) => i, value: values.doubles },
  'strings of 100 B, joined keys': {
    ...endless,
    key: (i) => `session:${i}:profile`,
    value: values['strings of 100 B'],
  },
  ...Object.fromEntries([...withKeys(values, false), ...withKeys(limits, true)]),
};
