/** Commands for operators: protocol.txt, "General-purpose statistics", "Other commands". */

import type { ItemStore } from '../../item-store.js';
import type { Request, Verb } from '../../request.js';
import type { AdminAnswer } from './answer.js';
import { stats } from './stats.js';
import { VERSION } from './version.js';

type Handler = (items: ItemStore, args: readonly string[]) => AdminAnswer;

const MEBIBYTE = 1024 * 1024;
const BAD_FORMAT = 'CLIENT_ERROR bad command line format\r\n';
const ERROR = 'ERROR\r\n';
const OK = 'OK\r\n';

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
};

function verbosity(items: ItemStore, [level]: readonly string[]): AdminAnswer {
  if (level === undefined || !/^\d{1,10}$/.test(level)) return BAD_FORMAT;
  items.verbosity = Math.min(Number(level), 3);
  return OK;
}

function cacheMemlimit(items: ItemStore, [mebibytes]: readonly string[]): AdminAnswer {
  if (mebibytes === undefined || !/^\d{1,10}$/.test(mebibytes) || Number(mebibytes) > 0xffffffff)
    return ERROR;
  const size = Number(mebibytes);
  if (size < 8) return 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n';
  if (size > 1_000_000_000) return 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n';
  if (!Number.isFinite(items.engine.maxBytes) || size * MEBIBYTE > items.memoryCeilingBytes)
    return 'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n';
  items.engine.resize({ maxBytes: size * MEBIBYTE });
  return OK;
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
