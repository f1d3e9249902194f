/** stat: one packet for each line, and an empty one as the end. */

import type { Stat } from '../../admin/answer.js';
import { statLists } from '../../admin/stat-lists.js';
import { type Header, STATUS } from '../../binary/binary-packet.js';
import { writeError, writeStat } from '../../binary/binary-replies.js';
import type { ItemStore } from '../../item-store.js';
import type { ReplyBuffer } from '../../reply-buffer.js';
import type { IncrementalTask } from '../../request.js';

/** What these have to say stands in one packet, under this name. */
const DETAIL = 'detailed';

/** Answers, or returns the work that ends with the answer. */
export function writeStats(
  items: ItemStore,
  out: ReplyBuffer,
  header: Header,
  key: string,
): IncrementalTask | null {
  const words = key.split(' ').filter((word) => word !== '');
  const answer = statLists(items, words);
  if (answer === 'ok' || answer === 'reset') writeList(out, header, []);
  else if (answer === 'unknown' || 'refusal' in answer || 'lines' in answer)
    writeError(out, header, STATUS.notFound);
  else if ('list' in answer) writeList(out, header, answer.list);
  else if ('slowList' in answer) return slowList(out, header, answer.slowList);
  else writeList(out, header, [[DETAIL, answer.text]]);
  return null;
}

function writeList(out: ReplyBuffer, header: Header, list: Iterable<Stat>): void {
  for (const [name, value] of list) writeStat(out, header, name, String(value));
  writeStat(out, header, '', '');
}

function* slowList(
  out: ReplyBuffer,
  header: Header,
  work: Iterator<void, Iterable<Stat>, undefined>,
): Generator<void, void, undefined> {
  try {
    for (let step = work.next(); ; step = work.next()) {
      if (step.done === true) {
        writeList(out, header, step.value);
        return;
      }
      yield;
    }
  } finally {
    work.return?.([]);
  }
}
