/** Replies to meta commands: a status, the requested fields, and for `VA` a value. */

import type { ReplyBuffer } from '../reply-buffer.js';
import type { Reply, Request } from '../request.js';
import { LETTER, LOWER, type MetaFlags } from './meta-flags.js';

/** The status of a reply that carries no value; those without one are errors, with the text of the classic protocol. */
export const META_STATUS: Readonly<Partial<Record<Reply, string>>> = {
  stored: 'HD',
  deleted: 'HD',
  'not-stored': 'NS',
  exists: 'EX',
  'not-found': 'NF',
};

/** ` k<key>`, as base64 and ` b` where the request or the item says so. */
export function writeKey(out: ReplyBuffer, key: string, isBinary: boolean): void {
  out.text(' k');
  out.text(isBinary ? encodedKey(key) : key);
  if (isBinary) out.text(' b');
}

/** A key as base64, as it goes out. */
export function encodedKey(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}

/** ` <letter><number>` */
export function writeNumber(out: ReplyBuffer, letter: string, number: number | bigint): void {
  out.text(letter);
  out.number(number);
}

/** ` t<seconds>`, -1 for an item that does not expire. */
export function writeTtl(out: ReplyBuffer, seconds: number): void {
  if (seconds === Number.POSITIVE_INFINITY) out.text(' t-1');
  else writeNumber(out, ' t', seconds);
}

export function writeOpaque(out: ReplyBuffer, meta: MetaFlags): void {
  out.text(' ');
  out.text(meta.opaque);
}

/** What every reply may carry, a miss or a failure too: key and opaque, in the order of the request. */
export function writeEchoes(out: ReplyBuffer, request: Request): void {
  const { meta, key } = request;
  for (let i = 0; i < meta.count; i++) {
    const letter = meta.letters[i]!;
    if (letter === LETTER.k) writeKey(out, key.text, meta.has(LOWER.b));
    else if (letter === LETTER.O) writeOpaque(out, meta);
  }
}

/** A status and its echoes. */
export function writeStatus(out: ReplyBuffer, status: string, request: Request): void {
  out.text(status);
  writeEchoes(out, request);
  out.text('\r\n');
}
