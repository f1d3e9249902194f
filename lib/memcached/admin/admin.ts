/** Commands for operators: protocol.txt, "General-purpose statistics", "Other commands". */

import type { ItemStore } from '../item-store.js';
import type { Request, Verb } from '../request.js';
import type { AdminAnswer } from './answer.js';
import { lru } from './lru.js';
import { lruCrawler } from './lru-crawler.js';
import { refreshCerts } from './refresh-certs.js';
import { BAD_FORMAT, ERROR, OK } from './replies.js';
import { slabs } from './slabs.js';
import { stats } from './stats.js';
import { VERSION } from './version.js';
import { watch } from './watch.js';
import { uint32 } from './words.js';

type Handler = (items: ItemStore, args: readonly string[]) => AdminAnswer;

const MEBIBYTE = 1024 * 1024;

export function admin(items: ItemStore, request: Request): AdminAnswer {
  const handler = HANDLERS[request.verb];
  return handler === undefined ? ERROR : handler(items, request.args);
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
  watch,
  refresh_certs: refreshCerts,
};

function verbosity(items: ItemStore, [level]: readonly string[]): AdminAnswer {
  const number = uint32(level);
  if (number === undefined) return BAD_FORMAT;
  items.verbosity = Math.min(number, 3);
  return OK;
}

function cacheMemlimit(items: ItemStore, [mebibytes]: readonly string[]): AdminAnswer {
  const size = uint32(mebibytes);
  if (size === undefined) return ERROR;
  if (size < 8) return 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n';
  if (size > 1_000_000_000) return 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n';
  if (!Number.isFinite(items.engine.maxBytes) || size * MEBIBYTE > items.memoryCeilingBytes)
    return 'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n';
  return { lines: resized(items, size * MEBIBYTE) };
}

/** A mebibyte at a time: evicting everything at once would hold up the others. */
function* resized(items: ItemStore, maxBytes: number): Generator<string, void, undefined> {
  const { engine } = items;
  while (engine.bytes > maxBytes + MEBIBYTE) {
    engine.resize({ maxBytes: engine.bytes - MEBIBYTE });
    yield '';
  }
  engine.resize({ maxBytes });
  yield OK;
}

function shutdown(items: ItemStore, [mode]: readonly string[]): AdminAnswer {
  if (items.onShutdown === undefined) return 'SERVER_ERROR: shutdown not enabled\r\n';
  if (mode !== undefined && mode !== 'graceful') return 'CLIENT_ERROR invalid shutdown mode\r\n';
  items.onShutdown(mode === 'graceful');
  return null;
}

/** As in memcached's debug build: moves the clock, so that tests need not wait. */
function debugTime(items: ItemStore, [seconds]: readonly string[]): AdminAnswer {
  if (items.onDebugTime === undefined) return ERROR;
  if (seconds === undefined || !/^-?\d{1,12}$/.test(seconds)) return BAD_FORMAT;
  items.onDebugTime(Number(seconds));
  items.beginTurn();
  return OK;
}
