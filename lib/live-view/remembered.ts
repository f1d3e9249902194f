/** What a server remembers of its figures, as statistics: the past of a page that has just been opened, or that was hidden. */

import type { HistoryResult, ServerStats } from '../client/index.js';

export interface Remembered {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Only what the history has: enough for charts. */
  readonly stats: ServerStats;
}

/** A row younger than this would give a rate over next to no time. */
const MIN_AGE_MS = 500;

/** The rows of a history that came at `nowMs`, the oldest first. */
export function rememberedOf({ uptimeMs, columns }: HistoryResult, nowMs: number): Remembered[] {
  const paths = Object.entries(columns).map(([name, values]) => ({ path: name.split('.'), values }));
  return (columns.uptimeMs ?? []).flatMap((rowMs, row) => {
    const ageMs = uptimeMs - (rowMs ?? 0);
    if (ageMs < MIN_AGE_MS) return [];
    const stats: Figures = {};
    for (const { path, values } of paths) place(stats, path, values[row] ?? Number.POSITIVE_INFINITY);
    const { engine } = stats as unknown as { engine: { recent: Record<string, number> } };
    const { reads = 0, hits = 0 } = engine.recent;
    engine.recent.hitRatio = reads === 0 ? 0 : hits / reads;
    return [{ atMs: nowMs - ageMs, stats: stats as unknown as ServerStats }];
  });
}

interface Figures {
  [name: string]: number | Figures;
}

/** Null stands for no limit. */
function place(target: Figures, path: readonly string[], value: number): void {
  let at = target;
  for (const name of path.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Figures;
  }
  at[path.at(-1)!] = value;
}
