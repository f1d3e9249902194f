/**
 * Values as JSON, and back as what they were: Dates, Maps, Sets, BigInts, bytes, `undefined`, -0 and the numbers that JSON has
 * no text for are written as objects with a mark, `{ "$": kind, "v": … }`. Plain data is written as it is, and read by
 * `JSON.parse` alone. Linear in the size of the value.
 *
 * A value of a class is refused: it would come back as something else.
 */

import { Buffer } from 'node:buffer';
import { HotsetError } from '../errors.js';

const MARK = '$';
const MAX_DEPTH = 1000;

export interface JsonText {
  readonly text: string;
  /** Whether it has marks. */
  readonly isMarked: boolean;
}

/** Throws `HOTSET_UNSERIALIZABLE_VALUE`. */
export function toJson(value: unknown): JsonText {
  const marked = withMarks(value, 0);
  return { text: JSON.stringify(marked), isMarked: marked !== value };
}

/** Throws for a text that `toJson` has not written, such as one of objects a million deep: who reads on would run out of stack. */
export function fromJson({ text, isMarked }: JsonText): unknown {
  const value: unknown = JSON.parse(text);
  if (isMarked) return withoutMarks(value, 0);
  // A shorter one is not as deep.
  if (text.length > 2 * MAX_DEPTH) checkDepth(value, 0);
  return value;
}

/** The value itself where nothing in it needs a mark. */
function withMarks(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : mark('n', numberText(value));
    case 'undefined':
      return mark('u', 0);
    case 'bigint':
      return mark('i', value < 0n ? `-${(-value).toString(16)}` : value.toString(16));
    case 'object':
      return value === null ? null : objectWithMarks(value, depth + 1);
    default:
      throw unserializable(`a ${typeof value}`);
  }
}

function objectWithMarks(value: object, depth: number): unknown {
  if (depth > MAX_DEPTH) throw unserializable(`a cycle, or objects more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) return arrayWithMarks(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype)
    return recordWithMarks(value as Record<string, unknown>, depth);
  if (value instanceof Date) return mark('d', Number.isNaN(value.getTime()) ? null : value.getTime());
  if (value instanceof Map)
    return mark(
      'm',
      Array.from(value, ([key, item]) => [withMarks(key, depth), withMarks(item, depth)]),
    );
  if (value instanceof Set)
    return mark(
      's',
      Array.from(value, (item) => withMarks(item, depth)),
    );
  if (Buffer.isBuffer(value)) return mark('B', value.toString('base64'));
  if (prototype === Uint8Array.prototype) return mark('b', base64Of(value as Uint8Array));
  if (value instanceof ArrayBuffer) return mark('A', Buffer.from(value).toString('base64'));
  // A plain object of another realm.
  if (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null)
    return recordWithMarks(value as Record<string, unknown>, depth);
  throw unserializable(`an instance of ${value.constructor?.name || 'a class'}`);
}

function arrayWithMarks(array: readonly unknown[], depth: number): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < array.length; index++) {
    const marked = withMarks(array[index], depth);
    if (copy === undefined && marked !== array[index]) copy = array.slice(0, index);
    copy?.push(marked);
  }
  return copy ?? array;
}

function recordWithMarks(record: Record<string, unknown>, depth: number): unknown {
  const names = Object.keys(record);
  // Names that a reader would take for a mark, or for a prototype.
  if (names.includes(MARK) || names.includes('__proto__') || typeof record.toJSON === 'function')
    return mark(
      'o',
      names.map((name) => [name, withMarks(record[name], depth)]),
    );
  let copy: Record<string, unknown> | undefined;
  for (const name of names) {
    const marked = withMarks(record[name], depth);
    if (marked === record[name]) continue;
    copy ??= { ...record };
    copy[name] = marked;
  }
  return copy ?? record;
}

function mark(kind: string, content: unknown): unknown {
  return { [MARK]: kind, v: content };
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) throw tooDeep();
  if (Array.isArray(value)) for (const item of value) checkDepth(item, depth + 1);
  else for (const name in value) checkDepth((value as Record<string, unknown>)[name], depth + 1);
}

/** Replaces marked parts in place. */
function withoutMarks(value: unknown, outer: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (outer === MAX_DEPTH) throw tooDeep();
  const depth = outer + 1;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = withoutMarks(item, depth);
    return value;
  }
  const record = value as Record<string, unknown>;
  if (Object.hasOwn(record, MARK)) return unmarked(record[MARK], record.v, depth);
  for (const name of Object.keys(record)) record[name] = withoutMarks(record[name], depth);
  return record;
}

function unmarked(kind: unknown, content: unknown, depth: number): unknown {
  switch (kind) {
    case 'u':
      return undefined;
    case 'n':
      return Number(content);
    case 'i': {
      const text = textOf(content);
      return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
    }
    case 'd':
      return new Date(content === null ? Number.NaN : Number(content));
    case 'm':
      return new Map(pairsOf(content, depth));
    case 's':
      return new Set(listOf(content).map((item) => withoutMarks(item, depth)));
    case 'o':
      return Object.fromEntries(pairsOf(content, depth));
    case 'B':
      return bytesOf(content);
    case 'b':
      return new Uint8Array(bytesOf(content).buffer);
    case 'A':
      return bytesOf(content).buffer;
    default:
      throw new TypeError(`there is no kind ${String(kind)}`);
  }
}

function pairsOf(content: unknown, depth: number): [PropertyKey, unknown][] {
  return listOf(content).map((pair) => {
    const [key, item] = listOf(pair);
    return [withoutMarks(key, depth) as PropertyKey, withoutMarks(item, depth)];
  });
}

function tooDeep(): TypeError {
  return new TypeError(`objects more than ${MAX_DEPTH} deep`);
}

function listOf(content: unknown): unknown[] {
  if (!Array.isArray(content)) throw new TypeError('a list was expected');
  return content;
}

function textOf(content: unknown): string {
  if (typeof content !== 'string') throw new TypeError('a text was expected');
  return content;
}

/** With memory of their own: a slice of Node's pool would keep the rest of it alive. */
function bytesOf(content: unknown): Buffer {
  const bytes = Buffer.from(textOf(content), 'base64');
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

function unserializable(what: string): HotsetError {
  return new HotsetError(
    'HOTSET_UNSERIALIZABLE_VALUE',
    `the serializer 'json' takes plain data, Dates, Maps, Sets, BigInts and bytes; got ${what}. Use 'v8', or one of your own`,
  );
}
