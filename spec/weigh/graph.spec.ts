/** Objects of all kinds: never a throw, never a call, each property of them where it is. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueBytes, weighObject } from '../../lib/weigh/index.js';
import { TRUSTED_AFTER } from '../../lib/weigh/memo.js';
import { anything, detached, familiarBytes } from './values.js';

function trap(): never {
  throw new Error('code of the value was run');
}

const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, trap]));

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function withAccessor(name: string, object: object = {}): object {
  return Object.defineProperty(object, name, { enumerable: true, configurable: true, get: trap, set: trap });
}

const builtIns = [
  Array,
  Map,
  Set,
  WeakMap,
  WeakSet,
  Date,
  RegExp,
  Error,
  Promise,
  ArrayBuffer,
  SharedArrayBuffer,
  Uint8Array,
  DataView,
  Buffer,
  Number,
  String,
  Symbol,
  BigInt,
  Function,
] as const;

describe('an exotic object', () => {
  const impostors = builtIns.map((type) => [type.name, Object.create(type.prototype) as object] as const);

  it.each(impostors)('that only pretends to be a %s weighs a little', (_, impostor) => {
    expect(valueBytes(impostor)).toBeGreaterThan(0);
    expect(valueBytes(impostor)).toBeLessThan(100);
    expect(valueBytes({ impostor })).toBeLessThan(200);
  });

  it.each(builtIns.map((type) => [type.name, type.prototype as object] as const))(
    'such as the prototype of %s weighs something',
    (_, prototype) => {
      expect(valueBytes([prototype])).toBeGreaterThan(0);
      expect(valueBytes(Object.create(Object.create(prototype)))).toBeGreaterThan(0);
    },
  );

  it.each([
    ['an object', {}],
    ['an array', []],
    ['a Map', new Map()],
    ['a Date', new Date()],
    ['a typed array', new Uint8Array(8)],
  ])('that is a Proxy of %s is not asked anything', (_, target) => {
    const proxy = new Proxy(target, traps);
    for (const value of [proxy, [proxy], { proxy }, new Map([[proxy, proxy]]), revoked(target)]) {
      expect(valueBytes(value)).toBeGreaterThan(0);
      expect(valueBytes(value)).toBeLessThan(500);
    }
    expect(valueBytes(Object.create(proxy))).toBeGreaterThan(0);
  });

  it('whose prototype was taken away or swapped is what it is made as', () => {
    const map = Object.setPrototypeOf(new Map([[1, 'x'.repeat(1000)]]), Date.prototype) as object;
    expect(valueBytes(map)).toBe(valueBytes(new Map([[1, 'x'.repeat(1000)]])));
    expect(valueBytes(Object.setPrototypeOf(new Map(), null) as object)).toBeGreaterThan(0);
    expect(valueBytes(Object.setPrototypeOf([1, 2, 3], null) as object)).toBe(valueBytes([1, 2, 3]));
  });

  it('that overrides what its class has is not read', () => {
    class Loud extends Map<number, string> {
      override get size(): number {
        return trap();
      }
      override entries(): never {
        return trap();
      }
      override [Symbol.iterator](): never {
        return trap();
      }
      override get [Symbol.toStringTag](): never {
        return trap();
      }
    }
    const loud = new Loud();
    Map.prototype.set.call(loud, 1, 'x'.repeat(1000));
    expect(valueBytes(loud)).toBe(valueBytes(new Map([[1, 'x'.repeat(1000)]])));
  });

  it('such as a module is weighed without being run', async () => {
    const module: object = await import('../../lib/errors.js');
    expect(valueBytes(module)).toBeGreaterThan(100);
  });

  it('such as the global object and arguments comes to an end', () => {
    expect(valueBytes(globalThis)).toBeGreaterThan(0);
    expect(valueBytes(process.env)).toBeGreaterThan(0);
    (function list(..._: number[]): void {
      // biome-ignore lint/complexity/noArguments: that is what is weighed
      expect(valueBytes(arguments)).toBeGreaterThan(0);
    })(1, 2, 3);
  });

  it.each([
    ['a typed array', (buffer: ArrayBuffer) => new Uint8Array(buffer)],
    ['a slice', (buffer: ArrayBuffer) => new Uint8Array(buffer, 10, 10)],
    ['a DataView', (buffer: ArrayBuffer) => new DataView(buffer)],
    ['a slice by DataView', (buffer: ArrayBuffer) => new DataView(buffer, 10, 10)],
    ['the buffer itself', (buffer: ArrayBuffer) => buffer],
  ])('whose memory is gone weighs little: %s', (_, make) => {
    const buffer = new ArrayBuffer(10_000);
    const value = make(buffer);
    expect(valueBytes(value)).toBeGreaterThan(10_000);
    detached(buffer);
    expect(valueBytes(value)).toBeLessThan(300);
    expect(familiarBytes({ value })).toBeLessThan(300);
  });
});

describe('an accessor', () => {
  it('of the object itself counts and is not run', () => {
    expect(valueBytes(withAccessor('lazy'))).toBeGreaterThan(valueBytes({ lazy: 1 }));
    expect(valueBytes({ nested: withAccessor('lazy') })).toBeGreaterThan(0);
    expect(valueBytes(withAccessor('extra', new Map()))).toBeGreaterThan(0);
    expect(valueBytes(withAccessor('extra', new Date()))).toBeGreaterThan(0);
    expect(valueBytes(withAccessor('message', new Error('x')))).toBeGreaterThan(0);
    expect(valueBytes(withAccessor('lazy', Object.create(null) as object))).toBeGreaterThan(0);
    class Lazy {
      constructor() {
        withAccessor('lazy', this);
      }
    }
    expect(valueBytes(new Lazy())).toBeGreaterThan(0);
  });

  it('of a class is not run', () => {
    class Loud {
      kept = 'x'.repeat(100);
      get lazy(): never {
        return trap();
      }
      get [Symbol.toStringTag](): never {
        return trap();
      }
    }
    expect(familiarBytes(new Loud())).toBe(valueBytes({ kept: 'x'.repeat(100) }));
  });

  it('of an array index does no harm', () => {
    const array = withAccessor('1', [1, 2, 'x'.repeat(1000)]);
    expect(valueBytes(array)).toBeGreaterThan(0);
    expect(valueBytes([array, 'y'.repeat(1000)])).toBeGreaterThan(1000);
  });

  it('inherited by way of an ordinary object is not run', () => {
    const heir = Object.create(withAccessor('inherited')) as { own?: string };
    heir.own = 'x'.repeat(100);
    for (let i = 0; i < 2 * TRUSTED_AFTER; i++) expect(valueBytes(heir)).toBeGreaterThan(100);
  });

  it('is not run in records of a kind that has had some, however many have none', () => {
    const plain = { mixed: 1, kind: 2 };
    expect(valueBytes(withAccessor('kind', { mixed: 1 }))).toBeGreaterThan(0);
    for (let i = 0; i < 2 * TRUSTED_AFTER; i++) valueBytes(plain);
    expect(valueBytes(withAccessor('kind', { mixed: 1 }))).toBeGreaterThan(valueBytes(plain));
  });

  it('is not run where only names, only order or only the prototype are familiar', () => {
    class Other {}
    for (let i = 0; i < 2 * TRUSTED_AFTER; i++) valueBytes({ first: i, middle: i, last: i });
    for (const value of [
      { ...withoutRunning('middle'), last: 1 },
      withAccessor('last', { first: 1, other: 1 }),
      withAccessor('last', { middle: 1, first: 1 }),
      withAccessor('last', Object.assign(new Other(), { first: 1, middle: 1 })),
      withAccessor('last', { first: 1 }),
    ])
      expect(valueBytes(value)).toBeGreaterThan(0);
  });

  function withoutRunning(name: string): object {
    return Object.defineProperty({ first: 1 }, name, { enumerable: false, get: trap });
  }

  it('that comes after a thousand familiar records cannot break anything, and is found out', () => {
    let runs = 0;
    const make = (): object =>
      Object.defineProperty({ steady: 1 }, 'late', {
        enumerable: true,
        get: () => {
          runs++;
          throw new Error('late');
        },
      });
    for (let i = 0; i < 2 * TRUSTED_AFTER; i++) valueBytes({ steady: 1, late: 2 });
    for (let i = 0; i < 4 * TRUSTED_AFTER; i++) expect(valueBytes(make())).toBeGreaterThan(0);
    const before = runs;
    for (let i = 0; i < 4 * TRUSTED_AFTER; i++) valueBytes(make());
    expect(runs).toBe(before);
  });
});

describe('weighing', () => {
  it('changes nothing that can be seen', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const before = fc.stringify(value);
        valueBytes(value);
        expect(fc.stringify(value)).toBe(before);
      }),
    );
  });

  it('gives the same again, and the same for a copy', () => {
    fc.assert(
      fc.property(fc.anything({ maxKeys: 6, maxDepth: 4 }), (value) => {
        const bytes = familiarBytes(value);
        expect(valueBytes(value)).toBe(bytes);
        const copy = (): unknown => JSON.parse(JSON.stringify([value]));
        expect(familiarBytes(copy())).toBe(valueBytes(copy()));
      }),
    );
  });

  it('does not distinguish trusted records from others', () => {
    const make = (i: number): object => ({
      familiar: 'x'.repeat(100),
      list: [i, { deep: 'y'.repeat(50) }],
      i,
    });
    const first = familiarBytes(make(0));
    for (let i = 0; i < 3 * TRUSTED_AFTER; i++) expect(valueBytes(make(i))).toBe(first);
  });

  it('of a million levels, or a million objects in one, comes to an end', () => {
    let deep: unknown = null;
    for (let i = 0; i < 1_000_000; i++) deep = i % 2 === 0 ? { deep } : [deep];
    expect(valueBytes(deep)).toBeGreaterThan(40_000_000);
    familiarBytes({ i: 0 });
    const wide = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
    expect(valueBytes(wide)).toBe(32 + 16 + 8_000_000 + 32_000_000);
    expect(valueBytes([...wide, ...wide])).toBe(32 + 16 + 16_000_000 + 32_000_000);
  });

  it('of an array that is all holes takes no time', () => {
    const endless: unknown[] = [];
    endless.length = 2 ** 32 - 1;
    endless[2 ** 31] = 'x'.repeat(1000);
    expect(valueBytes(endless)).toBeGreaterThan(1000);
    expect(valueBytes(endless)).toBeLessThan(2000);
  });
});

describe('a sparse array', () => {
  it('weighs what is held: a list with room up to its end where somebody asked for it', () => {
    const sparse: unknown[] = [];
    sparse[1_000_000] = 'x'.repeat(100);
    expect(valueBytes(sparse)).toBeLessThan(500);
    sparse[2_000_000] = 'y'.repeat(100);
    expect(valueBytes(sparse)).toBeLessThan(500);
    const reserved = new Array<unknown>(1_000_000);
    reserved[3] = 'x'.repeat(100);
    expect(valueBytes(reserved)).toBe(32 + 16 + 8_000_000 + 120);
    const holey = Array.from({ length: 5000 }, (_, i) => i);
    delete holey[7];
    expect(valueBytes(holey)).toBe(32 + 16 + 40_000);
  });
});

describe('an array of floats', () => {
  it('holds them unboxed unless it holds something else, or was frozen', () => {
    const floats = [0.5, 1.5, 2.5];
    expect(valueBytes(floats)).toBe(32 + 16 + 3 * 8);
    expect(valueBytes([...floats, null])).toBe(32 + 16 + 4 * 8 + 3 * 16);
    expect(valueBytes(Object.freeze(floats))).toBe(32 + 16 + 3 * 8 + 3 * 16);
  });
});

describe('texts of up to ten characters', () => {
  it('count once, as JSON.parse makes them once', () => {
    const first = valueBytes(['rare text']);
    expect(first - valueBytes(['rare text'])).toBe(32);
    expect(valueBytes(['rare €'])).toBe(32 + 16 + 8 + 32);
    expect(valueBytes(['longer than ten']) - valueBytes(['longer than ten'])).toBe(0);
  });

  it('weigh in full where they are the value itself', () => {
    expect(valueBytes('rare text')).toBe(32);
    expect(valueBytes('rare text')).toBe(32);
  });
});

describe('names that are data', () => {
  it.each([
    ['one name of 100 kB', 1, 100_000],
    ['seven names of 10 kB', 7, 10_000],
    ['three names of 100', 3, 100],
  ])('count with every object: %s', (_, count, length) => {
    for (let i = 0; i < 300; i++) {
      const names = Array.from({ length: count }, (_, n) => `${i}/${n}`.padStart(length, 'x'));
      const object: unknown = JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, 1]))));
      expect(valueBytes(object)).toBeGreaterThan(count * length);
      expect(valueBytes(object)).toBeLessThan(count * (length + 120) + 300);
    }
  });

  it('count beside a familiar one, wherever it stands', () => {
    for (let i = 0; i < 100; i++) {
      const long = `${i}`.padStart(10_000, 'x');
      expect(valueBytes({ [long]: 1, id: 2 })).toBeGreaterThan(10_000);
      expect(valueBytes({ id: 2, [long]: 1 })).toBeGreaterThan(10_000);
    }
  });

  it('in ever new combinations bring a shape each', () => {
    const some = (i: number): object => {
      const object: Record<string, number> = {};
      for (let n = 0; n < 12; n++) if (((i + 1) >>> n) & 1) object[`optionalField${n}`] = i;
      return object;
    };
    for (let n = 0; n < 12; n++) valueBytes({ [`optionalField${n}`]: 1 });
    const fields = Object.keys(some(2730)).length;
    expect(valueBytes(some(2730))).toBe(24 + fields * 8 + 110 + fields * 58);
    expect(valueBytes(some(2730))).toBe(24 + fields * 8);
  });

  it('of a record kind count with the first of it only', () => {
    for (let i = 0; i < 200; i++) valueBytes({ [`filler ${i}`]: 1 });
    const make = (): object => ({ someFieldOfOurs: 1, anotherFieldOfOurs: 2 });
    expect(valueBytes(make())).toBeGreaterThan(24 + 16 + 100);
    for (let i = 0; i < 2 * TRUSTED_AFTER; i++) expect(valueBytes(make())).toBe(24 + 16);
  });

  const dictionary = (i: number, size: number, object: Record<string, unknown> = {}): object => {
    for (let n = 0; n < size; n++) object[`name ${i} of some ${n}`] = n;
    return object;
  };

  it('count once there are more than a program has fields', () => {
    for (let i = 0; i < 200; i++) valueBytes(dictionary(i, 20));
    const record = valueBytes(
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`name 0 of some ${n}`, n])),
    );
    const bytes = valueBytes(dictionary(1000, 20));
    expect(record).toBeGreaterThan(20 * 30);
    expect(bytes).toBeGreaterThan(1400);
    expect(bytes).toBeLessThan(2000);
    // The next one like it shares them.
    expect(valueBytes(dictionary(1000, 20))).toBe(24 + 20 * 8);
  });

  it('leave records alone', () => {
    const bytes = familiarBytes({ usual: 1, names: 2 });
    for (let i = 2000; i < 2500; i++) {
      valueBytes(dictionary(i, 20));
      expect(valueBytes({ usual: 1, names: 2 })).toBe(bytes);
    }
  });

  it('may be numbers, close together or far apart', () => {
    const numbers = (count: number, step: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [n * step, n]));
    expect(valueBytes(numbers(3, 1))).toBe(56 + 16 + 17 * 8);
    expect(valueBytes(numbers(10, 1000))).toBe(56 + 48 + 16 * 24);
    expect(valueBytes(numbers(10, 1_000_000))).toBe(56 + 48 + 16 * 24);
    expect(familiarBytes({ ...numbers(3, 1), name: 1 })).toBe(24 + 8 + 16 + 17 * 8);
  });
});

it('a slice that is weighed itself names the buffer behind it, as one in an object does', () => {
  const slice = new Uint8Array(new ArrayBuffer(10_000), 8, 10);
  expect(weighObject(slice).shared).toEqual([slice.buffer]);
  expect(weighObject({ slice }).shared).toEqual([slice.buffer]);
});

it.each([
  ['typed array', Float64Array.prototype, (buffer: ArrayBuffer) => new Float64Array(buffer)],
  ['DataView', DataView.prototype, (buffer: ArrayBuffer) => new DataView(buffer)],
])('what only pretends to be a %s says nothing about those', (_, prototype, make) => {
  valueBytes(Object.create(prototype) as object);
  expect(valueBytes({ view: make(new ArrayBuffer(10_000)) })).toBeGreaterThan(10_000);
});
