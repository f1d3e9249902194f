/** ms: protocol.txt, "Meta Set". Storing is storage.ts's; here is what surrounds it. */

import type { ItemStore } from '../../item-store.js';
import { LETTER, LOWER, type MetaFlags, UPPER } from '../../meta/meta-flags.js';
import { META_STATUS, writeEnd, writeKey, writeNumber, writeOpaque } from '../../meta/meta-replies.js';
import type { CasId, Request } from '../../request.js';
import type { SessionIo } from '../../session-io.js';
import { TEXT_REPLIES } from '../../text/text-replies.js';
import type { WireValue } from '../../wire-value.js';
import { store } from '../storage.js';

export function metaSet(io: SessionIo, request: Request, value: WireValue): void {
  const { items, out } = io;
  const { meta, key } = request;
  const reply = store(io, request, value);
  if (reply === 'stored') {
    if (meta.hasUpper(UPPER.E)) items.giveCasId(key, meta.newCas);
    if (meta.has(LOWER.q)) return;
  }
  const status = META_STATUS[reply];
  if (status === undefined) out.text(TEXT_REPLIES[reply]);
  else writeReply(io, request, status, reply === 'stored', value);
}

function writeReply(
  { items, out }: SessionIo,
  request: Request,
  status: string,
  stored: boolean,
  value: WireValue,
): void {
  const { meta, key } = request;
  const entry = stored ? items.entries.peekSlot(key) : 0;
  out.text(status);
  for (let i = 0; i < meta.count; i++) {
    switch (meta.letters[i]) {
      case LETTER.O:
        writeOpaque(out, meta);
        break;
      case LETTER.k:
        writeKey(out, key, meta.has(LOWER.b));
        break;
      case LETTER.c:
        writeNumber(out, ' c', stored ? givenCasId(items, meta, key) : 0);
        break;
      case LETTER.s:
        writeNumber(out, ' s', entry === 0 ? value.length : items.entries.valueAt(entry).length);
        break;
    }
  }
  writeEnd(out, null);
}

/** Of an item that may have expired as it was stored. */
function givenCasId(items: ItemStore, meta: MetaFlags, key: string): CasId {
  const isNamed = meta.hasUpper(UPPER.E) && meta.newCas !== 0 && items.casIds;
  return isNamed ? meta.newCas : items.storedCasId(key);
}
