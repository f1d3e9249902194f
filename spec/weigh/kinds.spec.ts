/** Objects that can be asked how much they hold are asked, and those that cannot weigh a small figure. */

import { describe, expect, it } from 'vitest';
import { valueBytes } from '../../lib/weigh/index.js';

const KB_100 = 'x'.repeat(100_000);

class Hidden {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  get text(): string {
    return this.#text;
  }
}

describe('what can be read', () => {
  it.each([
    ['a Blob', () => new Blob([KB_100])],
    ['a slice of a Blob', () => new Blob([KB_100, KB_100]).slice(0, 100_000)],
    ['an ArrayBuffer', () => new ArrayBuffer(100_000)],
    ['a SharedArrayBuffer', () => new SharedArrayBuffer(100_000)],
    ['a typed array', () => new Uint8Array(100_000)],
    ['a DataView', () => new DataView(new ArrayBuffer(100_000))],
    ['a Buffer', () => Buffer.alloc(100_000)],
    ['a URL', () => new URL(`https://example.com/${KB_100}`)],
    ['URLSearchParams', () => new URLSearchParams({ text: KB_100 })],
    ['a Map', () => new Map([['text', KB_100]])],
    ['a Set', () => new Set([KB_100])],
    ['a regular expression', () => new RegExp(KB_100)],
    ['an Error', () => new Error(KB_100)],
    ['an Error with a cause', () => new Error('x', { cause: KB_100 })],
    ['a boxed text', () => new String(KB_100)],
    ['a boxed symbol', () => Object(Symbol(KB_100)) as object],
    ['a symbol', () => Symbol(KB_100)],
    ['a bigint', () => 2n ** 800_000n],
    ['an extra on a Map', () => Object.assign(new Map(), { text: KB_100 })],
    ['an extra on a Date', () => Object.assign(new Date(), { text: KB_100 })],
    ['an extra on an Error', () => Object.assign(new Error('x'), { text: KB_100 })],
    ['an extra on a promise', () => Object.assign(Promise.resolve(), { text: KB_100 })],
  ])('%s counts what it holds, alone and within', (_, make) => {
    for (const value of [make(), { value: make() }, [make()], new Map([[1, make()]])]) {
      expect(valueBytes(value)).toBeGreaterThan(100_000);
      expect(valueBytes(value)).toBeLessThan(103_000);
    }
  });

  it('is read by the built-in getter, whatever a subclass says', () => {
    class Liar extends Blob {}
    Object.defineProperty(Liar.prototype, 'size', {
      get: () => {
        throw new Error('asked');
      },
    });
    class LyingView extends Uint8Array {
      override get buffer(): never {
        throw new Error('asked');
      }
      override get byteLength(): never {
        throw new Error('asked');
      }
    }
    expect(valueBytes(new Liar([KB_100]))).toBeGreaterThan(100_000);
    expect(valueBytes(new LyingView(100_000))).toBeGreaterThan(100_000);
    expect(valueBytes([new LyingView(100_000)])).toBeGreaterThan(100_000);
  });

  it.each(['Blob', 'URL', 'URLSearchParams', 'Headers'])(
    'a class that only calls itself %s is a record',
    (name) => {
      class Pretender {
        get size(): never {
          throw new Error('asked');
        }
        get href(): never {
          throw new Error('asked');
        }
      }
      Object.defineProperty(Pretender.prototype, Symbol.toStringTag, { value: name });
      expect(valueBytes(new Pretender())).toBeLessThan(100);
      expect(valueBytes(Object.assign(new Pretender(), { text: KB_100 }))).toBeGreaterThan(100_000);
    },
  );
});

describe('what cannot be read', () => {
  it.each([
    ['a private field', () => new Hidden(KB_100)],
    ['a promise', () => Promise.resolve(KB_100)],
    ['a closure', () => (): string => KB_100],
    ['a bound function', () => ((text: string) => text).bind(null, KB_100)],
    [
      'a generator',
      () =>
        (function* (text: string) {
          yield text;
        })(KB_100),
    ],
    ['a WeakMap', () => new WeakMap([[{}, KB_100]])],
    ['a WeakRef', () => new WeakRef({ KB_100 })],
    ['Headers', () => new Headers({ text: KB_100 })],
    ['a Response', () => new Response(KB_100)],
    ['a Request', () => new Request('http://localhost', { method: 'POST', body: KB_100 })],
  ])('%s weighs a small figure', (_, make) => {
    expect(valueBytes(make())).toBeGreaterThan(0);
    expect(valueBytes(make())).toBeLessThan(2500);
  });
});
