/** `stats` in the text protocol. */

import type { ItemStore } from '../item-store.js';
import type { AdminAnswer, Stat } from './answer.js';
import { ERROR, OK } from './replies.js';
import { statLists } from './stat-lists.js';

export function stats(items: ItemStore, words: readonly string[]): AdminAnswer {
  const answer = statLists(items, words);
  if (answer === 'ok') return OK;
  if (answer === 'reset') return 'RESET\r\n';
  if (answer === 'unknown') return ERROR;
  if ('list' in answer) return statLines(answer.list);
  if ('slowList' in answer) return { lines: linesOf(answer.slowList) };
  if ('refusal' in answer) return answer.refusal;
  return 'text' in answer ? answer.text : answer;
}

function statLines(stats: Iterable<Stat>): string {
  let text = '';
  for (const [name, value] of stats) text += `STAT ${name} ${value}\r\n`;
  return `${text}END\r\n`;
}

function* linesOf(work: Iterator<void, Iterable<Stat>, undefined>): Generator<string, void, undefined> {
  try {
    for (;;) {
      const step = work.next();
      if (step.done === true) {
        yield statLines(step.value);
        return;
      }
      yield '';
    }
  } finally {
    work.return?.([]);
  }
}
