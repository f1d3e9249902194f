/** ma: protocol.txt, "Meta Arithmetic". */

import { secondsLeft } from '../../item-store.js';
import { LETTER, LOWER, UPPER } from '../../meta/meta-flags.js';
import { isDecrement } from '../../meta/meta-parser.js';
import {
  META_STATUS,
  writeKey,
  writeNumber,
  writeOpaque,
  writeStatus,
  writeTtl,
} from '../../meta/meta-replies.js';
import type { Request } from '../../request.js';
import type { SessionIo } from '../../session-io.js';
import { TEXT_REPLIES } from '../../text/text-replies.js';
import { adjust, countMiss, createNumber } from '../arithmetic.js';

export function metaArithmetic(io: SessionIo, request: Request): void {
  const { items, out } = io;
  const { meta, key } = request;
  const increments = !isDecrement(meta.mode);
  let result = adjust(io, { key, increments, delta: meta.delta, cas: meta.cas });
  let created = false;
  if (result === 'not-found') {
    if (meta.hasUpper(UPPER.N)) {
      result = createNumber(io, key, meta.initial, 0);
      created = true;
    } else countMiss(items, increments);
  }
  if (typeof result === 'string') {
    const status = META_STATUS[result];
    if (status === undefined) out.text(TEXT_REPLIES[result]);
    else writeStatus(out, status, request);
    return;
  }
  if (meta.hasUpper(UPPER.E)) items.giveCasId(key, meta.newCas);
  writeNumberReply(io, request, result.digits, created);
}

/** The reply for the item as it is now. Sets the times that T and N request. */
function writeNumberReply(
  { items, out }: SessionIo,
  request: Request,
  digits: string,
  created: boolean,
): void {
  const { entries } = items;
  const { meta, key } = request;
  const entry = entries.peek(key);
  const speaks = !meta.has(LOWER.q);
  const sendsValue = meta.has(LOWER.v);
  let ttlMs = entry === 0 ? 0 : entries.remainingTtlMsAt(entry);
  let exptime: number | null = null;
  if (speaks) {
    out.text(sendsValue ? 'VA ' : 'HD');
    if (sendsValue) out.number(digits.length);
  }
  for (let i = 0; i < meta.count; i++) {
    const letter = meta.letters[i];
    if (letter === LETTER.T || (letter === LETTER.N && created)) {
      exptime = letter === LETTER.T ? meta.exptime : meta.vivifyExptime;
      ttlMs = items.ttlMs(exptime);
    } else if (!speaks) continue;
    else if (letter === LETTER.t) writeTtl(out, secondsLeft(ttlMs));
    else if (letter === LETTER.c) writeNumber(out, ' c', entry === 0 ? 0 : items.casIdAt(entry));
    else if (letter === LETTER.k) writeKey(out, key.text, meta.has(LOWER.b));
    else if (letter === LETTER.O) writeOpaque(out, meta);
  }
  if (speaks) out.text(sendsValue ? `\r\n${digits}\r\n` : '\r\n');
  if (entry !== 0 && exptime !== null) items.touch(entry, exptime);
}
