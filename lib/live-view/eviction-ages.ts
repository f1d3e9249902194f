/**
 * How old entries were at their eviction, and how long unused: bars since the server's start. Short times mean that
 * the budget is too small. A store that does not keep when items were stored has no ages.
 */

import type { ServerStats } from '../client/index.js';
import { create, createPanel, setText } from './dom.js';
import { duration, wholeCount } from './format.js';

const EMPTY = 'No entry has been evicted yet.';

export interface EvictionAgesPanel {
  readonly element: HTMLElement;
  show(stats: ServerStats): void;
}

export function createEvictionAges(): EvictionAgesPanel {
  const note = create('p', 'note', EMPTY);
  const rows = create('ol', 'bars');
  const storedMark = create('li', '', create('span', 'mark line-1'), 'since stored');
  const usedMark = create('li', '', create('span', 'mark line-2'), 'since last used');
  const legend = create('ul', 'legend', storedMark, usedMark);
  const element = createPanel('Age at eviction', legend, rows, note);
  return {
    element,
    show({ engine: { evictionAges: ages, evictionIdles: idles } }) {
      const counts = [...(ages ?? []), ...(idles ?? [])].map((bar) => bar.count);
      const max = Math.max(0, ...counts);
      note.hidden = max > 0;
      rows.hidden = legend.hidden = max === 0;
      if (idles === undefined || max === 0) return;
      storedMark.hidden = ages === undefined;
      while (rows.childElementCount < idles.length) rows.append(createRow());
      for (const [i, { toMs, count: idle }] of idles.entries()) {
        const [label, bars, numbers] = rows.children[i]!.children;
        const count = ages?.[i]?.count ?? 0;
        setText(label!, toMs === Number.POSITIVE_INFINITY ? 'older' : `to ${duration(toMs)}`);
        setText(numbers!, count + idle === 0 ? '' : textOf(ages && count, idle));
        for (const [bar, share] of [count / max, idle / max].entries())
          (bars!.children[bar] as HTMLElement).style.width = `${share * 100}%`;
      }
    },
  };
}

function textOf(count: number | undefined, idle: number): string {
  return count === undefined ? wholeCount(idle) : `${wholeCount(count)} / ${wholeCount(idle)}`;
}

function createRow(): HTMLElement {
  const bars = create('span', 'pair', create('span', 'line-1'), create('span', 'line-2'));
  return create('li', '', create('span', 'label'), bars, create('span', 'numbers'));
}
