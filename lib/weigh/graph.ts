/**
 * Bytes that V8 holds for an object and everything reachable from it, each object once. Linear in the size of the
 * graph, without recursion. Changes nothing that it weighs, runs none of its code and throws nothing: it calls no
 * getter and no trap of a Proxy. Two exceptions: an accessor on an array's index, and one on a record whose class
 * and names 200 records without an accessor have had. What they throw is caught, and the second kind is detected.
 *
 * An array is read by the built-in `forEach` and never by `array[i]`: where the optimizer has seen arrays of floats
 * and of other values in one place, such a read turns the user's array into one of boxed floats, three times as
 * large. `forEach` reads each kind of list without changing it.
 *
 * Not visible, and not counted: private fields, properties under symbols and those that are not enumerable, names
 * on an array, variables of closures, a promise's result, a generator's variables, the content of WeakMaps, streams
 * and Responses, unused capacity of an array that grew by `push`, and whether an array's floats are boxed because it
 * once held something else or comes out of structuredClone (24 bytes each and not 8). Listing an object's names
 * makes V8 keep the list with its shape, 16 bytes for each name, once for all objects of that shape.
 *
 * Texts of up to 10 characters count the first time that they are met, because JSON.parse and literals share them.
 * Copies from structuredClone or a buffer are not shared but look the same: each counts 24 to 40 bytes too few.
 */

import { hostWeigher } from './host-objects.js';
import { BUILT_IN_CLASS, Memo, NO_PROTOTYPE, PLAIN_CLASS } from './memo.js';
import {
  ACCESSOR_BYTES,
  ARRAY_BYTES,
  BOX_BYTES,
  DATE_BYTES,
  dictionaryBytes,
  EMPTY_OBJECT_BYTES,
  ERROR_BYTES,
  GENERATOR_BYTES,
  indexedBytes,
  indexTableBytes,
  LIST_HEADER_BYTES,
  listBytes,
  mapBytes,
  OBJECT_HEADER_BYTES,
  PROMISE_BYTES,
  PROXY_BYTES,
  REGEXP_BYTES,
  recordBytes,
  setBytes,
  WORD_BYTES,
} from './objects.js';
import { numberBytes, paddedBytes, primitiveBytes, textBytes } from './primitives.js';
import { builtInGetter, typeChecks } from './type-checks.js';
import { bareViewBytes, bufferBytes, bufferOf, isSharedView } from './views.js';

/** Up to this many objects, searching the list is faster than a Set. */
const LIST_SEARCH_MAX = 16;
/** The most that a Set holds. */
const SET_MAX_SIZE = 2 ** 24 - 1;
/** V8 leaves no gap of 1024 in a list unless it was reserved, and makes no list beyond 2^25 without a reason. */
const SPARSE_MIN_LENGTH = 1024;
const LIST_MAX_LENGTH = 2 ** 25;
const SPARSE_SAMPLES = 16;
/** JSON.parse and literals share texts of up to 10 characters. */
const SHORT_TEXT_MAX_LENGTH = 10;

const { getOwnPropertyDescriptor, getPrototypeOf, hasOwn, isExtensible, keys: enumerableNames } = Object;
const { isView } = ArrayBuffer;
const arrayForEach = Array.prototype.forEach;
const mapForEach = Map.prototype.forEach;
const setForEach = Set.prototype.forEach;
const mapSize = builtInGetter<number>(Map.prototype, 'size');
const setSize = builtInGetter<number>(Set.prototype, 'size');
const regExpSource = builtInGetter<string>(RegExp.prototype, 'source');
/** Each throws for another kind. */
const BOXED_VALUES = [String, Number, Symbol, BigInt].map(({ prototype }) => prototype.valueOf);

/** The one memo of the process, as V8's own tables are. */
const memo = new Memo();

/** What an object weighs with everything reachable from it. */
export interface ObjectWeight {
  /** Without the buffers below. */
  readonly bytes: number;
  /** Buffers that are seen through slices only (`isSharedView`); null for none. */
  readonly shared: readonly ArrayBufferLike[] | null;
}

/** Weighs an object. O(size of the graph). */
export function weighObject(root: object): ObjectWeight {
  const walk = new Walk(root);
  walk.run();
  return walk;
}

class Walk implements ObjectWeight {
  bytes = 0;
  shared: ArrayBufferLike[] | null = null;
  private sliced: Set<ArrayBufferLike> | null = null;
  private readonly root: object;
  /** All other objects met, in order: those still to be weighed, and those that were. */
  private others: object[] | null = null;
  /** The same again, once there are many. */
  private met: Set<object> | null = null;
  /** Sets that are full. */
  private metBefore: Set<object>[] | null = null;
  /** Of the array being read: what its numbers take when they are boxed, and whether it has other items. */
  boxedBytes = 0;
  hasOthers = false;

  constructor(root: object) {
    this.root = root;
  }

  run(): void {
    this.weigh(this.root);
    const others = this.others ?? [];
    for (let i = 0; i < others.length; i++) this.weigh(others[i]!);
    if (this.sliced !== null) {
      // The object itself may hold the buffer, or a view of all of it.
      const shared = Array.from(this.sliced).filter((buffer) => this.isNew(buffer, others));
      // The engine keeps the list, and one that was filled item by item has room for 17: a copy has none left over.
      if (shared.length > 0) this.shared = shared.slice();
    }
  }

  add(value: unknown): void {
    if (typeof value === 'string') this.addText(value);
    else if (typeof value !== 'object') this.bytes += primitiveBytes(value);
    else if (value !== null) this.meet(value);
  }

  private addText(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT_MAX_LENGTH) {
      this.bytes += textBytes(text);
      return;
    }
    let hash = length;
    let characters = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      characters |= code;
      hash = (Math.imul(hash, 31) + code) | 0;
    }
    const isWide = characters > 0xff;
    // V8 has each one-byte text of one character once.
    if (length < 2 && !isWide) return;
    if (!memo.meetsText(hash)) this.bytes += paddedBytes(isWide ? length * 2 : length);
  }

  private meet(object: object): void {
    if (object === this.root) return;
    if (this.others === null) this.others = [object];
    else if (this.isNew(object, this.others)) this.others.push(object);
  }

  private isNew(object: object, others: object[]): boolean {
    if (this.met === null) {
      for (let i = 0; i < others.length; i++) if (others[i] === object) return false;
      if (others.length === LIST_SEARCH_MAX) this.met = new Set(others).add(object);
      return true;
    }
    if (this.metBefore?.some((met) => met.has(object))) return false;
    const { size } = this.met;
    if (size === SET_MAX_SIZE) {
      if (this.met.has(object)) return false;
      this.metBefore = [this.met, ...(this.metBefore ?? [])];
      this.met = new Set();
    }
    this.met.add(object);
    return this.met.size !== size;
  }

  private weigh(object: object): void {
    try {
      if (typeChecks.isProxy(object)) this.bytes += PROXY_BYTES;
      else if (Array.isArray(object)) this.weighArray(object);
      else {
        const prototype = getPrototypeOf(object) as object | null;
        if (prototype === Object.prototype) this.weighRecord(object, PLAIN_CLASS);
        else if (prototype === null) this.askRecord(object, NO_PROTOTYPE);
        else {
          const classId = memo.classOf(prototype);
          if (classId === undefined) this.weighBuiltIn(object, prototype);
          else this.weighRecord(object, classId);
        }
      }
    } catch {
      // Reading a module's exports throws while the module has not run; so may an array's accessor.
    }
  }

  private weighView(view: ArrayBufferView): void {
    this.bytes += bareViewBytes(view);
    const buffer = bufferOf(view);
    if (isSharedView(view)) this.sliced = (this.sliced ?? new Set()).add(buffer);
    else this.meet(buffer);
  }

  private weighArray(array: readonly unknown[]): void {
    const { length } = array;
    this.bytes += ARRAY_BYTES;
    if (length === 0) return;
    if (length > SPARSE_MIN_LENGTH && isSparse(array)) {
      const indexes = enumerableNames(array);
      const isReserved = length <= LIST_MAX_LENGTH && !hasOwn(array, length - 1);
      if (isReserved) this.bytes += listBytes(length);
      else
        this.bytes +=
          length > LIST_MAX_LENGTH
            ? indexTableBytes(indexes.length)
            : indexedBytes(indexes.length, length - 1);
      for (const index of indexes) this.addProperty(array, index);
      return;
    }
    this.bytes += LIST_HEADER_BYTES + length * WORD_BYTES;
    this.boxedBytes = 0;
    this.hasOthers = false;
    arrayForEach.call(array, addItem, this);
    // An array of numbers alone, or of numbers and holes, holds them unboxed, unless it was frozen.
    if (this.boxedBytes > 0 && (this.hasOthers || !isExtensible(array))) this.bytes += this.boxedBytes;
  }

  private weighRecord(object: object, classId: number): void {
    let count = 0;
    let last = '';
    for (const name in object) {
      count++;
      last = name;
    }
    if (count === 0) {
      this.bytes += classId === PLAIN_CLASS ? EMPTY_OBJECT_BYTES : OBJECT_HEADER_BYTES;
      return;
    }
    const shape = memo.trusted(last, count, classId);
    if (shape === undefined) {
      this.askRecord(object, classId);
      return;
    }
    this.bytes += OBJECT_HEADER_BYTES + count * WORD_BYTES;
    let i = 0;
    for (const name in object) {
      // Names of shapes are no indexes: no element is read here.
      if (name === shape.names[i++]) this.add((object as Record<string, unknown>)[name]);
      else this.addProperty(object, name);
    }
  }

  private askRecord(object: object, classId: number): void {
    const names = enumerableNames(object);
    // Indexes come first.
    const indexes = countIndexes(names);
    const count = names.length - indexes;
    let own = 0;
    let hasAccessor = false;
    let hash = count;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      hasAccessor = this.addProperty(object, name) || hasAccessor;
      if (i < indexes) continue;
      hash = (Math.imul(hash, 31) + sampled(name)) | 0;
      if (memo.meets(name)) continue;
      own++;
      this.bytes += textBytes(name);
    }
    if (indexes > 0) this.bytes += indexedBytes(indexes, Number(names[indexes - 1]));
    if (classId === NO_PROTOTYPE) this.bytes += dictionaryBytes(count);
    else if (count > 0) this.bytes += recordBytes(count, memo.meetsShape(hash) || own > 0 ? own : count);
    else this.bytes += classId === PLAIN_CLASS ? EMPTY_OBJECT_BYTES : OBJECT_HEADER_BYTES;
    if (indexes === 0 && count > 0) memo.note(names, classId, hasAccessor);
  }

  /** Adds a property without running an accessor; whether it has one. */
  private addProperty(object: object, name: string): boolean {
    const property = getOwnPropertyDescriptor(object, name);
    if (property === undefined) return false;
    if (property.get === undefined && property.set === undefined) {
      this.add(property.value);
      return false;
    }
    this.bytes += ACCESSOR_BYTES;
    return true;
  }

  /** An object with a prototype that is not known for ordinary objects. */
  private weighBuiltIn(object: object, prototype: object): void {
    if (isView(object)) {
      this.weighView(object);
      return;
    }
    if (typeChecks.isMap(object)) {
      this.bytes += mapBytes(mapSize.call(object));
      mapForEach.call(object, addEntry, this);
    } else if (typeChecks.isSet(object)) {
      this.bytes += setBytes(setSize.call(object));
      setForEach.call(object, addMember, this);
    } else if (typeChecks.isDate(object)) this.bytes += DATE_BYTES;
    else if (typeChecks.isAnyArrayBuffer(object)) this.bytes += bufferBytes(object);
    else if (typeChecks.isRegExp(object)) this.bytes += REGEXP_BYTES + textBytes(regExpSource.call(object));
    else if (typeChecks.isNativeError(object)) {
      this.bytes += ERROR_BYTES;
      // Not `stack`: reading it formats it.
      for (const name of ['message', 'cause', 'errors']) this.addProperty(object, name);
    } else if (typeChecks.isPromise(object)) this.bytes += PROMISE_BYTES;
    else if (typeChecks.isGeneratorObject(object)) this.bytes += GENERATOR_BYTES;
    else if (typeChecks.isBoxedPrimitive(object)) {
      // Its names would be one for each character.
      this.bytes += BOX_BYTES + boxedBytes(object);
      return;
    } else {
      const host = hostWeigher(prototype);
      if (host !== undefined) this.bytes += host(object);
      else {
        this.askRecord(object, isOrdinary(prototype) ? memo.addClass(prototype) : BUILT_IN_CLASS);
        return;
      }
    }
    // Properties that a subclass or other code has added.
    if (enumerableNames(object).length > 0) this.askRecord(object, BUILT_IN_CLASS);
  }
}

// Functions that built-ins call, with the walk as `this`: one of each, so that nothing is made for a value.

function addItem(this: Walk, item: unknown): void {
  if (typeof item === 'number') this.boxedBytes += numberBytes(item);
  else {
    this.hasOthers = true;
    this.add(item);
  }
}

function addEntry(this: Walk, item: unknown, key: unknown): void {
  this.add(key);
  this.add(item);
}

function addMember(this: Walk, item: unknown): void {
  this.add(item);
}

/** Kinds that weigh more than their properties; subclasses inherit from one of them. */
const builtInPrototypes: ReadonlySet<object> = new Set<object>(
  [
    Map,
    Set,
    Date,
    RegExp,
    Error,
    ArrayBuffer,
    globalThis.SharedArrayBuffer ?? ArrayBuffer,
    // What all typed arrays inherit from.
    Object.getPrototypeOf(Uint8Array) as { prototype: object },
    DataView,
    Promise,
    Number,
    String,
    Boolean,
    Symbol,
    BigInt,
  ].map((type) => type.prototype as object),
);

/** Whether instances of this prototype are records: an imitation of a Map says nothing about Maps. */
function isOrdinary(prototype: object): boolean {
  for (
    let next: object | null = prototype;
    next !== Object.prototype;
    next = getPrototypeOf(next) as object | null
  )
    if (next === null || builtInPrototypes.has(next) || typeChecks.isProxy(next)) return false;
  return true;
}

function boxedBytes(box: object): number {
  for (const unboxed of BOXED_VALUES)
    try {
      return primitiveBytes(Reflect.apply(unboxed, box, []));
    } catch {
      // Another kind of box.
    }
  return 0;
}

/** Whether most of a few elements, spread over a long array, are missing. */
function isSparse(array: readonly unknown[]): boolean {
  let missing = 0;
  for (let i = 0; i < SPARSE_SAMPLES; i++)
    if (!hasOwn(array, Math.floor((array.length * i) / SPARSE_SAMPLES))) missing++;
  return missing > SPARSE_SAMPLES / 2;
}

/** A number that differs for most names. */
function sampled(name: string): number {
  const { length } = name;
  return (
    Math.imul(length, 0x9e37) ^
    (name.charCodeAt(0) << 8) ^
    (name.charCodeAt(length >> 1) << 4) ^
    name.charCodeAt(length - 1)
  );
}

/** Whether a name is an index, as an array has them. */
function isIndex(name: string): boolean {
  const first = name.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return false;
  const number = Number(name);
  return number >= 0 && number < 2 ** 32 - 1 && String(number) === name && Number.isInteger(number);
}

/** How many of an object's names are indexes: they come first. */
function countIndexes(names: readonly string[]): number {
  if (names.length === 0 || !isIndex(names[0]!)) return 0;
  let low = 1;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isIndex(names[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
