/**
 * Objects of the platform that report how much they hold: Blob, File, URL, URLSearchParams. V8 has no tag for
 * them. The name of their class, a property that can be read without running code, says what they are, if that
 * class is the platform's own. The platform's methods throw for an object that only pretends to be one. Figures are
 * measured on Node 20 to 26.
 *
 * The content of a Response, a Request or a stream cannot be weighed without reading it, and iterating Headers
 * makes them keep a sorted copy: these count a fixed figure.
 */

import { latin1Bytes, textBytes } from './primitives.js';
import { builtInGetter, typeChecks } from './type-checks.js';

/** 100 and 150 in the heap, and Node's own records of the parts. */
const BLOB_BYTES = 500;
/** The object and its parts' offsets, without the text itself: 200 to 240. */
const URL_BYTES = 230;
const URL_PARAMS_BYTES = 96;
/** What Node gives each name and value: two references in a list that grows. */
const URL_PARAM_BYTES = 32;

/** Objects whose content is not weighed: 280 to 390, 1100 to 1900, 1800 to 2800, 290. */
const CLOSED_BYTES: Readonly<Record<string, number>> = {
  Headers: 350,
  Request: 1400,
  Response: 2200,
  FormData: 290,
};

type Weigher = (object: object) => number;

const makers: Readonly<Record<string, (prototype: object) => Weigher>> = {
  Blob: blobWeigher,
  File: (prototype) => blobWeigher(Object.getPrototypeOf(prototype) as object),
  URL: (prototype) => {
    const href = builtInGetter<string>(prototype, 'href');
    return (url) => URL_BYTES + textBytes(href.call(url));
  },
  URLSearchParams: ({ forEach }: { forEach?: URLSearchParams['forEach'] }) => {
    return (params) => {
      let bytes = URL_PARAMS_BYTES;
      Reflect.apply(forEach!, params, [
        (value: string, name: string) => {
          bytes += URL_PARAM_BYTES + latin1Bytes(name) + textBytes(value);
        },
      ]);
      return bytes;
    };
  },
};

function blobWeigher(prototype: object): Weigher {
  const size = builtInGetter<number>(prototype, 'size');
  return (blob) => BLOB_BYTES + size.call(blob);
}

/** How to weigh objects with this prototype; undefined when neither it nor one above it is the platform's. */
export function hostWeigher(prototype: object): Weigher | undefined {
  let next: object | null = prototype;
  for (; next !== null && !typeChecks.isProxy(next); next = Object.getPrototypeOf(next) as object | null) {
    const name: unknown = Object.getOwnPropertyDescriptor(next, Symbol.toStringTag)?.value;
    if (typeof name !== 'string' || !(Object.hasOwn(makers, name) || Object.hasOwn(CLOSED_BYTES, name)))
      continue;
    // Looked up by name only now: the first access makes Node load the module behind it.
    const own = (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name];
    if (own?.prototype !== next) continue;
    const bytes = CLOSED_BYTES[name];
    return bytes === undefined ? makers[name]!(next) : (): number => bytes;
  }
  return undefined;
}
