/** Commands for operators: protocol.txt, "General-purpose statistics", "Other commands". */

import type { IncrementalTask } from '../incremental-task.js';
import { runInBackground } from '../incremental-task.js';
import type { ItemStore } from '../item-store.js';
import type { Request, Verb } from '../request.js';
import { FETCHERS, WATCHED_CATEGORIES } from '../watch/lines.js';
import { WATCHERS_MAX } from '../watch/watch-log.js';
import { type AdminAnswer, BAD_FORMAT, ERROR, OK } from './answers.js';
import { uint32 } from './arguments.js';
import { lruCrawler } from './lru-crawler.js';
import { stats } from './stats.js';
import { VERSION } from './stats-general.js';
import { extstore, lru, slabs } from './tuning.js';

type Handler = (items: ItemStore, args: readonly string[]) => AdminAnswer;

const MEBIBYTE = 1024 * 1024;
const VERBOSITY_MAX = 3;
/** Items and slots removed in one turn while the budget comes down: less than a millisecond's work. */
const SHRUNK_AT_ONCE = 500;

export const TOO_MANY_WATCHERS = 'WATCHER_TOO_MANY log watcher limit reached\r\n';

export function admin(items: ItemStore, request: Request): AdminAnswer {
  const handler = HANDLERS[request.verb];
  if (handler === undefined) return ERROR;
  const answer = handler(items, request.args);
  if (SETTERS.has(request.verb)) items.siblings?.setAsHere();
  return answer;
}

const HANDLERS: { readonly [V in Verb]?: Handler } = {
  version: () => `VERSION ${VERSION}\r\n`,
  stats,
  verbosity,
  cache_memlimit: cacheMemlimit,
  shutdown,
  debugtime: debugTime,
  lru,
  lru_crawler: lruCrawler,
  slabs,
  extstore,
  watch,
  refresh_certs: refreshCerts,
};

/** What changes how a server behaves, or what it shows of that. */
const SETTERS: ReadonlySet<Verb> = new Set<Verb>(['verbosity', 'lru', 'slabs', 'extstore']);

function verbosity(items: ItemStore, [level]: readonly string[]): AdminAnswer {
  const number = uint32(level);
  if (number === undefined) return BAD_FORMAT;
  items.verbosity = Math.min(number, VERBOSITY_MAX);
  return OK;
}

function cacheMemlimit(items: ItemStore, [mebibytes]: readonly string[]): AdminAnswer {
  const size = uint32(mebibytes);
  if (size === undefined) return ERROR;
  if (size < 8) return 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n';
  if (size > 1_000_000_000) return 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n';
  if (!Number.isFinite(items.budget.maxBytes) || size * MEBIBYTE > items.memoryCeilingBytes)
    return 'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n';
  const task = changeBudget(items, size * MEBIBYTE);
  if (task.next().done !== true) runInBackground(items, task);
  return OK;
}

/**
 * The budget comes down in steps, since evicting everything at once would hold up the others, and holds at each of
 * them. On the way it leaves some room: an engine that has none first looks for it in its structure, in O(n).
 * Ends early when other code sets the budget.
 */
function* changeBudget(items: ItemStore, bytes: number): IncrementalTask & Iterable<void> {
  const { entries, admin, budget } = items;
  const limit = { bytes };
  admin.memoryLimit = limit;
  try {
    while (entries.shrinkTowards(bytes, SHRUNK_AT_ONCE)) {
      const maxBytes = Math.min(budget.maxBytes, entries.heldBytes + MEBIBYTE);
      budget.resize(maxBytes);
      yield;
      if (admin.memoryLimit !== limit || budget.maxBytes !== maxBytes) return;
    }
    budget.resize(bytes);
  } finally {
    if (admin.memoryLimit === limit) admin.memoryLimit = null;
  }
}

function shutdown(items: ItemStore, args: readonly string[]): AdminAnswer {
  if (items.onShutdown === undefined) return 'SERVER_ERROR: shutdown not enabled\r\n';
  const graceful = args[0] === 'graceful';
  if (args.length > (graceful ? 1 : 0)) return 'CLIENT_ERROR invalid shutdown mode\r\n';
  items.onShutdown(graceful);
  return null;
}

/** As in memcached's debug build: moves the clock, so that tests need not wait. */
function debugTime(items: ItemStore, [seconds]: readonly string[]): AdminAnswer {
  if (items.onDebugTime === undefined || seconds === undefined || !/^-?\d{1,12}$/.test(seconds)) return ERROR;
  items.onDebugTime(Number(seconds));
  items.beginTurn();
  return OK;
}

/** The categories to open a watcher with, whose first text is the answer `OK`. */
function watch(items: ItemStore, names: readonly string[]): AdminAnswer {
  if (!items.allowWatch) return 'CLIENT_ERROR watch commands not allowed\r\n';
  let categories = names.length === 0 ? FETCHERS : 0;
  for (const name of names) {
    const category = WATCHED_CATEGORIES.get(name);
    if (category === undefined) return ERROR;
    categories |= category;
  }
  return items.log.watchers < WATCHERS_MAX ? { watch: categories } : TOO_MANY_WATCHERS;
}

/** Reads certificates and users again, for the connections to come. The answer is about certificates. */
function refreshCerts(items: ItemStore): AdminAnswer {
  const transports = Array.from(items.transports, ({ settings }) => settings);
  try {
    for (const transport of transports) transport.reload();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Error ${reason.replace(/\s+/g, ' ')}\r\n`;
  }
  return transports.some(({ tls }) => tls !== null) ? OK : 'Error TLS not enabled\r\n';
}
