/**
 * Names of properties and short texts that were met before, because V8 shares more between objects than JavaScript
 * shows. One for the process, as V8's own tables are. It keeps names of records of at most 64 characters, never
 * more than `2 * GENERATION_MAX_BYTES` of them, hashes in place of texts, and classes weakly: no value, no
 * prototype, no long text.
 *
 * Names: field names exist once for all records of a kind, and so does the description of their shape. An object
 * used as a dictionary brings its own names. The memo knows whether a name was met before. It keeps two generations
 * and drops the older when the younger is full, so that names in use stay. The first few names count as field
 * names: in a program with few kinds of records each object weighs what the next one like it does.
 *
 * Shapes: reading a property may run an accessor, and checking its descriptor first takes five times as long as
 * reading. Once many objects of one class with the same names in the same order had no accessor, the next ones are
 * trusted, all but one in 64.
 *
 * A new shape brings its own description even when all its names are known, as records with many optional fields
 * do. A hash of its names identifies it.
 *
 * Short texts: JSON.parse and literals share texts of up to 10 characters.
 */

/** Names kept for one generation: characters and what a Map takes for each. */
const GENERATION_MAX_BYTES = 128 * 1024;
const NAME_KEPT_BYTES = 64;
const FREE_NAMES = 64;
/** Longer names are data. */
export const NAME_MAX_LENGTH = 64;
/** Shapes kept for one last name. */
const ALIKE_MAX = 4;
const SHAPE_MAX_NAMES = 64;
/** Objects without an accessor until a shape is trusted. */
export const TRUSTED_AFTER: number = 200;
const ASK_AGAIN_EVERY = 64;
/** A power of two: 16 kB of hashes in each table. */
const HASH_PLACES = 4096;

/** The class of ordinary objects; classes that get a number follow. */
export const PLAIN_CLASS = 0;
/** Objects without a prototype, and those of built-in kinds: their shapes are not kept. */
export const NO_PROTOTYPE: number = -1;
export const BUILT_IN_CLASS: number = -2;

export interface Shape {
  readonly classId: number;
  readonly names: readonly string[];
  /** Objects that had no accessor, or were trusted to have none; -Infinity once one had. */
  plain: number;
}

export class Memo {
  #young: Map<string, Shape[]> = new Map();
  #old: Map<string, Shape[]> = new Map();
  #youngBytes = 0;
  #oldBytes = 0;
  #freeNames = FREE_NAMES;
  readonly #textHashes: Int32Array = new Int32Array(HASH_PLACES);
  readonly #shapeHashes: Int32Array = new Int32Array(HASH_PLACES);
  readonly #classes: WeakMap<object, number> = new WeakMap();
  #lastClass: number = PLAIN_CLASS;

  /** Bytes of names that the memo keeps, at most. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  /** The number of a numbered class; undefined for others. O(1). */
  classOf(prototype: object): number | undefined {
    return this.#classes.get(prototype);
  }

  /** Gives a class a number. */
  addClass(prototype: object): number {
    this.#classes.set(prototype, ++this.#lastClass);
    return this.#lastClass;
  }

  /**
   * The shape of objects of this class with `count` names, the last of them `lastName`, if the descriptors of such
   * objects need no check. The caller compares the other names. O(1).
   */
  trusted(lastName: string, count: number, classId: number): Shape | undefined {
    const shapes = this.#young.get(lastName);
    if (shapes === undefined) return undefined;
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]!;
      if (shape.names.length === count && shape.classId === classId && shape.plain >= TRUSTED_AFTER)
        return ++shape.plain % ASK_AGAIN_EVERY === 0 ? undefined : shape;
    }
    return undefined;
  }

  /** Records an object whose descriptors were checked. O(count). */
  note(names: readonly string[], classId: number, hasAccessor: boolean): void {
    if (classId < 0 || names.length > SHAPE_MAX_NAMES) return;
    if (names.some((name) => name.length > NAME_MAX_LENGTH)) return;
    const shapes = this.#remember(names.at(-1)!);
    let shape = shapes.find((known) => known.classId === classId && sameNames(known.names, names));
    if (shape === undefined) {
      shape = { classId, names, plain: 0 };
      if (shapes.length === ALIKE_MAX) this.#youngBytes -= shapeBytes(shapes.shift()!);
      shapes.push(shape);
      this.#youngBytes += shapeBytes(shape);
    }
    shape.plain = hasAccessor ? Number.NEGATIVE_INFINITY : shape.plain + 1;
  }

  /** Whether `name` was met lately, or is one of the first; remembers it. O(1). */
  meets(name: string): boolean {
    if (name.length > NAME_MAX_LENGTH) return false;
    if (this.#young.has(name)) return true;
    const known = this.#old.has(name);
    this.#remember(name);
    if (known || this.#freeNames === 0) return known;
    this.#freeNames--;
    return true;
  }

  /** Whether a short text with this hash was met lately; remembers the hash. O(1). */
  meetsText(hash: number): boolean {
    return meetsHash(this.#textHashes, hash);
  }

  /** Whether a shape with this hash was met lately, or some names are still free; remembers it. O(1). */
  meetsShape(hash: number): boolean {
    return meetsHash(this.#shapeHashes, hash) || this.#freeNames > 0;
  }

  #remember(name: string): Shape[] {
    let shapes = this.#young.get(name);
    if (shapes !== undefined) return shapes;
    if (this.#youngBytes >= GENERATION_MAX_BYTES) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    shapes = this.#old.get(name) ?? [];
    this.#young.set(name, shapes);
    this.#youngBytes += keptBytes(name);
    for (const shape of shapes) this.#youngBytes += shapeBytes(shape);
    return shapes;
  }
}

function meetsHash(hashes: Int32Array, hash: number): boolean {
  const place = (hash ^ (hash >>> 12)) & (HASH_PLACES - 1);
  if (hashes[place] === hash) return true;
  hashes[place] = hash;
  return false;
}

function keptBytes(name: string): number {
  return NAME_KEPT_BYTES + 2 * name.length;
}

function shapeBytes(shape: Shape): number {
  return shape.names.reduce((bytes, name) => bytes + keptBytes(name), 0);
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, i) => name === others[i]);
}
