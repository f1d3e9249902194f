/**
 * Bytes that V8 holds for an object and all that can be reached from it, each object once. The figures were
 * measured by filling arrays in fresh processes and dividing (benchmarks/memory), on Node 20, and checked on
 * 22 and 24. Linear in the size of the graph, without recursion. Runs no code of the graph's and throws
 * nothing: accessors are not called, a Proxy is not asked (an accessor defined on an array's index is the
 * exception, and what it throws is caught).
 *
 * Not visible, and not counted: room that an array which grew by `push` has left over, private fields,
 * properties under symbols and those that are not enumerable, variables that a function closes over.
 */

import { brandedPrototypes, brands } from './brands.js';
import { KnownShapes } from './known-shapes.js';
import { numberBytes, primitiveBytes, stringBytes } from './primitive-bytes.js';
import { bareViewBytes, bufferBytes, isSharedView } from './view-bytes.js';

const WORD_BYTES = 8;
/** Type, further properties and elements. */
const OBJECT_HEADER_BYTES = 24;
/** `{}` has room for four properties; filled later, it takes 8 to 40 bytes more than a literal with them. */
const EMPTY_OBJECT_BYTES = 56;
/** A property list (or the elements, or a table) is an object of its own: type and length. */
const LIST_HEADER_BYTES = 16;
/** A JavaScript array, without its elements. */
const ARRAY_BYTES = 32;
/** V8 gives longer arrays a hash table as soon as they have holes. */
const ARRAY_MAX_ELEMENTS = 2 ** 25;
/** Map or Set: the object, and the header of its table. */
const MAP_BYTES = 72;
/** Key, value and chain, with half a bucket for each place of the table. */
const MAP_PLACE_BYTES = 28;
/** As in a Map, without the value. */
const SET_PLACE_BYTES = 20;
/** The first size of a Map's or Set's table; it doubles from there. */
const MAP_MIN_PLACES = 4;
/** The header of a hash table of properties (names, or indexes), and key, value and details of each place. */
const NAME_TABLE_BYTES = 64;
const INDEX_TABLE_BYTES = 48;
const TABLE_PLACE_BYTES = 24;
/** With the time in an object of its own until Node 22; 96 since. */
const DATE_BYTES = 112;
/** The object, and its source and flags compiled; code made by running it is not counted. */
const REGEXP_BYTES = 168;
/** With a stack of ten frames, which is where V8 stops; one thrown at the top takes a third. */
const ERROR_BYTES = 700;
const PROXY_BYTES = 32;
/** A getter or setter: the pair and one function. */
const ACCESSOR_BYTES = 120;
/**
 * An ordinary object used as a dictionary: its own description of its shape, and what that takes for each name
 * beside the name itself. Between what objects from JSON, `fromEntries` and `object[name] = ...` take. The last
 * of these become hash tables at 17 names.
 */
const OWN_SHAPE_BYTES = 120;
const OWN_NAME_BYTES = 50;
const OWN_NAME_OF_MANY_BYTES = 34;
const MANY_NAMES = 17;
/** Smaller objects are taken for records: these are what there is most of, and weigh the same each time. */
const DICTIONARY_MIN_NAMES = 8;
/** Up to so many objects, looking through the list is quicker than a Set. */
const LIST_SEARCH_MAX = 16;
/** A Set of V8's holds no more. */
const SET_MAX_SIZE = 2 ** 24 - 1;

const { getOwnPropertyDescriptor, getPrototypeOf, keys: enumerableNames } = Object;
const mapSize = getOwnPropertyDescriptor(Map.prototype, 'size')!.get!;
const setSize = getOwnPropertyDescriptor(Set.prototype, 'size')!.get!;
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;
const regExpSource = getOwnPropertyDescriptor(RegExp.prototype, 'source')!.get!;

/** V8, too, keeps names and shapes once for the whole process. */
const shapes = new KnownShapes();

/** Prototypes of classes whose instances are ordinary objects: known, so that they are not asked for brands. */
const ordinaryPrototypes = new WeakSet<object>();

/** What an object weighs with all that can be reached from it. */
export interface ObjectWeight {
  /** Without the buffers below. */
  readonly bytes: number;
  /** Buffers that are seen through slices only (`isSharedView`); null for none. */
  readonly shared: readonly ArrayBufferLike[] | null;
}

/** Weighs an object that is no view itself. */
export function weighObject(root: object): ObjectWeight {
  const walk = new Walk(root);
  walk.run();
  return walk;
}

class Walk implements ObjectWeight {
  bytes = 0;
  shared: ArrayBufferLike[] | null = null;
  #sliced: Set<ArrayBufferLike> | null = null;
  readonly #root: object;
  /** All other objects met, in order: those still to be weighed, and those that were. */
  #others: object[] | null = null;
  /** The same again, once there are many. */
  #met: Set<object> | null = null;
  /** Sets that are full. */
  #metBefore: Set<object>[] | null = null;

  constructor(root: object) {
    this.#root = root;
  }

  run(): void {
    this.weigh(this.#root);
    if (this.#others === null) return;
    for (let i = 0; i < this.#others.length; i++) this.weigh(this.#others[i]!);
    if (this.#sliced !== null) {
      // The object itself may hold the buffer, or a view of all of it.
      const shared = Array.from(this.#sliced).filter((buffer) => this.isNew(buffer, this.#others!));
      if (shared.length > 0) this.shared = shared;
    }
  }

  private add(value: unknown): void {
    if (typeof value !== 'object') this.bytes += primitiveBytes(value);
    else if (value !== null) this.meet(value);
  }

  private meet(object: object): void {
    if (object === this.#root) return;
    if (this.#others === null) this.#others = [object];
    else if (this.isNew(object, this.#others)) this.#others.push(object);
  }

  private isNew(object: object, others: object[]): boolean {
    if (this.#met === null) {
      if (others.includes(object)) return false;
      if (others.length === LIST_SEARCH_MAX) this.#met = new Set(others).add(object);
      return true;
    }
    if (this.#metBefore?.some((met) => met.has(object))) return false;
    const { size } = this.#met;
    if (size === SET_MAX_SIZE) {
      if (this.#met.has(object)) return false;
      this.#metBefore = [this.#met, ...(this.#metBefore ?? [])];
      this.#met = new Set();
    }
    this.#met.add(object);
    return this.#met.size !== size;
  }

  private weigh(object: object): void {
    try {
      if (ArrayBuffer.isView(object)) {
        this.bytes += bareViewBytes(object);
        const { buffer } = object;
        if (isSharedView(object)) this.#sliced = (this.#sliced ?? new Set()).add(buffer);
        else this.meet(buffer);
      } else if (brands.isProxy(object)) this.bytes += PROXY_BYTES;
      else if (Array.isArray(object)) this.weighArray(object);
      else {
        const prototype = getPrototypeOf(object);
        if (prototype === null) this.weighDictionary(object);
        else if (prototype === Object.prototype || ordinaryPrototypes.has(prototype))
          this.weighFields(object, prototype);
        else this.weighBranded(object, prototype);
      }
    } catch {
      // Reading a module's exports throws while the module has not run; so may an array's accessor.
    }
  }

  private weighArray(array: readonly unknown[]): void {
    const { length } = array;
    this.bytes += ARRAY_BYTES;
    if (length === 0) return;
    if (length > ARRAY_MAX_ELEMENTS && isSparse(array)) {
      const indexes = enumerableNames(array);
      this.bytes += INDEX_TABLE_BYTES + tableBytes(indexes.length);
      for (let i = 0; i < indexes.length; i++) this.addProperty(array, indexes[i]!);
      return;
    }
    this.bytes += LIST_HEADER_BYTES + length * WORD_BYTES;
    let boxedBytes = 0;
    let onlyNumbers = true;
    for (let i = 0; i < length; i++) {
      const item = array[i];
      if (typeof item === 'number') boxedBytes += numberBytes(item);
      else if (item !== undefined || i in array) {
        onlyNumbers = false;
        this.add(item);
      }
    }
    // An array of numbers alone, or of numbers and holes, holds them unboxed.
    if (!onlyNumbers) this.bytes += boxedBytes;
  }

  private weighFields(object: object, prototype: object): void {
    let count = 0;
    let last = '';
    for (const name in object) {
      count++;
      last = name;
    }
    const shape = shapes.trusted(last, count, prototype);
    if (shape === undefined) {
      this.askFields(object, prototype);
      return;
    }
    this.bytes += OBJECT_HEADER_BYTES + count * WORD_BYTES;
    let i = 0;
    for (const name in object) {
      if (name === shape.names[i++]) this.add((object as Record<string, unknown>)[name]);
      else this.addProperty(object, name);
    }
  }

  private askFields(object: object, prototype: object): void {
    const names = enumerableNames(object);
    const count = names.length;
    if (count === 0) {
      this.bytes += prototype === Object.prototype ? EMPTY_OBJECT_BYTES : OBJECT_HEADER_BYTES;
      return;
    }
    let hasAccessor = false;
    for (let i = 0; i < count; i++) hasAccessor = this.addProperty(object, names[i]!) || hasAccessor;
    // Indexes come first.
    const indexes = countIndexes(names);
    if (indexes > 0) this.bytes += indexedBytes(indexes, Number(names[indexes - 1]));
    if (indexes === count) {
      this.bytes += EMPTY_OBJECT_BYTES;
      return;
    }
    this.bytes += OBJECT_HEADER_BYTES + (count - indexes) * WORD_BYTES;
    const last = names[count - 1]!;
    if (count >= DICTIONARY_MIN_NAMES && !shapes.meets(last)) {
      const nameBytes = count < MANY_NAMES ? OWN_NAME_BYTES : OWN_NAME_OF_MANY_BYTES;
      this.bytes += OWN_SHAPE_BYTES + nameBytes + stringBytes(last);
      for (let i = indexes; i < count - 1; i++)
        if (!shapes.meets(names[i]!)) this.bytes += nameBytes + stringBytes(names[i]!);
    }
    if (indexes === 0) shapes.note(names, prototype, hasAccessor);
  }

  /** An object without a prototype: V8 keeps its properties in a hash table from the first on. */
  private weighDictionary(object: object): void {
    const names = enumerableNames(object);
    const count = names.length;
    const indexes = countIndexes(names);
    if (indexes > 0) this.bytes += indexedBytes(indexes, Number(names[indexes - 1]));
    this.bytes += OBJECT_HEADER_BYTES + NAME_TABLE_BYTES + tableBytes(count - indexes);
    for (let i = 0; i < count; i++) {
      this.addProperty(object, names[i]!);
      if (count >= DICTIONARY_MIN_NAMES && i >= indexes && !shapes.meets(names[i]!))
        this.bytes += stringBytes(names[i]!);
    }
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

  private weighBranded(object: object, prototype: object): void {
    if (brands.isMap(object)) {
      this.bytes += MAP_BYTES + mapPlaces(mapSize.call(object)) * MAP_PLACE_BYTES;
      for (const [key, item] of mapEntries.call(object)) {
        this.add(key);
        this.add(item);
      }
    } else if (brands.isSet(object)) {
      this.bytes += MAP_BYTES + mapPlaces(setSize.call(object)) * SET_PLACE_BYTES;
      for (const item of setValues.call(object)) this.add(item);
    } else if (brands.isDate(object)) this.bytes += DATE_BYTES;
    else if (brands.isAnyArrayBuffer(object)) this.bytes += bufferBytes(object);
    else if (brands.isRegExp(object)) this.bytes += REGEXP_BYTES + stringBytes(regExpSource.call(object));
    else if (brands.isNativeError(object)) {
      this.bytes += ERROR_BYTES;
      // Not `stack`: asking for it formats it.
      for (const name of ['message', 'cause', 'errors']) this.addProperty(object, name);
    } else {
      if (isOrdinary(prototype)) ordinaryPrototypes.add(prototype);
      this.askFields(object, prototype);
      return;
    }
    // What a subclass, or somebody else, has put on it.
    if (enumerableNames(object).length > 0) this.askFields(object, prototype);
  }
}

/** Whether instances of this prototype have no brand: what merely pretends to be a Map says nothing about Maps. */
function isOrdinary(prototype: object): boolean {
  for (
    let next: object | null = prototype;
    next !== Object.prototype;
    next = getPrototypeOf(next) as object | null
  )
    if (next === null || brandedPrototypes.has(next) || brands.isProxy(next)) return false;
  return true;
}

/** Places in the table of a Map or Set: a power of two, with two entries to a bucket. */
function mapPlaces(size: number): number {
  let places = MAP_MIN_PLACES;
  while (places < size) places *= 2;
  return places;
}

/** The places of a hash table of properties: half as many again as entries, and a power of two. */
function tableBytes(entries: number): number {
  let places = 4;
  while (places < entries + (entries >>> 1)) places *= 2;
  return places * TABLE_PLACE_BYTES;
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

/**
 * Elements under indexes. V8 keeps a list with room up to the last one, unless that is 1024 further than what
 * there was, or nine times as large as a hash table would be.
 */
function indexedBytes(count: number, last: number): number {
  let room = 0;
  if (count > last) while (room <= last) room = grownRoom(room);
  else room = grownRoom(last);
  const table = tableBytes(count);
  return last < 1024 || room * WORD_BYTES < table * 3
    ? LIST_HEADER_BYTES + room * WORD_BYTES
    : INDEX_TABLE_BYTES + table;
}

/** The room that V8 makes when the element `index` is the first that has none. */
function grownRoom(index: number): number {
  return index + 1 + ((index + 1) >>> 1) + 16;
}

/** Whether one of a few elements, spread over a long array, is missing. */
function isSparse(array: readonly unknown[]): boolean {
  for (let i = 0; i < 16; i++) if (!(Math.floor((array.length * i) / 16) in array)) return true;
  return false;
}
