/** What the settings say to the TCP server. */

import type { TcpServerOptions } from '../tcp/index.js';
import type { Settings } from './settings.js';

export function serverOptions(settings: Settings): TcpServerOptions {
  const { authFile, prefixDelimiter, tls } = settings;
  return {
    backlog: settings.backlog,
    protocol: settings.protocol,
    maxItemBytes: settings.maxItemBytes,
    casIds: settings.casIds,
    maxConnections: settings.maxConnections,
    requestsPerTurn: settings.requestsPerTurn,
    idleTimeoutMs: settings.idleTimeoutMs,
    allowFlush: settings.allowFlush,
    allowDump: settings.allowDump,
    allowWatch: settings.allowWatch,
    trackSizes: settings.trackSizes,
    verbosity: settings.verbosity,
    ...(prefixDelimiter === null ? {} : { prefixDelimiter }),
    ...(authFile === null ? {} : { authFile }),
    ...(tls === null ? {} : { tls }),
  };
}
