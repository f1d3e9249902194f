/** stat: one packet for each line, and an empty one as the end. */

import type { Stat, StatsAnswer } from '../../admin/answers.js';
import { statsAnswer } from '../../admin/stats.js';
import { type Header, STATUS } from '../../binary/binary-packet.js';
import { writeError, writeStat } from '../../binary/binary-replies.js';
import type { IncrementalTask } from '../../incremental-task.js';
import type { ItemStore } from '../../item-store.js';
import type { ReplyBuffer } from '../../reply-buffer.js';

/** As memcached, where some know no arguments; `conns` is known here only. */
const KNOWN_KEYS = /^(|(settings|reset|detail)( .*)?|items|slabs|sizes|conns)$/s;

/** These are answered in one packet, under this name. */
const DETAIL = 'detailed';

/** Answers, or returns the work that ends with the answer. */
export function writeStats(
  items: ItemStore,
  out: ReplyBuffer,
  header: Header,
  key: string,
): IncrementalTask | null {
  const list = KNOWN_KEYS.test(key) ? listOf(statsAnswer(items, key.split(' '))) : null;
  if (list === null) {
    writeError(out, header, STATUS.notFound);
    return null;
  }
  const work = packets(out, header, list);
  return work.next().done === true ? null : work;
}

function listOf(answer: StatsAnswer): Iterable<Stat | null> | null {
  switch (answer.kind) {
    case 'list':
      return answer.list;
    case 'done':
      return [];
    case 'dump':
      return [[DETAIL, answer.text]];
    case 'refusal':
    case 'lines':
      return null;
  }
}

function* packets(
  out: ReplyBuffer,
  header: Header,
  list: Iterable<Stat | null>,
): Generator<void, void, undefined> {
  for (const stat of list) {
    if (stat === null) yield;
    else writeStat(out, header, stat[0], String(stat[1]));
  }
  writeStat(out, header, '', '');
}
