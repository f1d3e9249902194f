/**
 * Values to the server and back: texts as they are, bytes as base64, and everything else as JSON. Bytes are Uint8Arrays: there is
 * no Buffer in a browser.
 */

import { HotsetError, invalidArgument } from '../errors.js';
import { isWellFormed, jsonOf } from '../value-text.js';

/** What the cache takes: text, bytes, or anything that JSON can represent. */
export type CacheValue = string | Uint8Array | number | boolean | null | readonly unknown[] | object;

/** A value in its wire form, which is immutable. */
export type ValueForm =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly json: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** Calls of `String.fromCharCode` take so many arguments everywhere. */
const CHARS_PER_CALL = 0x2000;

/** Takes a copy. Throws `HOTSET_INVALID_ARGUMENT` for what JSON cannot represent, and text that is not well-formed. */
export function formOf(value: unknown): ValueForm {
  if (typeof value === 'string' && !isWellFormed(value))
    throw invalidArgument('value', 'well-formed text', value);
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (value instanceof Uint8Array) return { kind: 'bytes', bytes: value.slice() };
  return { kind: 'json', json: jsonOf(value) };
}

/** The form of a value that the server sent; null for one that cannot be written again: nested too deeply, or with a number out of range. */
export function formOfRead(value: unknown): ValueForm | null {
  try {
    return formOf(value);
  } catch {
    return null;
  }
}

/** The value, a copy for each reader. */
export function releasedValue(form: ValueForm): unknown {
  if (form.kind === 'text') return form.text;
  return form.kind === 'json' ? JSON.parse(form.json) : form.bytes.slice();
}

/** The member of a write's params that says the value, as JSON. */
export function memberOf(form: ValueForm): string {
  if (form.kind === 'bytes') return `"base64":"${base64Of(form.bytes)}"`;
  return `"value":${form.kind === 'text' ? JSON.stringify(form.text) : form.json}`;
}

/** Throws `HOTSET_PROTOCOL` for what is not base64. */
export function bytesOf(base64: string): Uint8Array {
  let chars: string;
  try {
    chars = atob(base64);
  } catch (cause) {
    throw new HotsetError('HOTSET_PROTOCOL', 'the server sent base64 that is none', { cause });
  }
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
  return bytes;
}

function base64Of(bytes: Uint8Array): string {
  let chars = '';
  for (let at = 0; at < bytes.length; at += CHARS_PER_CALL)
    chars += String.fromCharCode(...bytes.subarray(at, at + CHARS_PER_CALL));
  return btoa(chars);
}
