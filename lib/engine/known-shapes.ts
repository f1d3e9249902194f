/**
 * What has been seen of objects' names so far, because V8 shares more between objects than JavaScript shows.
 *
 * Names: those of fields are kept once for all records of a kind, and so is the description of their shape.
 * An object used as a dictionary brings its own. What can be told is whether a name has come by before. Two
 * generations are remembered, and the older is forgotten when the younger is full: names in use stay, and
 * memory is bounded. The first few to be asked for are taken for fields' names: in a program with no more kinds of
 * records each object weighs what the next one like it does.
 *
 * Shapes: reading a property may run an accessor of the object's own, and asking for its descriptor first takes
 * ten times as long as reading. Once many objects with the same names in the same order and the same prototype
 * have been asked, and none had an accessor, the next ones are taken on trust, all but one in a thousand. An
 * accessor that comes then is run until it is found out.
 */

const GENERATION_NAMES = 1024;
const FREE_NAMES = 64;
/** Longer ones are data, and are not kept. */
const NAME_MAX_LENGTH = 128;
/** Shapes kept for one last name. */
const ALIKE_MAX = 4;
const SHAPE_MAX_NAMES = 64;
/** Objects without an accessor until a shape is trusted. */
export const TRUSTED_AFTER: number = 1000;
const ASK_AGAIN_EVERY = 1024;

export interface Shape {
  readonly prototype: object;
  readonly names: readonly string[];
  /** Objects that had no accessor, or were trusted to have none; -Infinity once one had. */
  plain: number;
}

export class KnownShapes {
  #young: Map<string, Shape[]> = new Map();
  #old: Map<string, Shape[]> = new Map();
  #free = FREE_NAMES;

  /**
   * The shape of objects with this prototype and `count` names, the last of them `lastName`, if such objects
   * need not be asked for descriptors. Other names are for the caller to compare. O(1).
   */
  trusted(lastName: string, count: number, prototype: object): Shape | undefined {
    const shapes = this.#young.get(lastName);
    if (shapes === undefined) return undefined;
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]!;
      if (shape.names.length === count && shape.prototype === prototype)
        return isTrusted(shape) ? shape : undefined;
    }
    return undefined;
  }

  /** Takes note of an object that was asked for descriptors. O(count). */
  note(names: readonly string[], prototype: object, hasAccessor: boolean): void {
    if (names.length > SHAPE_MAX_NAMES || names.at(-1)!.length > NAME_MAX_LENGTH) return;
    const shapes = this.#remember(names.at(-1)!);
    let shape = shapes.find((known) => known.prototype === prototype && sameNames(known.names, names));
    if (shape === undefined) {
      shape = { prototype, names, plain: 0 };
      if (shapes.length === ALIKE_MAX) shapes.shift();
      shapes.push(shape);
    }
    shape.plain = hasAccessor ? Number.NEGATIVE_INFINITY : shape.plain + 1;
  }

  /** Whether `name` has come by lately, or is one of the first asked for; remembers it. O(1). */
  meets(name: string): boolean {
    if (this.#young.has(name)) return true;
    if (name.length > NAME_MAX_LENGTH) return false;
    const known = this.#old.has(name);
    this.#remember(name);
    if (known || this.#free === 0) return known;
    this.#free--;
    return true;
  }

  #remember(name: string): Shape[] {
    let shapes = this.#young.get(name);
    if (shapes !== undefined) return shapes;
    shapes = this.#old.get(name) ?? [];
    this.#young.set(name, shapes);
    if (this.#young.size === GENERATION_NAMES) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return shapes;
  }
}

function isTrusted(shape: Shape): boolean {
  return shape.plain >= TRUSTED_AFTER && ++shape.plain % ASK_AGAIN_EVERY !== 0;
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, i) => name === others[i]);
}
