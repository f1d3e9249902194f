/** Values by V8, with views that own their memory. */

import { describe, expect, it } from 'vitest';
import { deserialize, serialize } from '../../lib/snapshot/serialization.js';

const back = <T>(value: T): T => deserialize(serialize(value)) as T;

describe('a serialized value', () => {
  it('comes back, cycles and shared parts included', () => {
    const shared = { n: 1 };
    const value = { a: shared, b: shared, map: new Map([[shared, new Set([1n])]]), date: new Date(5) };
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const loaded = back(value);
    expect(loaded).toStrictEqual(value);
    expect(loaded.a).toBe(loaded.b);
    const loadedCycle = back(cycle);
    expect(loadedCycle.self).toBe(loadedCycle);
  });

  it('has views of every kind, with memory of their own', () => {
    const memory = Uint8Array.from({ length: 64 }, (_, i) => i).buffer;
    const views = [
      Buffer.from(memory, 8, 16),
      new DataView(memory, 3, 5),
      new Uint8Array(memory, 1, 7),
      new Uint8ClampedArray(memory, 1, 7),
      new Int8Array(memory, 1, 7),
      new Uint16Array(memory, 2, 4),
      new Int16Array(memory, 2, 4),
      new Uint32Array(memory, 4, 2),
      new Int32Array(memory, 4, 2),
      new Float32Array(memory, 4, 2),
      new Float64Array(memory, 8, 2),
      new BigInt64Array(memory, 8, 2),
      new BigUint64Array(memory, 8, 2),
    ];
    // The one character in front moves everything behind it off its alignment.
    const loaded = back(['x', ...views, new ArrayBuffer(3)]);
    expect(loaded).toStrictEqual(['x', ...views, new ArrayBuffer(3)]);
    for (const [i, view] of views.entries()) {
      const own = loaded[i + 1] as typeof view;
      expect(own.constructor).toBe(view.constructor);
      expect(own.buffer.byteLength).toBe(view.byteLength);
    }
  });

  it('of a class comes back as a plain object, as with structuredClone', () => {
    class User {
      name = 'ann';
    }
    expect(back(new User())).toStrictEqual({ name: 'ann' });
  });

  it.each([
    [() => 1],
    [Symbol('s')],
    [new WeakSet()],
    [Promise.resolve()],
    [new SharedArrayBuffer(1)],
    [{ f: back }],
  ])('cannot be %s', (value) => {
    expect(() => serialize(value)).toThrow(/could not be cloned/);
  });
});
