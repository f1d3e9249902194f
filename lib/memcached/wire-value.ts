/**
 * How the engine holds the wire's values: as latin1 strings (a character for each byte) up to a threshold,
 * as Buffers with memory of their own above it. A short string takes a third of the memory of a Buffer and
 * is quicker to make; a long one would be copied for each reply, and a Buffer goes out by reference.
 * No other module knows which of the two a value is, beyond passing it on. Values never change in place.
 */

import { isUtf8 } from 'node:buffer';
import { latin1Bytes, viewBytes } from '../weigh/index.js';
import { latin1Text } from './key.js';

/** A value as the engine holds it: an opaque string or Buffer. `SharedCache` converts it. */
export type WireValue = (string & Wire) | (Buffer & Wire);

/** A brand for the compiler only, so that no other string or Buffer gets into an engine by mistake. */
interface Wire {
  readonly [wire]: true;
}
declare const wire: unique symbol;

/** Values up to this many bytes are strings. */
export const STRING_MAX_BYTES = 4096;

/**
 * Flags of values stored as text. The default flags are npm memcached's. Values with the flags 1 (pymemcache's documented JSON
 * serializer: a string) and 16 (pylibmc, python-memcached) are read as text too, and those with unknown flags as bytes.
 */
export const TEXT_FLAGS = 0;
/** Flags of values stored as JSON. */
export const JSON_FLAGS = 2;
/** Flags of values stored as bytes. */
export const BYTES_FLAGS = 4;

export const READ_AS_TEXT: ReadonlySet<number> = new Set([TEXT_FLAGS, 1, 16]);

const ASCII = /^[\0-\x7f]*$/;

/** The value in `bytes[start, end)`, copied. */
export function wireValue(bytes: Buffer, start: number, end: number): WireValue {
  if (end - start <= STRING_MAX_BYTES) return text(latin1Text(bytes, start, end));
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return copy as Buffer & Wire;
}

/** As `wireValue`, but may keep `bytes` itself: the caller gives up ownership. */
export function ownedWireValue(bytes: Buffer, end: number): WireValue {
  return end <= STRING_MAX_BYTES
    ? text(bytes.toString('latin1', 0, end))
    : (bytes.subarray(0, end) as Buffer & Wire);
}

export function wireValueOfText(latin1: string): WireValue {
  return latin1.length <= STRING_MAX_BYTES ? text(latin1) : ownedWireValue(unpooled(latin1), latin1.length);
}

export function concatenated(first: WireValue, second: WireValue): WireValue {
  if (first.length + second.length <= STRING_MAX_BYTES) return flat(`${latin1Of(first)}${latin1Of(second)}`);
  const both = Buffer.allocUnsafeSlow(first.length + second.length);
  putInto(both, 0, first);
  putInto(both, first.length, second);
  return both as Buffer & Wire;
}

export function latin1Of(value: WireValue): string {
  return typeof value === 'string' ? value : value.toString('latin1');
}

/** The value's bytes; the caller must not write to them. */
export function bytesOf(value: WireValue): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
}

/** The text that the value's bytes are in UTF-8; null where they are not. */
export function textOf(value: WireValue): string | null {
  if (typeof value === 'string' && ASCII.test(value)) return value;
  const bytes = bytesOf(value);
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/** `sizeOf` for an engine that holds wire values. */
export function wireValueBytes(value: WireValue): number {
  return typeof value === 'string' ? latin1Bytes(value) : viewBytes(value);
}

function putInto(target: Buffer, at: number, value: WireValue): void {
  if (typeof value === 'string') target.write(value, at, 'latin1');
  else value.copy(target, at);
}

function unpooled(latin1: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(latin1.length);
  bytes.write(latin1, 0, 'latin1');
  return bytes;
}

/** A joined string keeps its parts alive until it is flattened: flatten it by way of bytes. */
function flat(joined: string): WireValue {
  return text(unpooled(joined).toString('latin1'));
}

function text(latin1: string): WireValue {
  return latin1 as string & Wire;
}
