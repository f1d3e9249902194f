/** stat: one packet for each line, and an empty one as the end. */

import { type Header, STATUS } from '../../binary/binary-packet.js';
import { writeError, writeStat } from '../../binary/binary-replies.js';
import type { ItemStore } from '../../item-store.js';
import type { ReplyBuffer } from '../../reply-buffer.js';
import { generalStats } from '../admin/stats-general.js';

export function writeStats(items: ItemStore, out: ReplyBuffer, header: Header, key: string): void {
  if (key !== '') {
    writeError(out, header, STATUS.notFound);
    return;
  }
  for (const [name, value] of generalStats(items)) writeStat(out, header, name, String(value));
  writeStat(out, header, '', '');
}
