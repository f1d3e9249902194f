/**
 * Values between JSON and the wire: how a client sees an entry, and what its value is stored as
 * (docs/websocket.md, "Values").
 */

import { isUtf8 } from 'node:buffer';
import { shown } from '../../errors.js';
import { BYTES_FLAGS, JSON_FLAGS, READ_AS_TEXT, TEXT_FLAGS } from '../../items/value-codec.js';
import type { ItemStore } from '../../memcached/item-store.js';
import type { CasId } from '../../memcached/request.js';
import { isWellFormed } from '../../value-text.js';
import { isJson } from './json-scanner.js';
import { invalidParams, RpcError } from './rpc-error.js';

/** How much a reply may still hold, in bytes. */
export interface ReplyBudget {
  bytes: number;
}

interface EntryReader {
  readonly items: ItemStore;
  readonly replyBudget: ReplyBudget;
  /** What has been made and is not part of a reply. */
  bytesCopied: number;
}

/** An entry as JSON, with `ttl` or what is left of its time, taken from the budget. Throws an `RpcError` for more than that. */
export function entryJson(
  on: EntryReader,
  entry: number,
  asBase64: boolean,
  ttl: string = ttlJson(on.items, entry),
): string {
  const { items, replyBudget } = on;
  const { entries } = items;
  const value = entries.valueAt(entry);
  const flags = entries.flagsAt(entry);
  // JSON takes no fewer bytes than the value has.
  if (value.length > replyBudget.bytes) throw replyTooLarge();
  const valueJson = (asBase64 ? null : plainJson(value, flags)) ?? base64Json(value);
  const json = `{${valueJson},"flags":${flags},"version":${versionJson(items, entry)},"ttlMs":${ttl}}`;
  const bytes = Buffer.byteLength(json);
  if (bytes > replyBudget.bytes) {
    // It has been made all the same.
    on.bytesCopied += bytes;
    throw replyTooLarge();
  }
  replyBudget.bytes -= bytes;
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

function plainJson(value: Buffer, flags: number): string | null {
  if (flags !== JSON_FLAGS && !READ_AS_TEXT.has(flags)) return null;
  if (!isUtf8(value)) return null;
  const text = value.toString('utf8');
  if (flags !== JSON_FLAGS) return `"value":${JSON.stringify(text)}`;
  return isJson(text) ? `"value":${text}` : null;
}

function base64Json(value: Buffer): string {
  return `"base64":"${value.toString('base64')}"`;
}

export function replyTooLarge(): RpcError {
  return new RpcError('HOTSET_REPLY_TOO_LARGE', 'the result is larger than one reply may be');
}

/** A value that a client has sent, before memory is taken for it. */
export interface ReceivedValue {
  readonly flags: number;
  readonly bytes: number;
  toBytes(): Buffer;
}

/** The bytes and flags of `value` (JSON) or `base64`, one of which is present. Throws an `RpcError`. */
export function receivedValue(json: string | undefined, base64: string | undefined): ReceivedValue {
  return received(json, base64, (value) => {
    if (!value.startsWith('"')) return textReceived(value, JSON_FLAGS);
    const text = JSON.parse(value) as string;
    if (!isWellFormed(text))
      throw invalidParams(`value takes well-formed text, or any other JSON; got ${shown(text)}`);
    return textReceived(text, TEXT_FLAGS);
  });
}

/** The same for a `value` that must be a text. */
export function receivedText(text: string | undefined, base64: string | undefined): ReceivedValue {
  return received(text, base64, (value) => {
    if (!isWellFormed(value)) throw invalidParams(`value takes well-formed text; got ${shown(value)}`);
    return textReceived(value, TEXT_FLAGS);
  });
}

function received(
  value: string | undefined,
  base64: string | undefined,
  ofValue: (value: string) => ReceivedValue,
): ReceivedValue {
  if (base64 !== undefined) {
    if (value !== undefined) throw invalidParams('value and base64 do not go together');
    return bytesReceived(base64);
  }
  if (value === undefined) throw invalidParams('value or base64 is missing');
  return ofValue(value);
}

function bytesReceived(base64: string): ReceivedValue {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return {
    flags: BYTES_FLAGS,
    bytes: (base64.length / 4) * 3 - padding,
    toBytes: () => Buffer.from(base64, 'base64'),
  };
}

function textReceived(text: string, flags: number): ReceivedValue {
  return { flags, bytes: Buffer.byteLength(text), toBytes: () => Buffer.from(text, 'utf8') };
}
