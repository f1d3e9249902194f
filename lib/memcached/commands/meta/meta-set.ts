/** ms: protocol.txt, "Meta Set". Storing is storage.ts's; here is what surrounds it. */

import type { ItemStore } from '../../item-store.js';
import { LETTER, LOWER, UPPER } from '../../meta/meta-flags.js';
import { META_STATUS, writeKey, writeNumber, writeOpaque } from '../../meta/meta-replies.js';
import type { CasId, Request } from '../../request.js';
import type { SessionIo } from '../../session-io.js';
import { TEXT_REPLIES } from '../../text/text-replies.js';
import { store } from '../storage.js';

export function metaSet(io: SessionIo, request: Request): void {
  const { items, out } = io;
  const { meta, key } = request;
  const { length } = request.data;
  const reply = store(io, request);
  if (reply === 'stored') {
    if (meta.hasUpper(UPPER.E)) items.giveCasId(key, meta.newCas);
    if (meta.has(LOWER.q)) return;
  }
  const status = META_STATUS[reply];
  if (status === undefined) out.text(TEXT_REPLIES[reply]);
  else writeReply(io, request, status, reply === 'stored', length);
}

function writeReply(
  { items, out }: SessionIo,
  request: Request,
  status: string,
  stored: boolean,
  valueBytes: number,
): void {
  const { meta, key } = request;
  const entry = stored ? items.entries.peek(key) : 0;
  out.text(status);
  for (let i = 0; i < meta.count; i++) {
    switch (meta.letters[i]) {
      case LETTER.O:
        writeOpaque(out, meta);
        break;
      case LETTER.k:
        writeKey(out, key.text, meta.has(LOWER.b));
        break;
      case LETTER.c:
        writeNumber(out, ' c', stored ? givenCasId(items, request) : 0);
        break;
      case LETTER.s:
        writeNumber(out, ' s', entry === 0 ? valueBytes : items.entries.valueBytesAt(entry));
        break;
    }
  }
  out.text('\r\n');
}

/** Of an item that may have expired as it was stored. */
function givenCasId(items: ItemStore, { meta, key }: Request): CasId {
  const isNamed = meta.hasUpper(UPPER.E) && meta.newCas !== 0 && items.casIds;
  return isNamed ? meta.newCas : items.storedCasId(key);
}
