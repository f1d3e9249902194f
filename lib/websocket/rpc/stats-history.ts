/**
 * The last hour of a server's figures: what the method `history` returns, so that a page that opens has a past to show. A row a
 * second for five minutes, then one every 5 s to a quarter of an hour, then one every 15 s: 600 rows in fixed memory, some 140 kB.
 *
 * Columns are named by their paths in the result of `stats`. Between `begin` and `end` it takes a row a second; its timer does not
 * keep the process open.
 */

import type { ItemStore } from '../../memcached/item-store.js';
import { type Overview, overview } from '../../memcached/overview.js';
import type { HistoryResult, ProcessFigures } from '../../rpc-protocol.js';
import { type ScheduledTask, type Scheduler, systemScheduler } from '../../scheduler.js';
import { ProcessMonitor } from './process-monitor.js';
import { type Level, ThinnedRows } from './thinned-rows.js';

export const STEP_MS = 1000;
export const LEVELS: readonly Level[] = [
  { rows: 300, every: 1 },
  { rows: 120, every: 5 },
  { rows: 180, every: 3 },
];

type Figures = Overview & { readonly process: ProcessFigures };

const COMMANDS = [
  ...(['cmd_get', 'cmd_set', 'cmd_touch', 'get_hits', 'get_misses', 'delete_hits', 'delete_misses'] as const),
  ...(['incr_hits', 'incr_misses', 'decr_hits', 'decr_misses'] as const),
];

const COLUMNS: Readonly<Record<string, (figures: Figures) => number>> = {
  uptimeMs: ({ uptimeMs }) => uptimeMs,
  'engine.hits': ({ engine }) => engine.hits,
  'engine.misses': ({ engine }) => engine.misses,
  'engine.recent.reads': ({ engine }) => engine.recent.reads,
  'engine.recent.hits': ({ engine }) => engine.recent.hits,
  'engine.evictions': ({ engine }) => engine.evictions,
  'engine.expirations': ({ engine }) => engine.expirations,
  'engine.size': ({ engine }) => engine.size,
  'engine.bytes': ({ engine }) => engine.bytes,
  'engine.maxBytes': ({ engine }) => engine.maxBytes,
  ...Object.fromEntries(
    COMMANDS.map((name) => [`commands.${name}`, ({ commands }: Figures) => commands[name]]),
  ),
  'connections.current': ({ connections }) => connections.current,
  'network.bytesRead': ({ network }) => network.bytesRead,
  'network.bytesWritten': ({ network }) => network.bytesWritten,
  'process.residentBytes': ({ process }) => process.residentBytes,
  'process.heapBytes': ({ process }) => process.heapBytes,
  'process.loopDelayMs': ({ process }) => process.loopDelayMs,
  'process.collectorPauseMs': ({ process }) => process.collectorPauseMs,
  'process.collectorMs': ({ process }) => process.collectorMs,
};
const NAMES: readonly string[] = Object.keys(COLUMNS);
const PEAKS: readonly string[] = ['process.loopDelayMs', 'process.collectorPauseMs'];

/** What observes the process. */
export type Monitor = Pick<ProcessMonitor, 'begin' | 'end' | 'read'>;

export class StatsHistory {
  readonly #items: ItemStore;
  readonly #scheduler: Scheduler;
  readonly #monitor: Monitor;
  readonly #rows: ThinnedRows = new ThinnedRows(
    NAMES.length,
    PEAKS.map((name) => NAMES.indexOf(name)),
    LEVELS,
  );
  #process: ProcessFigures | undefined;
  #next: ScheduledTask | null = null;

  constructor(
    items: ItemStore,
    scheduler: Scheduler = systemScheduler,
    monitor: Monitor = new ProcessMonitor(),
  ) {
    this.#items = items;
    this.#scheduler = scheduler;
    this.#monitor = monitor;
  }

  /** The process's figures when the last row was taken; `undefined` before `begin`. */
  get process(): ProcessFigures | undefined {
    return this.#process;
  }

  begin(): void {
    this.#monitor.begin();
    this.#process = this.#monitor.read();
    this.#schedule();
  }

  end(): void {
    if (this.#next === null) return;
    this.#next();
    this.#next = null;
    this.#monitor.end();
  }

  /** All rows, the oldest first, as columns. O(rows x columns). */
  report(): HistoryResult {
    const columns = NAMES.map((): number[] => []);
    for (const row of this.#rows.rows()) for (const [i, column] of columns.entries()) column.push(row[i]!);
    return {
      uptimeMs: this.#items.uptimeMs,
      columns: Object.fromEntries(NAMES.map((name, i) => [name, columns[i]!])),
    };
  }

  #schedule(): void {
    this.#next = this.#scheduler.schedule(STEP_MS, () => {
      this.#schedule();
      this.#take();
    });
  }

  #take(): void {
    const items = this.#items;
    items.beginTurn();
    const process = this.#monitor.read();
    this.#process = process;
    const figures = { ...overview(items), process };
    this.#rows.add(NAMES.map((name) => COLUMNS[name]!(figures)));
    items.endTurn();
  }
}
