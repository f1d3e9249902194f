/** What the servers of all threads are made with. */

import type { TcpServerOptions } from '../tcp/index.js';
import type { Settings } from './settings.js';

/** What one client must be able to read beside an item. */
const MEBIBYTE = 1024 * 1024;

/**
 * The TCP server's options, from the settings. Each thread has its part of the bounds on what all clients take; memory of
 * items that threads share cannot be lent for it.
 */
export function serverOptions(settings: Settings, threads: number): TcpServerOptions {
  const { authFile, prefixDelimiter, tls } = settings;
  return {
    backlog: settings.backlog,
    protocol: settings.protocol,
    maxItemBytes: settings.maxItemBytes,
    maxUnfinishedBytes: Math.max(settings.maxItemBytes, Math.floor(settings.maxUnfinishedBytes / threads)),
    maxUnreadBytes: Math.max(settings.maxItemBytes + MEBIBYTE, Math.floor(settings.maxUnreadBytes / threads)),
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
