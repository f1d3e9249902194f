/** What the servers of all threads are made with. */

import type { TcpServerOptions } from '../tcp/index.js';
import type { Settings } from './settings.js';

const MEBIBYTE = 1024 * 1024;
const UNFINISHED_MAX_BYTES: number = 64 * MEBIBYTE;
const UNREAD_MAX_BYTES: number = 128 * MEBIBYTE;

/**
 * The TCP server's options, from the settings. Each thread has its part of the bounds on what all clients take; memory of
 * items that threads share cannot be lent for it.
 */
export function serverOptions(settings: Settings, threads: number): TcpServerOptions {
  const { authFile, maxBytes, maxItemBytes, prefixDelimiter, tls } = settings;
  const unfinishedBytes = settings.maxUnfinishedBytes ?? Math.min(UNFINISHED_MAX_BYTES, maxBytes / 4);
  const unreadBytes = Math.min(UNREAD_MAX_BYTES, maxBytes / 4);
  return {
    backlog: settings.backlog,
    protocol: settings.protocol,
    maxItemBytes,
    // A quarter of the memory limit each, or what one item needs.
    maxUnfinishedBytes: Math.max(maxItemBytes, Math.floor(unfinishedBytes / threads)),
    maxUnreadBytes: Math.max(maxItemBytes + MEBIBYTE, Math.floor(unreadBytes / threads)),
    lendsBudget: threads === 1,
    reusePort: threads > 1,
    casIds: settings.casIds,
    requestsPerTurn: settings.requestsPerTurn,
    idleTimeoutMs: settings.idleTimeoutMs,
    requestTimeoutMs: settings.requestTimeoutMs,
    allowFlush: settings.allowFlush,
    allowDump: settings.allowDump,
    allowWatch: settings.allowWatch,
    trackSizes: settings.trackSizes,
    verbosity: settings.verbosity,
    settings: settings.shownSettings,
    ...(prefixDelimiter === null ? {} : { prefixDelimiter }),
    ...(authFile === null ? {} : { authFile }),
    ...(tls === null ? {} : { tls }),
  };
}
