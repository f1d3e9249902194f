/**
 * What V8 holds for objects of each kind, without what they refer to. Figures were measured by filling arrays
 * in fresh processes and dividing (benchmarks/memory), on Node 20, 22, 24 and 26.
 */

export const WORD_BYTES = 8;
/** Type, further properties and elements. */
export const OBJECT_HEADER_BYTES = 24;
/** `{}` has room for four properties; filled later, it takes 8 to 40 bytes more than a literal with them. */
export const EMPTY_OBJECT_BYTES = 56;
/** A property list (or the elements, or a table) is an object of its own: type and length. */
export const LIST_HEADER_BYTES = 16;
/** A JavaScript array, without its elements. */
export const ARRAY_BYTES = 32;
/** With the time in an object of its own until Node 22; 96 since. */
export const DATE_BYTES = 104;
/** The object, and its source and flags compiled; code made by running it is not counted. */
export const REGEXP_BYTES = 176;
/**
 * With a stack of ten frames, which is where V8 stops; one thrown at the top takes a third. V8 keeps less of each
 * frame since about the time that it knows Error.isError (Node 24).
 */
export const ERROR_BYTES: number = 'isError' in Error ? 545 : 705;
export const PROXY_BYTES = 32;
/** A getter or setter: the pair and one function. */
export const ACCESSOR_BYTES = 120;
/** `new String(text)` and its like, without the text. */
export const BOX_BYTES = 32;
/** A promise without its result: 51. */
export const PROMISE_BYTES = 56;
/** A generator that has not begun: 88 to 120, an async one 176. */
export const GENERATOR_BYTES = 120;

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
/** With more names than that an object is a hash table, unless it is a copy of a large one. */
const FAST_MAX_NAMES = 128;
/**
 * An object that brings names of its own: the description of its shape, what that takes for each name beside
 * the name itself, and the list of names that V8 keeps for enumeration. With 17 and more, objects
 * filled by `object[name] = ...` are hash tables (32 for each name) and those out of JSON, `fromEntries` and
 * clones are not (60): counted is what lies between.
 */
const OWN_SHAPE_BYTES = 110;
const OWN_NAME_BYTES = 58;
const OWN_NAME_OF_MANY_BYTES = 43;
const MANY_NAMES = 17;

export function mapBytes(size: number): number {
  return MAP_BYTES + mapPlaces(size) * MAP_PLACE_BYTES;
}

export function setBytes(size: number): number {
  return MAP_BYTES + mapPlaces(size) * SET_PLACE_BYTES;
}

/** Places in the table of a Map or Set: a power of two, with two entries to a bucket. */
function mapPlaces(size: number): number {
  let places = MAP_MIN_PLACES;
  while (places < size) places *= 2;
  return places;
}

/** An object with `count` names, one or more, of which `own` are held by no other. */
export function recordBytes(count: number, own: number): number {
  if (own > 0 && count > FAST_MAX_NAMES) return dictionaryBytes(count);
  const fields = OBJECT_HEADER_BYTES + count * WORD_BYTES;
  if (own === 0) return fields;
  return fields + OWN_SHAPE_BYTES + own * (count < MANY_NAMES ? OWN_NAME_BYTES : OWN_NAME_OF_MANY_BYTES);
}

/** An object whose properties are in a hash table. */
export function dictionaryBytes(count: number): number {
  return OBJECT_HEADER_BYTES + NAME_TABLE_BYTES + tableBytes(count);
}

/** An array's elements in a list, holes included. */
export function listBytes(length: number): number {
  return LIST_HEADER_BYTES + length * WORD_BYTES;
}

/** Elements in a hash table. */
export function indexTableBytes(count: number): number {
  return INDEX_TABLE_BYTES + tableBytes(count);
}

/**
 * Elements under indexes of an object, and of an array that was filled by index: `count` of them, up to `last`.
 * V8 keeps a list with room up to the last one, unless that is 1024 further than what there was, or nine times
 * as large as a hash table would be.
 */
export function indexedBytes(count: number, last: number): number {
  let room = 0;
  if (count > last) while (room <= last) room = grownRoom(room);
  else room = grownRoom(last);
  const table = tableBytes(count);
  return last < 1024 || room * WORD_BYTES < table * 3 ? listBytes(room) : INDEX_TABLE_BYTES + table;
}

/** The room that V8 makes when the element `index` is the first that has none. */
function grownRoom(index: number): number {
  return index + 1 + ((index + 1) >>> 1) + 16;
}

/** The places of a hash table of properties: half as many again as entries, and a power of two. */
function tableBytes(entries: number): number {
  let places = 4;
  while (places < entries + (entries >>> 1)) places *= 2;
  return places * TABLE_PLACE_BYTES;
}
