/**
 * Values between JSON and the wire: how an entry is shown to a client, and what a client's value is stored as
 * (docs/websocket.md, "Values").
 */

import type { ItemStore } from '../../memcached/item-store.js';
import type { CasId } from '../../memcached/request.js';
import {
  BYTES_FLAGS,
  bytesOf,
  JSON_FLAGS,
  READ_AS_TEXT,
  TEXT_FLAGS,
  textOf,
  type WireValue,
  wireValue,
} from '../../memcached/wire-value.js';
import { invalidParams, RpcError } from './rpc-error.js';

/** How much a reply may still take, in bytes. */
export interface ReplyRoom {
  bytes: number;
}

/** An entry as JSON, without more than there is room for. Throws an `RpcError`. */
export function entryJson(items: ItemStore, entry: number, asBase64: boolean, room: ReplyRoom): string {
  const { entries } = items;
  const value = entries.valueAt(entry);
  const flags = entries.flagsAt(entry);
  // JSON takes no fewer bytes than the value has.
  if (value.length > room.bytes) throw replyTooLarge();
  const shown = (asBase64 ? null : plainJson(value, flags)) ?? base64Json(value);
  const json = `{${shown},"flags":${flags},"version":${versionJson(items, entry)},"ttlMs":${ttlJson(items, entry)}}`;
  room.bytes -= Buffer.byteLength(json);
  if (room.bytes < 0) throw replyTooLarge();
  return json;
}

/** The entry's version as JSON. */
export function versionJson(items: ItemStore, entry: number): string {
  return casIdJson(items, items.casIdAt(entry));
}

/** A cas id as JSON; null where there are none. */
export function casIdJson(items: ItemStore, cas: CasId): string {
  return items.casIds ? `"${cas}"` : 'null';
}

/** What is left of the entry's time, in milliseconds, as JSON. */
export function ttlJson(items: ItemStore, entry: number): string {
  // Never is Infinity, which JSON knows as null.
  return JSON.stringify(items.entries.remainingTtlMsAt(entry));
}

function plainJson(value: WireValue, flags: number): string | null {
  if (flags !== JSON_FLAGS && !READ_AS_TEXT.has(flags)) return null;
  const text = textOf(value);
  if (text === null) return null;
  if (flags !== JSON_FLAGS) return `"value":${JSON.stringify(text)}`;
  return isJson(text) ? `"value":${text}` : null;
}

function base64Json(value: WireValue): string {
  return `"base64":"${bytesOf(value).toString('base64')}"`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function replyTooLarge(): RpcError {
  return new RpcError('HOTSET_REPLY_TOO_LARGE', 'what is asked for is more than one reply may hold');
}

/** A value that a client has sent, before memory is taken for it. */
export interface GivenValue {
  readonly flags: number;
  readonly bytes: number;
  toWire(): WireValue;
}

/** What `value` and `base64`, of which one takes part, stand for. Throws an `RpcError`. */
export function givenValue(value: unknown, base64: string | undefined): GivenValue {
  if (base64 !== undefined) {
    if (value !== undefined) throw invalidParams('value and base64 do not go together');
    return bytesGiven(base64);
  }
  if (value === undefined) throw invalidParams('value or base64 is missing');
  return typeof value === 'string' ? textGiven(value, TEXT_FLAGS) : textGiven(jsonOf(value), JSON_FLAGS);
}

function bytesGiven(base64: string): GivenValue {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return {
    flags: BYTES_FLAGS,
    bytes: (base64.length / 4) * 3 - padding,
    toWire: () => whole(Buffer.from(base64, 'base64')),
  };
}

function textGiven(text: string, flags: number): GivenValue {
  return { flags, bytes: Buffer.byteLength(text), toWire: () => whole(Buffer.from(text, 'utf8')) };
}

function whole(bytes: Buffer): WireValue {
  return wireValue(bytes, 0, bytes.length);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // What can be read at any depth can be written only as deep as the stack is.
    throw invalidParams('value is nested too deeply');
  }
}
